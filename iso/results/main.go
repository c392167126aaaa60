// Command results is bee-results on the live system: see `bee-results --help`. It does the unattended
// run, too, for the services: each program with a TLS stack and YAML takes megabytes of the ISO.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"bee/core/printable"
	"bee/iso/unattended"
)

// Exit statuses, beside 0.
const (
	exitMissing = 1
	exitFailed  = 2
)

// errMissing says that not all was delivered; why was told.
var errMissing = errors.New("not everything was delivered")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := command(this()).ExecuteContext(ctx)
	os.Exit(exit(err, os.Stderr))
}

func exit(err error, stderr io.Writer) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errMissing):
		return exitMissing
	}
	fmt.Fprintf(stderr, "bee-results: %s\n", printable.Lines(err.Error()))
	return exitFailed
}

// retryName is the command that send leaves in the background.
const retryName = "retry"

func command(s *sender) *cobra.Command {
	root := &cobra.Command{
		Use:   "bee-results",
		Short: "Deliver what bee found out about this machine",
		Long: `bee-results tells where the results of this machine are, and what came of each delivery.
"bee-results send" delivers them. Results are all files in ` + s.logs + ` whose names begin with
"bee-": the audit's report, the page made of it, reports of burn-ins, logs, captures
(audit capture --output ` + s.logs + `/bee-capture.tar.gz makes one). They go to

  - each partition of a stick, or of another removable medium, that is labelled
    BEE-RESULTS and has vfat, exfat or ext4 on it, without being asked for:

        mkfs.vfat -n BEE-RESULTS /dev/sdX1

  - the partition of a disk of the machine that results.partition of bee.yaml names;
  - an HTTPS server, where bee.yaml names one:

        results:
          url: https://server.example/bee    # files are put below it
          method: PUT                        # or POST
          token: "..."                       # "Authorization: Bearer"
          certificate: |                     # the server's, or that of its authority; else
            -----BEGIN CERTIFICATE-----      # the authorities count that browsers know

Nothing else is written to any disk.

In each place, a folder has the machine's serial number and the time of the audit in its
name, such as A1B2C3-20260102T030405Z, and SHA256SUMS of what is in it. On a partition, a
file gets its name when all of it is on the medium: no power cut takes one that is
finished. The stick is unmounted after each delivery, and may be pulled then. What there is
no room for is left out, and told.

What a server has not got is tried again for a day, in the background. Where there is a
stick, also after the next start: its folders list in .unsent what has not arrived yet.

Exit status:
  0  everything is delivered, or there is no place to deliver it to
  1  something is not delivered, or not yet
  2  wrong usage, or it cannot be told or done`,
		Example: `  bee-results
  bee-results send
  bee-results send --wait 4h; poweroff`,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return s.show(cmd.OutOrStdout()) },
	}
	var wait time.Duration
	send := &cobra.Command{
		Use:   "send",
		Short: "Deliver the results",
		Long: `send delivers the results once. What is there already is not written again.

Where a server cannot be reached, or is not well, this goes on in the background for a
day. With --wait it stays instead, for as long as that takes, or for that time: before
the machine is powered off. A server that refuses the files, or that is not the one that
it has to be, is not asked again.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s.out = cmd.OutOrStdout()
			again, err := s.send(cmd.Context())
			if err != nil || !again {
				return err
			}
			switch {
			case wait > 0:
				return s.persist(cmd.Context(), wait, s.send)
			case cmd.Context().Err() == nil: // nobody interrupts it
				err = s.background()
			}
			return cmp.Or(err, errMissing)
		},
	}
	send.Flags().DurationVar(&wait, "wait", 0, "how long to go on where a server does not get the files")
	retry := &cobra.Command{
		Use:    retryName,
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s.out = cmd.OutOrStdout()
			return s.retry(cmd.Context())
		},
	}
	root.AddCommand(send, retry, unattended.Command())
	root.CompletionOptions.DisableDefaultCmd = true
	return root
}
