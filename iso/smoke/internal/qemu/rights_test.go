package qemu

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// status is a line of proc_pid_status(5), its values with blanks between.
func status(t *testing.T, pid, name string) string {
	t.Helper()
	text, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if values, found := strings.CutPrefix(line, name+":"); found {
			return strings.Join(strings.Fields(values), " ")
		}
	}
	return "absent"
}

// A guest that breaks out of QEMU is nobody, has no capabilities, gets none by any
// program, and starts none.
func TestQEMUHasNoRights(t *testing.T) {
	needQEMU(t)
	m, err := Start(t.Context(), guest(t, "hello\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Serial.Read(make([]byte, 1)); err != nil { // the guest runs
		t.Fatal(m.Err())
	}
	pids := children(t)
	if len(pids) != 1 {
		t.Fatalf("processes %v", pids)
	}
	for name, want := range map[string]string{
		"CapEff": "0000000000000000", "CapPrm": "0000000000000000", "CapAmb": "0000000000000000",
		"NoNewPrivs": "1", "Seccomp": "2",
	} {
		if got := status(t, pids[0], name); got != want {
			t.Errorf("%s is %s, not %s", name, got, want)
		}
	}
	if os.Geteuid() != 0 {
		return
	}
	for name, want := range map[string]string{"Uid": "65533 65533 65533 65533", "Gid": "65533 65533 65533 65533", "Groups": ""} {
		if got := status(t, pids[0], name); got != want {
			t.Errorf("%s is %s, not %s", name, got, want)
		}
	}
}

// The command line keeps the guest in: QEMU's filter of system calls is whole, and the
// medium is an open file, for reading.
func TestArguments(t *testing.T) {
	config := guest(t, "")
	config.Hardware = Hardware{Args: []string{"-smbios", "file=" + File(1)}, Handed: []Handed{{Content: []byte("a")}, {Content: []byte("b")}}}
	config.Firmware = Firmware{Code: "/code,4M", Vars: config.ISO}
	args, files, err := config.prepare()
	if err != nil {
		t.Fatal(err)
	}
	defer files.close()
	cmd := command(TCG, args, files)
	line := strings.Join(cmd.Args, " ")
	for _, want := range []string{
		"-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny ",
		" -smbios file=/proc/self/fd/4", " -add-fd set=0,fd=5 ", ",readonly=on,file=/dev/fdset/0 ",
		" if=pflash,format=raw,readonly=on,file=/code,,4M ", " if=pflash,format=raw,file=/proc/self/fd/6 ",
	} {
		if !strings.Contains(line+" ", want) {
			t.Errorf("no %q in %s", want, line)
		}
	}
	if strings.Contains(line, config.ISO) {
		t.Errorf("QEMU opens the medium itself: %s", line)
	}
	if strings.Contains(line, "throttling") {
		t.Errorf("the medium is slow: %s", line)
	}
	config.MediaBytes = 500_000
	if line := strings.Join(config.args(0, ""), " "); !strings.Contains(line, ",file=/dev/fdset/0,throttling.bps-read=500000 ") {
		t.Errorf("the medium is not slow: %s", line)
	}
	if len(cmd.ExtraFiles) != 4 {
		t.Fatalf("%d files are handed over", len(cmd.ExtraFiles))
	}
	if _, err := cmd.ExtraFiles[2].WriteString("x"); err == nil {
		t.Error("the medium is handed over for writing")
	}
	for i, want := range []string{"a", "b"} {
		if text, err := os.ReadFile("/proc/self/fd/" + strconv.Itoa(int(cmd.ExtraFiles[i].Fd()))); err != nil || string(text) != want {
			t.Errorf("file %d holds %q, %v", i, text, err)
		}
	}
}

// A machine without an ISO has no medium.
func TestNoMedium(t *testing.T) {
	args, files, err := Config{MemoryMiB: 32}.prepare()
	if err != nil {
		t.Fatal(err)
	}
	defer files.close()
	if line := strings.Join(args, " "); strings.Contains(line, "medium") || len(files.files) != 0 {
		t.Errorf("%s, %d files", line, len(files.files))
	}
}

// KVM is used by the group that may use it, and TCG by none.
func TestGroups(t *testing.T) {
	if got := groups(TCG); got != nil {
		t.Errorf("TCG: %v", got)
	}
	device := filepath.Join(t.TempDir(), "kvm")
	if err := os.WriteFile(device, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		mode  os.FileMode
		group int
		want  []uint32
	}{{0o660, 104, []uint32{104}}, {0o600, 104, nil}, {0o640, 104, nil}, {0o660, 0, nil}} {
		if err := errors.Join(os.Chmod(device, c.mode), os.Chown(device, 0, c.group)); err != nil {
			t.Skip(err) // only root gives files away
		}
		info, err := os.Stat(device)
		if err != nil {
			t.Fatal(err)
		}
		if got := groupOf(info); !slices.Equal(got, c.want) {
			t.Errorf("mode %o, group %d: %v, want %v", c.mode, c.group, got, c.want)
		}
	}
}
