package module

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
)

// view is what dagger shows on a terminal while programs work. A session has one form to
// say what it does, and keeps the lines for its log; but it reports by OpenTelemetry, too,
// where it is told to, and `dagger run` shows what programs under it report.
type view struct {
	cmd     *exec.Cmd
	stdin   io.Closer
	closing chan struct{}
	ended   chan struct{}
}

// reporters are the variables that say where to report to, and below what.
const reporters = `env | grep -E '^(OTEL_|TRACEPARENT=)'; echo; exec cat`

// startView starts one, to which sessions that this process starts from now on report.
// Interrupted is called when the person before it ends it.
func startView(ctx context.Context, program string, interrupted func()) (*view, error) {
	cmd := exec.CommandContext(ctx, program, "run", "--progress=tty", "sh", "-c", reporters)
	cmd.Stderr = os.Stderr // the terminal
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	cmd.Cancel = stdin.Close
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	v := &view{cmd, stdin, make(chan struct{}), make(chan struct{})}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && lines.Text() != "" {
		name, value, _ := strings.Cut(lines.Text(), "=")
		os.Setenv(name, value)
	}
	began := lines.Err() == nil && os.Getenv("TRACEPARENT") != ""
	go func() {
		io.Copy(io.Discard, stdout)
		cmd.Wait()
		close(v.ended)
		select {
		case <-v.closing:
		default:
			interrupted()
		}
	}()
	if !began {
		v.close()
		return nil, errors.New("dagger run ended before it began")
	}
	return v, nil
}

// close lets it show how all ended.
func (v *view) close() {
	close(v.closing)
	v.stdin.Close()
	<-v.ended
}
