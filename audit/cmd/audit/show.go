package main

import (
	"bufio"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bee/audit/report"
	"bee/audit/show/qr"
	"bee/audit/show/summary"
	"bee/audit/show/terminal"
)

func showCommand() *cobra.Command {
	var verbose, overview, codes bool
	cmd := &cobra.Command{
		Use:   "show [FILE]",
		Short: "Print the summary of a report",
		Long: `show prints the summary of a report: what is wrong with the machine first. Where
a list is long, equal parts share a line; --verbose shows each by itself, with its
serial number, and what findings were concluded from.

--overview prints on one screen what somebody before the machine wants to know first:
which machine it is, the worst that is wrong with it, the addresses of its interfaces
and of its BMC, the ports of switches that they are connected to, and how SSH lets
people in. Without FILE, addresses are those of this moment, and the password that a
live system has made up is shown. Consoles show it when the audit has ended.

--qr prints what is wrong and the gist of the rest as QR codes, to take with a
phone from the console of a server without a network. On a terminal it shows one
code at a time, and only the first where nobody can press Enter. Each code holds
plain text:
  BEE1 1/2 5D41402A           format, which of how many codes, of which report
  FIND=1 critical, 2 warning  findings
  SN=S937425X4C19233          serial number
  SYS=ACME Server 9000        manufacturer and product name
and so on: KEY (fingerprint of the SSH host key), GAP (what could not be examined, and why), CPU, MEM (total: modules), BIOS, DISK, GPU, NIC (number, first MAC
address), BEE (version, commit) or AUDIT (version), TIME.

FILE is the JSON report, ` + defaultOutput + ` where it is left out; - is
standard input.`,
		Example: `  audit show                  the report that "audit" wrote last
  audit show --overview       the most important of it, on one screen
  audit show --qr             as QR codes
  audit show -v report.json   every part, and why`,
		Args:              usageArgs(cobra.MaximumNArgs(1)),
		ValidArgsFunction: completeReports(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := readReport(cmd, append(args, defaultOutput)[0])
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			options := summary.Options{Terminal: terminal.Of(out), Verbose: verbose}
			switch {
			case overview && len(args) == 0:
				return summary.WriteOverview(out, r, here(cmd.Context(), r), options)
			case overview:
				return summary.WriteOverview(out, r, nil, options)
			case !codes:
				return summary.Write(out, r, options)
			}
			if err := summary.WriteFindings(out, r, options); err != nil {
				return err
			}
			return showCodes(out, cmd.InOrStdin(), r)
		},
	}
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "every part by itself, and the evidence of findings")
	cmd.Flags().BoolVar(&overview, "overview", false, "the most important of it on one screen, in place of the whole summary")
	cmd.Flags().BoolVar(&codes, "qr", false, "findings and QR codes in place of the whole summary")
	cmd.MarkFlagsMutuallyExclusive("overview", "qr")
	cmd.MarkFlagsMutuallyExclusive("overview", "verbose")
	return cmd
}

// showCodes prints QR codes. A terminal holds one of them: the next one comes
// when somebody presses Enter, if in leads to somebody.
func showCodes(out io.Writer, in io.Reader, r *report.Report) error {
	t := terminal.Of(out)
	screens, err := qr.Screens(r, t)
	if err != nil {
		return err
	}
	enter := bufio.NewReader(in)
	for i, screen := range screens {
		if i > 0 && t.Columns > 0 {
			if terminal.Of(in).Columns == 0 {
				return nil
			}
			fmt.Fprint(out, "Enter shows the next code: ")
			if _, err := enter.ReadString('\n'); err != nil {
				return nil
			}
		}
		if _, err := io.WriteString(out, "\n"+screen); err != nil {
			return err
		}
	}
	return nil
}

// completeReports completes up to n arguments, which are reports.
func completeReports(n int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) >= n {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return []cobra.Completion{"json"}, cobra.ShellCompDirectiveFilterFileExt
	}
}
