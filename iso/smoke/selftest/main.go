// Command selftest checks the live system that it runs on; it is on the ISO, and
// smoketest.sh calls it.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"bee/core/check"
	"bee/core/printable"
	"bee/iso/smoke/selftest/checks"
	"bee/iso/smoke/selftest/live"
)

// Exit statuses, beside 0. Their texts are in the long help.
const (
	exitFailed = 1
	exitUsage  = 2
)

var errFailed = errors.New("a check failed")

func main() {
	// whoever calls it, over SSH or from a serial console
	os.Setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	os.Setenv("LC_ALL", "C")
	os.Exit(exitStatus(command(live.Here()).Execute(), os.Stderr))
}

func exitStatus(err error, stderr io.Writer) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFailed):
		return exitFailed
	}
	fmt.Fprintf(stderr, "selftest: %s\n", printable.Lines(err.Error()))
	return exitUsage
}

func command(system *live.System) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "selftest",
		Short: "Check the machine that booted bee",
		Long: `selftest checks the machine that booted bee, as root on that machine.

One line for each check: "PASS name[: detail]", "FAIL name: reason" or
"SKIP name: reason". The last line is "bee-smoke: N passed, N failed, N skipped".

Exit status:
  0  every check is PASS or SKIP
  1  a check is FAIL
  2  wrong command line`,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all []check.Check
			checks.Run(system, func(c check.Check) {
				all = append(all, c)
				fmt.Fprintln(cmd.OutOrStdout(), c)
			})
			counts := check.Count(all)
			fmt.Fprintln(cmd.OutOrStdout(), counts)
			if counts.Failed > 0 {
				return errFailed
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&system.ExpectInternet, "expect-internet", false, "FAIL where the machine does not reach the internet")
	flags.BoolVar(&system.NoNetwork, "no-network", false, "the machine has no network card, and must come up all the same")
	return cmd
}
