package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// session is a console on a terminal.
type session struct {
	t        testing.TB
	root     string
	pty      *os.File
	terminal vt10x.Terminal
	cmd      *exec.Cmd
	ended    chan struct{}
	sent     atomic.Int64 // bytes to the terminal
	crash    bytes.Buffer // what Go says of one
}

// start starts the console of the machine below root on a terminal of a size. On a serial line,
// the kernel does not know the size, and the terminal tells it.
func start(t testing.TB, root, term string, columns, rows int, serial bool) *session {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &session{t: t, root: root, cmd: exec.Command(self), ended: make(chan struct{})}
	s.cmd.Env = append(os.Environ(), rootVariable+"="+root, "TERM="+term, "LC_ALL=")
	s.cmd.Stderr = &s.crash
	size := &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)}
	if serial {
		size = &pty.Winsize{}
	}
	if s.pty, err = pty.StartWithSize(s.cmd, size); err != nil {
		t.Fatal(err)
	}
	s.terminal = vt10x.New(vt10x.WithSize(columns, rows), vt10x.WithWriter(s.pty))
	go func() {
		defer close(s.ended)
		b, begun := make([]byte, 4096), 0 // bytes of a character whose end is still to come
		for {
			n, err := s.pty.Read(b[begun:])
			s.sent.Add(int64(n))
			n += begun
			end := complete(b[:n])
			s.terminal.Write(b[:end])
			begun = copy(b, b[end:n])
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		<-s.ended
		s.pty.Close()
	})
	return s
}

// complete is where the last whole character ends: the terminal takes half of one for none.
func complete(b []byte) int {
	for i := len(b) - 1; i >= max(0, len(b)-utf8.UTFMax); i-- {
		if utf8.RuneStart(b[i]) && !utf8.FullRune(b[i:]) {
			return i
		}
	}
	return len(b)
}

// keys presses keys, one after the other.
func (s *session) keys(keys ...string) {
	for _, k := range keys {
		if _, err := s.pty.WriteString(k); err != nil && !errors.Is(err, syscall.EIO) { // it was left
			s.t.Fatal(err)
		}
	}
}

// Keys of a vt220, and of Linux.
const (
	up, down, right, left = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
	enter, tab            = "\r", "\t"
)

// escape presses Esc, which is known from the beginning of another key by the time behind it.
func (s *session) escape() {
	s.keys("\x1b")
	time.Sleep(200 * time.Millisecond)
}

// screen is what is seen.
func (s *session) screen() string { return s.terminal.String() }

// await waits until something is seen.
func (s *session) await(pattern string) {
	s.t.Helper()
	seen := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(20 * time.Second); !seen.MatchString(s.screen()); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%q is not seen:\n%s", pattern, s.screen())
		}
	}
}

// left waits until the console is left.
func (s *session) left() {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(20 * time.Second):
		s.cmd.Process.Signal(syscall.SIGQUIT)
		s.cmd.Wait()
		s.t.Fatalf("it is still there:\n%s\n%s", s.screen(), &s.crash)
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("%v:\n%s\n%s", err, s.screen(), &s.crash)
	}
}

// sized waits until the kernel knows the size of the terminal.
func (s *session) sized(columns, rows int) {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		r, c, err := pty.Getsize(s.pty)
		if r == rows && c == columns {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("size %dx%d, %v", c, r, err)
		}
	}
}

// did waits until that was done, and no more.
func (s *session) did(want string) {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); done(s.root) != want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("done: %q, want %q:\n%s", done(s.root), want, s.screen())
		}
	}
}

// Each screen says what it is of, on each terminal, in the smallest size and a large one.
func TestScreens(t *testing.T) {
	root := fake(t)
	audited(t, root)
	burning(t, root)
	for _, term := range []string{"vt100", "linux", "xterm-256color", "unheard-of"} {
		for _, size := range [][2]int{{80, 25}, {132, 43}} {
			t.Run(fmt.Sprintf("%s %dx%d", term, size[0], size[1]), func(t *testing.T) {
				t.Parallel()
				s := start(t, root, term, size[0], size[1], false)
				for n, want := range []string{
					"S937425X4C19233[^~]*2 critical[^~]*eth0 +192.0.2.10/24[^~]*abcdefgh234567[^~]*burning, 4 min 55 s of 10 min",
					"Memory: 1536 GiB in 24 of 32 slots[^~]*PCIe",
					"CRITICAL +/dev/sdaf: The drive says that it fails",
					"GPU 7 +NVIDIA H100 80GB HBM3 +76 .C[^~]*Temperature 69 .C[^~]*█",
					"eth1 +no link[^~]*Gateway +192.0.2.1 .eth0.[^~]*Set +eth1.117",
					"password for root and bee: abcdefgh234567[^~]*ssh root@192.0.2.10",
					"https://results.example/x +waiting 2026-11-05 10:01:00 UTC connection refused",
					"gpu_burn +version unknown[^~]*storcli64 +007.2705 +/usr/local/bin/storcli64 +1.5 MB[^~]*sas3ircu +is not there",
					"log +bee-audit.log[^~]*service +dropbear +started",
					"Restart[^~]*Power off",
				} {
					if n > 0 {
						s.keys(right)
					}
					s.await(want)
				}
				s.keys(right) // around
				s.await("2 critical")
				s.keys(left)
				s.await("Power off")
				s.keys("2", down, down, enter)
				s.await("P1-DIMMA1 P0_Node0_Channel0_Dimm0")
				s.escape()
				s.keys("3", enter)
				s.await("Advice +Reseat it")
				s.escape()
				s.keys("7", "c")
				s.await("QR code 1 of 4[^~]*▄▄▄▄▄▄▄█▄▄")
				s.keys(enter)
				s.await("QR code 2 of 4")
				s.keys("q")
				s.await("waiting 2026")
				s.keys("9", enter)
				s.await("the last line")
				s.escape()
				s.escape()
				s.left()
				s.did("")
			})
		}
	}
}

// A serial line takes a quarter of a second for all of a screen: what does not change is not sent.
func TestSendsLittle(t *testing.T) {
	t.Parallel()
	root := fake(t)
	audited(t, root)
	s := start(t, root, "vt220", 80, 25, true)
	s.await("2 critical")
	s.sized(80, 25)
	const keys = 20
	before := s.sent.Load()
	for range keys {
		s.keys("z") // which means nothing there
	}
	s.keys("0")
	s.await("Power off")
	if sent := s.sent.Load() - before; sent > 4000 {
		t.Errorf("%d bytes for %d keys and another screen", sent, keys)
	}
}

// What is not there is said, and what comes is shown.
func TestNothingYet(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	s := start(t, root, "linux", 80, 25, false)
	for _, want := range []string{
		"no report yet[^~]*no address[^~]*not set up yet[^~]*running", "no report yet", "no report yet", "no report yet",
		"no network interface", "nobody yet", "nowhere yet", "without programs of vendors", "no service", "Restart",
	} {
		s.await(want)
		s.keys(right)
	}
	s.await("no report yet")
	put(t, root, "run/openrc/starting/bee-audit", "")
	audited(t, root)
	s.await("2 critical")
	put(t, root, "var/log/bee-audit.json", "{")
	s.await("is not an audit report")
	s.keys("\x03")
	s.left()
}

// Nothing is done that was not confirmed by the word that is asked for.
func TestConfirmed(t *testing.T) {
	t.Parallel()
	root := fake(t)
	audited(t, root)
	s := start(t, root, "vt100", 80, 25, false)
	s.await("Overview")
	s.keys("4", down, " ", "t", "s")
	s.await("Burn 7 GPUs in for 30 min")
	s.keys("no", enter)
	s.await("Nothing was done")
	s.keys("s")
	s.await("Burn 7 GPUs")
	s.keys("yes", enter)
	want := "burn [0000:19:00.0 0000:39:00.0 0000:49:00.0 0000:59:00.0 0000:69:00.0 0000:79:00.0 0000:89:00.0] for 30m0s\n"
	s.did(want)
	burning(t, root)
	s.await("burning, 4 min")
	s.keys("x")
	s.await("Stop the burn-in")
	s.keys("yes", enter)
	want += "stop 4711\n"
	s.did(want)

	s.keys("5", down, enter)
	s.await("What eth1 is to have")
	s.keys("192.0.2.300/24", tab, tab, tab, tab, enter)
	s.await("is left out")
	s.escape()
	s.keys(enter)
	s.await("What eth1 is to have")
	s.keys("192.0.2.20/24", tab, "192.0.2.1", tab, "192.0.2.53 192.0.2.54", tab, "42", tab, enter)
	s.await("Set the network to this")
	s.keys("yes", enter)
	want += `network ["eth1.42,192.0.2.20/24,gateway=192.0.2.1,dns=192.0.2.53,dns=192.0.2.54"]` + "\n"
	s.did(want)

	s.await("Gateway +192.0.2.1 .eth0")
	s.keys("6", "n")
	s.await("new random password")
	s.keys("yes", enter)
	want += "password\n"
	s.did(want)
	s.keys("7", "s")
	s.await("once more")
	s.keys("yes", enter)
	want += "send\n"
	s.did(want)

	s.keys("0", enter)
	s.await("Start the machine again")
	s.keys("yes", enter)
	s.await("is gone then")
	s.keys("yes", enter)
	s.await("Nothing was done")
	s.keys(enter)
	s.await("Start the machine again")
	s.keys("yes", enter)
	s.await("is gone then")
	s.keys("restart", enter)
	want += "restart\n"
	s.did(want)
	s.keys(down, enter)
	s.await("Turn the machine off")
	s.keys("yes", enter)
	s.await("is gone then")
	s.keys("off", enter)
	want += "power off\n"
	s.did(want)
	s.keys("\x1b[21~") // F10
	s.left()
}

// A serial line is asked for the size of the terminal, and where somebody else may sit at it,
// who has nothing on the screen, all is drawn anew.
func TestSerial(t *testing.T) {
	t.Parallel()
	root := fake(t)
	audited(t, root)
	s := start(t, root, "vt100", 132, 43, true)
	s.await("PCI bus has this GPU, the NVIDIA driver does not know it")
	s.sized(132, 43)
	// an answer that came late is no key
	s.keys("\x1b[43;132R", "2")
	s.await("Memory: 1536 GiB")
	s.terminal.Resize(80, 24)
	s.terminal.Write([]byte("\x1b[2J"))
	s.keys("\f") // Ctrl-L
	s.sized(80, 24)
	s.await("Memory: 1536 GiB[^~]*Enter details")
	s.keys("q")
	s.left()
}

// Without a terminal, and on one that has no screen, there is the summary.
func TestPlain(t *testing.T) {
	t.Parallel()
	root := fake(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	plain := func() string {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), rootVariable+"="+root, "TERM=xterm")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return string(out)
	}
	if text := plain(); !strings.Contains(text, "no report yet") {
		t.Errorf("%q", text)
	}
	audited(t, root)
	if text := plain(); !strings.Contains(text, "Findings: 2 critical") || strings.Contains(text, "\x1b") {
		t.Errorf("%q", text)
	}
	s := start(t, root, "dumb", 80, 25, false)
	s.left()
	if text := s.screen(); !strings.Contains(text, "Took 12.34 s") {
		t.Errorf("%s", text)
	}
}
