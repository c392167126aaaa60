package main

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"bee/core/hostile"
	"bee/core/printable"
)

func TestParse(t *testing.T) {
	prefix, address := netip.MustParsePrefix, netip.MustParseAddr
	for line, want := range map[string][]link{
		"quiet": nil,
		"bee.network=eth0 quiet bee.network=eth1,dhcp": {{members: []string{"eth0"}}, {members: []string{"eth1"}}},
		"bee.network=eth0,192.0.2.10/24,gateway=192.0.2.1,dns=192.0.2.53,dns=2001:db8::53": {{members: []string{"eth0"},
			addresses: []netip.Prefix{prefix("192.0.2.10/24")}, gateway: address("192.0.2.1"), dns: []netip.Addr{address("192.0.2.53"), address("2001:db8::53")}}},
		"bee.network=52:54:00:BE:E0:01.117":                             {{members: []string{"52:54:00:be:e0:01"}, vlan: 117}},
		"bee.network=eth0.10 bee.network=eth0.20":                       {{members: []string{"eth0"}, vlan: 10}, {members: []string{"eth0"}, vlan: 20}},
		"bee.network=Eth0+52:54:00:be:e0:01.117,mode=802.3ad,dhcp":      {{members: []string{"Eth0", "52:54:00:be:e0:01"}, mode: "802.3ad", vlan: 117}},
		"bee.network=eth0+eth1,2001:db8::10/64,gateway=2001:db8::1":     {{members: []string{"eth0", "eth1"}, mode: "active-backup", addresses: []netip.Prefix{prefix("2001:db8::10/64")}, gateway: address("2001:db8::1")}},
		"bee.network=Eth0+eth0":                                         {{members: []string{"Eth0", "eth0"}, mode: "active-backup"}},
		"bee.network=wrong/name bee.network=eth1 bee.network=eth2,dhcq": {{members: []string{"eth1"}}},
	} {
		if got, _ := parse(line); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", line, got, want)
		}
	}
	for line, want := range map[string]string{
		"bee.network=":                         `"" is neither the name of an interface nor a MAC address`,
		"bee.network=../x":                     `"/x" is no number of a VLAN`,
		"bee.network=a/b":                      `"a/b" is neither the name of an interface nor a MAC address`,
		"bee.network=eth0.0":                   `"0" is no number of a VLAN, 1 to 4094`,
		"bee.network=eth0.4095":                `"4095" is no number of a VLAN`,
		"bee.network=eth0,192.0.2.10":          "an address with the length of its network (192.0.2.10/24)",
		"bee.network=eth0,192.0.2.10/33":       "is neither dhcp, an address",
		"bee.network=eth0,dhcp,192.0.2.1/24":   "one of both",
		"bee.network=eth0,gateway=192.0.2.1":   "DHCP brings them",
		"bee.network=eth0,gateway=x":           `gateway: "x" is no address`,
		"bee.network=eth0,dns=":                `dns: "" is no address`,
		"bee.network=eth0,mode=802.3ad":        "mode is for a bond",
		"bee.network=eth0+eth1,mode=lacp":      `mode "lacp" is none of active-backup, 802.3ad`,
		"bee.network=eth0+eth0":                "eth0 is there twice",
		"bee.network=a+b bee.network=b":        "b is in bee.network=a+b already",
		"bee.network=b bee.network=a+b":        "b is in bee.network=b already",
		"bee.network=a+b bee.network=b+c.5":    "and a bond has its members for itself",
		"bee.network=eth0,gateway=192.0.2.1/9": "is no address",
	} {
		_, wrong := parse(line)
		if len(wrong) != 1 || !strings.Contains(wrong[0].Error(), want) || !strings.Contains(wrong[0].Error(), "bee.network=") {
			t.Errorf("%s: %v, want %q", line, wrong, want)
		}
	}
}

// Whatever stands on the command line, what is told of it is printable.
func TestHostileParse(t *testing.T) {
	for _, text := range hostile.Strings {
		_, wrong := parse("bee.network=" + text + " bee.network=eth0," + text)
		for _, err := range wrong {
			if found := hostile.Unprintable(printable.Again(err.Error())); found != "" {
				t.Errorf("%.80q: it says %s", text, found)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("bee.network=eth0+52:54:00:be:e0:01.117,192.0.2.10/24,gateway=192.0.2.1,dns=192.0.2.53,mode=802.3ad")
	f.Add("bee.network=eth0.10 bee.network=eth0.20,dhcp")
	f.Fuzz(func(t *testing.T, line string) {
		links, wrong := parse(line)
		if len(links)+len(wrong) > len(strings.Fields(line)) {
			t.Errorf("%d links and %d errors", len(links), len(wrong))
		}
		for _, l := range links {
			for _, m := range l.members {
				if m == "" || strings.ContainsAny(m, "/. ") {
					t.Errorf("%+v", l)
				}
			}
		}
	})
}
