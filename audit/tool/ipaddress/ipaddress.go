// Package ipaddress reads what ip(8) prints of the addresses of interfaces, that of iproute2
// and that of busybox.
package ipaddress

import (
	"net/netip"
	"strings"

	"bee/audit/report"
	"bee/core/printable"
)

// Args are the arguments to call ip with: each address on a line of its own.
var Args = []string{"-o", "address", "show"}

// Parse reads lines such as
//
//	2: eth0    inet 192.0.2.10/24 brd 192.0.2.255 scope global eth0\       valid_lft …
//	2: eth0    inet6 fe80::5054:ff:fe12:3456/64 scope link \       valid_lft …
//
// Addresses of the loopback, and those that are good on one link alone, are left out, as is
// any line that is none of these: the link's own, of busybox.
func Parse(text []byte) []report.IPAddress {
	var all []report.IPAddress
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[2] != "inet" && fields[2] != "inet6" {
			continue
		}
		// eth0.117@eth0 is what a VLAN is called where its card is told, too
		name, _, _ := strings.Cut(fields[1], "@")
		// of a line from point to point, the other end has the prefix
		text, _, _ := strings.Cut(fields[3], "/")
		address, err := netip.ParseAddr(text)
		if err != nil || address.Zone() != "" || !address.IsGlobalUnicast() || name == "" {
			continue
		}
		text = address.String()
		if prefix, err := netip.ParsePrefix(fields[3]); err == nil {
			text = prefix.String()
		}
		all = append(all, report.IPAddress{Interface: printable.Escape([]byte(name)), Address: text})
	}
	return all
}
