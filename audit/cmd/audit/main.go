// Command audit takes stock of a server's hardware: see `audit --help`.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"bee/audit/cmd/internal/unknown"
	"bee/core/printable"
)

// version is set by the linker: -ldflags "-X main.version=1.2.3".
var version = "unversioned"

// Exit codes, beside 0.
const (
	exitFailed      = 1
	exitDifferent   = 1 // as of diff(1) and cmp(1)
	exitUsage       = 2
	exitNotCompared = 3
	exitInterrupted = 130 // as shells count SIGINT
)

// usageError is a wrong command line.
type usageError struct{ error }

var errInterrupted = errors.New("interrupted: the file holds what was collected until then")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the program at once.
	context.AfterFunc(ctx, stop)
	os.Exit(execute(ctx, root()))
}

func execute(ctx context.Context, cmd *cobra.Command) int {
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if errors.Is(err, errDifferent) {
		return exitDifferent
	}
	// An error may have words of the file that it is about.
	fmt.Fprintf(cmd.ErrOrStderr(), "audit: %s\n", printable.Lines(err.Error()))
	var usage usageError
	var comparison comparisonError
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &comparison):
		return exitNotCompared
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	}
	return exitFailed
}

// exitCodes tells people of them.
const exitCodes = `  0    done; a report may hold errors of single tools
       diff, check: the same
  1    failed: no report or capture written, or a file is not a valid one
       diff, check: a difference, or something that could not be compared
       fleet: a file is no report; the others are shown
  2    wrong command line
  3    diff, check: nothing compared, because a file cannot be read
  130  interrupted; the file holds what was collected until then
`

func root() *cobra.Command {
	run := runCommand()
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Take stock of a server's hardware",
		Long: `audit takes stock of a server's hardware: firmware, board, processors, memory,
drives, PCI devices, network interfaces, power supplies, GPUs, what the BMC and the
kernel have met. It writes a JSON report and prints a summary for people.

Without a command it does what "audit run" does. It changes nothing on the
machine. Run it as root: most tools that it asks need that.

A file to write appears under its name once it is whole, and keeps the mode of the
one that it replaces. A link there is followed where it is yours, or root's, and
nobody else could have put it there; another one is replaced.

A file to read may come from anybody: it may have up to 256 MiB, and what is not
printable in it is shown as \xNN, the bytes in hexadecimal.`,
		Example: `  audit                              write /var/log/bee-audit.json, print the summary
  audit --output - | jq .memory      the report on standard output
  audit show /var/log/bee-audit.json the summary of a report, later
  audit report --html > report.html  a page for the browser, from the report
  audit report --metrics             numbers for dashboards; --junit: tests for pipelines
  audit validate report.json         check a report against its schema
  audit capture                      save what the machine answers, to audit it elsewhere
  audit diff node1.json node2.json   are two machines built the same?
  audit check --baseline order.yaml  is this the machine that was ordered?
  audit fleet results/               the reports of many machines together`,
		Args:          usageArgs(unknown.Command),
		RunE:          run.RunE,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cmd.SetUsageTemplate(cmd.UsageTemplate() + "\nExit codes:\n" + exitCodes)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	cmd.Flags().AddFlagSet(run.Flags())
	// Few arguments are files; those say so themselves.
	cmd.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	cmd.AddCommand(run, captureCommand(), showCommand(), reportCommand(), diffCommand(), checkCommand(), fleetCommand(), baselineCommand(), lldpCommand(), schemaCommand(),
		validateCommand(), versionCommand(), manCommand())
	return cmd
}

// usageArgs makes what is wrong with arguments a wrong command line.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Errorf("%w (see %s --help)", err, cmd.CommandPath())}
		}
		return nil
	}
}
