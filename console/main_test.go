package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/audit/report/sample"
	"bee/console/act"
	"bee/console/machine"
	"bee/core/burnin"
)

// rootVariable has the tests' program be the console of the machine below a folder.
const rootVariable = "BEE_CONSOLE_ROOT"

func TestMain(m *testing.M) {
	if root := os.Getenv(rootVariable); root != "" {
		addresses := func(name string) []string {
			if name == "eth0" {
				return []string{"192.0.2.10/24"}
			}
			return nil
		}
		if err := run(&machine.Reader{Root: root, Addresses: addresses}, recorder{root}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// recorder writes down what would have been done.
type recorder struct{ root string }

func (r recorder) did(format string, args ...any) error {
	file, err := os.OpenFile(filepath.Join(r.root, "done"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = fmt.Fprintf(file, format+"\n", args...)
	return err
}

func (r recorder) StartBurnIn(b act.BurnIn) error  { return r.did("burn %v for %v", b.GPUs, b.Time) }
func (r recorder) StopBurnIn(pid int) error        { return r.did("stop %d", pid) }
func (r recorder) SetNetwork(lines []string) error { return r.did("network %q", lines) }
func (r recorder) NewPassword() error              { return r.did("password") }
func (r recorder) SendResults() error              { return r.did("send") }
func (r recorder) Restart() error                  { return r.did("restart") }
func (r recorder) PowerOff() error                 { return r.did("power off") }

// done is what would have been done.
func done(root string) string {
	text, _ := os.ReadFile(filepath.Join(root, "done"))
	return string(text)
}

// fake makes up a machine, and returns the folder of its files. It has no report yet.
func fake(t testing.TB) (root string) {
	t.Helper()
	root = t.TempDir()
	for name, content := range map[string]string{
		"etc/bee-release":                  "BEE_VERSION=\"20261105-0123456789ab\"\nBEE_VENDOR=\"gpu_burn storcli64 sas3ircu\"\n",
		"etc/bee/vendor":                   "storcli64 007.2705 abc\nsas3ircu - abc\n",
		"usr/local/bin/gpu_burn":           "program",
		"usr/local/bin/storcli64":          strings.Repeat("x", 1500000),
		"etc/issue":                        "bee: SSH password for root and bee: abcdefgh234567\nbee: SSH host key SHA256:abc\n\n",
		"etc/bee/host-key":                 "SHA256:Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm8\n",
		"sys/class/net/lo/type":            "772\n",
		"sys/class/net/eth0/type":          "1\n",
		"sys/class/net/eth0/address":       "52:54:00:be:e0:01\n",
		"sys/class/net/eth0/flags":         "0x1003\n",
		"sys/class/net/eth0/carrier":       "1\n",
		"sys/class/net/eth0/speed":         "1000\n",
		"sys/class/net/eth0/device/vendor": "0x8086\n",
		"sys/class/net/eth1/type":          "1\n",
		"sys/class/net/eth1/address":       "52:54:00:be:e0:02\n",
		"sys/class/net/eth1/flags":         "0x1003\n",
		"sys/class/net/eth1/carrier":       "0\n",
		"sys/class/net/eth1/device/vendor": "0x8086\n",
		"run/udhcpc.eth0.pid":              "100\n",
		"run/udhcpc.eth1.pid":              "101\n",
		"proc/net/route":                   "Iface\tDestination\tGateway\tFlags\neth0\t00000000\t010200C0\t0003\n",
		"proc/cmdline":                     "quiet bee.network=eth1.117 console=ttyS0\n",
		"etc/resolv.conf":                  "nameserver 192.0.2.53\n",
		"run/openrc/started/bee-network":   "",
		"run/openrc/started/dropbear":      "",
		"run/openrc/starting/bee-audit":    "",
		"var/log/bee-network.log":          "network: eth1 has what the kernel's command line says\n",
		"var/log/bee-audit.log":            strings.Repeat("waiting for drivers\n", 100) + "the last line\n",
		"run/bee/unattended.json":          `{"step":"audit","since":"2026-11-05T10:00:00Z","done":[{"step":"network","ok":true,"text":"eth0 is up"}]}`,
		"run/bee/results.json":             `[{"target":"https://results.example/x","state":"waiting","at":"2026-11-05T10:01:00Z","error":"connection refused"}]`,
	} {
		put(t, root, name, content)
	}
	return root
}

func put(t testing.TB, root, name, content string) {
	t.Helper()
	file := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	// aside and renamed, as bee's services do
	if err := os.WriteFile(file+".new", []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// audited has the audit of a fake machine end, which is a large server then.
func audited(t testing.TB, root string) {
	t.Helper()
	var b strings.Builder
	if err := sample.Server().Write(&b); err != nil {
		t.Fatal(err)
	}
	put(t, root, "var/log/bee-audit.json", b.String())
	put(t, root, "run/openrc/started/bee-audit", "")
	if err := os.Remove(filepath.Join(root, "run/openrc/starting/bee-audit")); err != nil {
		t.Fatal(err)
	}
}

// burning has a burn-in of a fake machine's GPUs go on.
func burning(t testing.TB, root string) {
	t.Helper()
	var b strings.Builder
	b.WriteString(`{"pid":4711,"time_seconds":600,"elapsed_seconds":0,"burning_seconds":0,"stage":"setting_up"}` + "\n")
	for n := range 60 {
		var gpus []string
		for i := range 8 {
			gpus = append(gpus, fmt.Sprintf(`{"index":%d,"celsius":%d,"watts":%d,"sm_mhz":%d,"gflops":%d,"errors":0}`, i, 40+i+n/2, 300+7*n, 1900-n, 50000+n*i))
		}
		fmt.Fprintf(&b, `{"pid":4711,"time_seconds":600,"elapsed_seconds":%d,"burning_seconds":%d,"stage":"burning","gpus":[%s]}`+"\n", 35+5*n, 5*n, strings.Join(gpus, ","))
	}
	put(t, root, burnin.File, b.String())
	put(t, root, "proc/4711/comm", "bee-burn\n")
}
