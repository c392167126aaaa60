package machine

import (
	"encoding/binary"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"bee/core/link"
)

// Network is how the machine is connected.
type Network struct {
	Interfaces []Interface
	// Gateways of all default routes, each with its interface.
	Gateways []string
	// Servers of names.
	DNS []string
	// Set is what is said of links, in the words of package link: on the kernel's command line,
	// and in the file that takes its place.
	Set []string
}

// Interface is one of the kernel's network interfaces, without its loopback.
type Interface struct {
	Name, MAC string
	// Hardware is whether a device stands behind it.
	Hardware bool
	// Up, and whether there is a link; of one that is down, nobody knows.
	Up, Link  bool
	SpeedMbps string
	Addresses []string
	// DHCP is whether it asks for an address.
	DHCP bool
}

func (r *Reader) network() Network {
	var n Network
	folders, _ := filepath.Glob(r.path("sys/class/net/*")) // the pattern is good
	for _, folder := range folders {
		name := filepath.Base(folder)
		value := func(file string) string { return strings.TrimSpace(r.text("sys/class/net/" + name + "/" + file)) }
		if value("type") == "772" { // ARPHRD_LOOPBACK (if_arp.h)
			continue
		}
		i := Interface{Name: name, MAC: value("address"), Link: value("carrier") == "1", Addresses: r.addresses(name)}
		flags := value("flags")
		i.Up = len(flags) > 0 && strings.ContainsAny(flags[len(flags)-1:], "13579bdf") // IFF_UP is 1
		if speed := value("speed"); i.Link && !strings.HasPrefix(speed, "-") {
			i.SpeedMbps = speed
		}
		_, err := os.Stat(filepath.Join(folder, "device"))
		i.Hardware = err == nil
		_, err = os.Stat(r.path("run/udhcpc." + name + ".pid"))
		i.DHCP = err == nil
		n.Interfaces = append(n.Interfaces, i)
	}
	n.Gateways = gateways(r.text("proc/net/route"))
	for line := range strings.Lines(r.text("etc/resolv.conf")) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "nameserver" {
			n.DNS = append(n.DNS, words[1])
		}
	}
	said, _ := link.CommandLine(r.text("proc/cmdline")) // what is wrong is in the log of bee-network
	set, _ := link.Parse(strings.Fields(r.text(link.File)))
	for _, l := range append(link.Without(said, set), set...) {
		n.Set = append(n.Set, l.Text)
	}
	return n
}

// addresses are those of an interface, but for the ones that the link has by itself.
func (r *Reader) addresses(name string) []string {
	if r.Addresses != nil {
		return r.Addresses(name)
	}
	i, err := net.InterfaceByName(name)
	if err != nil {
		return nil
	}
	all, _ := i.Addrs()
	var texts []string
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && !p.Addr().IsLinkLocalUnicast() {
			texts = append(texts, a.String())
		}
	}
	return texts
}

// gateways are those of the default routes in /proc/net/route: interface, destination and
// gateway are its first fields, the addresses hexadecimal in the order of the processor.
func gateways(table string) []string {
	var all []string
	for line := range strings.Lines(table) {
		words := strings.Fields(line)
		if len(words) < 3 || words[1] != "00000000" {
			continue
		}
		b, err := hex.DecodeString(words[2])
		if err != nil || len(b) != 4 {
			continue
		}
		var address [4]byte
		binary.NativeEndian.PutUint32(address[:], binary.BigEndian.Uint32(b))
		all = append(all, netip.AddrFrom4(address).String()+" ("+words[0]+")")
	}
	return all
}
