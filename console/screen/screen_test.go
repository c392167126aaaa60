package screen

import (
	"slices"
	"testing"
)

func TestSetting(t *testing.T) {
	lines := []string{"eth0,192.0.2.10/24", "eth1.117,dhcp", "eth2+eth3,dhcp"}
	for _, c := range []struct{ address, gateway, dns, vlan, want string }{
		{"", "", "", "", "eth1"},
		{"", "", "", "118", "eth1.118"},
		{"192.0.2.10/24", "192.0.2.1", "192.0.2.53, 192.0.2.54", "", "eth1,192.0.2.10/24,gateway=192.0.2.1,dns=192.0.2.53,dns=192.0.2.54"},
		{"2001:db8::1/64", "", "", "4094", "eth1.4094,2001:db8::1/64"},
		{"192.0.2.10", "", "", "", ""},
		{"192.0.2.10/24", "router", "", "", ""},
		{"192.0.2.10/24", "", "192.0.2.53 x", "", ""},
		{"", "192.0.2.1", "", "", ""},
		{"", "", "", "4095", ""},
		{"", "", "", "x", ""},
		{"192.0.2.10/24 eth0", "", "", "", ""},
	} {
		got, err := setting(lines, "eth1", c.address, c.gateway, c.dns, c.vlan)
		want := []string{"eth0,192.0.2.10/24", "eth2+eth3,dhcp", c.want}
		if (err == nil) != (c.want != "") || err == nil && !slices.Equal(got, want) {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
}

// What would keep tcell from its work is left out, wherever it is cut.
func TestFilter(t *testing.T) {
	for text, want := range map[string]string{
		"\x1b[A\x1bOPq\r":     "\x1b[A\x1bOPq\r",
		"a\xffb\xc3\xa9c":     "abc",
		"\x1b]0;x\x1bX\x1b_q": "\x1b0;x\x1bq",
		"\x1b\x1b[B":          "\x1b[B",
	} {
		k := &keyboard{}
		if got := string(k.filter([]byte(text))); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	k := &keyboard{}
	if got := string(k.filter([]byte("\x1b"))) + string(k.filter([]byte("]"))) + string(k.filter([]byte("\x1b"))); got != "\x1b\x1b" {
		t.Errorf("%q", got)
	}
}
