package supervise

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bee/core/filelock"
	"bee/engine/internal/bridge"
)

func TestConfiguration(t *testing.T) {
	got, err := configuration("127.0.0.1:5000", 5_000_000_000)
	want := `{
  "gc": {
    "maxUsedSpace": 40000000000,
    "minFreeSpace": 25000000000,
    "reservedSpace": 10000000000
  },
  "logLevel": "info",
  "registries": {
    "127.0.0.1:5000": {
      "http": true
    },
    "registry.bee.internal": {
      "mirrors": [
        "127.0.0.1:5000"
      ]
    }
  }
}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

// What a lock holds is signalled: it must be one process.
func TestParsePID(t *testing.T) {
	for text, want := range map[string]int{
		"4711": 4711, "2147483647": 1<<31 - 1,
		"": 0, "-1": 0, "+1": 0, "0": 0, " 1": 0, "1\n": 0, "2147483648": 0, "one": 0,
	} {
		if pid, err := parsePID(text); (err == nil) != (want != 0) || err == nil && pid != want {
			t.Errorf("%q: %d, %v", text, pid, err)
		}
	}
}

func TestAnswers(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Protocols: new(http.Protocols)}
	server.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = server.Serve(listener) }()
	if err := Answers(ctx, "unix", path); err != nil {
		t.Errorf("a server of the protocol: %v", err)
	}
	server.Close()

	// Another protocol, and a socket that outlived its server.
	if listener, err = net.Listen("unix", path); err != nil {
		t.Fatal(err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	go func() {
		connection, err := listener.Accept()
		if err == nil {
			_, _ = connection.Read(make([]byte, len(preface)))
			_, _ = connection.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			connection.Close()
		}
	}()
	if err := Answers(ctx, "unix", path); err == nil || !strings.Contains(err.Error(), "protocol") {
		t.Errorf("a server of another protocol: %v", err)
	}
	listener.Close()
	if err := Answers(ctx, "unix", path); err == nil {
		t.Error("a stale socket answers")
	}
}

// One engine has the bridge of a network, and nobody but its user can take it.
func TestLockNetwork(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "bee-engine")
	first, err := lockNetwork(folder, "/first")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v", info.Mode(), err)
	}
	if _, err := lockNetwork(folder, "/second"); !errors.Is(err, filelock.ErrLocked) || !strings.Contains(err.Error(), "of /first, uses the bridge dagger0") {
		t.Errorf("a second one: %v", err)
	}
	first.lock.Release()
	again, err := lockNetwork(folder, "/second")
	if err != nil {
		t.Fatal(err)
	}
	again.lock.Release()

	// A folder of others, or a link to one, is not taken.
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	private, link := filepath.Join(t.TempDir(), "private"), filepath.Join(t.TempDir(), "link")
	if err := errors.Join(os.Mkdir(private, 0o700), os.Symlink(private, link)); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{folder, link} {
		if _, err := lockNetwork(bad, ""); err == nil || !strings.Contains(err.Error(), bad+" is not a folder that only you may enter") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// Names of abstract sockets are anybody's to take.
func TestNobodyElseKeepsTheNetwork(t *testing.T) {
	// Not where an engine of an older program would be kept away.
	runtime.LockOSThread() // this thread ends with its network
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network of its own: %v", err)
	}
	taken, err := net.Listen("unix", "@bee-engine-"+bridge.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	network, err := lockNetwork(filepath.Join(t.TempDir(), "bee-engine"), "")
	if err != nil {
		t.Fatal(err)
	}
	network.lock.Release()
}

// What the engine is told in its environment is asked there: nothing of it is written down.
func TestHas(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	cmd.Env = []string{"A=1", "_DAGGER_ENGINE_SYSTEMENV_GOPROXY=https://u:p@proxy.example", "B=2"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	for limit := time.Now().Add(5 * time.Second); !has(cmd.Process.Pid, cmd.Env[:1]) && time.Now().Before(limit); { // once it is sleep
		time.Sleep(time.Millisecond)
	}
	told := systemEnv(cmd.Env)
	if len(told) != 1 || told[0] != cmd.Env[1] {
		t.Errorf("the engine is told %q", told)
	}
	if !has(cmd.Process.Pid, nil) || !has(cmd.Process.Pid, told) || has(cmd.Process.Pid, []string{told[0] + "2"}) || has(cmd.Process.Pid, []string{"GOPROXY="}) {
		t.Error("the environment of a process is read wrongly")
	}
	if has(1<<30, nil) {
		t.Error("no process has an environment")
	}
}

// What a tool said is passed on in errors, and from there into logs that others read.
func TestTailHasNoPasswords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "build.log")
	if err := os.WriteFile(path, []byte("first\ngo: Get \"https://u:s3cr3t@proxy.example/x\": 401\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := Tail(path, 1), "  go: Get \"https://proxy.example/x\": 401\nThe whole log: "+path; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
