package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bee/audit/collect/capture"
	"bee/core/hostile"
)

// Whatever a machine answers, in files, in their names, and by its tools, a report of it has
// nothing but printable text, from the beginning.
func TestHostileMachine(t *testing.T) {
	for _, text := range hostile.Strings {
		// A name is not as long as a text may be, and two bytes are in none.
		name := strings.NewReplacer("/", "", "\x00", "").Replace(text[:min(len(text), 200)])
		names := map[string]string{}
		for _, n := range []string{"eth1", "sda", "sdb", "nvme0n1", "0000:31:00.1", "acmenet", "0000:00:1d.0"} {
			names[n] = n + name
		}
		for what, m := range map[string]hostileMachine{
			"all that it says": {file: func(string) string { return text }, stdout: func(string) string { return text }, failed: text},
			// in files, in quotes that do not end
			"each value":          {file: valuesAs(`"`+text, `[^|\n]+`), stdout: valuesAs(text, `[^|\n]+`)},
			"each value in words": {file: valuesAs(text, `["A-Z][^|\n]*`), stdout: valuesAs(text, `[A-Z][^|\n]*`)},
			"each name":           {names: names},
			"each name, and why it says nothing": {names: names, stdout: func(string) string { return text }, failed: text,
				unread: map[string]string{"etc/bee-release": text, "proc/cpuinfo": text}},
		} {
			root := m.capture(t)
			file := filepath.Join(t.TempDir(), "report.json")
			for _, output := range []string{file, "-"} {
				stdout, stderr, code := cli(t, t.Context(), nil, "run", "--root", root, "--output", output)
				if found := hostile.Unprintable(stdout + stderr); found != "" {
					t.Errorf("%s is %.80q: audit run --output %s prints %s", what, text, filepath.Base(output), found)
				}
				if code != 0 && !strings.Contains(stderr, "is outside of it") { // names that are no UTF-8
					t.Errorf("%s is %.80q: exit code %d, %s", what, text, code, stderr)
				}
			}
			report, err := os.ReadFile(file)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			// JSON hides what commands a terminal, by escapes. Printable text needs two of them.
			plain := strings.NewReplacer(`\\`, "", `\"`, "").Replace(string(report))
			if before, hidden, found := strings.Cut(plain, `\`); found {
				t.Errorf("%s is %.80q: the report has text that is not printable: %s\\%.20s", what, text, before[max(0, len(before)-80):], hidden)
			}
		}
	}
}

// hostileMachine says what is otherwise in the capture of a server.
type hostileMachine struct {
	file, stdout func(content string) string // what is in files, and what tools print
	failed       string                      // what tools say on standard error, and why they failed
	names        map[string]string           // wherever they are
	unread       map[string]string           // in place of files
}

// capture writes the capture, and returns its path.
func (m hostileMachine) capture(t *testing.T) string {
	t.Helper()
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	entry := func(name string, typ byte, target, content string) {
		t.Helper()
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: typ, Linkname: target, Size: int64(len(content)), Format: tar.FormatGNU}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	renamed, quoted := renamer(m.names, func(s string) string { return s }), renamer(m.names, jsonText)
	server := os.DirFS("testdata/server")
	err = fs.WalkDir(server, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		machine, isFile := strings.CutPrefix(path, "files/")
		name := path
		if isFile {
			name = "files/" + renamed.Replace(machine)
		}
		if e.Type() == fs.ModeSymlink {
			target, err := fs.ReadLink(server, path)
			entry(name, tar.TypeSymlink, renamed.Replace(target), "")
			return err
		}
		content, err := fs.ReadFile(server, path)
		said := string(content)
		switch {
		case path == "capture.json":
			said = m.index(t, content, renamed)
		case isFile && m.unread[machine] != "":
			return nil
		case isFile && m.file != nil:
			said = m.file(said)
		case !isFile && m.stdout != nil:
			said = m.stdout(said)
			entry(filepath.Dir(path)+"/stderr", tar.TypeReg, "", m.failed)
		case !isFile && strings.HasPrefix(said, "{"):
			said = quoted.Replace(said)
		default:
			said = renamed.Replace(said)
		}
		entry(name, tar.TypeReg, "", said)
		return err
	})
	if err := errors.Join(err, w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "capture.tar.gz")
	if err := os.WriteFile(file, packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// index is the capture.json of the machine.
func (m hostileMachine) index(t *testing.T, content []byte, renamed *strings.Replacer) string {
	t.Helper()
	var x capture.Index
	if err := json.Unmarshal(content, &x); err != nil {
		t.Fatal(err)
	}
	x.AuditVersion = m.failed
	for path, why := range m.unread {
		x.Unread[path] = why
	}
	for i := range x.Commands {
		c := &x.Commands[i]
		c.Error = m.failed
		for j, arg := range c.Args {
			c.Args[j] = renamed.Replace(arg)
		}
	}
	changed, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	return string(changed)
}

// valuesAs puts a text in place of the values that match a pattern, in JSON, in XML, and in
// lines with a name before each value; where there is none, it is added.
func valuesAs(text, pattern string) func(string) string {
	inJSON := regexp.MustCompile(`(: ?)"[^"]*"`)
	inXML := regexp.MustCompile(`>([^<>\n]+)<`)
	inLines := regexp.MustCompile(`([:|][ \t]+|=)` + pattern)
	return func(content string) string {
		switch {
		case strings.HasPrefix(content, "{"):
			return inJSON.ReplaceAllStringFunc(content, func(found string) string {
				// Words that say what to read stay where values in words are to be others.
				before, value, _ := strings.Cut(found, `"`)
				if !inLines.MatchString(": " + value) {
					return found
				}
				return before + `"` + jsonText(text) + `"`
			})
		case strings.HasPrefix(content, "<"):
			return inXML.ReplaceAllLiteralString(content, ">"+text+"<")
		case inLines.MatchString(content):
			return inLines.ReplaceAllStringFunc(content, func(found string) string {
				return inLines.FindStringSubmatch(found)[1] + text
			})
		}
		return strings.TrimSpace(content) + text + "\n"
	}
}

// jsonText is a text in JSON as a careless tool writes it.
func jsonText(text string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) }

func renamer(names map[string]string, write func(string) string) *strings.Replacer {
	var pairs []string
	for old, name := range names {
		pairs = append(pairs, old, write(name))
	}
	return strings.NewReplacer(pairs...)
}
