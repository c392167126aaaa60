// Command smoke boots bee's ISO in QEMU, or finds a machine that booted it, and
// checks that everything on it works.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"bee/core/printable"
	"bee/iso/smoke/internal/driver"
)

// script runs on the machine; it can also be used without this program.
//
//go:embed smoketest.sh
var script string

// Exit statuses. Their texts are in the long help.
const (
	exitFailed = 1
	exitInput  = 2
	exitBroken = 3
	exitLost   = 4
)

// What these say has been printed with all its reasons.
var (
	errFailed = errors.New("a check failed")
	errBroken = errors.New("the checks did not run to their end")
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := command().ExecuteContext(ctx)
	stop()
	os.Exit(exitStatus(err))
}

func exitStatus(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFailed):
		return exitFailed
	case errors.Is(err, errBroken):
		return exitBroken
	}
	// An error may have words of the report that it is about.
	fmt.Fprintln(os.Stderr, "smoke:", printable.Lines(err.Error()))
	if errors.Is(err, driver.ErrReportLost) {
		return exitLost
	}
	return exitInput
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:   "smoke",
		Short: "Boot bee's ISO and check that everything on it works",
		Long: `smoke boots an ISO of bee in QEMU, logs in over SSH (or, on a machine without a
network card, over the serial console), waits for the audit of the hardware and
has the checks of selftest, a program on the ISO, made there (by smoketest.sh). It
can do so on a real machine, too.

Exit status:
  0  every check is PASS or SKIP
  1  a check is FAIL
  2  the test could not begin: wrong usage, no ISO, no credentials, no QEMU
  3  the checks did not run to their end: the machine did not come up, or stopped
  4  the folder of the report went away during the test`,
		Example: `  smoke run --iso bee.iso --report report
  smoke verdict report
  smoke boot --iso bee.iso`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(runCommand(), verdictCommand(), bootCommand())
	return root
}

// portOrSSH is an address with SSH's port where it has none.
func portOrSSH(address string) string {
	if _, _, err := net.SplitHostPort(address); err == nil {
		return address
	}
	return net.JoinHostPort(address, "22")
}
