package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// This program is the inner half, and what it becomes.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 3 && os.Args[1] == Argument:
		fmt.Fprintln(os.Stderr, Enter(os.Args[2]))
		os.Exit(1)
	case len(os.Args) == 2 && os.Args[1] == "environment":
		fmt.Print(strings.Join(os.Environ(), "\n"))
		return
	}
	os.Exit(m.Run())
}

// Anybody on a host sees the arguments of every process: what an environment holds, such as
// the password of a proxy, is none of them.
func TestEnvironmentIsNoArgument(t *testing.T) {
	box := Sandbox{Root: t.TempDir(), Dir: "/", Args: []string{"/environment"}, Env: []string{"HTTP_PROXY=http://user:s3cr3t@proxy.example", "B=2"}}
	cmd, err := box.Command(t.Context(), "/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if said := strings.Join(cmd.Args, " "); strings.Contains(said, "s3cr3t") {
		t.Errorf("the arguments are %s", said)
	}
	if !slices.Equal(cmd.Env, box.Env) {
		t.Errorf("the environment is %q", cmd.Env)
	}
	box.Env = nil
	if cmd, err = box.Command(t.Context(), "/proc/self/exe"); err != nil || cmd.Env == nil {
		t.Errorf("none of its own is this process's: %q, %v", cmd.Env, err)
	}
}

// The program gets this environment, whole and alone.
func TestEnvironmentArrives(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for _, folder := range []string{"proc", "sys", "dev"} {
		if err := os.Mkdir(filepath.Join(root, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "environment"), program, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, env := range [][]string{{"A=s3cr3t", "B=a b"}, nil} {
		box := Sandbox{Root: root, Dir: "/", Args: []string{"/environment", "environment"}, Env: env}
		cmd, err := box.Command(t.Context(), self)
		if err != nil {
			t.Fatal(err)
		}
		var said, complaint strings.Builder
		cmd.Stdout, cmd.Stderr = &said, &complaint
		if err := Run(cmd); err != nil {
			t.Fatalf("%v: %s", err, &complaint)
		}
		if want := strings.Join(env, "\n"); said.String() != want {
			t.Errorf("got %q, want %q", &said, want)
		}
	}
}
