package machine

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"bee/core/burnin"
	"bee/core/hostile"
	"bee/core/link"
)

func put(t testing.TB, root, name, content string) {
	t.Helper()
	file := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func nobody(string) []string { return nil }

// Of a machine that has nothing, nothing is known, and the state is the same each time.
func TestNothing(t *testing.T) {
	r := &Reader{Root: t.TempDir(), Addresses: nobody}
	s := r.Read()
	if s.Report != nil || s.ReportError != "" || s.Burn.Running || len(s.Services)+len(s.Logs)+len(s.Network.Interfaces) > 0 {
		t.Errorf("%+v", s)
	}
	if !reflect.DeepEqual(s, r.Read()) {
		t.Error("it is another one")
	}
}

func TestAccess(t *testing.T) {
	root := t.TempDir()
	put(t, root, "etc/issue", "bee: SSH by key only\nbee: SSH host key SHA256:abc\n\n")
	put(t, root, "etc/bee/host-key", "SHA256:abc\n")
	put(t, root, "root/.ssh/authorized_keys", "# mine\nssh-ed25519 AAAAC3Nza alice at home\nno-pty,command=\"a b\" ssh-rsa AAAAB3Nza\n\nnonsense\n")
	a := (&Reader{Root: root, Addresses: nobody}).Read().Access
	want := Access{Policy: "by key only", HostKey: "SHA256:abc", Keys: []string{"ssh-ed25519 alice at home", "ssh-rsa"}}
	if !reflect.DeepEqual(a, want) || !a.KeysOnly() {
		t.Errorf("got %+v, want %+v", a, want)
	}
}

func TestNetwork(t *testing.T) {
	root := t.TempDir()
	for name, content := range map[string]string{
		"sys/class/net/lo/type":            "772\n",
		"sys/class/net/eth0/type":          "1\n",
		"sys/class/net/eth0/flags":         "0x1003\n",
		"sys/class/net/eth0/carrier":       "1\n",
		"sys/class/net/eth0/speed":         "25000\n",
		"sys/class/net/eth0/address":       "52:54:00:be:e0:01\n",
		"sys/class/net/eth0/device/vendor": "0x8086\n",
		"sys/class/net/eth0.117/type":      "1\n",
		"sys/class/net/eth0.117/flags":     "0x1002\n",
		"sys/class/net/eth0.117/speed":     "-1\n",
		"run/udhcpc.eth0.pid":              "17\n",
		"proc/net/route":                   "Iface\tDestination\tGateway\neth0\t00000000\t010200C0\t0003\neth0\t000200C0\t00000000\neth0\t00000000\tnonsense\n",
		"etc/resolv.conf":                  "search a.example\nnameserver 192.0.2.53\n",
		"proc/cmdline":                     "quiet bee.network=eth0.117 bee.network=eth1,dhcp bee.network=eth2,nonsense\n",
	} {
		put(t, root, name, content)
	}
	r := &Reader{Root: root, Addresses: func(name string) []string { return []string{"address of " + name} }}
	want := Network{
		Interfaces: []Interface{
			{Name: "eth0", MAC: "52:54:00:be:e0:01", Hardware: true, Up: true, Link: true, SpeedMbps: "25000", Addresses: []string{"address of eth0"}, DHCP: true},
			{Name: "eth0.117", Addresses: []string{"address of eth0.117"}},
		},
		Gateways: []string{"192.0.2.1 (eth0)"}, DNS: []string{"192.0.2.53"}, Set: []string{"eth0.117", "eth1,dhcp"},
	}
	if got := r.Read().Network; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	put(t, root, link.File, "eth0,192.0.2.7/24\n")
	if got := r.Read().Network.Set; !reflect.DeepEqual(got, []string{"eth1,dhcp", "eth0,192.0.2.7/24"}) {
		t.Errorf("set %q", got)
	}
}

// A report is read again when it is another one, and not before.
func TestReport(t *testing.T) {
	root := t.TempDir()
	r := &Reader{Root: root, Addresses: nobody}
	put(t, root, "var/log/bee-audit.json", `{"schema_version":"1.0","collectors":[],"errors":[]}`)
	first := r.Read().Report
	if first == nil || first != r.Read().Report {
		t.Error("no report, or it is read again")
	}
	put(t, root, "var/log/bee-audit.json", "{}")
	if s := r.Read(); s.Report != nil || !strings.Contains(s.ReportError, "no schema_version") {
		t.Errorf("%v, %q", s.Report, s.ReportError)
	}
}

// A burn-in is read as it goes on, line by line, until its process is gone.
func TestBurn(t *testing.T) {
	root := t.TempDir()
	r := &Reader{Root: root, Addresses: nobody}
	line := `{"pid":4711,"time_seconds":600,"stage":"burning","gpus":[{"index":0,"celsius":50,"gflops":7,"errors":0}]}` + "\n"
	put(t, root, "proc/4711/comm", "bee-burn\n")
	put(t, root, burnin.File, line+line[:20])
	first := r.Read().Burn
	if !first.Running || len(first.Lines) != 1 || *first.Last().GPUs[0].Celsius != 50 {
		t.Fatalf("%+v", first)
	}
	put(t, root, burnin.File, line+line+"PASS: 1 GPU passed\n")
	put(t, root, "proc/4711/comm", "other\n")
	if b := r.Read().Burn; b.Running || len(b.Lines) != 2 || b.Words != "PASS: 1 GPU passed\n" || len(first.Lines) != 1 {
		t.Errorf("%+v", b)
	}
	// one that takes long
	put(t, root, burnin.File, strings.Repeat(line, 3*MaxLines))
	if b := r.Read().Burn; len(b.Lines) != MaxLines {
		t.Errorf("%d lines", len(b.Lines))
	}
	// another one
	if err := os.Remove(filepath.Join(root, burnin.File)); err != nil {
		t.Fatal(err)
	}
	put(t, root, burnin.File, "bee-burn: no GPU\n")
	if b := r.Read().Burn; len(b.Lines) != 0 || b.Words != "bee-burn: no GPU\n" {
		t.Errorf("%+v", b)
	}
}

func TestServicesAndLogs(t *testing.T) {
	root := t.TempDir()
	put(t, root, "run/openrc/started/dropbear", "")
	put(t, root, "run/openrc/starting/bee-audit", "")
	put(t, root, "run/openrc/failed/bee-network", "")
	put(t, root, "run/openrc/starting/bee-network", "")
	put(t, root, "var/log/long.log", strings.Repeat("x\n", logEnd)+"end\n")
	r := &Reader{Root: root, Addresses: nobody}
	s := r.Read()
	if s.Service("bee-network") != "failed" || s.Service("bee-audit") != "starting" || s.Service("dropbear") != "started" || s.Service("other") != "" || len(s.Services) != 3 {
		t.Errorf("%+v", s.Services)
	}
	if end, err := r.LogEnd(s.Logs[0].Name); err != nil || len(end) != logEnd || !strings.HasSuffix(end, "\nend\n") {
		t.Errorf("%d bytes, %v", len(end), err)
	}
	if _, err := r.LogEnd("../../etc/passwd"); err == nil {
		t.Error("a file outside of the logs")
	}
}

// FuzzFiles: whatever stands in files, what is read of them is printable.
func FuzzFiles(f *testing.F) {
	for _, text := range hostile.Strings {
		f.Add(text)
	}
	f.Add(`{"pid":1,"gpus":[{"celsius":1}]}` + "\n[{\"target\":\"\\u001b\"}]")
	f.Fuzz(func(t *testing.T, text string) {
		root := t.TempDir()
		for _, name := range []string{
			"etc/bee-release", "etc/issue", "root/.ssh/authorized_keys", "etc/bee/host-key", "proc/net/route", "proc/cmdline", "etc/resolv.conf",
			"sys/class/net/eth0/address", "run/bee/results.json", "run/bee/unattended.json", burnin.File, "var/log/a.log",
		} {
			put(t, root, name, text)
		}
		r := &Reader{Root: root, Addresses: nobody}
		s := r.Read()
		end, err := r.LogEnd("a.log")
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, d := range s.Results {
			all = append(all, d.Target, string(d.State), d.Error)
		}
		all = append(all, s.Access.Policy, s.Access.HostKey, s.Burn.Words, end, s.Unattended.Step, s.Network.Interfaces[0].MAC)
		all = append(all, s.Access.Keys...)
		all = append(all, s.Network.Set...)
		for _, text := range all {
			if why := hostile.Unprintable(text); why != "" {
				t.Errorf("%q: %s", text, why)
			}
		}
	})
}
