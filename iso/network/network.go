package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"bee/core/link"
)

// network is how far the network is up.
type network struct {
	system interface {
		run(environment []string, name string, args ...string) error
		start(name string, args ...string) error
	}
	root  string // directory of the file system
	say   func(format string, args ...any)
	wrong func(error) // tells what is wrong with a link

	commandLine []link.Link
	lines       string // of link.File, when it was read last
	links       []link.Link

	up       map[string]setting // links that were set up, by their text
	enslaved map[string]string  // members of bonds, with these
}

// setting is what a link came to.
type setting struct {
	link link.Link
	on   string // the interface that has the addresses
	bond string // the bond that was made for it
}

// udhcpcEvent sets what a lease brings, and what stands in place of one.
const udhcpcEvent = "/usr/local/lib/bee/udhcpc-event"

func (n *network) readCommandLine() {
	text, err := os.ReadFile(filepath.Join(n.root, "proc/cmdline"))
	if err != nil {
		n.say("the kernel's command line is unknown: %v", err)
	}
	links, wrong := link.CommandLine(string(text))
	for _, err := range wrong {
		n.wrong(fmt.Errorf("on the kernel's command line %w", err))
	}
	n.commandLine, n.links = links, links
}

// readLines reads link.File, where that is another one than before.
func (n *network) readLines() {
	text, err := os.ReadFile(filepath.Join(n.root, link.File))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		n.say("%v", err)
		return
	}
	if string(text) == n.lines {
		return
	}
	n.lines = string(text)
	links, errs := link.Parse(strings.Fields(n.lines))
	for _, err := range errs {
		if err != nil {
			n.wrong(fmt.Errorf("in %s %w", link.File, err))
		}
	}
	n.links = append(link.Without(n.commandLine, links), links...)
}

// look takes down what is not wanted any more, and sets up what there is and was not there before.
func (n *network) look() {
	if n.up == nil {
		n.up, n.enslaved = map[string]setting{}, map[string]string{}
		n.try("ip", "link", "set", "lo", "up")
	}
	n.readLines()
	interfaces := n.interfaces()
	claimed := map[string]bool{}
	members := make([][]string, len(n.links))
	for i, l := range n.links {
		for _, m := range l.Members {
			for name, mac := range interfaces {
				if name == m || mac == m {
					members[i] = append(members[i], name)
					claimed[name] = true
				}
			}
		}
	}
	wanted := map[string]bool{}
	for _, l := range n.links {
		wanted[l.Text] = true
	}
	// an interface that nobody speaks of is a link by DHCP
	var others []link.Link
	for _, name := range slices.Sorted(maps.Keys(interfaces)) {
		if !claimed[name] {
			others = append(others, link.Link{Text: name, Members: []string{name}})
			wanted[name] = true
		}
	}
	for _, text := range slices.Sorted(maps.Keys(n.up)) {
		if !wanted[text] {
			n.takeDown(n.up[text])
			delete(n.up, text)
		}
	}
	for i, l := range n.links {
		// a bond begins with the members that there are: one may be broken
		if len(members[i]) == 0 {
			continue
		}
		n.setUp(l, members[i][0])
		if bond := n.up[l.Text].bond; bond != "" {
			for _, name := range members[i] {
				n.enslave(name, bond)
			}
		}
	}
	for _, l := range others {
		n.setUp(l, l.Text)
	}
}

// interfaces are the physical Ethernet ones, with their MAC addresses.
func (n *network) interfaces() map[string]string {
	all := map[string]string{}
	devices, _ := filepath.Glob(filepath.Join(n.root, "sys/class/net/*/device")) // the pattern is good
	for _, device := range devices {
		folder := filepath.Dir(device)
		// 1 is ARPHRD_ETHER (if_arp.h); udhcpc speaks nothing else
		if word(folder+"/type") == "1" {
			// of a member of a bond, the address may be the bond's
			mac := word(folder + "/bonding_slave/perm_hwaddr")
			if mac == "" {
				mac = word(folder + "/address")
			}
			all[filepath.Base(folder)] = strings.ToLower(mac)
		}
	}
	return all
}

// newBond is a name that no other bond has.
func (n *network) newBond() string {
	for i := 0; ; i++ {
		name := "bond" + strconv.Itoa(i)
		if !slices.ContainsFunc(slices.Collect(maps.Values(n.up)), func(s setting) bool { return s.bond == name }) {
			return name
		}
	}
}

// setUp sets up a link on an interface, where it is not yet; of a bond, the interface joins it later.
func (n *network) setUp(l link.Link, on string) {
	if _, done := n.up[l.Text]; done {
		return
	}
	s := setting{link: l}
	if l.Mode != "" {
		on = n.newBond()
		s.bond = on
		n.try("modprobe", "-q", "bonding", "max_bonds=0") // else it makes one by itself
		n.try("ip", "link", "add", on, "type", "bond")
		for file, value := range map[string]string{"mode": l.Mode, "miimon": "100"} {
			if err := os.WriteFile(filepath.Join(n.root, "sys/class/net", on, "bonding", file), []byte(value), 0o644); err != nil {
				n.say("%v", err)
			}
		}
	}
	n.try("ip", "link", "set", on, "up")
	if l.VLAN > 0 {
		vlan := fmt.Sprintf("%s.%d", on, l.VLAN)
		n.try("modprobe", "-q", "8021q")
		n.try("ip", "link", "add", "link", on, "name", vlan, "type", "vlan", "id", strconv.Itoa(l.VLAN))
		n.try("ip", "link", "set", vlan, "up")
		on = vlan
	}
	s.on = on
	n.up[l.Text] = s
	if len(l.Addresses) == 0 {
		n.dhcp(on)
		return
	}
	n.say("%s has what %s says", on, l.Text)
	for i, address := range l.Addresses {
		if address.Addr().Is4() && i == slices.IndexFunc(l.Addresses, func(p netip.Prefix) bool { return p.Addr().Is4() }) {
			n.lease(on, l, address)
			continue
		}
		n.try("ip", "address", "replace", address.String(), "dev", on)
	}
	if l.Gateway.Is6() {
		n.try("ip", "-6", "route", "replace", "default", "via", l.Gateway.String(), "dev", on)
	}
}

// lease sets an address, the gateway and name servers as if DHCP had brought them.
func (n *network) lease(on string, l link.Link, address netip.Prefix) {
	environment := []string{"interface=" + on, "ip=" + address.Addr().String(), "mask=" + strconv.Itoa(address.Bits())}
	if l.Gateway.Is4() {
		environment = append(environment, "router="+l.Gateway.String())
	}
	var dns []string
	for _, server := range l.DNS {
		dns = append(dns, server.String())
	}
	environment = append(environment, "dns="+strings.Join(dns, " "))
	n.event("bound", environment...)
}

func (n *network) event(name string, environment ...string) {
	if err := n.system.run(environment, udhcpcEvent, name); err != nil {
		n.say("%v", err)
	}
}

// takeDown takes away what setUp has set, and leaves the interfaces themselves up.
func (n *network) takeDown(s setting) {
	n.say("%s is taken down: %s is not wanted any more", s.on, s.link.Text)
	client := "/run/udhcpc." + s.on + ".pid"
	if pid := word(filepath.Join(n.root, client)); pid != "" {
		n.try("busybox", "kill", pid)
		os.Remove(filepath.Join(n.root, client))
	}
	n.event("deconfig", "interface="+s.on)
	for _, address := range s.link.Addresses {
		if address.Addr().Is6() {
			n.try("ip", "address", "delete", address.String(), "dev", s.on)
		}
	}
	if s.link.Gateway.Is6() {
		n.try("ip", "-6", "route", "delete", "default", "via", s.link.Gateway.String(), "dev", s.on)
	}
	if s.link.VLAN > 0 {
		n.try("ip", "link", "delete", s.on)
	}
	if s.bond != "" {
		n.try("ip", "link", "delete", s.bond) // it lets its members go
		maps.DeleteFunc(n.enslaved, func(_, bond string) bool { return bond == s.bond })
	}
}

// enslave makes an interface a member of a bond, which takes it only when it is down.
func (n *network) enslave(name, bond string) {
	if n.enslaved[name] == bond {
		return
	}
	n.enslaved[name] = bond
	n.say("%s is a member of %s", name, bond)
	n.try("ip", "link", "set", name, "down")
	n.try("ip", "link", "set", name, "master", bond)
	n.try("ip", "link", "set", name, "up")
}

func (n *network) dhcp(name string) {
	err := n.system.start("busybox", "udhcpc", "-b", "-i", name, "-t", "8", "-T", "1", "-A", "10", "-O", "staticroutes",
		"-p", "/run/udhcpc."+name+".pid", "-s", udhcpcEvent)
	if err != nil {
		n.say("no DHCP on %s: %v", name, err)
	}
}

func (n *network) try(name string, args ...string) {
	if err := n.system.run(nil, name, args...); err != nil {
		n.say("%v", err)
	}
}

func word(file string) string {
	text, _ := os.ReadFile(file)
	return strings.TrimSpace(string(text))
}
