package checks

import (
	"strings"
	"testing"

	"bee/iso/smoke/selftest/live"
	"bee/iso/smoke/selftest/openrc"
)

// move returns text with the line that ends in what moved before the line that
// ends in before.
func move(t *testing.T, text, what, before string) string {
	t.Helper()
	var out []string
	var moved string
	lines := strings.Split(text, "\n")
	for _, line := range lines {
		if strings.HasSuffix(line, " "+what) {
			moved = line
		}
	}
	for _, line := range lines {
		if strings.HasSuffix(line, " "+before) {
			out = append(out, moved)
		}
		if line != moved {
			out = append(out, line)
		}
	}
	if moved == "" || len(out) != len(lines) {
		t.Fatalf("no %q or no %q", what, before)
	}
	return strings.Join(out, "\n")
}

func TestServiceOrder(t *testing.T) {
	good := sample(t, "boot.log")
	for name, c := range map[string]struct{ log, want string }{
		"good":                       {good, "PASS check"},
		"restarted later":            {good + "90.00 localmount start\n91.00 localmount started\n", "PASS check"},
		"configuration before mount": {move(t, good, "bee-config start", "localmount start"), "FAIL check: bee-config start comes before localmount started"},
		"sshsetup before it":         {move(t, good, "bee-sshsetup start", "bee-config start"), "FAIL check: bee-sshsetup start comes before bee-config started"},
		"dropbear before its setup":  {move(t, good, "dropbear start", "bee-sshsetup started"), "FAIL check: dropbear start comes before bee-sshsetup started"},
		"network before it":          {move(t, good, "bee-network start", "bee-config started"), "FAIL check: bee-network start comes before bee-config started"},
		"unattended before audit":    {move(t, good, "bee-unattended start", "bee-audit started"), "FAIL check: bee-unattended start comes before bee-audit started"},
		"nvidia before network":      {move(t, good, "bee-nvidia start", "bee-network started"), "FAIL check: bee-nvidia start comes before bee-network started"},
		"fabric before nvidia":       {move(t, good, "bee-fabric start", "bee-nvidia started"), "FAIL check: bee-fabric start comes before bee-nvidia started"},
		"audit before fabric":        {move(t, good, "bee-audit start", "bee-fabric started"), "FAIL check: bee-audit start comes before bee-fabric started"},
		"no nvidia":                  {strings.ReplaceAll(good, "bee-nvidia", "other"), "FAIL check: /run/bee/boot.log has no 'bee-nvidia start'"},
		"empty":                      {"", "FAIL check: /run/bee/boot.log has no 'localmount started'"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := line(system(t, files{openrc.BootLogFile: c.log}, nil), serviceOrder); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got := line(system(t, nil, nil), serviceOrder); got != "FAIL check: /run/bee/boot.log is missing" {
		t.Errorf("no boot log: %q", got)
	}
}

func TestServicesStarted(t *testing.T) {
	good := sample(t, "boot.log")
	started := programs{"rc-service": {Output: " * status: started\n"}}
	for name, c := range map[string]struct {
		log      string
		programs programs
		want     string
	}{
		"good":    {good, started, "PASS check"},
		"failed":  {strings.Replace(good, "bee-audit started", "bee-audit failed", 1), started, "FAIL check: bee-audit failed, says /run/bee/boot.log"},
		"hangs":   {strings.Replace(good, "75.83 bee-audit started\n", "", 1), started, "FAIL check: bee-audit was begun and has not ended, says /run/bee/boot.log"},
		"absent":  {strings.ReplaceAll(good, "dropbear", "sshd"), started, "FAIL check: dropbear was never begun, says /run/bee/boot.log"},
		"crashed": {good, programs{"rc-service": {Output: " * status: crashed\n", Status: 32}}, "FAIL check: localmount: * status: crashed"},
		"one down": {good, programs{"rc-service bee-": {}, "rc-service localmount": {}, "rc-service dropbear status": {Output: "status: stopped", Status: 3}},
			"FAIL check: dropbear: status: stopped"},
		"no OpenRC": {good, nil, "FAIL check: localmount: rc-service localmount status: not found"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := line(system(t, files{openrc.BootLogFile: c.log}, c.programs), servicesStarted); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got := line(system(t, nil, started), servicesStarted); got != "FAIL check: /run/bee/boot.log is missing" {
		t.Errorf("no boot log: %q", got)
	}
}

func TestNoFailedServices(t *testing.T) {
	for name, c := range map[string]struct {
		files    files
		programs programs
		want     string
	}{
		"good":    {files{"/run/openrc/started/dropbear": "->/etc/init.d/dropbear"}, programs{"rc-status --crashed": {Status: 1}}, "PASS check"},
		"failed":  {files{"/run/openrc/failed/bee-nvidia": "->/etc/init.d/bee-nvidia"}, programs{"rc-status --crashed": {Status: 1}}, "FAIL check: bee-nvidia"},
		"crashed": {nil, programs{"rc-status --crashed": {Output: "dropbear\nsyslog\n"}}, "FAIL check: dropbear syslog"},
	} {
		t.Run(name, func(t *testing.T) {
			s := system(t, c.files, c.programs)
			exec := s.Exec
			s.Exec = func(c live.Command) live.Answer {
				if !c.Quiet {
					t.Error("what rc-status complains of is no service")
				}
				return exec(c)
			}
			if got := line(s, noFailedServices); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDropbearWithoutNetwork(t *testing.T) {
	tree := sample(t, "deptree")
	const listening = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1234 1 0 100 0 0 10 0
`
	good := files{openrc.DeptreeFile: tree, "/proc/net/tcp": listening}
	for name, c := range map[string]struct {
		files files
		want  string
	}{
		"good":             {good, "PASS check: waits for localmount bee-sshsetup"},
		"IPv6":             {good.without("/proc/net/tcp").with(files{"/proc/net/tcp6": strings.Replace(listening, "00000000:0016", strings.Repeat("0", 32)+":0016", 1)}), "PASS check: waits for localmount bee-sshsetup"},
		"needs a network":  {good.with(files{openrc.DeptreeFile: tree + "depinfo_8_ineed_1='net'\n"}), "FAIL check: dropbear waits for net"},
		"setup after DHCP": {good.with(files{openrc.DeptreeFile: tree + "depinfo_6_iafter_0='bee-network'\n"}), "FAIL check: dropbear waits for bee-network"},
		"another port":     {good.with(files{"/proc/net/tcp": strings.Replace(listening, ":0016", ":1016", 1)}), "FAIL check: nothing listens on port 22"},
		"a connection":     {good.with(files{"/proc/net/tcp": strings.Replace(listening, " 0A ", " 01 ", 1)}), "FAIL check: nothing listens on port 22"},
		"no tree":          {good.without(openrc.DeptreeFile), "FAIL check: OpenRC has no dependency tree, /run/openrc/deptree"},
		"another tree":     {good.with(files{openrc.DeptreeFile: "<tree/>\n"}), `FAIL check: /run/openrc/deptree: line 1 is no dependency: "<tree/>"`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := line(system(t, c.files, nil), dropbearWithoutNetwork); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
