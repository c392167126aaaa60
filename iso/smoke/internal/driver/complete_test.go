package driver

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bee/core/check"
	"bee/core/machine"
	"bee/core/report"
)

// here runs scripts on this machine, with a bee-release of its own.
type here struct{ release string }

func (h here) Run(ctx context.Context, script string, args ...string) (string, int, error) {
	cmd := exec.CommandContext(ctx, "sh", "-c", strings.ReplaceAll(script, "/etc/bee-release", h.release))
	out, _ := cmd.CombinedOutput()
	return string(out), cmd.ProcessState.ExitCode(), nil
}

func TestCheckComplete(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ release, want string }{
		"bare":       {"BEE_BASE=\"debian\"\nBEE_NVIDIA=\"\"\nBEE_VENDOR=\"\"\nBEE_FABRIC_MANAGER=\"\"\n", "FAIL checks-complete: release-file is absent, not PASS; "},
		"no driver":  {"BEE_BASE=\"debian\"\nBEE_NVIDIA=\"\"\nBEE_VENDOR=\"\"\nBEE_FABRIC_MANAGER=\"\"\n", "; modules-kernel is absent, not SKIP; "},
		"a driver":   {"BEE_BASE=\"debian\"\nBEE_NVIDIA=\"550.1\"\nBEE_VENDOR=\"\"\nBEE_FABRIC_MANAGER=\"\"\n", "; modules-kernel is absent, not PASS; "},
		"no vendor":  {"BEE_BASE=\"debian\"\nBEE_NVIDIA=\"550.1\"\nBEE_VENDOR=\"\"\nBEE_FABRIC_MANAGER=\"\"\n", "; vendor-programs is absent, not SKIP; "},
		"gpu_burn":   {"BEE_BASE=\"debian\"\nBEE_NVIDIA=\"550.1\"\nBEE_VENDOR=\"x gpu_burn\"\n", "; gpu-burn is absent, not PASS; "},
		"machine":    {"BEE_BASE=\"alpine\"\nBEE_NVIDIA=\"550.1\"\nBEE_VENDOR=\"\"\nBEE_FABRIC_MANAGER=\"\"\n", "; network-dhcp-background is absent, not SKIP; "},
		"BMC":        {"BEE_BASE=\"alpine\"\nBEE_NVIDIA=\"550.1\"\nBEE_VENDOR=\"\"\nBEE_FABRIC_MANAGER=\"\"\n", "; hardware-power is absent, not PASS"},
		"not there":  {"BEE_BASE=\"alpine\"\nBEE_NVIDIA=\"\"\nBEE_VENDOR=\"\"\nBEE_FABRIC_MANAGER=\"\"\n", "; new is not in iso/smoke/golden/alpine: add it there"},
		"other base": {"BEE_BASE=\"fedora\"\n", "FAIL checks-complete: there is no list of checks for the base \"fedora\""},
		"no base":    {"", "FAIL checks-complete: there is no list of checks for the base \"\""},
		"damaged":    {"BEE_BASE=\"alpine\n", "FAIL checks-complete: /etc/bee-release cannot be read: "},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, "release")
			if err := os.WriteFile(file, []byte(c.release), 0o600); err != nil {
				t.Fatal(err)
			}
			run := &test{
				Options: Options{ISO: "bee.iso", Progress: io.Discard,
					Machine: machine.Machine{Profile: machine.Plain, Network: machine.None, Disk: machine.NVMe, BMC: true}},
				report: &report.Report{Checks: []check.Check{{Name: "new", Status: check.Pass}}},
			}
			if err := run.checkComplete(t.Context(), here{file}); err != nil {
				t.Fatal(err)
			}
			if got := run.report.Checks[1].String(); len(run.report.Checks) != 2 || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
