package main

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"bee/audit/collect"
	"bee/audit/collect/machine"
	"bee/audit/judge/finding"
	"bee/audit/report"
	"bee/audit/report/sample"
)

// buildDir is for the program as it is released.
var buildDir string

func TestMain(m *testing.M) {
	if os.Getenv("MEASURE_PEAK") != "" {
		measurePeak()
	}
	var err error
	if buildDir, err = os.MkdirTemp("", "audit"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(buildDir)
	os.Exit(code)
}

// build returns the program as dagger/main.go builds it.
func build(t testing.TB) (file string) {
	t.Helper()
	file, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

var buildOnce = sync.OnceValues(func() (string, error) {
	file := filepath.Join(buildDir, "audit")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version=test", "-o", file, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return file, nil
})

// peak runs a program with the tools in a folder, and returns the megabytes of
// memory that it took. Linux counts what the starting process had before the
// program was in its place: a new process has little.
func peak(t *testing.T, tools, program string, args ...string) int {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, append([]string{program}, args...)...)
	cmd.Env = []string{"MEASURE_PEAK=1", "PATH=" + tools}
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	megabytes, err := strconv.Atoi(string(out))
	if err != nil {
		t.Fatal(err)
	}
	return megabytes
}

func measurePeak() {
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		os.Exit(1)
	}
	fmt.Print(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10)
	os.Exit(0)
}

func TestBinary(t *testing.T) {
	file := build(t)
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 15_000_000 {
		t.Errorf("%d bytes", info.Size())
	}
	f, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("it is not static")
		}
	}
}

// A large report is read and shown without the garbage collector running all the time: it
// would where the limit of memory that audits of a machine have held here, too. How often it
// runs depends on no clock.
func TestLargeReport(t *testing.T) {
	r := sample.Server()
	for i := range 12_000 {
		r.PCIe.Devices = append(r.PCIe.Devices, report.PCIDevice{
			Address: fmt.Sprintf("%04x:%02x:00.0", i>>8, i&0xff), ClassID: "0200", Class: "Ethernet controller",
			VendorID: "8086", Vendor: "ACME", DeviceID: "1572", Device: "X710", SubsystemVendorID: "8086", SubsystemVendor: "ACME",
			SubsystemDeviceID: "0001", SubsystemDevice: "Port", Revision: "02", PhysicalSlot: "12", SlotDesignation: "PCIe 1",
			Driver: "ice", Modules: []string{"ice", "irdma"}, UpstreamPort: "0000:00:01.0", FirmwareVersion: "4.20 0x80017785",
			Link: &report.PCIeLink{SpeedGTs: 8, MaxSpeedGTs: 16, WidthLanes: 4, MaxWidthLanes: 8, UpstreamMaxSpeedGTs: 16, UpstreamMaxWidthLanes: 16},
		})
	}
	file := writeReport(t, r)
	for _, args := range [][]string{{"report", "--html", file}, {"show", "-v", file}} {
		cmd := exec.CommandContext(t.Context(), build(t), args...)
		cmd.Env = append(os.Environ(), "GODEBUG=gctrace=1")
		var trace bytes.Buffer
		cmd.Stderr = &trace
		if err := cmd.Run(); err != nil {
			t.Fatalf("audit %s: %v\n%s", args[0], err, &trace)
		}
		if n := strings.Count(trace.String(), "gc "); n > 100 {
			t.Errorf("audit %s: the garbage collector ran %d times", args[0], n)
		}
	}
}

// How long the program takes to start and to end.
func BenchmarkStart(b *testing.B) {
	file := build(b)
	for b.Loop() {
		if err := exec.Command(file, "version").Run(); err != nil {
			b.Fatal(err)
		}
	}
}

// What an audit costs by itself, where all tools answer at once: the time of the
// tools, and of what starts them, does not count.
func BenchmarkAudit(b *testing.B) {
	c := server(b)
	m := &scripted{dir: scripts(b, c, atOnce), files: c.Files()}
	before := ownTime(b)
	for b.Loop() {
		benchmarkAudit(b, m)
	}
	b.ReportMetric(float64((ownTime(b)-before).Microseconds())/1000/float64(b.N), "own-cpu-ms/op")
}

// The same without tools: what is left is to read, to parse and to write.
func BenchmarkReplay(b *testing.B) {
	for b.Loop() {
		benchmarkAudit(b, server(b))
	}
}

func benchmarkAudit(b *testing.B, m machine.Machine) {
	r := collect.Audit(b.Context(), m, "test", collect.All(), func(report.CollectorRun) {})
	finding.Add(r)
	if err := r.Write(io.Discard); err != nil || len(r.Errors) > 0 {
		b.Fatal(err, r.Errors)
	}
}

// ownTime is the processor time that this process has taken, without its
// children.
func ownTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
