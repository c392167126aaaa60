package manifest

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// example has every field, and what JSON could write in more than one way.
func example() *Manifest {
	size := func(n int64) *int64 { return &n }
	const digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	return &Manifest{
		SchemaVersion:  SchemaVersion,
		ISO:            Image{SizeBytes: 1 << 40, SHA256: digest},
		Release:        map[string]string{"BEE_VERSION": "v1.2.3", "BEE_BASE": "debian", "BEE_BUILD_INFO": `bee <v1> & "more" ü`},
		Packages:       []Package{{"linux", "6.12.1-1+b1", "amd64"}, {"zlib1g", "1:1.3", "all"}},
		VendorPrograms: []VendorProgram{{"sas3ircu", "", 1, digest}, {"storcli64", "007.2705", 3, digest}},
		Medium: []MediumFile{
			{Path: "/", Type: "directory", Mode: "0755"},
			{Path: "/empty", Type: "file", Mode: "0644", SizeBytes: size(0), SHA256: digest},
			{Path: "/link", Type: "symlink", Mode: "0777", Target: "<empty>"},
		},
		Layers: []Layer{
			{Path: "/live/00-base.squashfs", Files: []File{
				{Path: "/dev/null", Type: "character device", Mode: "0666", UID: 1, GID: 2, Device: "1:3"},
				{Path: "/a&b", Type: "file", Mode: "0600", SizeBytes: size(3), SHA256: digest},
			}},
			{Path: "/live/90-none.squashfs"},
		},
	}
}

// The bytes of a manifest tell one ISO from another: they do not change without
// SchemaVersion.
func TestWriteAndRead(t *testing.T) {
	var got bytes.Buffer
	if err := example().Write(&got); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "example.json")
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s would be\n%s", path, &got)
	}
	m, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	again := example()
	again.Layers[1].Files = []File{}
	if !reflect.DeepEqual(m, again) {
		t.Errorf("read again: %+v", m)
	}
}

// A manifest of another release may be anybody's: names come as printable text, and such that
// are so stay as they are, however long a path may be.
func TestNamesArePrintable(t *testing.T) {
	for name, want := range map[string]string{
		"/a\x1b[2J\u202eb\n":                `/a\x1b[2J\xe2\x80\xaeb\x0a`,
		"/ü\u00a0<&>\"\\":                   `/ü\xc2\xa0<&>"\`,
		`/system\x2dslice \x0a`:             `/system\x2dslice \x0a`,
		"/" + strings.Repeat("long", 1<<10): "/" + strings.Repeat("long", 1<<10),
	} {
		m := example()
		m.Release, m.Packages[0].Version, m.Layers[0].Files[0].Path = map[string]string{name: name}, name, name
		var text bytes.Buffer
		if err := m.Write(&text); err != nil {
			t.Fatal(err)
		}
		got, err := Parse(text.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got.Release[want] != want || got.Packages[0].Version != want || got.Layers[0].Files[0].Path != want {
			t.Errorf("%.80q: got %q, %q, %q", name, got.Release, got.Packages[0].Version, got.Layers[0].Files[0].Path)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "no manifest of an ISO: ",
		"bee.iso":               "no manifest of an ISO: ",
		"{}":                    "schema version 0, but 1 is read",
		`{"schema_version": 2}`: "schema version 2, but 1 is read",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	path := filepath.Join(t.TempDir(), "manifest.json")
	if _, err := Read(path); !os.IsNotExist(err) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.HasPrefix(err.Error(), path+": schema version") {
		t.Errorf("got %v", err)
	}
}
