package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"bee/audit/report"
	"bee/audit/show/junit"
	"bee/audit/show/metrics"
	"bee/audit/show/page"
)

// formats are what "audit report" makes of a report, by the names of its flags.
var formats = []struct {
	flag, does string
	// what is made, for errors
	what  string
	write func(io.Writer, *report.Report) error
}{
	{"html", "make an HTML page", "page", page.Write},
	{"junit", "make JUnit XML, for pipelines", "JUnit file", junit.Write},
	{"metrics", "make OpenMetrics text, for dashboards", "metrics", metrics.Write},
}

func reportCommand() *cobra.Command {
	chosen := make([]bool, len(formats))
	var output string
	cmd := &cobra.Command{
		Use:   "report --html|--junit|--metrics [REPORT]",
		Short: "Make a page for the browser of a report, or what other programs read",
		Long: `report makes something else of a report. REPORT is the JSON report,
` + defaultOutput + ` where it is left out; - is standard input.

--html makes one HTML page: findings, drawings of memory slots, drives, GPUs and
more, tables with the details. The page is a single file without scripts that needs
nothing from the network: mail it, print it, keep it.

--junit makes test results for pipelines, in JUnit's XML. Each section of the report
has two tests: "findings" fails where a finding is critical, and has the others as
its output; "examined" is skipped where something of the section could not be
examined, as is "findings" where nothing could.

--metrics makes OpenMetrics text for dashboards: findings by section and severity,
temperatures, wear of drives, errors of memory, widths of links and more, in names
that begin with bee_. Prometheus takes it over HTTP, its node_exporter as a file with
the ending .prom in the folder of the textfile collector.`,
		Example: `  audit report --html > report.html
  audit report --html --output report.html report.json
  audit run --output - | audit report --html -o report.html -
  audit report --junit --output junit.xml report.json
  audit report --metrics --output /var/lib/prometheus/node-exporter/bee.prom`,
		Args:              usageArgs(cobra.MaximumNArgs(1)),
		ValidArgsFunction: completeReports(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			at := -1
			for i, is := range chosen {
				if is && at >= 0 {
					return usageError{errors.New("--html, --junit and --metrics exclude each other: choose one format")}
				} else if is {
					at = i
				}
			}
			if at < 0 {
				return usageError{errors.New("choose the format: audit report --html, --junit or --metrics")}
			}
			r, err := readReport(cmd, append(args, defaultOutput)[0])
			if err != nil {
				return err
			}
			result, err := openResult(cmd, formats[at].what, "output", output)
			if err != nil {
				return err
			}
			defer result.close()
			return result.write(func(w io.Writer) error { return formats[at].write(w, r) })
		},
	}
	for i, f := range formats {
		cmd.Flags().BoolVar(&chosen[i], f.flag, false, f.does)
	}
	cmd.Flags().StringVarP(&output, "output", "o", "-", "file to write to; - is standard output")
	_ = cmd.MarkFlagFilename("output", "html", "xml", "prom")
	return cmd
}
