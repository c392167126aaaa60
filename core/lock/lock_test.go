package lock

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// entry has a checksum that is made of sum.
func entry(name, version string, sum byte) Entry {
	return Entry{name, version, "Q1" + base64.StdEncoding.EncodeToString(slices.Repeat([]byte{sum}, 20))}
}

func TestWriteAndParse(t *testing.T) {
	l := Of(entry("b", "2-r0", 2), entry("a", "1-r0", 1), entry("a-b", "3", 3), entry("a+", "1", 4))
	var b strings.Builder
	if err := l.Write(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()[len(header):]
	want := "a 1-r0 Q1AQEBAQEBAQEBAQEBAQEBAQEBAQE=\na+ 1 Q1BAQEBAQEBAQEBAQEBAQEBAQEBAQ=\na-b 3 Q1AwMDAwMDAwMDAwMDAwMDAwMDAwM=\nb 2-r0 Q1AgICAgICAgICAgICAgICAgICAgI=\n"
	if text != want {
		t.Errorf("got\n%s", text)
	}
	for line := range strings.Lines(header) {
		if !strings.HasPrefix(line, "# ") {
			t.Errorf("line of the header is no comment: %q", line)
		}
	}
	path := filepath.Join(t.TempDir(), "lock")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := Read(path)
	if err != nil || !slices.Equal(again, l) {
		t.Errorf("%v, %v", again, err)
	}
	if e, found := l.Entry("a-b"); !found || e.Version != "3" {
		t.Errorf("a-b: %v, %v", e, found)
	}
	if e, found := l.Entry("a-c"); found {
		t.Errorf("a-c: %v", e)
	}
}

func TestParseRefuses(t *testing.T) {
	const sum = " Q1AQEBAQEBAQEBAQEBAQEBAQEBAQE=\n"
	for text, want := range map[string]string{
		"# only comments\n":              "x: no package",
		"# c\na 1" + sum + "b 1\n":       "x:3: ",
		"a  1" + sum:                     "x:1: ",
		"a 1 Q1AQEB=\n":                  "x:1: ",
		"a 1 Q2AQEB\n":                   "is no checksum",
		"a 1 AQEBAQEBAQEBAQEBAQEBAQ=\n":  "is no checksum",
		"a 1" + sum + "\n" + "a 2" + sum: "x:3: a is there twice, first in line 1",
	} {
		if _, err := Parse("x", text); err == nil || !strings.Contains(err.Error(), want) || !strings.HasSuffix(err.Error(), `; "alpine lock" writes a right one`) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestCompare(t *testing.T) {
	was := Of(entry("same", "1", 1), entry("gone", "1", 1), entry("changed", "1-r12", 1), entry("rebuilt", "1", 1))
	now := Of(entry("same", "1", 1), entry("changed", "1-r13", 2), entry("rebuilt", "1", 2), entry("new", "1", 1), entry("zlib", "3", 1))
	want := []string{
		"changed changed 1-r12 -> 1-r13",
		"gone gone 1",
		"new new 1",
		"rebuilt rebuilt 1 Q1AQEBAQEBAQEBAQEBAQEBAQEBAQE= -> Q1AgICAgICAgICAgICAgICAgICAgI=",
		"new zlib 3",
	}
	var got []string
	for _, d := range Compare(was, now) {
		got = append(got, d.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := Compare(was, was); got != nil {
		t.Errorf("of the same: %v", got)
	}
	if got := Compare(was, nil); len(got) != len(was) {
		t.Errorf("of nothing: %v", got)
	}
}
