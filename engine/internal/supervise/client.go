// Package supervise keeps a local engine running. A supervisor, a detached
// process of this very program, holds a lock as long as it lives, serves the
// images and runs the engine in a sandbox; either one's end is the end of both.
package supervise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"bee/core/claim"
	"bee/core/filelock"
	"bee/core/userinfo"
	"bee/engine/internal/bridge"
	"bee/engine/internal/build"
	"bee/engine/internal/layout"
	"bee/engine/internal/progress"
)

// Argument starts the supervisor; the layout's folder follows it.
const Argument = "supervise"

const (
	startLimit = 60 * time.Second
	stopLimit  = 30 * time.Second
)

// Running returns the engine that runs in the layout, and the process id of its
// supervisor. That is 0 when none runs.
func Running(l layout.Layout) (build.Engine, int, error) {
	pid, err := holder(l.SupervisorLock())
	if err != nil || pid == 0 {
		return build.Engine{}, 0, err
	}
	engine, err := readSpec(l)
	return engine, pid, err
}

// Start makes sure that the given engine runs and answers. Another one in the
// same layout is stopped first, when nobody uses it any more; one that does not
// answer, at once. It reports whether it started one. The engine has the variables env in
// its environment, which is the only place where they are. The caller has the layout claimed.
func Start(ctx context.Context, l layout.Layout, engine build.Engine, env []string, self string) (bool, error) {
	running, pid, err := Running(l)
	if err != nil && pid == 0 {
		return false, err
	}
	if pid != 0 {
		if err == nil && Answers(ctx, "unix", l.Socket()) == nil {
			if reflect.DeepEqual(running, engine) && has(pid, env) {
				return false, nil
			}
			release, err := unused(ctx, l)
			if err != nil {
				return false, err
			}
			defer release()
		}
		progress.Printf("stopping the engine that runs: it is another one, or does not answer")
		if err := Stop(ctx, l, self); err != nil {
			return false, err
		}
	}
	done := progress.Step("starting the engine %s", engine.Version)
	supervisor, err := launch(l, engine, env, self)
	if err != nil {
		return false, err
	}
	if err := waitUntilItAnswers(ctx, l, supervisor); err != nil {
		return false, fmt.Errorf("%w\n%s", err, Tail(l.Log(), 15))
	}
	done()
	return true, nil
}

// unused waits until nobody uses the engine that runs, and keeps it so.
func unused(ctx context.Context, l layout.Layout) (release func(), err error) {
	return claim.Take(ctx, claim.EngineAlone(l.Address(), "starts another engine"), func(other claim.Claim) {
		progress.Printf("this clone needs another engine than the one that runs: waiting for %s", other)
	})
}

// has tells whether a process has variables as they are in its environment.
func has(pid int, env []string) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return false
	}
	theirs := strings.Split(string(text), "\x00")
	return !slices.ContainsFunc(env, func(variable string) bool { return !slices.Contains(theirs, variable) })
}

func launch(l layout.Layout, engine build.Engine, env []string, self string) (*exec.Cmd, error) {
	if err := os.MkdirAll(l.Run(), 0o755); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(engine, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := writeFile(l.Spec(), text, 0o644); err != nil {
		return nil, err
	}
	// `go run` removes its program when that ends.
	program, err := os.ReadFile(self)
	if err != nil {
		return nil, err
	}
	if err := writeFile(l.Supervisor(), program, 0o755); err != nil {
		return nil, err
	}
	if err := os.Rename(l.Log(), l.Log()+".old"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	log, err := os.Create(l.Log())
	if err != nil {
		return nil, err
	}
	defer log.Close()
	// What else this process inherited, such as a lock that whoever called it holds, is
	// not the supervisor's, which outlives both.
	if err := unix.CloseRange(3, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return nil, err
	}
	cmd := exec.Command(l.Supervisor(), Argument, string(l))
	cmd.Dir = "/"
	cmd.Env = append(environment(), env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd, cmd.Start()
}

// environment is what the supervisor gets of this process' variables: it outlives the command
// that starts it, among whose variables may be passwords.
func environment() []string {
	found := build.ProxyEnv()
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			found = append(found, name+"="+value)
		}
	}
	return found
}

func waitUntilItAnswers(ctx context.Context, l layout.Layout, supervisor *exec.Cmd) error {
	ended := make(chan error, 1)
	go func() { ended <- supervisor.Wait() }()
	limit := time.After(startLimit)
	for {
		// Whoever answers must be this supervisor's engine.
		if pid, err := holder(l.SupervisorLock()); err == nil && pid == supervisor.Process.Pid && Answers(ctx, "unix", l.Socket()) == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), supervisor.Process.Signal(unix.SIGTERM))
		case <-ended:
			return errors.New("the engine ended at once")
		case <-limit:
			return errors.Join(fmt.Errorf("the engine does not answer after %s", startLimit), supervisor.Process.Signal(unix.SIGTERM))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Stop ends the engine of the layout, if one runs, and returns when it and its
// network are gone. Of an engine that was killed it removes the network. Self is
// the path of this program.
func Stop(ctx context.Context, l layout.Layout, self string) error {
	engine, pid, err := Running(l)
	if err != nil && pid == 0 {
		return err
	}
	if pid == 0 {
		return removeNetwork(ctx, l, self)
	}
	done := progress.Step("stopping the engine %s", engine.Version)
	if err := unix.Kill(pid, unix.SIGTERM); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("stopping the supervisor, process %d: %w", pid, err)
	}
	for limit := time.Now().Add(stopLimit); time.Now().Before(limit); time.Sleep(100 * time.Millisecond) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if now, err := holder(l.SupervisorLock()); err != nil || now != pid {
			done()
			return err
		}
	}
	return fmt.Errorf("the supervisor, process %d, is still there after %s: end it with kill -KILL %[1]d", pid, stopLimit)
}

// removeNetwork removes what an engine that was killed left of its network.
func removeNetwork(ctx context.Context, l layout.Layout, self string) error {
	engine, err := readSpec(l)
	if errors.Is(err, os.ErrNotExist) {
		return nil // none was ever started
	}
	if err != nil {
		return err
	}
	network, err := lockNetwork(hostFolder, string(l))
	if errors.Is(err, filelock.ErrLocked) {
		return nil // the network is another engine's
	}
	if err != nil {
		return err
	}
	defer network.lock.Release()
	tools, err := bridge.FindTools(ctx, engine.Root, self)
	if err != nil {
		return err
	}
	return network.cleanUp(ctx, tools)
}

func readSpec(l layout.Layout) (build.Engine, error) {
	text, err := os.ReadFile(l.Spec())
	if err != nil {
		return build.Engine{}, err
	}
	var engine build.Engine
	if err := json.Unmarshal(text, &engine); err != nil {
		return build.Engine{}, fmt.Errorf("%s: %w", l.Spec(), err)
	}
	return engine, nil
}

// Tail returns the last lines of a log and its path, for an error message. Tools say in
// which place they looked, as it was given to them: such messages are passed on, and have no
// passwords in them.
func Tail(path string, lines int) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	const enough = 16 << 10
	if info, err := file.Stat(); err == nil && info.Size() > enough {
		_, _ = file.Seek(-enough, io.SeekEnd)
	}
	text, _ := io.ReadAll(file)
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return "  " + userinfo.Remove(strings.Join(all, "\n  ")) + "\nThe whole log: " + path
}

func writeFile(path string, content []byte, mode os.FileMode) error {
	temporary := path + ".tmp"
	if err := os.WriteFile(temporary, content, mode); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
