// Package table shows a result to people.
package table

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"bee/bench/internal/history"
	"bee/bench/internal/result"
	"bee/core/printable"
)

// Write writes a result, compared with what was recorded before. The figure in brackets
// is a ratio: the new figure divided by the one that stands before the brackets.
func Write(w io.Writer, r *result.Result, h history.History) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.StripEscape)
	fmt.Fprintf(out, "bee %s\n%s\n(ratio): this divided by that, less than 1 is less\n", r.Version, r.Machine)
	for _, p := range r.Parts {
		fmt.Fprintf(out, "\n%s\n", strings.TrimSuffix(p.Name+": "+p.Of, ": "))
		versions := map[string]bool{}
		for _, f := range p.Figures {
			line := []string{"  " + f.Name, Amount(f.Value, f.Unit), spread(f)}
			for _, peer := range f.Peers {
				line = append(line, peer.Name+" "+compared(f, peer.Value))
			}
			if before, version, found := h.Before(r.Machine, p, f.Name); found {
				line = append(line, "before "+compared(f, before.Value))
				versions[version] = true
			}
			fmt.Fprintln(out, strings.TrimRight(strings.Join(line, "\t"), "\t"))
		}
		for _, recorded := range h {
			if versions[recorded.Version] {
				fmt.Fprintf(out, "  before: %s\n", recorded.Version)
			}
		}
		for _, note := range p.Notes {
			fmt.Fprintf(out, "  note: %s\n", printable.Lines(note))
		}
		if p.Missing != "" {
			fmt.Fprintf(out, "  not measured: %s\n", strings.ReplaceAll(printable.Lines(p.Missing), "\n", "\n    "))
		}
	}
	return out.Flush()
}

// compared is another amount, and the ratio of a figure to it.
func compared(f result.Figure, other float64) string {
	text := Amount(other, f.Unit)
	if other != 0 {
		text += fmt.Sprintf(" (%.2f)", f.Value/other)
	}
	return text
}

func spread(f result.Figure) string {
	if f.Runs < 2 {
		return ""
	}
	return fmt.Sprintf("%s to %s", number(f.Low, f.Unit), number(f.High, f.Unit))
}

// Amount is a number with its unit, such as 2.13 s or 257.1 MB.
func Amount(value float64, unit result.Unit) string {
	return number(value, unit) + " " + cmp.Or(map[result.Unit]string{result.Bytes: "MB"}[unit], string(unit))
}

func number(value float64, unit result.Unit) string {
	if unit == result.Bytes {
		return fmt.Sprintf("%.2f", value/1e6)
	}
	return fmt.Sprintf("%.2f", value)
}
