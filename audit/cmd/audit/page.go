package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"bee/audit/show/page"
)

func reportCommand() *cobra.Command {
	var (
		html   bool
		output string
	)
	cmd := &cobra.Command{
		Use:   "report --html [REPORT]",
		Short: "Make a page for the browser of a report",
		Long: `report makes one HTML page of a report: findings, drawings of memory slots,
drives, GPUs and more, tables with the details. The page is a single file without
scripts that needs nothing from the network: mail it, print it, keep it.

REPORT is the JSON report, ` + defaultOutput + ` where it is left out; - is
standard input. --html names the format; there is no other.`,
		Example: `  audit report --html > report.html
  audit report --html --output report.html report.json
  audit run --output - | audit report --html -o report.html -`,
		Args:              usageArgs(cobra.MaximumNArgs(1)),
		ValidArgsFunction: completeReports(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !html {
				return usageError{errors.New("choose the format: audit report --html (there is no other)")}
			}
			r, err := readReport(cmd, append(args, defaultOutput)[0])
			if err != nil {
				return err
			}
			result, err := openResult(cmd, "page", output)
			if err != nil {
				return err
			}
			defer result.close()
			return result.write(func(w io.Writer) error { return page.Write(w, r) })
		},
	}
	cmd.Flags().BoolVar(&html, "html", false, "make an HTML page")
	cmd.Flags().StringVarP(&output, "output", "o", "-", "file to write the page to; - is standard output")
	_ = cmd.MarkFlagFilename("output", "html")
	return cmd
}
