package summary

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/core/check"
	"bee/core/report"
	"bee/gate/internal/reports"
)

var timelineSeen = []report.Milestone{{Name: "boot loader", Seconds: 1.52}, {Name: "kernel", Seconds: 3.25}, {Name: "ssh", Seconds: 31.04}}

// example writes the report of a machine.
func example(t *testing.T, top, name string, r report.Report) reports.Result {
	t.Helper()
	words := strings.Split(name, "-")
	r.ISO = &report.ISO{File: "bee.iso", SHA256: strings.Repeat("0123456789abcdef", 4), SizeBytes: 641728512}
	r.Machine = &report.Machine{Profile: "plain", Firmware: words[0], Media: words[1], Accelerator: "tcg", MemoryMiB: 1024, CPUs: 2, QEMU: "7.2.22"}
	r.DurationSeconds = 93.27
	r.Conclude()
	dir := filepath.Join(top, name)
	if err := report.Prepare(dir); err != nil {
		t.Fatal(err)
	}
	serial := ""
	for range 40 {
		serial += "[    1.000000] an early line\n"
	}
	if err := r.Write(dir, serial+"::error::</pre><script>`|`\r\n[   12.34] Kernel panic \x1b[31m@all\n"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, report.ConsoleFile), []byte("\x89PNG"), 0o600); err != nil {
		t.Fatal(err)
	}
	return reports.Read(name, dir)
}

func checksOf(memory check.Check) []check.Check {
	return []check.Check{
		{Name: "release-file", Status: check.Pass, Detail: "20261105-0123456789ab"},
		{Name: "kernel-release", Status: check.Pass, Detail: "6.12.107"},
		memory,
		{Name: "internet", Status: check.Skip, Detail: "not expected"},
	}
}

func examples(t *testing.T) (all []reports.Result) {
	top := t.TempDir()
	good := check.Check{Name: "memory", Status: check.Pass, Detail: "300 of 981 MiB available"}
	bad := check.Check{Name: "memory", Status: check.Fail, Detail: "a|b `c` <img src=x> ::error::d *e* [f](http://g) @h"}
	return []reports.Result{
		example(t, top, "bios-cd-1024-virtio-nvme", report.Report{Timeline: timelineSeen, Checks: checksOf(good)}),
		example(t, top, "uefi-usb-1024-none-ahci", report.Report{Timeline: timelineSeen, Checks: checksOf(bad)}),
		example(t, top, "uefi-cd-1024-four-virtio-scsi-bmc", report.Report{Timeline: timelineSeen[:1], Reason: "the machine said: Kernel panic - not syncing: <oops>"}),
		reports.Read("uefi-cd-1024-server", filepath.Join(top, "uefi-cd-1024-server")),
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	want, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil || got != string(want) {
		t.Errorf("%v; %s is no longer what comes out:\n%s", err, file, got)
	}
}

func TestSmoke(t *testing.T) {
	all := examples(t)
	golden(t, "pass.md", Smoke(all[:1], ""))
	golden(t, "all.md", Smoke(all, ""))
	golden(t, "missing.md", Smoke(all[3:], ""))
}

func TestSmokeWithArtifacts(t *testing.T) {
	text := Smoke(examples(t), "https://github.com/o/bee/actions/runs/7#artifacts")
	want := "\nThe screens, NAME/console.png, and all else that is left of the tests are in the [artifacts](https://github.com/o/bee/actions/runs/7#artifacts).\n"
	if !strings.Contains(text, want) || strings.Contains(text, "![") {
		t.Errorf("no %q in\n%s", want, text)
	}
}

// Nothing that a machine says is more than text.
func TestEscape(t *testing.T) {
	got := escape("a|b\n<c> `d` ::e: \x00\x1b[0m é http://f \\")
	if want := "a&#124;b &#60;c&#62; &#96;d&#96; &#58;&#58;e: &#92;x00&#92;x1b&#91;0m é http&#58;//f &#92;"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestText(t *testing.T) {
	all := examples(t)
	all[1].Report.Checks = append(all[1].Report.Checks, check.Check{Name: "gpu", Status: check.Skip, Detail: "there is none"})
	golden(t, "all.txt", strings.ReplaceAll(Text("dist/bee.iso", all), "\r", "")) // git keeps none
	if got := Text("", all[:1]); !strings.HasPrefix(got, "SKIP internet: not expected\n\nbee.iso: 612.0 MiB, ") || !strings.HasSuffix(got, "\nPASS: 1 of 1 machines passed\n") {
		t.Errorf("got\n%s", got)
	}
}
