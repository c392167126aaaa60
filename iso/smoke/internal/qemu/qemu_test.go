package qemu

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"bee/iso/smoke/internal/bootsector"

	"bee/core/machine"
)

func needQEMU(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath(Program); err != nil {
		t.Skip(errNoQEMU)
	}
}

func guest(t *testing.T, text string) Config {
	t.Helper()
	// a comma in the path has to survive QEMU's option syntax
	iso := filepath.Join(t.TempDir(), "a,b.iso")
	if err := os.WriteFile(iso, bootsector.ISO(bootsector.Say(text)), 0o600); err != nil {
		t.Fatal(err)
	}
	return Config{ISO: iso, Media: machine.CD, MemoryMiB: 32, Accelerator: TCG}
}

// The probe decides between KVM and TCG: were it wrong, KVM would never be used.
func TestProbe(t *testing.T) {
	needQEMU(t)
	if err := Probe(t.Context(), TCG); err != nil {
		t.Errorf("no guest runs under TCG: %v", err)
	}
	if err := probe(t.Context(), TCG, "-cpu", "max"); err != nil {
		t.Errorf("no guest runs on a processor with BMI2: %v", err)
	}
	if err := Probe(t.Context(), "abacus"); err == nil || !strings.Contains(err.Error(), "abacus") {
		t.Errorf("an accelerator that QEMU lacks: got %v", err)
	}
}

func TestMachineSpeaksAndEnds(t *testing.T) {
	needQEMU(t)
	m, err := Start(t.Context(), guest(t, "hello\n"))
	if err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 6)
	if _, err := io.ReadFull(m.Serial, line); err != nil || string(line) != "hello\n" {
		t.Fatalf("serial said %q, %v; QEMU: %v", line, err, m.Err())
	}
	for range 2 {
		screen, err := m.Screenshot()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.DecodeConfig(bytes.NewReader(screen)); err != nil {
			t.Error(err)
		}
	}
	pid := children(t)
	m.Close()
	if len(pid) != 1 || len(children(t)) != 0 {
		t.Errorf("processes before Close: %v, after it: %v", pid, children(t))
	}
}

func TestContextEndsMachine(t *testing.T) {
	needQEMU(t)
	ctx, cancel := context.WithCancel(t.Context())
	config := guest(t, "")
	firmware, err := FindFirmware(machine.UEFI)
	if err == nil {
		config.Firmware = firmware
	}
	config.Media = machine.USB
	t.Setenv("TMPDIR", t.TempDir())
	m, err := Start(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	m.Close()
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestQEMUSaysWhyItEnded(t *testing.T) {
	needQEMU(t)
	config := guest(t, "")
	config.ISO = "/no/such.iso"
	if _, err := Start(t.Context(), config); err == nil || !strings.Contains(err.Error(), "/no/such.iso") {
		t.Errorf("got %v", err)
	}
	config = guest(t, "")
	config.Hardware.Args = []string{"-device", "abacus"}
	m, err := Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Err(); !strings.Contains(err.Error(), "abacus") {
		t.Errorf("got %v", err)
	}
}

func TestNoProgram(t *testing.T) {
	config := guest(t, "")
	config.Hardware.Handed = []Handed{{Serve: func(*net.UnixConn) error { return nil }, Program: "no-such-tpm"}}
	if _, err := Start(t.Context(), config); err == nil || err.Error() != "no-such-tpm is not in PATH; on Debian the package no-such-tpm has it" {
		t.Errorf("got %v", err)
	}
}

func TestNoQEMU(t *testing.T) {
	t.Setenv("PATH", "")
	if _, err := Start(t.Context(), guest(t, "")); !errors.Is(err, errNoQEMU) {
		t.Errorf("Start: %v", err)
	}
	if _, err := Version(t.Context()); !errors.Is(err, errNoQEMU) {
		t.Errorf("Version: %v", err)
	}
}

// A program that is killed takes its machine with it.
func TestMachineDiesWithProgram(t *testing.T) {
	needQEMU(t)
	const variable = "SMOKE_TEST_START_AND_WAIT"
	if iso := os.Getenv(variable); iso != "" {
		if _, err := Start(context.Background(), Config{ISO: iso, Media: machine.CD, MemoryMiB: 32, Accelerator: TCG,
			Hardware: Hardware{Args: []string{"-name", Escape(iso)}}}); err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("started\n")
		select {}
	}
	iso := guest(t, "").ISO
	program := exec.Command(os.Args[0], "-test.run=^TestMachineDiesWithProgram$")
	program.Env = append(os.Environ(), variable+"="+iso)
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("started\n"))); err != nil {
		t.Fatal(err)
	}
	if len(withArgument(t, iso)) == 0 {
		t.Error("no machine runs")
	}
	program.Process.Signal(syscall.SIGKILL)
	program.Wait()
	for tries := 0; len(withArgument(t, iso)) != 0; tries++ {
		if tries == 100 {
			t.Fatalf("still there: %v", withArgument(t, iso))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func TestFirmware(t *testing.T) {
	if _, err := FindFirmware("coreboot"); err == nil || !strings.Contains(err.Error(), "coreboot") {
		t.Errorf("got %v", err)
	}
	dir := t.TempDir()
	vars := filepath.Join(dir, "VARS")
	if err := os.WriteFile(vars, []byte("pristine"), 0o400); err != nil {
		t.Fatal(err)
	}
	absent := Firmware{Code: filepath.Join(dir, "none"), Vars: vars}
	if _, err := firstPresent([]Firmware{absent}); err == nil || !strings.Contains(err.Error(), "ovmf") {
		t.Errorf("got %v", err)
	}
	here := Firmware{Code: vars, Vars: vars}
	if found, err := firstPresent([]Firmware{absent, here}); err != nil || found != here {
		t.Errorf("got %v, %v", found, err)
	}
}

// children are the processes that this one started.
func children(t *testing.T) []string {
	t.Helper()
	var found []string
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		data, _ := os.ReadFile(list)
		found = append(found, strings.Fields(string(data))...)
	}
	return found
}

// withArgument are the QEMU processes whose command line holds text.
func withArgument(t *testing.T, text string) []string {
	t.Helper()
	var found []string
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, line := range lines {
		data, _ := os.ReadFile(line)
		if bytes.HasPrefix(data, []byte(Program)) && bytes.Contains(data, []byte(Escape(text))) {
			found = append(found, line)
		}
	}
	return found
}
