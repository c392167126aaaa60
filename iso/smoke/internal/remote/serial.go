package remote

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"bee/iso/smoke/internal/console"
)

const (
	// answerTime is how long a short command may take before it is sent again.
	answerTime = 20 * time.Second
	attempts   = 6
	// chunk is how many bytes go into one command; with the rest of it they fit
	// into one line of a terminal, which holds 4095.
	chunk = 900
	// workFolder of the machine holds scripts and what they print. It is in memory
	// of its own: what is wrong with a machine may be that its disk is full.
	workFolder = "/dev/shm/bee-smoke"
)

// Serial is a root shell on a serial console. The kernel may write into the
// middle of any line there, and a line may get lost. Therefore each command does
// no harm when it is run twice and is sent again when its answer does not come;
// scripts and their output travel packed, with a checksum.
type Serial struct {
	console  *console.Console
	port     io.Writer
	patience time.Duration // how long to wait for an answer
	sent     int           // commands
	scripts  int
}

var (
	there    = regexp.MustCompile(`(?m)^(` + regexp.QuoteMeta(console.Prompt) + `|` + console.Bar + `)`)
	prompt   = regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(console.Prompt))
	errQuiet = errors.New("no answer on the serial console")
)

// OpenSerial waits for a root shell on the console, or the text console that leads to it, and
// takes it over. port is where its input goes.
func OpenSerial(ctx context.Context, c *console.Console, port io.Writer) (*Serial, error) {
	s := &Serial{console: c, port: port, patience: answerTime}
	return s, s.open(ctx)
}

func (s *Serial) open(ctx context.Context) error {
	groups, end, err := s.console.Wait(ctx, 0, there)
	if err != nil {
		return err
	}
	if groups[1] == console.Bar {
		if err := s.leave(ctx, end); err != nil {
			return err
		}
	}
	// A loop in a subshell has no prompt, no line editor, no echo and no jobs. Not
	// "cat | sh": cat of busybox moves the lines within the kernel (sendfile),
	// which locks the pipe while it waits for the next one, and sh gets none.
	const loop = `(while IFS= read -r line; do eval "$line"; done)`
	from := len(s.console.Text())
	// a key that came when the shell was there already is no part of a command
	if _, err := io.WriteString(s.port, "\x15stty -echo; "+framed(0, ":")+"; "+loop+"; stty echo\n"); err != nil {
		return err
	}
	limited, cancel := context.WithTimeoutCause(ctx, s.patience, errQuiet)
	defer cancel()
	// where the answer is lost, the commands find out
	if _, _, err := s.console.Wait(limited, from, frame(0)); err != nil && !errors.Is(err, errQuiet) {
		return err
	}
	_, err = s.command(ctx, "mkdir -p "+workFolder)
	return err
}

// leave leaves the text console, which is seen from the byte from on, for the shell.
func (s *Serial) leave(ctx context.Context, from int) error {
	for range attempts {
		if _, err := io.WriteString(s.port, console.Leave); err != nil {
			return err
		}
		limited, cancel := context.WithTimeoutCause(ctx, s.patience, errQuiet)
		_, _, err := s.console.Wait(limited, from, prompt)
		cancel()
		if !errors.Is(err, errQuiet) {
			return err
		}
	}
	return fmt.Errorf("the text console does not lead to the shell in %d attempts of %s", attempts, s.patience)
}

// Close gives the shell back to whoever comes next.
func (s *Serial) Close() error {
	_, err := io.WriteString(s.port, "\x04") // the end of the input
	return err
}

// Run implements [Shell].
func (s *Serial) Run(ctx context.Context, script string, args ...string) (string, int, error) {
	s.scripts++
	file := fmt.Sprintf("%s/%d", workFolder, s.scripts)
	if err := s.upload(ctx, file, script); err != nil {
		return "", 0, err
	}
	// In the background: a command that takes long could not be sent again.
	_, err := s.command(ctx, fmt.Sprintf("[ -e %[1]s.out ] || { : >%[1]s.out; "+
		"{ sh %[1]s %[2]s >%[1]s.out 2>&1 </dev/null; echo $? >%[1]s.status; } & }", file, quote(args)))
	if err != nil {
		return "", 0, err
	}
	for {
		answer, err := s.command(ctx, "cat "+file+".status 2>/dev/null")
		if err != nil {
			return "", 0, err
		}
		if status, err := strconv.ParseUint(strings.TrimSpace(answer), 10, 8); err == nil {
			output, err := s.download(ctx, file+".out")
			return output, int(status), err
		}
		select {
		case <-ctx.Done():
			return "", 0, context.Cause(ctx)
		case <-time.After(time.Second):
		}
	}
}

func (s *Serial) upload(ctx context.Context, file, text string) error {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	io.WriteString(w, text)
	if err := w.Close(); err != nil {
		return err
	}
	data := base64.StdEncoding.EncodeToString(packed.Bytes())
	var parts []string
	for len(data) > 0 {
		n := min(chunk, len(data))
		part := fmt.Sprintf("%s.%d", file, len(parts))
		if _, err := s.command(ctx, "echo "+data[:n]+" >"+part); err != nil {
			return err
		}
		parts, data = append(parts, part), data[n:]
	}
	var answer string
	for range attempts { // the answer may be what is damaged
		var err error
		answer, err = s.command(ctx, fmt.Sprintf("cat %s | base64 -d | gzip -d >%s && echo whole", strings.Join(parts, " "), file))
		if err != nil || strings.Contains(answer, "whole") {
			return err
		}
	}
	return fmt.Errorf("the script did not come whole over the serial console into %s: %s", workFolder, strings.TrimSpace(answer))
}

func (s *Serial) download(ctx context.Context, file string) (string, error) {
	var err error
	for range attempts {
		var answer, text string
		if answer, err = s.command(ctx, "gzip -c "+file+" | base64"); err != nil {
			return "", err
		}
		if text, err = unpack(answer); err == nil {
			return text, nil
		}
		if errors.Is(err, errTooLong) {
			return "", err
		}
	}
	return "", fmt.Errorf("what the script printed was damaged on its way over the serial console: %w", err)
}

func unpack(text string) (string, error) {
	packed, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return "", err
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return "", err
	}
	out, err := io.ReadAll(io.LimitReader(r, maxOutput+1)) // checks the checksum
	if len(out) > maxOutput {
		return "", errTooLong
	}
	return string(out), err
}

// command runs a short command and returns what it printed.
func (s *Serial) command(ctx context.Context, command string) (string, error) {
	for range attempts {
		answer, err := s.try(ctx, command)
		if !errors.Is(err, errQuiet) {
			return answer, err
		}
	}
	return "", fmt.Errorf("%w in %d attempts of %s", errQuiet, attempts, s.patience)
}

func (s *Serial) try(ctx context.Context, command string) (string, error) {
	s.sent++
	from := len(s.console.Text())
	if _, err := io.WriteString(s.port, framed(s.sent, command)+"\n"); err != nil {
		return "", err
	}
	limited, cancel := context.WithTimeoutCause(ctx, s.patience, errQuiet)
	defer cancel()
	groups, _, err := s.console.Wait(limited, from, frame(s.sent))
	if err != nil {
		return "", err
	}
	return groups[1], nil
}

// framed puts a mark before and behind what a command prints. The sums keep an
// echo of the command from being taken for the answer.
func framed(number int, command string) string {
	return fmt.Sprintf("echo; echo smoke-begin-$((%[1]d+0)).; %[2]s; echo; echo smoke-end-$((%[1]d+0)).", number, command)
}

// frame matches what a framed command printed.
func frame(number int) *regexp.Regexp {
	return regexp.MustCompile(fmt.Sprintf(`(?s)smoke-begin-%[1]d\.\n(.*?)\n?smoke-end-%[1]d\.\n`, number))
}

var frames = regexp.MustCompile(`(?s)\n?smoke-begin-\d+\.\n.*?smoke-end-\d+\.\n`)

// WithoutCommands is the text of a console without the commands that were
// answered there and their packed answers, which tell a person nothing.
func WithoutCommands(text string) string { return frames.ReplaceAllString(text, "") }
