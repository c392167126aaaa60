package remote

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"bee/iso/smoke/internal/console"
)

// shells are those that a console of bee may have.
var shells = map[string][]string{
	"ash":  {"busybox", "ash", "-i"},
	"dash": {"dash", "-i"},
	"bash": {"bash", "--norc", "--noprofile", "-i"},
}

// login starts an interactive shell on a terminal, as getty does.
func login(t *testing.T, name string) io.ReadWriter {
	t.Helper()
	shell := shells[name]
	if _, err := exec.LookPath(shell[0]); err != nil {
		t.Skipf("%s is not installed", shell[0])
	}
	cmd := exec.Command(shell[0], shell[1:]...)
	cmd.Env = append(os.Environ(), "PS1="+console.Prompt, "TERM=vt100", "HISTFILE=")
	if shell[0] == "busybox" { // then all programs are its own, as on Alpine
		programs := t.TempDir()
		if output, err := exec.Command("busybox", "--install", "-s", programs).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		cmd.Env = append(cmd.Env, "PATH="+programs)
	}
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		terminal.Close()
		cmd.Wait()
		os.RemoveAll(workFolder)
	})
	return terminal
}

func TestSerial(t *testing.T) {
	var long strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&long, "line %d: $HOME `id` 'quoted' \\ %%s é\n", i)
	}
	for name := range shells {
		t.Run(name, func(t *testing.T) {
			terminal := login(t, name)
			c := console.Watch(terminal, func(console.Milestone) {})
			s, err := OpenSerial(t.Context(), c, terminal)
			if err != nil {
				t.Fatalf("%v\n%s", err, c.Text())
			}
			for _, test := range []struct {
				script string
				args   []string
				output string
				status int
			}{
				{"echo out; echo err >&2; exit 3", nil, "out\nerr\n", 3},
				{"printf '%s|' \"$@\"", []string{"--a", "it's", "$x y"}, "--a|it's|$x y|", 0},
				{"cat <<'END'\n" + long.String() + "END\n", nil, long.String(), 0},
				{"read line; echo \"$?\"", nil, "1\n", 0}, // no input: the console is not the script's
			} {
				output, status, err := s.Run(t.Context(), test.script, test.args...)
				if err != nil || output != test.output || status != test.status {
					t.Errorf("%.40q: got %.80q, %d, %v", test.script, output, status, err)
				}
			}
			from := len(c.Text())
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if text := WithoutCommands(c.Text()); strings.Count(text, "smoke-") > 2 || !strings.Contains(text, console.Prompt) {
				t.Errorf("what is left for people: %q", text)
			}
			if _, _, err := c.Wait(t.Context(), from, prompt); err != nil {
				t.Errorf("no prompt after Close: %v", err)
			}
		})
	}
}

// Where the text console is before the shell, it is left.
func TestSerialBehindConsole(t *testing.T) {
	screen := `stty raw -echo; printf '\033[2;1H` + console.Bar + `'; lost=1
while key=$(dd bs=1 count=1 2>/dev/null); do
	case $key$lost in
	q1) lost=0 ;; # a key may get lost
	q0) break ;;
	esac
done
stty sane; printf '\033[H\033[J'; exec bash --norc --noprofile -i`
	cmd := exec.Command("sh", "-c", screen)
	cmd.Env = append(os.Environ(), "PS1="+console.Prompt, "TERM=vt100", "HISTFILE=")
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		terminal.Close()
		cmd.Wait()
		os.RemoveAll(workFolder)
	})
	c := console.Watch(terminal, func(console.Milestone) {})
	s := &Serial{console: c, port: terminal, patience: time.Second}
	if err := s.open(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, c.Text())
	}
	if output, status, err := s.Run(t.Context(), "echo out"); err != nil || output != "out\n" || status != 0 {
		t.Errorf("%q, %d, %v", output, status, err)
	}
}

// noisy puts a kernel message into the middle of some of what goes by.
type noisy struct {
	io.Reader
	reads, messages int
}

func (n *noisy) Read(p []byte) (int, error) {
	const message = "[   42.0] usb 1-1: new device\r\n"
	size, err := n.Reader.Read(p[:len(p)-len(message)])
	if n.reads++; n.reads%3 == 0 && n.messages > 0 && size > 1 {
		n.messages--
		half := size / 2
		size = half + copy(p[half:], message+string(p[half:size]))
	}
	return size, err
}

// What the kernel writes to the console must not change what a script printed.
func TestSerialWithKernelMessages(t *testing.T) {
	terminal := login(t, "dash")
	// A message spoils one attempt at most.
	noise := &noisy{Reader: terminal, messages: attempts - 1}
	c := console.Watch(noise, func(console.Milestone) {})
	s := &Serial{console: c, port: terminal, patience: 300 * time.Millisecond}
	if err := s.open(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, c.Text())
	}
	for range 3 {
		output, status, err := s.Run(t.Context(), "seq 1000; exit 5")
		if err != nil || status != 5 || strings.Count(output, "\n") != 1000 || !strings.HasSuffix(output, "\n999\n1000\n") {
			t.Errorf("got %.40q, %d, %v", output, status, err)
		}
	}
	if noise.messages == attempts-1 {
		t.Error("there was no noise")
	}
}

func TestUnpackNoticesDamage(t *testing.T) {
	out, err := exec.Command("sh", "-c", "printf 'all is well' | gzip -c | base64").Output()
	if err != nil {
		t.Fatal(err)
	}
	good := string(out)
	if text, err := unpack(good[:16] + "\r\n" + good[16:]); err != nil || text != "all is well" {
		t.Errorf("%q, %v", text, err)
	}
	for _, damaged := range []string{"", good[:20], good[:20] + "A" + good[21:], "[ 42.0] usb 1-1" + good} {
		if text, err := unpack(damaged); err == nil {
			t.Errorf("%q was taken for %q", damaged, text)
		}
	}
}

// pack is what gzip | base64 make of a text.
func pack(text string) string {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	io.WriteString(w, text)
	w.Close()
	return base64.StdEncoding.EncodeToString(packed.Bytes())
}

func TestUnpackIsBounded(t *testing.T) {
	if _, err := unpack(pack(strings.Repeat("x", maxOutput+1))); !errors.Is(err, errTooLong) {
		t.Error(err)
	}
}

func TestSerialEndsWithContext(t *testing.T) {
	reader, writer := io.Pipe()
	defer writer.Close()
	c := console.Watch(reader, func(console.Milestone) {})
	io.WriteString(writer, "\n"+console.Prompt)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errors.New("the machine is gone"))
	defer cancel()
	if _, err := OpenSerial(ctx, c, io.Discard); err == nil || err.Error() != "the machine is gone" {
		t.Errorf("got %v", err)
	}
}
