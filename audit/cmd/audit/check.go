package main

import (
	"encoding/json"
	"errors"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"

	"bee/audit/judge/baseline"
	"bee/audit/judge/compare"
	"bee/audit/report"
	"bee/audit/show/junit"
)

func checkCommand() *cobra.Command {
	var (
		file            string
		asJSON, asJUnit bool
	)
	cmd := &cobra.Command{
		Use:   "check --baseline FILE [REPORT]",
		Short: "Compare a machine with what was ordered",
		Long: `check compares the hardware in a report (default ` + defaultOutput + `)
with a baseline. That is the report of a machine that is as it should be, which
is compared as diff does, or a file (YAML or JSON) that says what was ordered:

  system: {product_name: SYS-421GE-TNRT}
  bios: {version: ["2.1", "2.2"]}           # one of these
  processors:
    - {count: 2, model: "*8480*"}           # * any text, ? one character
  memory: {total: 1 TiB}
  memory_modules:
    - {count: 16, size: 64 GiB, configured_speed_mts: 4800+}   # or more
  drives:
    - {count: 2, model: Micron_5300*, size: 480 GB}
    - {count: 8, transport: nvme, size: 3.84 TB, firmware_version: GDC5602Q}
  gpus:
    - {count: 8, name: "NVIDIA H100*", memory_total: 80 GB, vbios_version: 96.*}
  network_interfaces:
    - {count: 2, driver: ice, max_speed_mbps: 100000, link: true}
    - {count: 0+}                           # any others
  power_supplies:
    - {count: 4, max_watts: 2700+, state: ok}
  worst_finding: info                       # none, info, warning, critical

Everything may be left out. A list is complete: a drive that no entry allows is a
difference; only pci_devices may be more than are listed. Without count, at least
one is wanted. Sizes are as they are sold. "audit schema baseline" has all the
keys, and "audit baseline" makes a baseline from a report.

What the baseline asks for and the report does not know is listed as not
compared, and the exit code is 1 as for a difference.

--junit prints test results for pipelines, in JUnit's XML: a test "baseline" for each
section. It fails where something differs, has an error where something was not
compared, and is skipped where the baseline asks for nothing.`,
		Example: `  audit check --baseline order.yaml                  the last audit of this machine
  audit check --baseline order.yaml node2.json       another machine
  audit check --baseline golden.json node2.json      as good as that machine?
  audit check --json --baseline order.yaml           for programs (see audit schema comparison)
  audit check --junit --baseline order.yaml > junit.xml`,
		Args:              usageArgs(cobra.MaximumNArgs(1)),
		ValidArgsFunction: completeReports(1),
		RunE: comparing(func(cmd *cobra.Command, args []string) error {
			if file == "" {
				return usageError{errors.New("--baseline FILE is missing (see audit check --help)")}
			}
			write := inWords("baseline", "machine")
			switch {
			case asJSON && asJUnit:
				return usageError{errors.New("--json and --junit exclude each other: choose one format")}
			case asJSON:
				write = inJSON
			case asJUnit:
				write = junit.WriteComparison
			}
			name := append(args, defaultOutput)[0]
			in := inputs{stdin: cmd.InOrStdin()}
			wanted, text := in.read(file, auditBaseline), in.read(name, auditReport)
			got := in.report(name, text)
			if in.err != nil {
				return in.err
			}
			c, err := check(file, wanted, name, got)
			if err != nil {
				return err
			}
			return printComparison(cmd.OutOrStdout(), c, write)
		}),
	}
	cmd.Flags().StringVar(&file, "baseline", "", "file that says what the machine should be")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the comparison as JSON")
	cmd.Flags().BoolVar(&asJUnit, "junit", false, "print the comparison as JUnit XML, for pipelines")
	_ = cmd.RegisterFlagCompletionFunc("baseline", cobra.FixedCompletions([]string{"yaml", "yml", "json"}, cobra.ShellCompDirectiveFilterFileExt))
	return cmd
}

// check compares a machine with a baseline, or with another machine's report.
func check(file string, wanted []byte, name string, got *report.Report) (*compare.Comparison, error) {
	var version struct {
		SchemaVersion string `json:"schema_version"`
	}
	if json.Unmarshal(wanted, &version) == nil && version.SchemaVersion != "" {
		golden, err := report.Decode(wanted, called(file))
		if err != nil {
			return nil, mistaken(err, auditReport, file, wanted)
		}
		return compare.Reports(file, golden, name, got, compare.Options{}), nil
	}
	b, err := baseline.Parse(called(file), wanted)
	if err != nil {
		return nil, mistaken(err, auditBaseline, file, wanted)
	}
	return b.Compare(file, name, got), nil
}

func baselineCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "baseline [REPORT]",
		Short: "Print a baseline that the machine in a report meets",
		Long: `baseline prints what a machine is (by the report of the last audit, or another
one) as a baseline for "audit check". Edit it: take out what may be different on
other machines.`,
		Example: `  audit baseline golden.json > order.yaml`,
		Args:    usageArgs(cobra.MaximumNArgs(1)),

		ValidArgsFunction: completeReports(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := readReport(cmd, append(args, defaultOutput)[0])
			if err != nil {
				return err
			}
			text, err := yaml.Dump(baseline.Of(r))
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
}
