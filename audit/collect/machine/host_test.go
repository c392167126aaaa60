package machine

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// sh runs a script as the tool and makes sure that the answer comes long before
// the script would end by itself.
func sh(t *testing.T, ctx context.Context, limit time.Duration, script string) Result {
	t.Helper()
	answer := make(chan Result, 1)
	go func() {
		answer <- new(Host).Run(ctx, Command{Tool: "sh", Args: []string{"-c", script}, Limit: limit})
	}()
	select {
	case r := <-answer:
		return r
	case <-time.After(60 * time.Second):
		t.Fatal("Run does not return")
		panic("unreachable")
	}
}

const (
	generous = 50 * time.Second // for tools that are expected to end
	short    = 300 * time.Millisecond
)

func TestRunKeepsWhatTheToolPrints(t *testing.T) {
	r := sh(t, t.Context(), generous, `printf 'a\377\000b'; echo oops >&2; exit 5`)
	if string(r.Stdout) != "a\xff\x00b" || string(r.Stderr) != "oops\n" {
		t.Errorf("stdout %q, stderr %q", r.Stdout, r.Stderr)
	}
	var exit *ExitError
	if !errors.As(r.Err, &exit) || exit.Status != 5 {
		t.Errorf("error %v, want exit status 5", r.Err)
	}
	if r := sh(t, t.Context(), generous, `exit 0`); r.Err != nil {
		t.Errorf("exit 0 is an error: %v", r.Err)
	}
	if r := sh(t, t.Context(), generous, `kill -SEGV $$`); !errors.As(r.Err, &exit) || exit.Signal != syscall.SIGSEGV || exit.Status != -1 {
		t.Errorf("error %v, want SIGSEGV", r.Err)
	}
}

func TestRunGivesNoInputAndPlainLanguage(t *testing.T) {
	r := sh(t, t.Context(), generous, `cat; echo "$LC_ALL"`)
	if r.Err != nil || string(r.Stdout) != "C.UTF-8\n" {
		t.Errorf("stdout %q, error %v", r.Stdout, r.Err)
	}
}

func TestRunMissingTool(t *testing.T) {
	r := new(Host).Run(t.Context(), Command{Tool: "no-such-tool", Limit: generous})
	if r.Err == nil || !strings.Contains(r.Err.Error(), "no-such-tool") {
		t.Errorf("error %v does not name the tool", r.Err)
	}
	if new(Host).Has("no-such-tool") || !new(Host).Has("sh") {
		t.Error("Has is wrong")
	}
}

func TestTimeLimitKeepsPartialOutput(t *testing.T) {
	r := sh(t, t.Context(), short, `trap "" TERM INT HUP; echo partial; while :; do sleep 100; done`)
	if !errors.Is(r.Err, ErrTimeLimit) || errors.Is(r.Err, ErrStuck) {
		t.Errorf("error %v, want the time limit", r.Err)
	}
	if string(r.Stdout) != "partial\n" {
		t.Errorf("stdout %q", r.Stdout)
	}
}

// A tool that reached its time limit is run once more, where there is time for it.
// What came further is kept.
func TestRunOnceMore(t *testing.T) {
	const limit, endless = time.Second, `exec sleep 100`
	for name, c := range map[string]struct {
		first, second      string
		limit, secondLimit time.Duration
		total              time.Duration
		runs               int
		stdout             string
		err                string
	}{
		"slow, then quick":       {endless, `echo all`, limit, generous, 0, 2, "all\n", ""},
		"slow, then it fails":    {endless, `exit 3`, limit, generous, 0, 2, "", "exited with status 3"},
		"always slow":            {endless, `echo more; ` + endless, limit, 2 * limit, 0, 2, "more\n", "reached its time limit of 1s; run once more, it reached its time limit of 2s"},
		"the second says less":   {`echo more; ` + endless, endless, limit, 2 * limit, 0, 2, "more\n", "reached its time limit of 1s; run once more, it reached its time limit of 2s"},
		"quick":                  {`echo all`, `echo twice`, generous, generous, 0, 1, "all\n", ""},
		"it fails":               {`exit 3`, `echo twice`, generous, generous, 0, 1, "", "exited with status 3"},
		"no time for the second": {endless, `echo twice`, limit, generous, generous, 1, "", "reached its time limit of 1s"},
		"nobody asked for it":    {endless, `echo twice`, limit, 0, 0, 1, "", "reached its time limit of 1s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, runs := t.Context(), filepath.Join(t.TempDir(), "runs")
			if c.total > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, c.total)
				defer cancel()
			}
			var h Host
			script := `n=$(cat ` + runs + ` 2>/dev/null); echo "$n"1 >` + runs + `; [ "$n" ] || { ` + c.first + `; exit; }; ` + c.second
			r := h.Run(ctx, Command{Tool: "sh", Args: []string{"-c", script}, Limit: c.limit, SecondLimit: c.secondLimit})
			said := ""
			if r.Err != nil {
				said = r.Err.Error()
			}
			if string(r.Stdout) != c.stdout || said != c.err {
				t.Errorf("stdout %q, error %q", r.Stdout, said)
			}
			if strings.Contains(c.err, "time limit") != errors.Is(r.Err, ErrTimeLimit) {
				t.Errorf("%q is a time limit: %v", r.Err, errors.Is(r.Err, ErrTimeLimit))
			}
			if b, err := os.ReadFile(runs); err != nil || len(strings.TrimSpace(string(b))) != c.runs {
				t.Errorf("it ran %d times, not %d: %v", len(strings.TrimSpace(string(b))), c.runs, err)
			}
			if least := time.Duration(c.runs-1) * c.limit; r.Duration < least || r.Duration > generous {
				t.Errorf("it took %v, want more than %v", r.Duration, least)
			}
		})
	}
}

// What the first run printed does not take up room for ever.
func TestOutputOfTheFirstRunIsForgotten(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	for _, c := range []struct{ first, second, limit string }{
		{`head -c 1000000 /dev/zero; exec sleep 100`, `echo all`, "1m"},
		{`echo less; exec sleep 100`, `head -c 1000000 /dev/zero; exec sleep 100`, "1s"},
		{`head -c 1000000 /dev/zero; exec sleep 100`, `head -c 500000 /dev/zero; exec sleep 100`, "1s"},
	} {
		_ = os.Remove(mark)
		second, err := time.ParseDuration(c.limit)
		if err != nil {
			t.Fatal(err)
		}
		var h Host
		r := h.Run(t.Context(), Command{
			Tool: "sh", Args: []string{"-c", `[ -e ` + mark + ` ] || { : >` + mark + `; ` + c.first + `; }; ` + c.second},
			Limit: time.Second, SecondLimit: second,
		})
		if want := max(0, len(r.Stdout)-share); h.outputs.used != want || len(h.outputs.running) != 0 {
			t.Errorf("%d bytes used by %d, want %d (error %v)", h.outputs.used, len(h.outputs.running), want, r.Err)
		}
	}
}

// Children die with the tool: at its time limit, and also when the tool ends
// well and leaves one running.
func TestChildrenAreKilled(t *testing.T) {
	for name, script := range map[string]string{
		"time limit": `sh -c 'trap "" TERM; echo $$ > %; while :; do sleep 100; done' & wait`,
		"tool ended": `sh -c 'trap "" TERM; echo $$ > %; while :; do sleep 100; done' & while [ ! -s % ]; do :; done`,
	} {
		t.Run(name, func(t *testing.T) {
			pidfile := filepath.Join(t.TempDir(), "pid")
			r := sh(t, t.Context(), time.Second, strings.ReplaceAll(script, "%", pidfile))
			if (name == "time limit") != errors.Is(r.Err, ErrTimeLimit) {
				t.Errorf("error %v", r.Err)
			}
			b, err := os.ReadFile(pidfile)
			if err != nil {
				t.Fatal(err)
			}
			pid, _ := strconv.Atoi(strings.TrimSpace(string(b)))
			for range 1000 {
				if gone(pid) {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Errorf("child %d lives on", pid)
		})
	}
}

// gone reports whether a process has ended; one that nobody reaped counts.
func gone(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(b), ") Z ")
}

func TestFloodIsCutOff(t *testing.T) {
	for _, script := range []string{
		`trap "" PIPE; while :; do cat /dev/zero; done`,
		// It has ended by itself before it can be killed.
		`head -c 4200000 /dev/zero`,
	} {
		if r := sh(t, t.Context(), generous, script); !errors.Is(r.Err, ErrOutputLimit) || len(r.Stdout) != share {
			t.Errorf("error %v with %d bytes, want the output limit with %d", r.Err, len(r.Stdout), share)
		}
	}
	r := sh(t, t.Context(), generous, `head -c 4000000 /dev/zero`)
	if r.Err != nil || len(r.Stdout) != 4000000 {
		t.Errorf("much, but not too much: error %v, %d bytes", r.Err, len(r.Stdout))
	}
	r = sh(t, t.Context(), generous, `head -c 1000000 /dev/zero >&2; echo fine`)
	if r.Err != nil || string(r.Stdout) != "fine\n" || len(r.Stderr) != maxStderr {
		t.Errorf("much on stderr: error %v, stdout %q, %d bytes of stderr", r.Err, r.Stdout, len(r.Stderr))
	}
}

// Where tools print too much together, those that print most are cut off, and
// those that ended already are not.
func TestOutputsAreBoundedTogether(t *testing.T) {
	var o outputs
	print := func(out *output, bytes int) { _, _ = out.Write(make([]byte, bytes)) }
	killed := map[string]bool{}
	add := func(name string) *output { return o.add(func() { killed[name] = true }) }

	early := add("early")
	print(early, maxStdout)
	if b, cut := early.close(); len(b) != maxStdout || cut {
		t.Errorf("the first one: %d bytes, cut off %t", len(b), cut)
	}
	small := add("small")
	print(small, share)
	var many []*output
	for range 3 {
		many = append(many, add("one of many"))
		print(many[len(many)-1], maxStdout)
	}
	medium := add("medium")
	print(medium, maxStdout/2)
	if len(killed) != 1 || !killed["one of many"] || o.used > maxOutputs {
		t.Errorf("killed %v with %d bytes used", killed, o.used)
	}
	if b, cut := medium.close(); len(b) != maxStdout/2 || cut {
		t.Errorf("there was room for the medium one: %d bytes, cut off %t", len(b), cut)
	}
	kept := 0
	for _, out := range many {
		print(out, 1)
		print(out, maxStdout)
		if b, cut := out.close(); cut && len(b) == share {
			kept += share
		} else {
			t.Errorf("one of many: %d bytes, cut off %t", len(b), cut)
		}
	}

	// No more room: a share is there in any case.
	for o.used < maxOutputs {
		late := add("filler")
		print(late, min(maxStdout, share+maxOutputs-o.used))
		late.close()
	}
	late := add("late")
	print(late, share)
	if killed["late"] {
		t.Error("no share for the last one")
	}
	print(late, 1)
	if b, cut := late.close(); !killed["late"] || !cut || len(b) != share {
		t.Errorf("beyond the share: killed %t, cut off %t, %d bytes", killed["late"], cut, len(b))
	}
	if o.used != maxOutputs || len(o.running) != 1 {
		t.Errorf("%d bytes used, %d running; want all, and the small one", o.used, len(o.running))
	}
}

// A process that leaves the group and keeps the output open does not hold up
// the answer.
func TestOutputHeldOpen(t *testing.T) {
	pidfile := filepath.Join(t.TempDir(), "pid")
	r := sh(t, t.Context(), generous, `echo all; setsid sh -c 'echo $$ > `+pidfile+`; exec sleep 300' & while [ ! -s `+pidfile+` ]; do :; done`)
	if r.Err != nil || string(r.Stdout) != "all\n" {
		t.Errorf("stdout %q, error %v", r.Stdout, r.Err)
	}
	b, _ := os.ReadFile(pidfile)
	if pid, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// What a tool has printed is read, even where there was no time to read any of it
// before it was too late.
func TestOutputIsReadLate(t *testing.T) {
	late, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		var to head
		p, err := newPipe(&to)
		if err != nil {
			t.Fatal(err)
		}
		holder, err := syscall.Dup(int(p.w.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.w.WriteString("all"); err != nil {
			t.Fatal(err)
		}
		p.start()
		p.finish(late)
		if string(to.b) != "all" {
			t.Errorf("read %q", to.b)
		}
		p.r.Close()
		_ = syscall.Close(holder)
	}
}

func TestInterrupt(t *testing.T) {
	why := errors.New("the audit has to end")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		time.Sleep(short)
		cancel(why)
	}()
	r := sh(t, ctx, generous, `sleep 100`)
	if !errors.Is(r.Err, ErrInterrupted) || !errors.Is(r.Err, why) {
		t.Errorf("error %v, want %v: %v", r.Err, ErrInterrupted, why)
	}
	r = sh(t, ctx, generous, `echo started`)
	if !errors.Is(r.Err, ErrInterrupted) || !errors.Is(r.Err, why) || len(r.Stdout) > 0 {
		t.Errorf("after the end: stdout %q, error %v", r.Stdout, r.Err)
	}
}

// An interrupted second run costs nothing of the first.
func TestInterruptedOnceMore(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for _, err := os.Stat(mark + "2"); err != nil; _, err = os.Stat(mark + "2") {
			time.Sleep(10 * time.Millisecond)
		}
		cancel()
	}()
	r := new(Host).Run(ctx, Command{
		Tool: "sh", Args: []string{"-c", `if [ -e ` + mark + ` ]; then : >` + mark + `2; else : >` + mark + `; echo part; fi; exec sleep 100`},
		Limit: time.Second, SecondLimit: generous,
	})
	if string(r.Stdout) != "part\n" || !errors.Is(r.Err, ErrTimeLimit) || !errors.Is(r.Err, ErrInterrupted) {
		t.Errorf("stdout %q, error %v", r.Stdout, r.Err)
	}
}

func TestLeaves(t *testing.T) {
	bounded, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ended, end := context.WithCancel(t.Context())
	end()
	for name, c := range map[string]struct {
		ctx  context.Context
		d    time.Duration
		want bool
	}{
		"no end":   {t.Context(), time.Hour, true},
		"enough":   {bounded, 30 * time.Second, true},
		"too much": {bounded, time.Minute, false},
		"ended":    {ended, 0, false},
	} {
		if got := Leaves(c.ctx, c.d); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A process in uninterruptible sleep cannot be made at will. One that belongs
// to another user cannot be killed either, and looks the same from here: the
// test runs itself as nobody, who runs a program that becomes root for good.
func TestUnkillableToolIsLeftBehind(t *testing.T) {
	if tool := os.Getenv("UNKILLABLE_TOOL"); tool != "" {
		late := make(chan error)
		go func() {
			r := new(Host).Run(t.Context(), Command{Tool: tool, Args: []string{"--reuid=0", "sleep", "8"}, Limit: short})
			late <- r.Err
		}()
		// Not enough to wait for it once more, nor to run it once more.
		ctx, cancel := context.WithTimeout(t.Context(), stuckAfter+slowStuckAfter)
		defer cancel()
		r := new(Host).Run(ctx, Command{
			Tool: tool, Args: []string{"--reuid=0", "sh", "-c", "echo $$; exec sleep 300"}, Limit: short, SecondLimit: short,
		})
		os.Stdout.Write(r.Stdout)
		if err := <-late; !errors.Is(err, ErrTimeLimit) || errors.Is(err, ErrStuck) {
			t.Logf("one that ends late: %v", err)
			os.Exit(1)
		}
		if errors.Is(r.Err, ErrTimeLimit) && r.Err.Error() == "reached its time limit of 300ms, and hangs in the kernel" &&
			errors.Is(r.Err, ErrStuck) && r.Duration < stuckAfter+slowStuckAfter {
			os.Exit(0)
		}
		t.Logf("after %v: %v", r.Duration, r.Err)
		os.Exit(1)
	}
	setpriv, err := exec.LookPath("setpriv")
	if os.Getuid() != 0 || err != nil {
		t.Skip("needs root and setpriv")
	}
	// Not under t.TempDir: nobody may not enter it.
	dir, err := os.MkdirTemp("", "unkillable")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]string{"tool": setpriv, "self": self} {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(filepath.Join(dir, "tool"), 0o755|os.ModeSetuid)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "self"), "-test.run=^TestUnkillableToolIsLeftBehind$")
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "UNKILLABLE_TOOL="+filepath.Join(dir, "tool"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.Output()
	pid, convErr := strconv.Atoi(strings.TrimSpace(string(out)))
	if convErr == nil {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	if err != nil || convErr != nil {
		t.Errorf("%v: an unkillable tool was not given up on; it printed %q", err, out)
	}
}
