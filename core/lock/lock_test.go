package lock

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// entry has digests that are made of sum.
func entry(name, version string, sum byte) Entry {
	return Entry{Name: name, Version: version, Architecture: "x86_64", Layers: Base,
		SHA256:   strings.Repeat(string('0'+rune(sum)), 64),
		Checksum: "Q1" + base64.StdEncoding.EncodeToString(slices.Repeat([]byte{sum}, 20))}
}

func TestWriteAndParse(t *testing.T) {
	debian := Entry{Name: "a-b", Version: "3", Architecture: "all", Layers: "base,tools", SHA256: strings.Repeat("a", 64)}
	index := entry("a+", "1", 4)
	index.SHA256 = ""
	l := Of(entry("b", "2-r0", 2), entry("a", "1-r0", 1), debian, index)
	var b strings.Builder
	if err := l.Write(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()[len(header):]
	want := "a 1-r0 x86_64 base " + strings.Repeat("1", 64) + " Q1AQEBAQEBAQEBAQEBAQEBAQEBAQE=\n" +
		"a+ 1 x86_64 base - Q1BAQEBAQEBAQEBAQEBAQEBAQEBAQ=\n" +
		"a-b 3 all base,tools " + strings.Repeat("a", 64) + "\n" +
		"b 2-r0 x86_64 base " + strings.Repeat("2", 64) + " Q1AgICAgICAgICAgICAgICAgICAgI=\n"
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
	digest := " " + strings.Repeat("0", 64)
	for text, want := range map[string]string{
		"# only comments\n":                                               "x: no package",
		"# c\na 1 all base" + digest + "\nb 1\n":                          "x:3: ",
		"a  1 all base" + digest + "\n":                                   "x:1: ",
		"a 1" + sum:                                                       "is not name, version, architecture",
		"a 1 all base -" + " Q1AQEB=\n":                                   "x:1: ",
		"a 1 all base -" + " Q2AQEB\n":                                    "is no checksum",
		"a 1 all base -" + " AQEBAQEBAQEBAQEBAQEBAQ=\n":                   "is no checksum",
		"a 1 all base " + strings.Repeat("A", 64) + "\n":                  "is no SHA-256",
		"a 1 all base 00\n":                                               "is no SHA-256",
		"a 1 all boot -\n":                                                `layer "boot" is not known; the layers are: base, nvidia, cuda, tools`,
		"a 1 all tools,base -\n":                                          "are not sorted",
		"a 1 all base,base -\n":                                           "are not sorted",
		"a 1 all base" + digest + "\n\n" + "a 2 all base" + digest + "\n": "x:3: a is there twice, first in line 1",
	} {
		if _, err := Parse("x", text); err == nil || !strings.Contains(err.Error(), want) || !strings.HasSuffix(err.Error(), `; "dagger call --base BASE lock" writes a right one`) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestUnion(t *testing.T) {
	of := func(name, version string) Entry { e := entry(name, version, 1); e.Layers = ""; return e }
	got, err := Union(map[string][]Entry{Tools: {of("a", "1"), of("c", "1")}, Base: {of("b", "2"), of("a", "1"), of("a", "1")}})
	if err != nil || len(got) != 3 || got[0].Layers != "base,tools" || got[1].Layers != "base" || got[2].Layers != "tools" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := Union(map[string][]Entry{Tools: {of("a", "1")}, Base: {of("a", "2")}}); err == nil || err.Error() != "base takes a 2, and tools 1: no lock can have both" {
		t.Error(err)
	}
}

func TestReadListRefuses(t *testing.T) {
	for argument, want := range map[string]string{
		"packages":       `list "packages" is not LAYER=FILE, such as base=packages.list`,
		"boot=packages":  `layer "boot" is not known`,
		"base=/none/one": "/none/one",
	} {
		if _, err := ReadList(argument); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", argument, err, want)
		}
	}
}

func TestOnly(t *testing.T) {
	both := entry("b", "1", 1)
	both.Layers = "base,nvidia"
	tools := entry("c", "1", 1)
	tools.Layers = Tools
	l := Of(entry("a", "1", 1), both, tools)
	if only, err := l.Only([]string{NVIDIA, Tools}); err != nil || !slices.Equal(only, Of(both, tools)) {
		t.Error(only, err)
	}
	if _, err := l.Only([]string{"boot"}); err == nil {
		t.Error("an unknown layer is taken")
	}
}

func TestCompare(t *testing.T) {
	moved, unread := entry("moved", "1", 1), entry("unread", "1", 1)
	moved.Layers, unread.SHA256 = "base,tools", ""
	resealed := entry("resealed", "1", 1)
	resealed.SHA256 = strings.Repeat("2", 64)
	was := Of(entry("same", "1", 1), entry("gone", "1", 1), entry("changed", "1-r12", 1), entry("rebuilt", "1", 1), entry("moved", "1", 1), entry("unread", "1", 1), entry("resealed", "1", 1))
	now := Of(entry("same", "1", 1), entry("changed", "1-r13", 2), entry("rebuilt", "1", 2), entry("new", "1", 1), entry("zlib", "3", 1), moved, unread, resealed)
	want := []string{
		"changed changed 1-r12 -> 1-r13",
		"gone gone 1",
		"moved moved 1 base -> base,tools",
		"new new 1",
		"rebuilt rebuilt 1 Q1AQEBAQEBAQEBAQEBAQEBAQEBAQE= -> Q1AgICAgICAgICAgICAgICAgICAgI=",
		"rebuilt resealed 1 " + strings.Repeat("1", 64) + " -> " + strings.Repeat("2", 64),
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
