// Package output is where the gate writes to: GitHub Actions or a terminal.
package output

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"bee/core/printable"
)

// Output takes what people and pipelines get to see. It is not for concurrent use.
type Output interface {
	// Printf writes text as it is.
	Printf(format string, args ...any)
	// Group begins lines that belong together, EndGroup ends them.
	Group(title string)
	EndGroup()
	// Error, Warning and Notice point at a line of a file.
	Error(Annotation)
	Warning(Annotation)
	Notice(Annotation)
	// Mask hides a secret in all that is written from now on.
	Mask(secret string)
	// Set hands a value to the steps that follow.
	Set(name, value string)
	// Summary shows Markdown, in addition to what was shown before.
	Summary(markdown string)
	// Log takes text that others write, and writes it to a place as Printf would, with what
	// is hidden by now, a line when it has ended. Unlike all else, it is for concurrent use.
	Log(to io.Writer) io.WriteCloser
}

// Annotation is a message about a line of a file. Without a file, it is about the
// whole; without a line, about the whole file.
type Annotation struct {
	File           string
	Line           int
	Title, Message string
}

// InActions tells whether the program runs in a workflow of GitHub Actions.
func InActions(getenv func(string) string) bool { return getenv("GITHUB_ACTIONS") == "true" }

// New is the output that fits the environment.
func New(getenv func(string) string, stdout io.Writer) Output {
	if InActions(getenv) {
		return newActions(getenv, stdout)
	}
	return &terminal{out: stdout}
}

// secrets are what must not be seen.
type secrets []string

// shortestLine is how long a line of a secret has to be to be hidden where it stands
// alone: a shorter one is in many words.
const shortestLine = 8

// add returns what is new: the secret, and each of its lines, since logs are written
// line by line.
func (s *secrets) add(secret string) (added []string) {
	all := []string{strings.TrimRight(secret, "\r\n")}
	for line := range strings.Lines(all[0]) {
		if line = strings.TrimSpace(line); len(line) >= shortestLine {
			all = append(all, line)
		}
	}
	for _, text := range all {
		if text != "" && !slices.Contains(*s, text) {
			*s = append(*s, text)
			added = append(added, text)
		}
	}
	// A secret that holds another one is replaced as a whole.
	slices.SortStableFunc(*s, func(a, b string) int { return len(b) - len(a) })
	return added
}

// clean is text without secrets, and printable: also engines and builds say what came from
// outside.
func (s secrets) clean(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, "***")
	}
	return printable.Lines(text)
}

func (s secrets) annotation(a Annotation) Annotation {
	return Annotation{s.clean(a.File), a.Line, s.clean(a.Title), s.clean(a.Message)}
}

// String is the annotation without its kind.
func (a Annotation) String() string {
	if a.Title == "" {
		return a.Message
	}
	return a.Title + ": " + a.Message
}

// position is where the annotation points to, as compilers write it.
func (a Annotation) position() string {
	switch {
	case a.File == "":
		return ""
	case a.Line == 0:
		return a.File + ": "
	}
	return fmt.Sprintf("%s:%d: ", a.File, a.Line)
}
