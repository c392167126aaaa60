package output

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// environment is a stand-in for the one of the process.
func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

// speak says everything that an output takes.
func speak(o Output) {
	o.Mask("s3cr3t\n")
	o.Mask("")
	o.Mask("-----BEGIN KEY-----\nAAAA\nBBBBBBBBBBBB\n-----END KEY-----\n")
	o.Group("smoke")
	o.Printf("::error::no command, s3cr3t\n  ::set-env name=a::b\x1b[31m ##[error]\n")
	o.EndGroup()
	o.Error(Annotation{File: "iso/smoke/smoketest.sh", Line: 7, Title: "uefi, usb: memory", Message: "100% of s3cr3t\nBBBBBBBBBBBB"})
	o.Warning(Annotation{File: "VERSIONS", Message: "old"})
	o.Notice(Annotation{Title: "all", Message: "well"})
	o.Set("verdict", "pass")
	o.Set("lines", "a\nb s3cr3t")
	o.Summary("# Verdict\n\n<details><summary>serial.log of s3cr3t</summary>\n\n<pre>\na &lt; b\n</pre>\n\n</details>\n\nend\n")
}

const terminalText = `== smoke
::error::no command, ***
  ::set-env name=a::b\x1b[31m ##[error]
iso/smoke/smoketest.sh:7: error: uefi, usb: memory: 100% of ***
***
VERSIONS: warning: old
notice: all: well

# Verdict

serial.log of ***:

a < b
end
`

const actionsText = `::add-mask::s3cr3t
::add-mask::-----BEGIN KEY-----%0AAAAA%0ABBBBBBBBBBBB%0A-----END KEY-----
::add-mask::-----BEGIN KEY-----
::add-mask::BBBBBBBBBBBB
::add-mask::-----END KEY-----
::group::smoke
: :error::no command, ***
  : :set-env name=a::b\x1b[31m ## [error]
::endgroup::
::error file=iso/smoke/smoketest.sh,line=7,title=uefi%2C usb%3A memory::100%25 of ***%0A***
::warning file=VERSIONS::old
::notice title=all::well
`

func TestTerminal(t *testing.T) {
	var out bytes.Buffer
	speak(New(environment(nil), &out))
	if out.String() != terminalText {
		t.Errorf("got\n%s\nwant\n%s", &out, terminalText)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestActions(t *testing.T) {
	outputs, summary := filepath.Join(t.TempDir(), "output"), filepath.Join(t.TempDir(), "summary")
	var out bytes.Buffer
	speak(New(environment(map[string]string{"GITHUB_ACTIONS": "true", outputFile: outputs, summaryFile: summary}), &out))
	if out.String() != actionsText {
		t.Errorf("got\n%s\nwant\n%s", &out, actionsText)
	}
	want := "verdict<<" + delimiter + "\npass\n" + delimiter + "\nlines<<" + delimiter + "\na\nb ***\n" + delimiter + "\n"
	if got := read(t, outputs); got != want {
		t.Errorf("outputs are\n%s\nwant\n%s", got, want)
	}
	if got := read(t, summary); !strings.Contains(got, "<details><summary>serial.log of ***</summary>\n\n<pre>\na &lt; b\n</pre>") {
		t.Errorf("the summary is\n%s", got)
	}
}

// Where the files are missing or cannot be written, nothing is lost.
func TestActionsWithoutFiles(t *testing.T) {
	for name, c := range map[string]struct{ file, reason string }{
		"not set":       {"", " is not set"},
		"not there":     {filepath.Join(t.TempDir(), "none", "file"), "no such file or directory"},
		"not to a file": {t.TempDir(), "is a directory"},
	} {
		var out bytes.Buffer
		o := New(environment(map[string]string{"GITHUB_ACTIONS": "true", outputFile: c.file, summaryFile: c.file}), &out)
		o.Set("verdict", "pass")
		o.Summary("::error::x\n")
		for _, want := range []string{"::warning title=output verdict::not set: GITHUB_OUTPUT", "\nverdict=pass\n", "::warning title=summary::not written", c.reason, "\n: :error::x\n"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q in\n%s", name, want, &out)
			}
		}
	}
}

func TestSetRefusesDelimiter(t *testing.T) {
	file := filepath.Join(t.TempDir(), "output")
	var out bytes.Buffer
	o := New(environment(map[string]string{"GITHUB_ACTIONS": "true", outputFile: file}), &out)
	o.Set("a", "x\n"+delimiter+"\nb=forged")
	if _, err := os.Stat(file); !os.IsNotExist(err) || !strings.Contains(out.String(), "::warning title=output a::not set: it holds the delimiter") {
		t.Errorf("got %v\n%s", err, &out)
	}
}

func TestSummaryIsCut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "summary")
	o := New(environment(map[string]string{"GITHUB_ACTIONS": "true", summaryFile: file}), &bytes.Buffer{})
	o.Summary("first\n")
	o.Summary("second\n<details><summary>x</summary>\n\n<pre>\n" + strings.Repeat("é\n", summaryLimit) + "</pre>\n\n</details>\n")
	text := read(t, file)
	if len(text) > summaryLimit || len(text) < summaryLimit-200 || !strings.HasPrefix(text, "first\n\nsecond\n") || !strings.HasSuffix(text, "é\n</pre>\n</details>"+cutNote+"\n") {
		t.Errorf("%d bytes, %q…%q", len(text), text[:20], text[len(text)-150:])
	}
	for room := range 300 {
		if got := cut(strings.Repeat("é", 1000), room); len(got) > room {
			t.Errorf("%d bytes where %d have room", len(got), room)
		}
	}
}

// Lines of others are written when they have ended, however they come, as Printf writes them.
func TestLog(t *testing.T) {
	const text = "1 : s3cr3t\x1b[31m\r\n\u00a0\r::add-mask::x\n::add-mask::x ##[error]é\nlast ##[x"
	const terminal = "1 : ***\\x1b[31m\n\\xc2\\xa0\\x0d::add-mask::x\n::add-mask::x ##[error]é\nlast ##[x\n"
	harmless := strings.NewReplacer("\n::", "\n: :", "##[", "## [").Replace(terminal)
	for where, want := range map[string]string{"": terminal, "true": harmless} {
		for size := 1; size <= len(text); size++ {
			var out bytes.Buffer
			o := New(environment(map[string]string{"GITHUB_ACTIONS": where}), io.Discard)
			o.Mask("s3cr3t")
			log := o.Log(&out)
			ended := 0
			for part := range slices.Chunk([]byte(text), size) {
				log.Write(part)
				if ended += bytes.Count(part, []byte("\n")); bytes.Count(out.Bytes(), []byte("\n")) != ended {
					t.Fatalf("in parts of %d bytes, %d lines have ended, but there is %q", size, ended, &out)
				}
			}
			if err := log.Close(); err != nil || out.String() != want {
				t.Fatalf("in parts of %d bytes: %v, got %q, want %q", size, err, &out, want)
			}
		}
	}
}

// A line without an end does not take all memory, and is no command where it is cut.
func TestLogOfOneLine(t *testing.T) {
	var out bytes.Buffer
	log := New(environment(map[string]string{"GITHUB_ACTIONS": "true"}), io.Discard).Log(&out)
	for range 3 * longest / 100 {
		io.WriteString(log, strings.Repeat("::##[x", 20))
	}
	if kept := 3*longest - out.Len(); kept > 2*longest {
		t.Errorf("%d bytes are kept", kept)
	}
	log.Close()
	if lines := strings.Count(out.String(), "\n"); lines != 4 || strings.Contains(out.String(), "##[") || strings.Contains(out.String(), "\n::") {
		t.Errorf("%d lines, %.100q", lines, &out)
	}
}

// What is written while another program has the terminal comes after that.
func TestPausable(t *testing.T) {
	var out bytes.Buffer
	p := &Pausable{To: &out}
	o := New(environment(nil), p)
	o.Printf("first\n")
	p.Pause()
	o.Printf("second\n")
	if out.String() != "first\n" {
		t.Errorf("got %q", &out)
	}
	p.Resume()
	o.Printf("third\n")
	if out.String() != "first\nsecond\nthird\n" {
		t.Errorf("got %q", &out)
	}
}
