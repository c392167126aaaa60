package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bee/audit/collect"
	"bee/audit/collect/capture"
	"bee/audit/collect/machine"
	"bee/audit/report/label"
)

func captureCommand() *cobra.Command {
	var (
		output  string
		timeout time.Duration
	)
	cmd := &cobra.Command{
		Use:   "capture",
		Short: "Save what this machine answers, to audit it elsewhere",
		Long: `capture audits this machine with all collectors and saves, in place of a report,
everything that they saw: the raw output of every tool, how and when it ended,
and the files, folders and links that were read. "audit run --root FILE" makes
the report from that, on any machine, as often as you like.

Use it where a report is wrong or incomplete: the capture shows why.

The file holds serial numbers, MAC addresses and the host name of the machine,
and the files of /sys, /proc and /etc that tell of its hardware and of bee. List
them with "tar -tzf FILE". It holds no content of drives, no keys and no
passwords.`,
		Example: `  audit capture                        write bee-capture-HOST-TIME.tar.gz
  audit capture --output server1.tar.gz
  audit capture --output - | ssh admin@192.0.2.1 'cat > server1.tar.gz'
  audit run --root server1.tar.gz      the report of what was captured`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkTimeout(timeout); err != nil {
				return err
			}
			if output == "" {
				output = captureName(time.Now())
			}
			return captureMachine(cmd, output, timeout)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write the capture to; - is standard output (default bee-capture-HOST-TIME.tar.gz)")
	_ = cmd.MarkFlagFilename("output", "tar.gz")
	addTimeout(cmd, &timeout)
	return cmd
}

// captureName is a file name that no other machine's capture has.
func captureName(at time.Time) string {
	host, _ := os.Hostname()
	host = strings.Map(func(r rune) rune {
		if strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_", r) {
			return r
		}
		return '_'
	}, host)
	return fmt.Sprintf("bee-capture-%s-%s.tar.gz", host, at.UTC().Format("20060102T150405Z"))
}

func captureMachine(cmd *cobra.Command, output string, timeout time.Duration) error {
	result, err := openResult(cmd, "capture", "output", output)
	if err != nil {
		return err
	}
	defer result.close()

	saveMemory()
	ctx, cancel := withTimeout(cmd.Context(), timeout)
	defer cancel()
	recorder := capture.Record(new(machine.Host))
	r := collect.Audit(ctx, recorder, version, collect.All(), progress(cmd.ErrOrStderr()))

	if err := result.write(func(w io.Writer) error { return recorder.Write(w, version) }); err != nil {
		return err
	}
	tools := 0
	for _, c := range r.Collectors {
		tools += len(c.Tools)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "captured %s of tools, %s among them, to %s\n", label.Count(tools, "run"), label.Count(len(r.Errors), "error"), output)
	if cmd.Context().Err() != nil {
		return errInterrupted
	}
	return nil
}
