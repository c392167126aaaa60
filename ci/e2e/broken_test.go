package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// auditFirst is an edit that has the audit run before the NVIDIA driver is loaded.
var auditFirst = [3]string{"iso/overlay/etc/init.d/bee-audit",
	"after bee-network bee-nvidia bee-fabric", "after bee-network\n\tbefore bee-nvidia"}

func TestBuildRefusesWrongOrder(t *testing.T) {
	dir := copyRepository(t)
	edit(t, dir, auditFirst[0], auditFirst[1], auditFirst[2])
	iso := filepath.Join(t.TempDir(), "bee.iso")
	refuses(t, dir, "OpenRC would start the services in the wrong order", "call", "--progress=plain", "build-iso", "export", "--path", iso)
}

// fault is one way in which an ISO is broken.
type fault struct {
	// Files of the overlay with a text replaced: file, old text, new text.
	edits [][3]string
	// Programs in the place of those of the ISO.
	programs map[string]string
	// More, done by a shell in the folder of the files, with the ISO as $1.
	script string
	// What the gate has to say: the check that fails, or none where the checks do not
	// come to their end; and why.
	check, says string
}

// broken is an ISO with faults of which none hides another: each is told.
type broken struct {
	faults map[string]fault
	// Time limit of the test.
	limit time.Duration
}

// The first five faults were real bugs once.
var brokenISOs = map[string]broken{
	"checks": {limit: 10 * time.Minute, faults: map[string]fault{
		"audit before nvidia": {
			edits: [][3]string{auditFirst},
			check: "service-order", says: "bee-nvidia"},
		"SSH needs a network": {
			edits: [][3]string{
				{"iso/overlay/etc/init.d/dropbear", "need localmount", "need localmount net"},
				{"iso/overlay/etc/init.d/bee-network", "need localmount", "need localmount\n\tprovide net"},
			},
			check: "dropbear-without-network", says: "net"},
		"no audit program": {
			script: "mkdir -p usr/local/bin && : >usr/local/bin/audit",
			check:  "audit-report", says: "audit"},
		"module for another kernel": {
			// the checksum of the type of one symbol is what makes it one
			script: `module=usr/local/lib/nvidia/open/nvidia.ko
xorriso -osirrox on -indev "$1" -extract /live/50-nvidia.squashfs ../nvidia.squashfs 2>/dev/null
unsquashfs -quiet -force -dest . ../nvidia.squashfs $module >/dev/null
name=$(grep -abo module_layout $module | cut -d: -f1 | xargs | cut -d' ' -f1)
printf '~~~~' | dd of=$module bs=1 conv=notrunc seek=$((name - 8)) status=none`,
			check: "modules-insert", says: "is for another kernel"},
		"service exits 1": {
			edits: [][3]string{{"iso/overlay/etc/init.d/bee-nvidia", "/usr/local/lib/bee/nvidia-load", "false"}},
			check: "services-started", says: "bee-nvidia failed"},
	}},
	// What hangs is told at the limit.
	"checks at the limit": {limit: 150 * time.Second, faults: map[string]fault{
		"audit hangs": {
			programs: map[string]string{"usr/local/bin/audit": "exec sleep 1000000"},
			check:    "services-started", says: "bee-audit was begun and has not ended"},
		"fills the disk": {
			programs: map[string]string{"usr/local/lib/bee/nvidia-load": "dd if=/dev/zero of=/var/filled bs=64k; true"},
			check:    "root-filesystem", says: "free on /"},
	}},
	"panics": {limit: 10 * time.Minute, faults: map[string]fault{"": {
		programs: map[string]string{"usr/sbin/init": "exit 1"},
		says:     "kernel panic: "}}},
	"never answers": {limit: time.Minute, faults: map[string]fault{"": {
		programs: map[string]string{"usr/sbin/init": "echo still here; exec sleep 1000000"},
		says:     "waiting for the SSH password on the serial console: the time limit of 1m0s is over"}}},
	"answers after the limit": {limit: 2 * time.Minute, faults: map[string]fault{"": {
		edits: [][3]string{{"iso/overlay/etc/init.d/dropbear", "depend() {", "start_pre() { sleep 1000; }\n\ndepend() {"}},
		says:  "waiting for SSH: the time limit of 2m0s is over"}}},
}

// testGateStops breaks an ISO of the base debian on purpose, in several ways, and wants
// the gate to stop it, to say what it is, to keep the serial log and the screenshot, and
// to end in time.
func testGateStops(t *testing.T, dir, iso string) {
	for name, b := range brokenISOs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b.test(t, dir, iso)
		})
	}
}

// testSlowDriver has a driver that takes 90 seconds, as that of eight GPUs may: the audit waits
// for it, where OpenRC by itself waits for a minute and goes on.
func testSlowDriver(t *testing.T, dir, iso string) {
	t.Run("slow driver", func(t *testing.T) {
		t.Parallel()
		slow := broken{limit: 10 * time.Minute, faults: map[string]fault{"": {
			programs: map[string]string{"usr/local/lib/bee/nvidia-load": "exec sleep 90"}}}}
		if run, _ := slow.smoke(t, dir, iso); run.exit != 0 {
			t.Errorf("exit status %d:\n%s", run.exit, tail(run.output, 60))
		}
	})
}

// faultyMachine is what ISOs with faults are booted on.
const faultyMachine = "bios-cd-1024-virtio-nvme"

// smoke has the gate boot the ISO, and returns the folder of the reports, too.
func (b broken) smoke(t *testing.T, dir, iso string) (run gateRun, reports string) {
	t.Helper()
	reports = filepath.Join(t.TempDir(), "reports")
	return gateIn(t, dir, true, "smoke", "--iso", b.layered(t, iso), "--base", "debian", "--machine", faultyMachine,
		"--timeout", b.limit.String(), "--report", reports), reports
}

func (b broken) test(t *testing.T, dir, iso string) {
	run, reports := b.smoke(t, dir, iso)
	exit := 3
	for _, f := range b.faults {
		if f.check != "" {
			exit = 1
		}
	}
	if run.exit != exit {
		t.Errorf("exit status %d, want %d:\n%s", run.exit, exit, tail(run.output, 60))
	}
	if over := run.took - b.limit; over > 2*time.Minute {
		t.Errorf("it ended %s after the limit of %s", over, b.limit)
	}
	if !strings.Contains(run.outputs, "verdict") {
		t.Errorf("no verdict in the outputs:\n%s", run.outputs)
	}
	for name, f := range b.faults {
		annotated := false
		for line := range strings.Lines(run.output) {
			annotated = annotated || strings.HasPrefix(line, "::error ") && strings.Contains(line, f.check) && strings.Contains(line, f.says)
		}
		if !annotated {
			t.Errorf("%s: no annotation of %q says %q in:\n%s", name, f.check, f.says, tail(run.output, 60))
		}
		if !strings.Contains(run.summary, f.says) {
			t.Errorf("%s: %q is not in the summary:\n%s", name, f.says, run.summary)
		}
	}
	for _, file := range []string{"serial.log", "console.png", "report.json", "junit.xml"} {
		if info, err := os.Stat(filepath.Join(reports, faultyMachine, file)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// layered is a copy of an ISO of the base debian with the faults in it, as a layer over
// all others, which its list of layers has, too.
func (b broken) layered(t *testing.T, iso string) string {
	t.Helper()
	dir := t.TempDir()
	tree := filepath.Join(dir, "tree")
	write := func(file, text string) {
		t.Helper()
		file = filepath.Join(tree, file)
		if _, err := os.Stat(file); err == nil {
			t.Fatalf("two faults change %s", file)
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var scripts []string
	for _, f := range b.faults {
		for _, e := range f.edits {
			text, err := os.ReadFile(filepath.Join(repository, e[0]))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), e[1]) {
				t.Fatalf("%s does not hold %q", e[0], e[1])
			}
			write(strings.TrimPrefix(e[0], "iso/overlay/"), strings.Replace(string(text), e[1], e[2], 1))
		}
		for program, script := range f.programs {
			write(program, "#!/bin/sh\n"+script+"\n")
		}
		scripts = append(scripts, f.script)
	}
	script := `mkdir -p tree && cd tree
` + strings.Join(scripts, "\n") + `
cd ..
mksquashfs tree fault.squashfs -quiet -no-progress -all-root
xorriso -osirrox on -indev "$1" -extract /live/bee.img bee.img 2>/dev/null
mkdir initramfs
zstd -dcq bee.img | (cd initramfs && cpio -idm --quiet)
echo "$(sha256sum <fault.squashfs | cut -c1-64)  99-fault.squashfs" >>initramfs/etc/bee/layers
(cd initramfs && find . | cpio -o -H newc --quiet) | zstd -q >listed.img
xorriso -report_about WARNING -indev "$1" -outdev broken.iso -boot_image any replay -map fault.squashfs /live/99-fault.squashfs -map listed.img /live/bee.img -commit 2>&1`
	cmd := exec.Command("sh", "-ec", script, "sh", iso)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return filepath.Join(dir, "broken.iso")
}
