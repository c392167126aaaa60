package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"bee/audit/cmd/internal/manpage"
)

func manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man",
		Short: "Print the manual page",
		Long: `man prints the manual page, one for the program and all its commands. Its date is
that of SOURCE_DATE_EPOCH (seconds since 1970), without which it has none.`,
		Example: `  audit man | man -l -
  audit man > /usr/local/share/man/man8/audit.8`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var date time.Time
			if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
				seconds, err := strconv.ParseInt(epoch, 10, 64)
				if err != nil {
					return fmt.Errorf("SOURCE_DATE_EPOCH is no number of seconds: %q", epoch)
				}
				date = time.Unix(seconds, 0)
			}
			return manpage.Write(cmd.OutOrStdout(), cmd.Root(), version, date,
				manpage.Section{Title: "Exit status", Text: exitCodes},
				manpage.Section{Title: "Files", Text: defaultOutput + " is where the report goes, and where show, check and baseline look for it."},
				manpage.Section{Title: "Environment", Text: "NO_COLOR, where it is not empty, keeps colours out of the summary."})
		},
	}
}
