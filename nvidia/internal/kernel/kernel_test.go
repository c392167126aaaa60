package kernel

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestRelease(t *testing.T) {
	want, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Skip(err)
	}
	if got, err := (Kernel{}).Release(); err != nil || got != strings.TrimSpace(string(want)) {
		t.Errorf("%q, %v, not %q", got, err, want)
	}
}

func TestInsertTellsTheKernelsAnswerFromAMissingFile(t *testing.T) {
	_, err := Kernel{}.Insert(filepath.Join(t.TempDir(), "x.ko"))
	if _, answered := err.(unix.Errno); err == nil || answered {
		t.Errorf("file is missing: %#v", err)
	}
	empty := filepath.Join(t.TempDir(), "empty.ko")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	// ENOEXEC, or EPERM without the right to load modules
	_, err = Kernel{}.Insert(empty)
	if _, answered := err.(unix.Errno); !answered {
		t.Errorf("file is empty: %#v", err)
	}
}

func TestMakeNode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "null")
	made, err := Kernel{}.MakeNode(path, 1, 3)
	if errors.Is(err, unix.EPERM) {
		t.Skip(err)
	}
	check := func(name string, wantMade bool) {
		t.Helper()
		var is unix.Stat_t
		if err != nil || made != wantMade {
			t.Fatalf("%s: %v, %v", name, made, err)
		}
		if err := unix.Lstat(path, &is); err != nil || is.Mode != unix.S_IFCHR|0o666 || is.Rdev != unix.Mkdev(1, 3) {
			t.Errorf("%s: mode %o, device %x, %v", name, is.Mode, is.Rdev, err)
		}
	}
	check("new", true)
	made, err = Kernel{}.MakeNode(path, 1, 3)
	check("there already", false)
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	made, err = Kernel{}.MakeNode(path, 1, 3)
	check("of another mode", true)
	if _, err := (Kernel{}).MakeNode(path, 1, 5); err != nil {
		t.Fatal(err)
	}
	made, err = Kernel{}.MakeNode(path, 1, 3)
	check("of another device", true)
	if _, err := (Kernel{}).MakeNode(filepath.Join(path, "x"), 1, 3); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error is %v, without the path", err)
	}
}

func TestRun(t *testing.T) {
	const long, short = 10 * time.Second, 200 * time.Millisecond
	tests := map[string]struct {
		script string
		limit  time.Duration
		want   string // the error
	}{
		"good":           {"echo done", long, ""},
		"fails":          {"echo one; echo two >&2; exit 3", long, "sh: exit status 3: one two"},
		"fails silently": {"exit 3", long, "sh: exit status 3"},
		"too long":       {"sleep 60", short, "sh: no end within 200ms"},
		"as a daemon":    {"sleep 3 & exit 0", long, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			err := Kernel{}.Run(t.Context(), test.limit, "sh", "-c", test.script)
			if err == nil && test.want != "" || err != nil && err.Error() != test.want {
				t.Errorf("error is %v, not %q", err, test.want)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
	if err := (Kernel{}).Run(t.Context(), time.Second, "/does/not/exist"); err == nil || !strings.Contains(err.Error(), "/does/not/exist") {
		t.Errorf("error is %v, without the program", err)
	}
}

func TestMessage(t *testing.T) {
	for record, want := range map[string]string{
		"6,1234,5678,-;NVRM: No NVIDIA GPU found.\n SUBSYSTEM=pci\n DEVICE=+pci:0000:01:00.0\n": "NVRM: No NVIDIA GPU found.",
		"4,1,2,c,caller=T1;a; b\n": "a; b",
		"nonsense":                 "",
	} {
		if got := message(record); got != want {
			t.Errorf("%q: %q, not %q", record, got, want)
		}
	}
}

func TestLogIsReadFromNowOn(t *testing.T) {
	log, err := openLog()
	if err != nil {
		t.Skip(err)
	}
	defer log.close()
	kmsg, err := os.OpenFile("/dev/kmsg", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer kmsg.Close()
	const text = "bee: test of what the kernel logs"
	// Without a line end, the kernel would wait for more of the line.
	if _, err := kmsg.WriteString(text + "\n"); err != nil {
		t.Skip(err)
	}
	if lines := log.read(); len(lines) == 0 || lines[len(lines)-1] != text {
		t.Errorf("read %q", lines)
	}
}
