package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bee/audit/collect"
	"bee/audit/machine"
	"bee/audit/outfile"
	"bee/audit/report"
	"bee/audit/summary"
)

const defaultOutput = "/var/log/bee-audit.json"

func runCommand() *cobra.Command {
	var (
		output  string
		names   []string
		timeout time.Duration
	)
	var all, about []string
	for _, c := range collect.All() {
		all = append(all, c.Name)
		about = append(about, fmt.Sprintf("  %-8s %s", c.Name, c.About))
	}
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Audit this machine (the default command)",
		Long: `run asks the tools on this machine about its hardware, all at the same time,
writes the JSON report and prints its summary.

A tool that is not installed is passed over. A tool that fails, hangs or prints
rubbish is killed and recorded under "errors" in the report; the rest of the
report stands, and the exit code is still 0.

Collectors:
` + strings.Join(about, "\n"),
		Example: `  audit run                                write /var/log/bee-audit.json
  audit run --output report.json           write another file
  audit run --output - | jq .cpu           JSON on standard output, summary on standard error
  audit run --collectors memory,storage    a part only
  audit run --timeout 30s                  take what there is after 30 seconds`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			collectors, err := collect.Select(names)
			if err != nil {
				return usageError{fmt.Errorf("--collectors: %w", err)}
			}
			if timeout <= 0 {
				return usageError{fmt.Errorf("--timeout: %v is not a time to work in", timeout)}
			}
			return run(cmd, output, collectors, timeout)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", defaultOutput, "file to write the JSON report to; - is standard output")
	cmd.Flags().StringSliceVar(&names, "collectors", all, "what to collect, separated by commas")
	cmd.Flags().DurationVar(&timeout, "timeout", 2*time.Minute, "how long the whole audit may take")
	_ = cmd.RegisterFlagCompletionFunc("collectors", cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func run(cmd *cobra.Command, output string, collectors []collect.Collector, timeout time.Duration) error {
	write := func(r *report.Report) error { return r.Write(cmd.OutOrStdout()) }
	people := cmd.ErrOrStderr()
	if output != "-" {
		// Before the work, so that it is not in vain.
		file, err := outfile.Create(output)
		if err != nil {
			return fmt.Errorf("cannot write the report: %w (give another file with --output)", err)
		}
		defer file.Close()
		write = func(r *report.Report) error { return file.Write(r.Write) }
		people = cmd.OutOrStdout()
	}

	ctx, cancel := context.WithTimeoutCause(cmd.Context(), timeout,
		fmt.Errorf("the whole audit's time limit of %v was reached", timeout))
	defer cancel()
	r := collect.Audit(ctx, machine.Host{}, version, collectors, progress(cmd.ErrOrStderr()))

	if err := write(r); err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	if err := summary.Write(people, r); err != nil {
		return err
	}
	if cmd.Context().Err() != nil {
		return errInterrupted
	}
	return nil
}

// progress tells somebody who waits at a terminal which collectors are done.
func progress(w io.Writer) func(report.CollectorRun) {
	file, ok := w.(*os.File)
	if !ok {
		return func(report.CollectorRun) {}
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return func(report.CollectorRun) {}
	}
	return func(c report.CollectorRun) {
		fmt.Fprintf(w, "%s: %s after %.2f s\n", c.Name, strings.ReplaceAll(string(c.Status), "_", " "), c.DurationSeconds)
	}
}
