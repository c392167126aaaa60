package main

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// link is what the kernel's command line says of an interface, or of some together.
type link struct {
	// members are names or MAC addresses; several are a bond.
	members []string
	mode    string // of the bond
	vlan    int    // 0 for none
	// addresses are its own, none where it gets one by DHCP.
	addresses []netip.Prefix
	gateway   netip.Addr
	dns       []netip.Addr
}

const option = "bee.network="

// modes of a bond, as the kernel names them.
var modes = []string{"active-backup", "802.3ad", "balance-rr", "balance-xor", "broadcast", "balance-tlb", "balance-alb"}

// parse reads the links of a kernel's command line. One that is wrong is left out, and told of.
func parse(line string) (links []link, wrong []error) {
	bonded := map[string]string{} // members of bonds, by the word that has them
	plain := map[string]string{}
	for word := range strings.FieldsSeq(line) {
		text, ok := strings.CutPrefix(word, option)
		if !ok {
			continue
		}
		l, err := parseLink(text)
		for _, m := range l.members {
			other, taken := bonded[m]
			if !taken && len(l.members) > 1 {
				other, taken = plain[m]
			}
			if err == nil && taken {
				err = fmt.Errorf("%s is in %s already, and a bond has its members for itself", m, other)
			}
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s on the kernel's command line is left out: %w", word, err))
			continue
		}
		for _, m := range l.members {
			if len(l.members) > 1 {
				bonded[m] = word
			} else {
				plain[m] = word
			}
		}
		links = append(links, l)
	}
	return links, wrong
}

// name of an interface, but for what would be no file of its own in sysfs.
var name = regexp.MustCompile(`^[A-Za-z0-9_-]{1,15}$`)

func parseLink(text string) (l link, err error) {
	words := strings.Split(text, ",")
	device := words[0]
	if at := strings.LastIndexByte(device, '.'); at >= 0 {
		l.vlan, err = strconv.Atoi(device[at+1:])
		if err != nil || l.vlan < 1 || l.vlan > 4094 {
			return link{}, fmt.Errorf("%q is no number of a VLAN, 1 to 4094", device[at+1:])
		}
		device = device[:at]
	}
	for member := range strings.SplitSeq(device, "+") {
		if mac, err := net.ParseMAC(member); err == nil && len(mac) == 6 {
			member = mac.String()
		} else if !name.MatchString(member) {
			return link{}, fmt.Errorf("%q is neither the name of an interface nor a MAC address", member)
		}
		if slices.Contains(l.members, member) {
			return link{}, fmt.Errorf("%s is there twice", member)
		}
		l.members = append(l.members, member)
	}
	if len(l.members) > 1 {
		l.mode = modes[0]
	}
	dhcp := false
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch {
		case w == "dhcp":
			dhcp = true
		case key == "gateway":
			if l.gateway, err = netip.ParseAddr(value); err != nil {
				return link{}, fmt.Errorf("gateway: %q is no address", value)
			}
		case key == "dns":
			server, err := netip.ParseAddr(value)
			if err != nil {
				return link{}, fmt.Errorf("dns: %q is no address", value)
			}
			l.dns = append(l.dns, server)
		case key == "mode" && len(l.members) < 2:
			return link{}, fmt.Errorf("mode is for a bond, of several interfaces that are joined by +")
		case key == "mode" && !slices.Contains(modes, value):
			return link{}, fmt.Errorf("mode %q is none of %s", value, strings.Join(modes, ", "))
		case key == "mode":
			l.mode = value
		default:
			address, err := netip.ParsePrefix(w)
			if err != nil {
				return link{}, fmt.Errorf("%q is neither dhcp, an address with the length of its network (192.0.2.10/24), gateway=, dns= nor mode=", w)
			}
			l.addresses = append(l.addresses, address)
		}
	}
	switch {
	case dhcp && len(l.addresses) > 0:
		return link{}, fmt.Errorf("it has dhcp and an address: one of both")
	case len(l.addresses) == 0 && (l.gateway.IsValid() || len(l.dns) > 0):
		return link{}, fmt.Errorf("gateway and dns are for an address of its own; DHCP brings them")
	}
	return l, nil
}
