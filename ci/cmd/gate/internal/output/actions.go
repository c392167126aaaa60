package output

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sethvargo/go-githubactions"
)

// actions is for GitHub Actions: workflow commands on standard output, and files that
// variables name.
type actions struct {
	secrets secrets
	out     io.Writer
	getenv  func(string) string
	action  *githubactions.Action
}

func newActions(getenv func(string) string, stdout io.Writer) *actions {
	return &actions{
		out:    stdout,
		getenv: getenv,
		action: githubactions.New(githubactions.WithWriter(stdout), githubactions.WithGetenv(getenv)),
	}
}

func (a *actions) Printf(format string, args ...any) {
	io.WriteString(a.out, harmless(a.secrets.clean(fmt.Sprintf(format, args...))))
}

func (a *actions) Log(to io.Writer) io.WriteCloser {
	secrets := slices.Clone(a.secrets)
	return &log{to: to, clean: func(text string) string { return harmless(secrets.clean(text)) }}
}

// harmless is printable text of which no line is a workflow command: machines and builds must
// not command the pipeline that tests them. What the runner passes over before a command,
// other blanks too, printable text has only of these two kinds.
func harmless(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		rest := strings.TrimLeft(line, " \t")
		if after, found := strings.CutPrefix(rest, "::"); found {
			line = strings.TrimSuffix(line, rest) + ": :" + after
		}
		b.WriteString(strings.ReplaceAll(line, "##[", "## ["))
	}
	return b.String()
}

func (a *actions) Group(title string) { a.action.Group(a.secrets.clean(title)) }
func (a *actions) EndGroup()          { a.action.EndGroup() }

func (a *actions) Error(n Annotation) { n = a.secrets.annotation(n); a.at(n).Errorf("%s", n.Message) }
func (a *actions) Warning(n Annotation) {
	n = a.secrets.annotation(n)
	a.at(n).Warningf("%s", n.Message)
}
func (a *actions) Notice(n Annotation) { n = a.secrets.annotation(n); a.at(n).Noticef("%s", n.Message) }

// at has the properties of an annotation that are there.
func (a *actions) at(n Annotation) *githubactions.Action {
	fields := map[string]string{}
	if n.File != "" {
		fields["file"] = n.File
	}
	if n.Line != 0 {
		fields["line"] = strconv.Itoa(n.Line)
	}
	if n.Title != "" {
		fields["title"] = n.Title
	}
	return a.action.WithFieldsMap(fields)
}

func (a *actions) Mask(secret string) {
	for _, text := range a.secrets.add(secret) {
		a.action.AddMask(text)
	}
}

// Names of the variables that name files.
const (
	outputFile  = "GITHUB_OUTPUT"
	summaryFile = "GITHUB_STEP_SUMMARY"
)

// delimiter ends each value that the library writes; a value that has it could set
// others.
const delimiter = "_GitHubActionsFileCommandDelimeter_"

func (a *actions) Set(name, value string) {
	value = a.secrets.clean(value)
	err := errors.New("it holds the delimiter of outputs")
	if !strings.Contains(value, delimiter) {
		err = a.write(outputFile, func() { a.action.SetOutput(name, value) })
	}
	if err != nil {
		a.Warning(Annotation{Title: "output " + name, Message: fmt.Sprintf("not set: %v", err)})
		a.Printf("%s=%s\n", name, value)
	}
}

// summaryLimit is what GitHub takes from one step.
const summaryLimit = 1 << 20

func (a *actions) Summary(markdown string) {
	markdown = a.secrets.clean(markdown)
	room := summaryLimit - 1 // the library adds a line end
	if info, err := os.Stat(a.getenv(summaryFile)); err == nil {
		room -= int(info.Size())
	}
	if err := a.write(summaryFile, func() { a.action.AddStepSummary(cut(markdown, room)) }); err != nil {
		a.Warning(Annotation{Title: "summary", Message: fmt.Sprintf("not written, it follows here: %v", err)})
		a.Printf("%s", plain(markdown))
	}
}

// write writes to the file that a variable names. The library panics where it cannot.
func (a *actions) write(variable string, write func()) (err error) {
	if a.getenv(variable) == "" {
		return fmt.Errorf("%s is not set", variable)
	}
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%s: %v", variable, cause)
		}
	}()
	write()
	return nil
}

const cutNote = "\n\n**The rest is cut off: GitHub takes no longer summary. The reports have all of it.**\n"

// cut is the beginning of Markdown that has room, with a note where that is not all.
func cut(markdown string, room int) string {
	if len(markdown) <= room {
		return markdown
	}
	const closing = "\n</pre>\n</details>"
	room -= len(closing) + len(cutNote)
	if room < 0 {
		return "" // one byte too many, and GitHub shows nothing at all
	}
	text := markdown[:room]
	for !utf8.ValidString(text) {
		text = text[:len(text)-1]
	}
	if end := strings.LastIndexByte(text, '\n'); end >= 0 {
		text = text[:end]
	}
	if strings.Count(text, "<pre>") > strings.Count(text, "</pre>") {
		text += "\n</pre>"
	}
	if strings.Count(text, "<details>") > strings.Count(text, "</details>") {
		text += "\n</details>"
	}
	return text + cutNote
}
