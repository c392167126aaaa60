package main

import (
	"github.com/spf13/cobra"

	"bee/core/report"
)

func verdictCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verdict FOLDER...",
		Short: "Show reports side by side and tell whether all of them passed",
		Long: `verdict reads the smoke reports in the folders, or up to two folders below them,
and prints a line for each report, a table of the checks, and for each report that
is no pass what failed, with the end of its serial.log.

Exit status: 0 where every report passed, 1 where one did not, 2 where a folder
has no report.`,
		Example: `  smoke verdict dist/smoke
  smoke verdict dist/smoke/uefi dist/smoke/bios`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, dirs []string) error {
			found, err := report.Find(dirs)
			if err != nil {
				return err
			}
			passed, err := report.Table(cmd.OutOrStdout(), found)
			if err == nil && !passed {
				return errFailed
			}
			return err
		},
	}
}
