package driver

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bee/core/machine"
	"bee/core/report"
	"bee/iso/smoke/internal/bootsector"
	"bee/iso/smoke/internal/qemu"
	"bee/iso/smoke/internal/remote/remotetest"
)

// boot runs the whole test on a machine that does nothing but say text.
func boot(ctx context.Context, t *testing.T, text string, change func(*Options)) (*report.Report, string, error) {
	t.Helper()
	return bootSector(ctx, t, bootsector.Say(text), change)
}

// bootSector runs the whole test on a machine that runs a boot sector.
func bootSector(ctx context.Context, t *testing.T, sector []byte, change func(*Options)) (*report.Report, string, error) {
	t.Helper()
	if _, err := exec.LookPath(qemu.Program); err != nil {
		t.Skipf("%s is not installed", qemu.Program)
	}
	dir := t.TempDir()
	iso := filepath.Join(dir, "test.iso")
	if err := os.WriteFile(iso, bootsector.ISO(sector), 0o600); err != nil {
		t.Fatal(err)
	}
	var progress bytes.Buffer
	options := Options{
		ISO: iso, Accelerator: qemu.TCG, Script: "exit 0",
		Machine: machine.Machine{Firmware: machine.BIOS, Media: machine.CD, MemoryMiB: 64,
			Network: machine.Virtio, Disk: machine.NVMe, Profile: machine.Plain},
		ReportDir: filepath.Join(dir, "report"), Timeout: time.Minute, Progress: &progress,
	}
	change(&options)
	_, err := Run(ctx, options)
	if left := children(); len(left) != 0 {
		t.Errorf("processes that are left behind: %v", left)
	}
	written, readErr := report.Read(options.ReportDir)
	if readErr != nil {
		t.Fatal(readErr)
	}
	if err != nil && written.Reason != err.Error() {
		t.Errorf("the report gives the reason %q, the error is %q", written.Reason, err)
	}
	return written, options.ReportDir, err
}

// children are the processes that this one started.
func children() []string {
	var found []string
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		data, _ := os.ReadFile(list)
		found = append(found, strings.Fields(string(data))...)
	}
	return found
}

func TestPanic(t *testing.T) {
	r, dir, err := boot(t.Context(), t, "Linux version 6.12\r\nKernel panic - not syncing: no init\r\n", func(*Options) {})
	if err == nil || err.Error() != "kernel panic: Kernel panic - not syncing: no init" || r.Verdict != report.Error {
		t.Errorf("got %v, verdict %s", err, r.Verdict)
	}
	if errors.As(err, &InputError{}) {
		t.Error("a panic is no fault of the input")
	}
	if len(r.Timeline) == 0 || r.Timeline[0].Name != "kernel" || r.Machine.QEMU == "" || len(r.ISO.SHA256) != 64 {
		t.Errorf("report: %+v", r)
	}
	for _, name := range []string{report.JUnitFile, report.SerialFile, report.ConsoleFile} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if serial, _ := os.ReadFile(filepath.Join(dir, report.SerialFile)); string(serial) != "Linux version 6.12\nKernel panic - not syncing: no init\n" {
		t.Errorf("serial.log: %q", serial)
	}
}

// trigger is a progress output that ends the test when it comes to a text.
type trigger struct {
	text string
	end  func()
}

func (t trigger) Write(line []byte) (int, error) {
	if strings.Contains(string(line), t.text) {
		t.end()
	}
	return len(line), nil
}

func TestNeverAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		says    string
		network string
		until   string // a line of progress
		want    string
	}{
		"silent": {"", machine.Virtio, "booting",
			"waiting for the SSH password on the serial console: patience is over; the serial console has said nothing"},
		"half a password": {"bee: SSH password for root and bee: ab", machine.Virtio, "booting",
			"waiting for the SSH password on the serial console: patience is over"},
		"no shell": {"Linux version 6.12\n", machine.None, "kernel",
			"waiting for the root shell on the serial console: patience is over; the serial console last said \"Linux version 6.12\""},
		"no host key": {"bee: SSH password for root and bee: abc\n", machine.Virtio, "ssh access",
			"waiting for the SSH host key on the serial console: patience is over"},
		"no SSH": {"bee: SSH password for root and bee: abc\nbee: SSH host key SHA256:x\n", machine.Virtio, "ssh access",
			"waiting for SSH: patience is over; SSH last said"},
		"frozen shell": {"root@bee:~# ", machine.None, "login prompt",
			"waiting for the root shell on the serial console: patience is over; the serial console last said \"root@bee:~#\""},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			r, _, err := boot(ctx, t, c.says, func(o *Options) {
				o.Machine.Network = c.network
				o.Progress = trigger{c.until, func() { time.AfterFunc(time.Second, func() { cancel(errors.New("patience is over")) }) }}
			})
			if err == nil || !strings.Contains(err.Error(), c.want) || r.Verdict != report.Error {
				t.Errorf("got %v, verdict %s, want %s", err, r.Verdict, c.want)
			}
		})
	}
}

// Whatever the machine does, the test ends at its time limit, with all that can be
// known of the machine.
func TestTimeLimit(t *testing.T) {
	const limit = 5 * time.Second
	for name, c := range map[string]struct {
		sector  []byte
		network string
	}{
		"SSH comes too late":    {bootsector.Say("bee: SSH password for root and bee: abc\n"), machine.Virtio},
		"serial comes too late": {bootsector.Say("root@bee:~# "), machine.None},
		"a flood of lines":      {bootsector.Flood("line\n"), machine.Virtio},
		"a line without end":    {bootsector.Flood("root@bee:~# "), machine.None},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			r, dir, err := bootSector(t.Context(), t, c.sector, func(o *Options) {
				o.Timeout, o.Machine.Network = limit, c.network
			})
			if err == nil || !strings.HasPrefix(err.Error(), "waiting for ") || !strings.Contains(err.Error(), "the time limit of 5s is over") || r.Verdict != report.Error {
				t.Errorf("got %v, verdict %s", err, r.Verdict)
			}
			if took := time.Since(began); took > 2*limit {
				t.Errorf("it took %s", took)
			}
			for _, name := range []string{report.SerialFile, report.ConsoleFile} {
				if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

// A slow machine has as many times the usual of each limit as of the whole test.
func TestLimit(t *testing.T) {
	for slow, want := range map[bool]time.Duration{false: auditTime, true: 4 * auditTime} {
		run := &test{Options: Options{Machine: machine.Machine{Slow: slow}}}
		if got := run.limit(auditTime); got != want {
			t.Errorf("slow %v: %s, not %s", slow, got, want)
		}
	}
}

func TestNoCredentials(t *testing.T) {
	for says, want := range map[string]string{
		"bee: SSH by key only\n":                    "--identity",
		"bee: SSH password set at build time\n":     "--password-env",
		"bee: SSH password set by bee.yaml\n":       "--password-env",
		"bee: SSH by key only\nroot@bee:~# bash\n ": "--identity",
	} {
		_, _, err := boot(t.Context(), t, says, func(*Options) {})
		if !errors.As(err, &InputError{}) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", says, err)
		}
	}
}

func TestBadInput(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"no ISO":      {func(o *Options) { os.WriteFile(o.ISO, []byte("text"), 0o600) }, "no ISO 9660 signature"},
		"BIOS only":   {func(o *Options) { o.Machine.Firmware = machine.UEFI }, "no El Torito boot image for firmware uefi"},
		"no file":     {func(o *Options) { o.ISO = "/no/such.iso" }, "/no/such.iso"},
		"no firmware": {func(o *Options) { o.Machine.Firmware = "coreboot" }, "coreboot"},
	} {
		t.Run(name, func(t *testing.T) {
			r, _, err := boot(t.Context(), t, "", c.change)
			if !errors.As(err, &InputError{}) || !strings.Contains(err.Error(), c.want) || r.Verdict != report.Error {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Whoever answers in the place of the machine, on the port that leads to it, gets no
// password; nor does a machine that does not say which key it has.
func TestHostKey(t *testing.T) {
	shown := shownTime
	defer func() { shownTime = shown }()
	shownTime = time.Second
	r, _, err := boot(t.Context(), t, "bee: SSH password for root and bee: abc\nbee: SSH host key SHA256:ab", func(*Options) {})
	if !errors.Is(err, errNoHostKey) || len(r.Checks) != 1 || r.Checks[0].String() != "FAIL ssh-host-key: the serial console shows none" {
		t.Errorf("none is shown: got %v, %v", err, r.Checks)
	}
	// Who has the password need not wait for it, but the machine boots all the same.
	_, _, err = boot(t.Context(), t, "it boots\n", func(o *Options) {
		o.Credentials, o.Timeout = Credentials{Password: "secret"}, 4*time.Second
	})
	if err == nil || !strings.Contains(err.Error(), "the time limit of 4s is over") {
		t.Errorf("while it boots: got %v", err)
	}

	host, asked := remotetest.Refuse(t)
	for name, c := range map[string]struct{ key, want string }{
		"right":   {host.Key, "PASS ssh-host-key: " + host.Key},
		"another": {"SHA256:other", "FAIL ssh-host-key: another host key: " + host.Address + " has " + host.Key + ", not SHA256:other"},
	} {
		asked.Store(0)
		r, err := Run(t.Context(), Options{Host: host.Address, HostKey: c.key, Credentials: Credentials{Password: "secret"}, Timeout: time.Minute, Progress: io.Discard})
		if err == nil || len(r.Checks) != 1 || r.Checks[0].String() != c.want {
			t.Errorf("%s: got %v, %v", name, err, r.Checks)
		}
		if got, want := asked.Load() > 0, c.key == host.Key; got != want {
			t.Errorf("%s: the password was shown %d times", name, asked.Load())
		}
	}
}

// An interrupted test leaves a report, and not that of the test before.
func TestInterrupted(t *testing.T) {
	if _, err := exec.LookPath(qemu.Program); err != nil {
		t.Skipf("%s is not installed", qemu.Program)
	}
	dir := t.TempDir()
	iso := filepath.Join(dir, "test.iso")
	if err := os.WriteFile(iso, bootsector.ISO(bootsector.Say("hello\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	old := report.Report{}
	if err := old.Write(dir, "old"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := Run(ctx, Options{
		ISO: iso, Machine: machine.Machine{Firmware: machine.BIOS, Media: machine.USB, MemoryMiB: 64}, ReportDir: dir,
		Timeout: time.Minute, Progress: &bytes.Buffer{},
	})
	if err == nil || r.Verdict != report.Error {
		t.Errorf("got %v, %+v", err, r)
	}
	if written, err := report.Read(dir); err != nil || written.Verdict != report.Error {
		t.Errorf("got %+v, %v", written, err)
	}
	if serial, _ := os.ReadFile(filepath.Join(dir, report.SerialFile)); string(serial) == "old" {
		t.Error("the old serial log is still there")
	}
}

// remover takes away a folder when something is written to it.
type remover string

func (dir remover) Write(p []byte) (int, error) {
	return len(p), os.RemoveAll(string(dir))
}

// A report whose folder goes away during the test is lost, which says nothing about the machine.
func TestReportLost(t *testing.T) {
	host, _ := remotetest.Refuse(t)
	dir := filepath.Join(t.TempDir(), "report")
	_, err := Run(t.Context(), Options{
		Host: host.Address, HostKey: host.Key, Credentials: Credentials{Password: "secret"},
		ReportDir: dir, Timeout: time.Minute, Progress: remover(dir),
	})
	if !errors.Is(err, ErrReportLost) || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v", err)
	}
}

func TestTooOld(t *testing.T) {
	for version, want := range map[string]bool{"7.2.22": true, "8.0.5": true, "8.1.0": false, "10.0.3": false, "QEMU of somebody": false} {
		if tooOld(version) != want {
			t.Errorf("%s: %v", version, !want)
		}
	}
}
