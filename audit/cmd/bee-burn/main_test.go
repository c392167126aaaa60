package main

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"bee/audit/burn"
	"bee/audit/burn/fakegpu"
	"bee/core/burnin"
)

// The tests run the program as a process of its own, which is this one again.
func TestMain(m *testing.M) {
	if os.Getenv("BEE_BURN") != "" {
		main()
	}
	// A signal that is ignored here (nohup does that) would be ignored there, too; one
	// that is caught is not.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	os.Exit(m.Run())
}

func command(t *testing.T, args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(self, args...)
	cmd.Env = append(os.Environ(), "BEE_BURN=1")
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

// exitCode is that of a command that has ended.
func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

func read(t *testing.T, b []byte) *burn.Report {
	t.Helper()
	var r burn.Report
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%v:\n%s", err, b)
	}
	return &r
}

const (
	start  = `progress "100 (9000 Gflop/s) - 90 (8000 Gflop/s)" "0 - 0"; watched; `
	good   = start + `finish "300 (9300 Gflop/s) - 270 (8300 Gflop/s)" "0 - 0" OK OK`
	faulty = start + `forever "200 (9300 Gflop/s) - 270 (8300 Gflop/s)" "0 - 7  (WARNING!)"`
	going  = start + `echo > burning; forever "200 (9300 Gflop/s) - 270 (8300 Gflop/s)" "0 - 0"`
)

var healthy = fakegpu.Answer(fakegpu.GPU(0), fakegpu.GPU(1))

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		script, args string
		code         int
		stdout       string
		stderr       string
	}{
		{good, "", 0, "PASS: 2 GPUs passed, with 1 warning\nReport: ", ""},
		{good, "--speed-tolerance 10% --output " + filepath.Join(t.TempDir(), "report.json"), 0, "PASS: 2 GPUs passed\nReport: ", ""},
		{faulty, "", 1, "FAIL: 1 GPU failed, 1 GPU not burned in to the end\nReport: ", ""},
		{"kill -KILL $children; echo No CUDA devices >&2; exit 19", "", 3, "NOT COMPLETE: 2 GPUs", "bee-burn: gpu_burn could not begin (exit status 19): No CUDA devices"},
		{good, "--gpus 7", 2, "", `no GPU "7"; there are:`},
		{good, "--time 0s", 2, "", "--time"},
		{good, "--time 1500ms", 2, "", "whole seconds"},
		{good, "--time soon", 2, "", "soon"},
		{good, "--interval 0s", 2, "", "--interval"},
		{good, "--memory 90", 2, "", "1% to 100%"},
		{good, "--memory 101%", 2, "", "1% to 100%"},
		{good, "--max-temperature 0", 2, "", "--max-temperature"},
		{good, "--speed-tolerance 3", 2, "", "--speed-tolerance"},
		{good, "nonsense", 2, "", "nonsense"},
		{good, "shcema", 2, "", "did you mean schema?"},
		{good, "--nonsense", 2, "", "--nonsense"},
		{good, "--output /no/such/folder/report.json", 1, "", "--output"},
		{good, "version", 0, "bee-burn unversioned, report schema " + burn.SchemaVersion, ""},
		{good, "schema", 0, string(burn.Schema), ""},
		{good, "completion bash", 0, "__start_bee-burn", ""},
	} {
		m := fakegpu.New(t, healthy, c.script)
		file := filepath.Join(m.Dir, "report.json")
		args := strings.Fields(c.args)
		if len(args) == 0 || strings.HasPrefix(args[0], "--") {
			args = append([]string{"--time", "1s", "--interval", "20ms", "--output", file}, args...)
		}
		cmd, stdout, stderr := command(t, args...)
		code := exitCode(cmd.Run())
		if code != c.code || !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), c.stderr) || (c.stderr == "") != (stderr.Len() == 0) {
			t.Errorf("bee-burn %v: exit code %d, want %d; stdout:\n%s\nstderr:\n%s", args, code, c.code, stdout, stderr)
		}
		b, err := os.ReadFile(file)
		if written := c.args == ""; written != (err == nil) {
			t.Errorf("bee-burn %v: report: error %v", args, err)
		} else if written {
			want := map[int]burn.Verdict{0: burn.Pass, 1: burn.Fail, 3: burn.NotComplete}[code]
			if r := read(t, b); r.Verdict != want || len(r.GPUs) != 2 {
				t.Errorf("bee-burn %v: verdict %s, %d GPUs", args, r.Verdict, len(r.GPUs))
			}
		}
	}
}

// The first line comes at once and says which process it is; the verdict stands behind the last.
func TestLive(t *testing.T) {
	m := fakegpu.New(t, healthy, good)
	cmd, stdout, stderr := command(t, "--live", "--time", "1s", "--interval", "20ms", "--output", filepath.Join(m.Dir, "report.json"))
	if code := exitCode(cmd.Run()); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	var lines []burnin.Line
	text := stdout.String()
	for strings.HasPrefix(text, "{") {
		var first string
		first, text, _ = strings.Cut(text, "\n")
		var l burnin.Line
		if err := json.Unmarshal([]byte(first), &l); err != nil {
			t.Fatalf("%v: %s", err, first)
		}
		lines = append(lines, l)
	}
	if len(lines) < 2 || lines[0].PID != cmd.Process.Pid || lines[0].TimeSeconds != 1 || lines[0].GPUs != nil {
		t.Fatalf("lines %+v", lines)
	}
	last := lines[len(lines)-1]
	if n := len(last.GPUs); n != 2 || last.GPUs[1].Index != 1 || *last.GPUs[1].Celsius != 61 {
		t.Errorf("last line %+v", last)
	}
	if !strings.Contains(text, "PASS: 2 GPUs passed") {
		t.Errorf("behind the lines: %q", text)
	}
}

func TestStandardOutput(t *testing.T) {
	fakegpu.New(t, healthy, good)
	cmd, stdout, stderr := command(t, "--time", "1s", "--interval", "20ms", "--output", "-", "--max-temperature", "90", "--memory", "50%")
	code := exitCode(cmd.Run())
	r := read(t, stdout.Bytes())
	if code != 0 || r.Verdict != burn.Pass || *r.GPUs[1].LimitCelsius != 90 || r.Settings.MemoryPercent != 50 {
		t.Errorf("exit code %d, report %+v", code, r)
	}
	// Nobody watches a terminal: one line of progress in so short a time.
	if n := strings.Count(stderr.String(), ": 2 GPUs, 61 °C, together 601 W, 1400 MHz, 0 errors\n"); n != 1 {
		t.Errorf("stderr:\n%s", stderr)
	}
}

// Whoever interrupts it, and whoever has gone away, the report is written and
// nothing is left running: fakegpu looks for that.
func TestInterrupt(t *testing.T) {
	for _, sent := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		m := fakegpu.New(t, healthy, going)
		file := filepath.Join(m.Dir, "report.json")
		cmd, _, stderr := command(t, "--time", "1h", "--interval", "20ms", "--output", file)
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdout = w
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		w.Close()
		for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
			if _, err := os.Stat(filepath.Join(m.Dir, "burning")); err == nil {
				break
			}
			if time.Since(begun) > 30*time.Second {
				_ = cmd.Process.Kill()
				t.Fatalf("it does not begin: %s", stderr)
			}
		}
		// What it prints next goes nowhere.
		r.Close()
		if err := errors.Join(cmd.Process.Signal(sent), cmd.Process.Signal(sent)); err != nil {
			t.Fatal(err)
		}
		late := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
		if code := exitCode(cmd.Wait()); code != 130 {
			t.Errorf("%v: exit code %d: %s", sent, code, stderr)
		}
		late.Stop()
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if r := read(t, b); r.Verdict != burn.NotComplete || r.Stopped == nil || r.Stopped.Kind != burn.Interrupted || r.GPUs[0].After == nil {
			t.Errorf("%v: %s", sent, b)
		}
	}
}

func TestHelpTeaches(t *testing.T) {
	cmd, stdout, _ := command(t, "--help")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Examples:", "Exit codes:", "130", "--max-temperature", "43, 45, 63", "(default 10m0s)"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %q in the help:\n%s", want, stdout)
		}
	}
}

// The program as it is on the ISO.
func TestBinary(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bee-burn")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", file, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	if info, err := os.Stat(file); err != nil || info.Size() > 6_000_000 {
		t.Errorf("%d bytes, error %v", info.Size(), err)
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
