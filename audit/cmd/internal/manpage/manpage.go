// Package manpage writes the manual page of a program whose commands are cobra's,
// in the format of man(7).
//
// Own code: cobra's writes a page for each command and reads their texts as
// Markdown, which ours are not; mango's leaves out what commands say about
// themselves and has the time of the call in the page.
package manpage

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Section is a section of the page that no command has: its title, and text as
// in a command's Long.
type Section struct{ Title, Text string }

// Write writes one page for a program and all its commands. In texts, indented
// lines stay as they are and others are filled; lines in between that are empty
// begin a paragraph. A zero date is left out.
func Write(w io.Writer, root *cobra.Command, version string, date time.Time, more ...Section) error {
	p := &page{}
	day := ""
	if !date.IsZero() {
		day = date.UTC().Format(time.DateOnly)
	}
	// mandoc reads the date only where its hyphens are plain.
	p.line(fmt.Sprintf(`.TH "%s" "8" "%s" "%s"`, escape(strings.ToUpper(root.Name())), day, escape(root.Name()+" "+version)))
	p.macro("SH", "NAME")
	p.line(root.Name() + ` \- ` + escape(root.Short))
	p.macro("SH", "SYNOPSIS")
	p.synopsis(root)
	for _, c := range commands(root) {
		p.line(".br")
		p.synopsis(c)
	}
	p.macro("SH", "DESCRIPTION")
	p.text(root.Long)
	p.macro("SH", "COMMANDS")
	for _, c := range commands(root) {
		p.command(c)
	}
	for _, s := range more {
		p.macro("SH", strings.ToUpper(s.Title))
		p.text(s.Text)
	}
	p.macro("SH", "EXAMPLES")
	p.text(root.Example)
	_, err := io.WriteString(w, p.String())
	return err
}

// commands are those of a program, by name, without the one that helps.
func commands(root *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(root.Commands()), func(c *cobra.Command) bool {
		return !c.IsAvailableCommand() || c.Name() == "help"
	})
}

// page is the page so far. All that goes into it is escaped.
type page struct{ strings.Builder }

func (p *page) line(s string) { p.WriteString(s + "\n") }

func (p *page) macro(name string, args ...string) {
	for _, a := range args {
		name += ` "` + escape(a) + `"`
	}
	p.line("." + name)
}

// synopsis writes how a command is called: its words in bold, what stands for
// something else in italics.
func (p *page) synopsis(c *cobra.Command) {
	words := strings.Fields(c.Use)[1:]
	// Not UseLine, to which the command that runs has one flag more: --help.
	c.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if !hidden(f) && !slices.Contains(words, "[flags]") {
			words = append(words, "[flags]")
		}
	})
	for i, w := range words {
		words[i] = `\fI` + escape(w) + `\fR`
	}
	p.line(strings.Join(append([]string{`\fB` + escape(c.CommandPath()) + `\fR`}, words...), " "))
}

func (p *page) command(c *cobra.Command) {
	p.macro("SS", strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" "))
	if c.HasSubCommands() { // cobra's own completion: its texts are for its help
		p.text(c.Short + `: see "` + c.CommandPath() + ` --help".`)
		return
	}
	p.text(c.Short + ".\n\n" + c.Long)
	c.NonInheritedFlags().VisitAll(p.flag)
	if c.Example != "" {
		p.line(".PP")
		p.text("Examples:\n\n" + c.Example)
	}
}

func (p *page) flag(f *pflag.Flag) {
	if hidden(f) {
		return
	}
	p.line(".TP")
	name := `\fB` + escape("--"+f.Name) + `\fR`
	if f.Shorthand != "" {
		name = `\fB` + escape("-"+f.Shorthand) + `\fR, ` + name
	}
	value, usage := pflag.UnquoteUsage(f)
	if value != "" {
		name += ` \fI` + escape(value) + `\fR`
	}
	p.line(name)
	if !slices.Contains([]string{"", "false", "0", "0s", "[]"}, f.DefValue) {
		usage += " (default " + strings.Trim(f.DefValue, "[]") + ")"
	}
	p.line(escape(usage))
}

func hidden(f *pflag.Flag) bool { return f.Hidden || f.Name == "help" }

// text writes paragraphs.
func (p *page) text(text string) {
	verbatim, paragraph := false, false
	for n, line := range strings.Split(strings.Trim(text, "\n"), "\n") {
		indented := strings.HasPrefix(line, " ")
		if verbatim && !indented {
			p.line(".EE")
		}
		if n > 0 && (paragraph || indented && !verbatim) && line != "" {
			p.line(".PP")
		}
		if indented && !verbatim {
			p.line(".EX")
		}
		if line != "" {
			p.line(escape(line))
		}
		verbatim, paragraph = indented, line == ""
	}
	if verbatim {
		p.line(".EE")
	}
}

// special are characters that troff takes for something else, or shows as
// something prettier that cannot be copied into a shell.
var special = strings.NewReplacer(`\`, `\e`, `-`, `\-`, `'`, `\(aq`, "`", `\(ga`, `^`, `\(ha`, `~`, `\(ti`, `"`, `\(dq`)

func escape(text string) string {
	var b strings.Builder
	for _, r := range special.Replace(text) {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\[u%04X]`, r)
		}
	}
	if s := b.String(); strings.HasPrefix(s, ".") {
		return `\&` + s
	}
	return b.String()
}
