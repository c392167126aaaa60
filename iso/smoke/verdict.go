package main

import (
	"github.com/spf13/cobra"

	"bee/core/report"
)

func verdictCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verdict FOLDER...",
		Short: "Show reports side by side and tell whether all of them passed",
		Long: `verdict reads the report.json of each folder and prints a line for each report, a
table of the checks, and for each report that is no pass what failed, with the
end of its serial.log.

Exit status: 0 where every report passed, 1 where one did not, 2 where a folder
has no report.`,
		Example: `  smoke verdict dist/smoke/*`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, dirs []string) error {
			passed, err := report.Table(cmd.OutOrStdout(), dirs)
			if err == nil && !passed {
				return errFailed
			}
			return err
		},
	}
}
