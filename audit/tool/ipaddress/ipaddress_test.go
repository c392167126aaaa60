package ipaddress

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"bee/audit/report"
	"bee/core/printable"
)

const (
	iproute = `1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever preferred_lft forever
1: lo    inet6 ::1/128 scope host noprefixroute \       valid_lft forever preferred_lft forever
2: eth0    inet 10.0.2.15/24 brd 10.0.2.255 scope global eth0\       valid_lft forever preferred_lft forever
2: eth0    inet6 fec0::5054:ff:fe12:3456/64 scope site dynamic mngtmpaddr \       valid_lft 86390sec preferred_lft 14390sec
2: eth0    inet6 fe80::5054:ff:fe12:3456/64 scope link proto kernel_ll \       valid_lft forever preferred_lft forever
3: usb0    inet 169.254.3.1/24 scope global usb0\       valid_lft forever preferred_lft forever
5: bond0.117    inet 192.0.2.10/24 scope global bond0.117\       valid_lft forever preferred_lft forever
6: tun0    inet 192.0.2.66 peer 192.0.2.65/32 scope global tun0\       valid_lft forever preferred_lft forever
`
	busybox = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever preferred_lft forever
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast qlen 1000\    link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff
2: eth0    inet 10.0.2.15/24 scope global eth0\       valid_lft forever preferred_lft forever
5: bond0.117@bond0    inet 192.0.2.10/24 scope global bond0.117\       valid_lft forever preferred_lft forever
`
)

func TestParse(t *testing.T) {
	for text, want := range map[string][]report.IPAddress{
		"": nil,
		iproute: {{Interface: "eth0", Address: "10.0.2.15/24"}, {Interface: "eth0", Address: "fec0::5054:ff:fe12:3456/64"},
			{Interface: "bond0.117", Address: "192.0.2.10/24"}, {Interface: "tun0", Address: "192.0.2.66"}},
		busybox: {{Interface: "eth0", Address: "10.0.2.15/24"}, {Interface: "bond0.117", Address: "192.0.2.10/24"}},
		"2: @eth0 inet 10.0.2.15/24 x\n2: eth0 inet6 2001:db8::1%x/64 x\n2: eth0 inet here\n2: eth0 inet\nip: no such option": nil,
	} {
		if got := Parse([]byte(text)); !slices.Equal(got, want) {
			t.Errorf("%.60q: got %v, want %v", text, got, want)
		}
	}
}

// Whatever is read, addresses are addresses, and names are printable.
func FuzzParse(f *testing.F) {
	f.Add(iproute)
	f.Add(busybox)
	f.Add("2: eth\x1b0 inet6 2001:db8::1%eth0/64\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range Parse([]byte(text)) {
			address, _, _ := strings.Cut(a.Address, "/")
			if _, err := netip.ParseAddr(address); err != nil || printable.Again(a.Interface) != a.Interface || printable.Again(a.Address) != a.Address || a.Interface == "" {
				t.Errorf("%+v of %q", a, text)
			}
		}
	})
}
