package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"bee/audit/cmd/internal/unknown"
	"bee/audit/judge/baseline"
	"bee/audit/judge/compare"
	"bee/audit/judge/fleet"
	"bee/audit/report"
	"bee/audit/report/schema"
)

func schemaCommand() *cobra.Command {
	schemas := map[string][]byte{"report": schema.JSON, "baseline": baseline.Schema, "comparison": compare.Schema, "fleet": fleet.Schema}
	names := []cobra.Completion{"report", "baseline", "comparison", "fleet"}
	return &cobra.Command{
		Use:   "schema [report|baseline|comparison|fleet]",
		Short: "Print the JSON Schema of reports, or of other files",
		Long: `schema prints the JSON Schema (draft 2020-12) of the reports that this program
writes, which also describes every field; or that of baselines for "audit check",
that of what "audit diff" and "audit check" print with --json, or of what "audit
fleet" does.`,
		Example: `  audit schema > report.schema.json
  audit schema baseline > baseline.schema.json`,
		Args:      usageArgs(cobra.MatchAll(cobra.MaximumNArgs(1), unknown.Argument)),
		ValidArgs: names,
		RunE: func(cmd *cobra.Command, args []string) error {
			_, err := cmd.OutOrStdout().Write(schemas[append(args, "report")[0]])
			return err
		},
	}
}

func validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE",
		Short: "Check a report against its schema",
		Long: `validate checks that a file is a report as "audit schema" describes it. It exits
with 0 where it is; else it says what is wrong where, and exits with 1.`,
		Example: "  audit validate " + defaultOutput,
		Args:    usageArgs(cobra.ExactArgs(1)),

		ValidArgsFunction: completeReports(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := schema.ValidateFile(args[0]); err != nil {
				return mistaken(err, auditReport, args[0], glance(args[0]))
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s is a valid audit report\n", args[0])
			return err
		},
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of the program and of its reports",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "audit %s, report schema %s\n", version, report.SchemaVersion)
			return err
		},
	}
}
