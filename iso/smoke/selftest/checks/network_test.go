package checks

import (
	"strings"
	"testing"

	"bee/iso/smoke/selftest/live"
	"bee/iso/smoke/selftest/openrc"
)

func TestNetworkDHCPBackground(t *testing.T) {
	good := files{
		"/sys/class/net/lo/type": "772\n", "/sys/class/net/eth0/type": "1\n", "/sys/class/net/eth0/device/x": "",
		"/sys/class/net/ib0/type": "32\n", "/sys/class/net/ib0/device/x": "", "/sys/class/net/br0/type": "1\n",
		"/run/udhcpc.eth0.pid": "812\n", "/proc/812/cmdline": "busybox\x00udhcpc\x00-b\x00-i\x00eth0\x00-s\x00/usr/local/lib/bee/udhcpc-event\x00",
		openrc.BootLogFile: sample(t, "boot.log"),
	}
	none := good.without("/sys/class/net/eth0/type")
	for name, c := range map[string]struct {
		files     files
		noNetwork bool
		want      string
	}{
		"good":            {good, false, "PASS check: eth0"},
		"no lease yet":    {good.with(files{openrc.BootLogFile: ""}), false, "PASS check: eth0"},
		"no client":       {good.without("/run/udhcpc.eth0.pid"), false, "FAIL check: no udhcpc on eth0"},
		"dead":            {good.without("/proc/812/cmdline"), false, "FAIL check: no udhcpc on eth0"},
		"another process": {good.with(files{"/proc/812/cmdline": "sh\x00-b\x00"}), false, "FAIL check: no udhcpc on eth0"},
		"in front":        {good.with(files{"/proc/812/cmdline": "udhcpc\x00-i\x00eth0\x00"}), false, "FAIL check: udhcpc on eth0 does not run in the background (-b)"},
		"waits":           {good.with(files{openrc.BootLogFile: move(t, sample(t, "boot.log"), "bee-network lease eth0 10.0.2.15", "bee-network started")}), false, "FAIL check: bee-network lease comes before bee-network started"},
		"no card":         {none, false, "FAIL check: no physical network interface"},
		"none wanted":     {none, true, "SKIP check: no network card, as said by --no-network"},
		"one too many":    {good, true, "FAIL check: --no-network, but there is eth0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := system(t, c.files, nil)
			s.NoNetwork = c.noNetwork
			if got := line(s, networkDHCPBackground); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestInternet(t *testing.T) {
	for name, c := range map[string]struct {
		expected bool
		answers  programs
		want     string
	}{
		"not expected": {false, programs{"wget": {}}, "SKIP check: not expected; --expect-internet asks for it"},
		"wget":         {true, programs{"wget": {}}, "PASS check"},
		"busybox":      {true, programs{"busybox wget": {}}, "PASS check"},
		"none":         {true, programs{"wget": {Status: 4}, "busybox wget": {Status: live.StatusTimeout}}, "FAIL check: http://example.com/ cannot be reached"},
	} {
		s := system(t, nil, c.answers)
		s.ExpectInternet = c.expected
		if got := line(s, internet); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
