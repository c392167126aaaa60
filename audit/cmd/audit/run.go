package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bee/audit/collect"
	"bee/audit/collect/capture"
	"bee/audit/collect/machine"
	"bee/audit/collect/settle"
	"bee/audit/judge/finding"
	"bee/audit/report"
	"bee/audit/show/summary"
	"bee/audit/show/terminal"
	"bee/core/printable"
)

const defaultOutput = "/var/log/bee-audit.json"

func runCommand() *cobra.Command {
	var (
		output  string
		names   []string
		timeout time.Duration
		patient time.Duration
		from    string
	)
	var all, about []string
	shortest, longest := collect.Limits()
	for _, c := range collect.All() {
		all = append(all, c.Name)
		about = append(about, fmt.Sprintf("  %-8s %s", c.Name, c.About))
	}
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Audit this machine (the default command)",
		Long: `run asks the tools on this machine about its hardware, all at the same time,
writes the JSON report and prints its summary. On the machine's own console (a
screen or a serial line, no SSH session) it prints what fits that: see audit show --help.

A tool that is not installed is passed over. A tool that fails, hangs or prints
rubbish is killed and recorded under "errors" in the report; the rest of the
report stands, and the exit code is still 0.

Each tool has a time limit, ` + fmt.Sprintf("between %v and %v", shortest, longest) + `. One that needs longer is run
once more and has twice as long, where --timeout leaves that much: the machine may
be busy, a BMC slow. What has not answered then, or when --timeout is over, was not
examined, and "errors" says so. It is the same with what a device answers through
sysfs.

With --settle it begins when drivers have ended looking for their devices: when no module
is being loaded, no SCSI host or other device is being scanned, each NVMe controller is
up, udev is done and the kernel tells of no new device; and when Ethernet interfaces have
a link, or have had ten seconds for one. Where devices come or go while it
works, it begins once more. What still goes on at the limit is under "not_examined": the
report may lack what comes later.

With --root it audits a machine that "audit capture" has saved, and runs nothing
on this one. The report then has a "replay" field.

Collectors:
` + strings.Join(about, "\n"),
		Example: `  audit run                                write /var/log/bee-audit.json
  audit run --output report.json           write another file
  audit run --output - | jq .cpu           JSON on standard output, summary on standard error
  audit run --collectors memory,storage    a part only
  audit run --timeout 30s                  take what there is after 30 seconds
  audit run --settle 2m                    soon after a boot, as the service bee-audit does
  audit run --root server1.tar.gz          audit a captured machine, JSON on standard output`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			collectors, err := collect.Select(names)
			if err != nil {
				return usageError{fmt.Errorf("--collectors: %w", err)}
			}
			if err := checkTimeout(timeout); err != nil {
				return err
			}
			if from != "" && !cmd.Flags().Changed("output") {
				// The other file is about this machine.
				output = "-"
			}
			if patient < 0 || patient > 0 && from != "" {
				return usageError{fmt.Errorf("--settle: %v is not a time to wait for this machine's drivers", patient)}
			}
			return run(cmd, output, collectors, limits{timeout, patient}, from)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", defaultOutput, "file to write the JSON report to; - is standard output")
	cmd.Flags().StringSliceVar(&names, "collectors", all, "what to collect, separated by commas")
	cmd.Flags().StringVar(&from, "root", "", `captured machine to audit, in place of this one: a file of "audit capture" or a folder with the same; the report goes to standard output if --output does not say otherwise`)
	_ = cmd.MarkFlagFilename("output", "json")
	_ = cmd.MarkFlagFilename("root", "tar.gz")
	addTimeout(cmd, &timeout)
	cmd.Flags().DurationVar(&patient, "settle", 0, "how long to wait, at most, for drivers that still look for their devices (default: not at all)")
	_ = cmd.RegisterFlagCompletionFunc("collectors", cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func addTimeout(cmd *cobra.Command, timeout *time.Duration) {
	cmd.Flags().DurationVar(timeout, "timeout", 2*time.Minute, "how long the whole audit may take, whatever its tools still do")
}

func checkTimeout(timeout time.Duration) error {
	if timeout <= 0 {
		return usageError{fmt.Errorf("--timeout: %v is not a time to work in", timeout)}
	}
	return nil
}

func withTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, timeout, fmt.Errorf("the whole audit's time limit of %v was reached", timeout))
}

// saveMemory is for audits of the machine itself. Most need less than half. Where tools print
// a lot, rather collect garbage than let it grow: a live system lives in memory, and has no
// swap. A report or a capture that is larger than that would be read with nothing but
// collecting.
func saveMemory() { debug.SetMemoryLimit(64 << 20) }

// limits are how long an audit may take, and how long it waits for drivers before.
type limits struct{ whole, settle time.Duration }

func run(cmd *cobra.Command, output string, collectors []collect.Collector, limit limits, from string) error {
	var m machine.Machine = new(machine.Host)
	var replay *report.Replay
	if from != "" {
		c, err := capture.Open(from)
		if err != nil {
			return fmt.Errorf("--root: %w", mistaken(err, auditCapture, from, glance(from)))
		}
		m, replay = c, &report.Replay{
			Capture:      printable.Escape([]byte(from)),
			CapturedAt:   c.CapturedAt.UTC(),
			AuditVersion: printable.Escape([]byte(c.AuditVersion)),
		}
	} else {
		saveMemory()
	}
	result, err := openResult(cmd, "report", "output", output)
	if err != nil {
		return err
	}
	defer result.close()
	people := cmd.OutOrStdout()
	if output == "-" {
		people = cmd.ErrOrStderr()
	}

	audit := func() *report.Report {
		ctx, cancel := withTimeout(cmd.Context(), limit.whole)
		defer cancel()
		return collect.Audit(ctx, m, version, collectors, progress(cmd.ErrOrStderr()))
	}
	var r *report.Report
	if limit.settle > 0 {
		r = settle.Audit(cmd.Context(), os.DirFS("/"), limit.settle, audit)
	} else {
		r = audit()
	}
	r.Replay = replay
	finding.Add(r)

	if err := result.write(r.Write); err != nil {
		return err
	}
	options := summary.Options{Terminal: terminal.Of(people)}
	if options.Terminal.Console && from == "" {
		err = summary.WriteOverview(people, r, here(cmd.Context(), r), options)
	} else {
		err = summary.Write(people, r, options)
	}
	if err != nil {
		return err
	}
	if cmd.Context().Err() != nil {
		return errInterrupted
	}
	return nil
}

// progress tells somebody who waits at a terminal which collectors are done.
func progress(w io.Writer) func(report.CollectorRun) {
	if terminal.Of(w).Columns == 0 {
		return func(report.CollectorRun) {}
	}
	return func(c report.CollectorRun) {
		fmt.Fprintf(w, "%s: %s after %.2f s\n", c.Name, strings.ReplaceAll(string(c.Status), "_", " "), c.DurationSeconds)
	}
}
