package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bee/audit/judge/compare"
	"bee/audit/show/comparison"
	"bee/audit/show/terminal"
)

// errDifferent ends the program with exitDifferent. What differs was printed.
var errDifferent = errors.New("not the same")

// comparisonError is a comparison that did not take place: whether there is a
// difference is not known.
type comparisonError struct{ error }

func diffCommand() *cobra.Command {
	var (
		o      compare.Options
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare two machines, or a machine with what it was",
		Long: `diff compares the hardware in two reports: are these machines built the same?
Equal components are counted, wherever they sit, and compared by model, size,
firmware, speed, width and the like. Serial numbers, MAC addresses, temperatures,
hours, use and what links and clocks are at while idle are no difference. Removable
USB media and virtual functions do not count as components. Programs and findings
that differ are told, and do not count either.

--serials asks another question: what became of this machine? It also compares
serial numbers, UUIDs, MAC addresses and places, and so finds what was swapped or
moved.

What is in one report only because the other audit could not read it is not known,
not missing. It is listed as not compared, and the exit code is 1 as for a
difference: only 0 says that all is the same. --sections leaves out what you do not
care for.

A or B may be - for standard input.`,
		Example: `  audit diff node1.json node2.json                       built the same?
  audit diff --serials before.json after.json            what was swapped or moved?
  audit diff --sections memory,storage a.json b.json     only these
  ssh node2 audit --output - | audit diff node1.json -   with a machine elsewhere
  audit diff --json a.json b.json | jq .differences      for programs (see audit schema comparison)`,
		Args:              usageArgs(cobra.ExactArgs(2)),
		ValidArgsFunction: completeReports(2),
		RunE: comparing(func(cmd *cobra.Command, args []string) error {
			for _, s := range o.Sections {
				if !slices.Contains(compare.Sections(), s) {
					return usageError{fmt.Errorf("--sections: no section %q: choose from %s", s, strings.Join(compare.Sections(), ", "))}
				}
			}
			in := inputs{stdin: cmd.InOrStdin()}
			textA, textB := in.read(args[0], auditReport), in.read(args[1], auditReport)
			a, b := in.report(args[0], textA), in.report(args[1], textB)
			if in.err != nil {
				return in.err
			}
			write := inWords("A", "B")
			if asJSON {
				write = inJSON
			}
			return printComparison(cmd.OutOrStdout(), compare.Reports(args[0], a, args[1], b, o), write)
		}),
	}
	cmd.Flags().BoolVar(&o.Serials, "serials", false, "also compare serial numbers, UUIDs, MAC addresses and places")
	cmd.Flags().StringSliceVar(&o.Sections, "sections", nil, "what to compare, separated by commas (default all)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the comparison as JSON")
	_ = cmd.RegisterFlagCompletionFunc("sections", cobra.FixedCompletions(compare.Sections(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// comparing makes errors of a command that compares tell from a difference.
func comparing(run func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		var usage usageError
		if err == nil || errors.Is(err, errDifferent) || errors.As(err, &usage) {
			return err
		}
		return comparisonError{err}
	}
}

// writing writes a comparison in one of its forms.
type writing func(io.Writer, *compare.Comparison) error

// inWords writes for people, with headings for the two sides.
func inWords(expected, got string) writing {
	return func(w io.Writer, c *compare.Comparison) error {
		return comparison.Write(w, c, expected, got, terminal.Of(w))
	}
}

// inJSON writes for programs.
func inJSON(w io.Writer, c *compare.Comparison) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(c)
}

// printComparison returns errDifferent where that is what there is to print.
func printComparison(out io.Writer, c *compare.Comparison, write writing) error {
	err := write(out, c)
	if err == nil && !c.Same {
		return errDifferent
	}
	return err
}
