package main

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bee/engine/internal/bridge"
)

// TestLocalEngine takes the local engine of this user through its life. It
// stops one that runs, so that it is only done when asked for:
//
//	BEE_ENGINE_E2E=1 go test ./engine -run TestLocalEngine -v -timeout 30m
//
// It needs root. Without artefacts from an earlier run it takes minutes.
func TestLocalEngine(t *testing.T) {
	if os.Getenv("BEE_ENGINE_E2E") == "" {
		t.Skip("BEE_ENGINE_E2E is not set")
	}
	e := engine{t, filepath.Join(t.TempDir(), "engine")}
	if output, err := exec.Command("go", "build", "-o", e.program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	resolvers, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		t.Fatal(err)
	}

	e.run("down")
	e.isGone()
	e.run("down") // of nothing

	// What the engine changes of the host goes with it, however it ends.
	forwarded, err := os.ReadFile(forwarding)
	if err != nil {
		t.Fatal(err)
	}
	forward := func(text string) {
		if err := os.WriteFile(forwarding, []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(func() { forward(string(forwarded)) })
	forward("0")
	asFound := func() {
		t.Helper()
		if text, err := os.ReadFile(forwarding); err != nil || string(text) != "0\n" {
			t.Errorf("%s is %q, %v; it was 0", forwarding, text, err)
		}
	}

	e.run("up")
	first := e.running()
	began := time.Now()
	e.run("ensure")
	if took := time.Since(began); e.running().Supervisor != first.Supervisor {
		t.Error("ensure replaced an engine that runs")
	} else {
		t.Logf("ensure with all in place took %v", took)
	}
	e.query(first)
	// dagger prints numbers as floating ones
	bound := e.dagger("core", "engine", "local-cache", "max-used-space")
	if bytes, err := strconv.ParseFloat(bound, 64); err != nil || bytes != 40e9 {
		t.Errorf("the engine's caches are bounded at %s bytes, %v; want 40 GB", bound, err)
	}

	t.Log("a supervisor that is killed takes the engine along")
	if err := unix.Kill(first.Supervisor, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for e.status().Answers {
		time.Sleep(50 * time.Millisecond)
	}
	e.run("up")
	second := e.running()
	e.query(second) // on the state that the first left

	t.Log("an engine that is killed ends its supervisor, which cleans up")
	children, err := exec.Command("pgrep", "-P", strconv.Itoa(second.Supervisor)).Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := exec.Command("kill", "-KILL", strings.Fields(string(children))[0]).Run(); err != nil {
		t.Fatal(err)
	}
	for e.status().Running {
		time.Sleep(50 * time.Millisecond)
	}
	e.isGone()
	asFound()

	t.Log("two at once start one engine")
	both := []*exec.Cmd{e.command("up"), e.command("up")}
	for _, one := range both {
		if err := one.Start(); err != nil {
			t.Fatal(err)
		}
	}
	for _, one := range both {
		if err := one.Wait(); err != nil {
			t.Errorf("one of two: %v", err)
		}
	}
	e.running()
	e.run("down")
	e.isGone()
	asFound()

	t.Log("down takes away what a supervisor that was killed left")
	e.run("up")
	third := e.running()
	e.query(third)
	if err := unix.Kill(third.Supervisor, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for e.status().Answers {
		time.Sleep(50 * time.Millisecond)
	}
	e.run("down")
	e.isGone()
	asFound()

	after, err := os.ReadFile("/etc/resolv.conf")
	if err != nil || string(after) != string(resolvers) {
		t.Errorf("the host's resolv.conf changed (%v):\n%s", err, after)
	}
}

// forwarding is on while an engine runs whose containers have a network.
const forwarding = "/proc/sys/net/ipv4/ip_forward"

type engine struct {
	t       *testing.T
	program string
}

func (e engine) command(args ...string) *exec.Cmd {
	cmd := exec.Command(e.program, args...)
	cmd.Dir = ".." // the root of the repository
	cmd.Stderr = os.Stderr
	return cmd
}

func (e engine) run(args ...string) {
	e.t.Helper()
	if err := e.command(args...).Run(); err != nil {
		e.t.Fatalf("engine %s: %v", strings.Join(args, " "), err)
	}
}

func (e engine) status() status {
	e.t.Helper()
	output, err := e.command("status", "--json").Output()
	if err != nil {
		e.t.Fatal(err)
	}
	var s status
	if err := json.Unmarshal(output, &s); err != nil {
		e.t.Fatal(err)
	}
	return s
}

func (e engine) running() status {
	e.t.Helper()
	s := e.status()
	if !s.Running || !s.Answers || len(s.Images) == 0 {
		e.t.Fatalf("the engine does not run: %+v", s)
	}
	return s
}

// isGone checks that no engine runs and that its network is gone.
func (e engine) isGone() {
	e.t.Helper()
	if s := e.status(); s.Running || s.Answers {
		e.t.Errorf("an engine runs: %+v", s)
	}
	if _, err := net.InterfaceByName(bridge.Name); err == nil {
		e.t.Errorf("the bridge %s is still there", bridge.Name)
	}
}

// query runs a program in a container of each image, with the cache of the
// programs before it and a name to look up.
func (e engine) query(s status) {
	e.t.Helper()
	for _, image := range s.Images {
		const script = "getent hosts localhost && grep -r ^deb /etc/apt/sources.list*"
		e.dagger("core", "container", "from", "--address", image, "with-exec", "--args", "sh,-c,"+script, "stdout")
	}
}

// dagger runs the Dagger command line as a user of env does.
func (e engine) dagger(args ...string) string {
	e.t.Helper()
	cmd := exec.Command("sh", append([]string{"-c", `eval "$("$0" env)" && exec dagger "$@"`, e.program}, args...)...)
	cmd.Dir = ".."
	var diagnostics strings.Builder
	cmd.Stderr = &diagnostics
	output, err := cmd.Output()
	if err != nil {
		e.t.Errorf("dagger %s: %v\n%s%s", strings.Join(args, " "), err, output, &diagnostics)
	}
	return strings.TrimSpace(string(output))
}
