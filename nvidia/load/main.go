// Command nvidia-load loads the NVIDIA driver on the live system: see
// `nvidia-load --help`.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"bee/core/printable"
	"bee/nvidia/load/internal/driver"
	"bee/nvidia/load/internal/kernel"
)

const (
	logFile = "/var/log/bee-nvidia.log"
	// limit is more than all that has a limit of its own takes together.
	limit = 5 * time.Minute
	// worker is the argument of the process that does the work.
	worker = "work"
)

// Exit codes, beside 0.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	defer stop()
	if len(os.Args) == 2 && os.Args[1] == worker {
		os.Exit(load(ctx))
	}
	status := 0
	if err := command(&status).ExecuteContext(ctx); err != nil {
		status = wrongUse(err, os.Stderr)
	}
	os.Exit(status)
}

// wrongUse tells what is wrong with the command line.
func wrongUse(err error, stderr io.Writer) int {
	fmt.Fprintf(stderr, "nvidia-load: %s\n", printable.Lines(err.Error()))
	return exitUsage
}

func command(status *int) *cobra.Command {
	return &cobra.Command{
		Use:   "nvidia-load",
		Short: "Load the NVIDIA driver, if there are a GPU and a driver for it",
		Long: `nvidia-load loads the NVIDIA driver that is in the image, as the service bee-nvidia
does at boot. What it says goes to /var/log/bee-nvidia.log, too; the last line tells
what was loaded, or why nothing was.

It looks for NVIDIA GPUs on the PCI bus and chooses by them between the two flavours
of the kernel modules in /usr/local/lib/nvidia: open for Turing and newer, proprietary
for Maxwell, Pascal and Volta, which the open ones do not drive. Grace Hopper and
Blackwell have open ones only, and what is older than Maxwell has none. Where no
flavour drives all GPUs, the one that drives most of them is loaded. Then it

  - takes GPUs from nouveau, but from no other driver
  - lets the kernel look for firmware in /usr/local/lib/nvidia/firmware
  - loads the kernel's own modules that are needed, then nvidia, nvidia-uvm,
    nvidia-modeset and nvidia-drm, and nvidia-peermem where there is InfiniBand
  - makes the device nodes /dev/nvidia*
  - starts nvidia-persistenced, which keeps the GPUs set up between programs

On the kernel command line,
  bee.nvidia=open, bee.nvidia=proprietary   choose the flavour
  bee.nvidia=off                            leaves the GPUs without a driver

Exit status:
  0  the driver is loaded, or there was nothing to load: no GPU, no driver in the
     image for it, or bee.nvidia=off
  1  there are a GPU and a driver for it, which is not loaded as it should be, or
     the kernel did not come back within five minutes
  2  wrong command line`,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			work := exec.Command("/proc/self/exe", worker)
			work.Stdout, work.Stderr = os.Stdout, os.Stderr
			err := supervise(cmd.Context(), work, limit)
			if err == nil {
				return nil
			}
			*status = exitFailed
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != exitFailed { // else it has said why
				say, closeLog := logger(0)
				defer closeLog()
				say.Print("gave up: ", err)
			}
			return nil
		},
	}
}

// supervise runs a command. A process that the kernel does not come back to cannot
// be killed: after the limit it is left behind, so that the boot goes on.
func supervise(ctx context.Context, work *exec.Cmd, limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no end within %v: the kernel hangs, see dmesg", limit))
	defer cancel()
	if err := work.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- work.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		work.Process.Kill() // in vain where the kernel hangs
		return context.Cause(ctx)
	}
}

// load does the work, and returns the exit status.
func load(ctx context.Context) int {
	say, closeLog := logger(os.O_TRUNC)
	defer closeLog()
	loader := driver.Loader{Root: "/", Kernel: kernel.Kernel{}, Say: say.Printf}
	summary, err := loader.Load(ctx)
	if err != nil {
		say.Print(err)
		return exitFailed
	}
	say.Print(summary)
	return 0
}

// logger writes to the console and to the log file.
func logger(flag int) (say *log.Logger, closeLog func() error) {
	say = logTo(os.Stdout)
	f, err := os.OpenFile(logFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND|flag, 0o644)
	if err != nil {
		say.Printf("on the console alone: %v", err)
		return say, func() error { return nil }
	}
	return logTo(io.MultiWriter(os.Stdout, f)), f.Close
}

// logTo writes what may have words of devices, of the kernel's log and of its command line.
func logTo(w io.Writer) *log.Logger { return log.New(printing{w}, "bee-nvidia: ", 0) }

// printing writes text that is printable.
type printing struct{ to io.Writer }

func (p printing) Write(text []byte) (int, error) {
	_, err := io.WriteString(p.to, printable.Lines(string(text)))
	return len(text), err
}
