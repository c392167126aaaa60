package link

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"bee/core/hostile"
	"bee/core/printable"
)

func TestCommandLine(t *testing.T) {
	prefix, address := netip.MustParsePrefix, netip.MustParseAddr
	for line, want := range map[string][]Link{
		"quiet": nil,
		"bee.network=eth0 quiet bee.network=eth1,dhcp": {{Members: []string{"eth0"}}, {Members: []string{"eth1"}}},
		"bee.network=eth0,192.0.2.10/24,gateway=192.0.2.1,dns=192.0.2.53,dns=2001:db8::53": {{Members: []string{"eth0"},
			Addresses: []netip.Prefix{prefix("192.0.2.10/24")}, Gateway: address("192.0.2.1"), DNS: []netip.Addr{address("192.0.2.53"), address("2001:db8::53")}}},
		"bee.network=52:54:00:BE:E0:01.117":                             {{Members: []string{"52:54:00:be:e0:01"}, VLAN: 117}},
		"bee.network=eth0.10 bee.network=eth0.20":                       {{Members: []string{"eth0"}, VLAN: 10}, {Members: []string{"eth0"}, VLAN: 20}},
		"bee.network=Eth0+52:54:00:be:e0:01.117,mode=802.3ad,dhcp":      {{Members: []string{"Eth0", "52:54:00:be:e0:01"}, Mode: "802.3ad", VLAN: 117}},
		"bee.network=eth0+eth1,2001:db8::10/64,gateway=2001:db8::1":     {{Members: []string{"eth0", "eth1"}, Mode: "active-backup", Addresses: []netip.Prefix{prefix("2001:db8::10/64")}, Gateway: address("2001:db8::1")}},
		"bee.network=Eth0+eth0":                                         {{Members: []string{"Eth0", "eth0"}, Mode: "active-backup"}},
		"bee.network=wrong/name bee.network=eth1 bee.network=eth2,dhcq": {{Members: []string{"eth1"}}},
	} {
		got, _ := CommandLine(line)
		for i := range got {
			if !strings.Contains(line, "bee.network="+got[i].Text) {
				t.Errorf("%s: the text of one is %q", line, got[i].Text)
			}
			got[i].Text = ""
		}
		if !reflect.DeepEqual(got, want) {
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
		"bee.network=a+b bee.network=b":        "b is in a+b already",
		"bee.network=b bee.network=a+b":        "b is in b already",
		"bee.network=a+b bee.network=b+c.5":    "and a bond has its members for itself",
		"bee.network=eth0,gateway=192.0.2.1/9": "is no address",
	} {
		_, wrong := CommandLine(line)
		if len(wrong) != 1 || !strings.Contains(wrong[0].Error(), want) || !strings.Contains(wrong[0].Error(), "bee.network=") {
			t.Errorf("%s: %v, want %q", line, wrong, want)
		}
	}
}

// Whatever stands on the command line, what is told of it is printable.
func TestHostile(t *testing.T) {
	for _, text := range hostile.Strings {
		_, wrong := CommandLine("bee.network=" + text + " bee.network=eth0," + text)
		for _, err := range wrong {
			if found := hostile.Unprintable(printable.Again(err.Error())); found != "" {
				t.Errorf("%.80q: it says %s", text, found)
			}
		}
	}
}

// What is said later takes the place of what was said of the same interfaces.
func TestWithout(t *testing.T) {
	links, _ := Parse([]string{"eth0.10", "eth0.20", "eth1+eth2", "eth3"})
	others, _ := Parse([]string{"eth0,dhcp", "eth2,dhcp"})
	if got := Without(links, others); len(got) != 1 || got[0].Text != "eth3" {
		t.Errorf("%+v", got)
	}
	if got := Without(links, nil); len(got) != 4 {
		t.Errorf("%+v", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("bee.network=eth0+52:54:00:be:e0:01.117,192.0.2.10/24,gateway=192.0.2.1,dns=192.0.2.53,mode=802.3ad")
	f.Add("bee.network=eth0.10 bee.network=eth0.20,dhcp")
	f.Fuzz(func(t *testing.T, line string) {
		links, wrong := CommandLine(line)
		if len(links)+len(wrong) > len(strings.Fields(line)) {
			t.Errorf("%d links and %d errors", len(links), len(wrong))
		}
		for _, l := range links {
			for _, m := range l.Members {
				if m == "" || strings.ContainsAny(m, "/. ") {
					t.Errorf("%+v", l)
				}
			}
		}
	})
}
