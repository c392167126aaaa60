package main

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// network is how far the network is up.
type network struct {
	system interface {
		run(environment []string, name string, args ...string) error
		start(name string, args ...string) error
	}
	links []link
	root  string // directory of the file system
	say   func(format string, args ...any)

	done map[string]bool // interfaces, and links by their number, that were set up
}

// udhcpcEvent sets what a lease brings, and what stands in place of one.
const udhcpcEvent = "/usr/local/lib/bee/udhcpc-event"

// look sets up what there is and was not there before.
func (n *network) look() {
	if n.done == nil {
		n.done = map[string]bool{}
		n.try("ip", "link", "set", "lo", "up")
	}
	interfaces := n.interfaces()
	claimed := map[string]bool{}
	for i, l := range n.links {
		var found []string
		for _, m := range l.members {
			for name, mac := range interfaces {
				if name == m || mac == m {
					found = append(found, name)
					claimed[name] = true
				}
			}
		}
		key := "link " + strconv.Itoa(i)
		// a bond begins with the members that there are: one may be broken
		if len(found) > 0 && !n.done[key] {
			n.done[key] = true
			n.setUp(i, l, found[0])
		}
		if l.mode == "" {
			continue
		}
		for _, name := range found {
			if !n.done[name] {
				n.done[name] = true
				n.enslave(name, bondName(i))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(interfaces)) {
		if !claimed[name] && !n.done[name] {
			n.done[name] = true
			n.try("ip", "link", "set", name, "up")
			n.dhcp(name)
		}
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

func bondName(link int) string { return "bond" + strconv.Itoa(link) }

// setUp sets up a link on an interface; of a bond, the interface joins it later.
func (n *network) setUp(number int, l link, on string) {
	if l.mode != "" {
		on = bondName(number)
		n.try("modprobe", "-q", "bonding", "max_bonds=0") // else it makes one by itself
		n.try("ip", "link", "add", on, "type", "bond")
		for file, value := range map[string]string{"mode": l.mode, "miimon": "100"} {
			if err := os.WriteFile(filepath.Join(n.root, "sys/class/net", on, "bonding", file), []byte(value), 0o644); err != nil {
				n.say("%v", err)
			}
		}
	}
	n.try("ip", "link", "set", on, "up")
	if l.vlan > 0 {
		vlan := fmt.Sprintf("%s.%d", on, l.vlan)
		n.try("modprobe", "-q", "8021q")
		n.try("ip", "link", "add", "link", on, "name", vlan, "type", "vlan", "id", strconv.Itoa(l.vlan))
		n.try("ip", "link", "set", vlan, "up")
		on = vlan
	}
	if len(l.addresses) == 0 {
		n.dhcp(on)
		return
	}
	n.say("%s has what the kernel's command line says", on)
	for i, address := range l.addresses {
		if address.Addr().Is4() && i == slices.IndexFunc(l.addresses, func(p netip.Prefix) bool { return p.Addr().Is4() }) {
			n.lease(on, l, address)
			continue
		}
		n.try("ip", "address", "replace", address.String(), "dev", on)
	}
	if l.gateway.Is6() {
		n.try("ip", "-6", "route", "replace", "default", "via", l.gateway.String(), "dev", on)
	}
}

// lease sets an address, the gateway and name servers as if DHCP had brought them.
func (n *network) lease(on string, l link, address netip.Prefix) {
	environment := []string{"interface=" + on, "ip=" + address.Addr().String(), "mask=" + strconv.Itoa(address.Bits())}
	if l.gateway.Is4() {
		environment = append(environment, "router="+l.gateway.String())
	}
	var dns []string
	for _, server := range l.dns {
		dns = append(dns, server.String())
	}
	environment = append(environment, "dns="+strings.Join(dns, " "))
	if err := n.system.run(environment, udhcpcEvent, "bound"); err != nil {
		n.say("%v", err)
	}
}

// enslave makes an interface a member of a bond, which takes it only when it is down.
func (n *network) enslave(name, bond string) {
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
