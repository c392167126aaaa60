// Package link reads what is said of a machine's network, a link a word:
//
//	LINK[,dhcp][,ADDRESS/LENGTH...][,gateway=ADDRESS][,dns=ADDRESS...][,mode=MODE]
//
// LINK is an interface, by its name or its MAC address; several that are joined by "+" are a
// bond, of the mode active-backup, or the one that mode says, such as 802.3ad. ".NUMBER" behind
// it is a VLAN on it. Without an address there is DHCP.
//
//	eth0,192.0.2.10/24,gateway=192.0.2.1,dns=192.0.2.53
//	52:54:00:be:e0:01.117
//	eth0+eth1.117,mode=802.3ad
package link

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Link is what is said of an interface, or of some together.
type Link struct {
	// Text is the word that says it.
	Text string
	// Members are names or MAC addresses; several are a bond.
	Members []string
	Mode    string // of the bond
	VLAN    int    // 0 for none
	// Addresses are its own, none where it gets one by DHCP.
	Addresses []netip.Prefix
	Gateway   netip.Addr
	DNS       []netip.Addr
}

// File is where a live system has links, a line each, which may change while it runs: they take
// the place of those of the kernel's command line that have an interface in common with them.
const File = "/run/bee/network"

// option is before a link on the kernel's command line.
const option = "bee.network="

// CommandLine reads the links of a kernel's command line. What is wrong is left out, and told of.
func CommandLine(line string) (links []Link, wrong []error) {
	var words []string
	for word := range strings.FieldsSeq(line) {
		if text, ok := strings.CutPrefix(word, option); ok {
			words = append(words, text)
		}
	}
	links, errs := Parse(words)
	for _, err := range errs {
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s%w", option, err))
		}
	}
	return links, wrong
}

// modes of a bond, as the kernel names them.
var modes = []string{"active-backup", "802.3ad", "balance-rr", "balance-xor", "broadcast", "balance-tlb", "balance-alb"}

// Parse reads links. Of each that is wrong, errs has why, at its place among the words.
func Parse(words []string) (links []Link, errs []error) {
	bonded := map[string]string{} // members of bonds, by the word that has them
	plain := map[string]string{}
	errs = make([]error, len(words))
	for i, word := range words {
		l, err := parse(word)
		for _, m := range l.Members {
			other, taken := bonded[m]
			if !taken && len(l.Members) > 1 {
				other, taken = plain[m]
			}
			if err == nil && taken {
				err = fmt.Errorf("%s is in %s already, and a bond has its members for itself", m, other)
			}
		}
		if err != nil {
			errs[i] = fmt.Errorf("%s is left out: %w", word, err)
			continue
		}
		for _, m := range l.Members {
			if len(l.Members) > 1 {
				bonded[m] = word
			} else {
				plain[m] = word
			}
		}
		links = append(links, l)
	}
	return links, errs
}

// Without returns the links that have no interface in common with others.
func Without(links, others []Link) []Link {
	return slices.DeleteFunc(slices.Clone(links), func(l Link) bool {
		return slices.ContainsFunc(others, func(o Link) bool {
			return slices.ContainsFunc(o.Members, func(m string) bool { return slices.Contains(l.Members, m) })
		})
	})
}

// name of an interface, but for what would be no file of its own in sysfs.
var name = regexp.MustCompile(`^[A-Za-z0-9_-]{1,15}$`)

func parse(text string) (l Link, err error) {
	l.Text = text
	words := strings.Split(text, ",")
	device := words[0]
	if at := strings.LastIndexByte(device, '.'); at >= 0 {
		l.VLAN, err = strconv.Atoi(device[at+1:])
		if err != nil || l.VLAN < 1 || l.VLAN > 4094 {
			return Link{}, fmt.Errorf("%q is no number of a VLAN, 1 to 4094", device[at+1:])
		}
		device = device[:at]
	}
	for member := range strings.SplitSeq(device, "+") {
		if mac, err := net.ParseMAC(member); err == nil && len(mac) == 6 {
			member = mac.String()
		} else if !name.MatchString(member) {
			return Link{}, fmt.Errorf("%q is neither the name of an interface nor a MAC address", member)
		}
		if slices.Contains(l.Members, member) {
			return Link{}, fmt.Errorf("%s is there twice", member)
		}
		l.Members = append(l.Members, member)
	}
	if len(l.Members) > 1 {
		l.Mode = modes[0]
	}
	dhcp := false
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch {
		case w == "dhcp":
			dhcp = true
		case key == "gateway":
			if l.Gateway, err = netip.ParseAddr(value); err != nil {
				return Link{}, fmt.Errorf("gateway: %q is no address", value)
			}
		case key == "dns":
			server, err := netip.ParseAddr(value)
			if err != nil {
				return Link{}, fmt.Errorf("dns: %q is no address", value)
			}
			l.DNS = append(l.DNS, server)
		case key == "mode" && len(l.Members) < 2:
			return Link{}, fmt.Errorf("mode is for a bond, of several interfaces that are joined by +")
		case key == "mode" && !slices.Contains(modes, value):
			return Link{}, fmt.Errorf("mode %q is none of %s", value, strings.Join(modes, ", "))
		case key == "mode":
			l.Mode = value
		default:
			address, err := netip.ParsePrefix(w)
			if err != nil {
				return Link{}, fmt.Errorf("%q is neither dhcp, an address with the length of its network (192.0.2.10/24), gateway=, dns= nor mode=", w)
			}
			l.Addresses = append(l.Addresses, address)
		}
	}
	switch {
	case dhcp && len(l.Addresses) > 0:
		return Link{}, fmt.Errorf("it has dhcp and an address: one of both")
	case len(l.Addresses) == 0 && (l.Gateway.IsValid() || len(l.DNS) > 0):
		return Link{}, fmt.Errorf("gateway and dns are for an address of its own; DHCP brings them")
	}
	return l, nil
}
