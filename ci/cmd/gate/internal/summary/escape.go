package summary

import (
	"fmt"
	"strings"

	"bee/core/printable"
)

// special are the characters that mean something in Markdown, in HTML, or to GitHub:
// names of people, references.
const special = "&<>|`*_[]#~\\@"

// escape makes text that comes from a machine, or an engine, nothing but text, on one
// line. Of colons, only those of addresses and of workflow commands mean something.
func escape(text string) string {
	text = printable.Again(strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ").Replace(text))
	text = strings.NewReplacer("::", "\x00\x00", "://", "\x00//").Replace(text)
	var b strings.Builder
	for _, r := range text {
		switch {
		case strings.ContainsRune(special, r):
			fmt.Fprintf(&b, "&#%d;", r)
		case r == 0:
			fmt.Fprintf(&b, "&#%d;", ':')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// preformatted are lines as they are.
func preformatted(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(escape(strings.TrimRight(line, "\r\n")) + "\n")
	}
	return "<pre>\n" + b.String() + "</pre>\n"
}

// fold hides text behind a title.
func fold(title, text string) string {
	return "<details><summary>" + escape(title) + "</summary>\n\n" + text + "\n</details>\n"
}

// table has a heading in its first row.
func table(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	return b.String()
}
