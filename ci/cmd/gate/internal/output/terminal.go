package output

import (
	"fmt"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"
)

// terminal is for people.
type terminal struct {
	secrets secrets
	out     io.Writer
}

func (t *terminal) Printf(format string, args ...any) {
	io.WriteString(t.out, t.secrets.clean(fmt.Sprintf(format, args...)))
}

func (t *terminal) Log(to io.Writer) io.WriteCloser {
	return &log{to: to, clean: slices.Clone(t.secrets).clean}
}

func (t *terminal) Group(title string) { t.Printf("== %s\n", title) }
func (t *terminal) EndGroup()          {}

func (t *terminal) Error(a Annotation)   { t.Printf("%serror: %s\n", a.position(), a) }
func (t *terminal) Warning(a Annotation) { t.Printf("%swarning: %s\n", a.position(), a) }
func (t *terminal) Notice(a Annotation)  { t.Printf("%snotice: %s\n", a.position(), a) }

func (t *terminal) Mask(secret string) { t.secrets.add(secret) }

// Set does nothing: no steps follow, and all is said in other words.
func (t *terminal) Set(string, string) {}

func (t *terminal) Summary(markdown string) { t.Printf("\n%s", plain(markdown)) }

var (
	tagLine = regexp.MustCompile(`(?m)^</?(?:details|pre)>\n+`)
	folded  = regexp.MustCompile(`(?m)^<details><summary>(.*)</summary>$`)
)

// plain is Markdown as it reads well without being rendered: the HTML in it is gone.
func plain(markdown string) string {
	markdown = folded.ReplaceAllString(markdown, "$1:")
	markdown = tagLine.ReplaceAllString(markdown, "")
	return html.UnescapeString(strings.ReplaceAll(markdown, "<br>", " "))
}
