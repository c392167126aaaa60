package release

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// example is a file of testdata.
func example(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// next is the input of a second release, on the base debian.
func next(t *testing.T) NotesInput {
	t.Helper()
	in := NotesInput{
		Version: "v1.1.0", Manifest: example(t, "debian.json"),
		PreviousVersion: "v1.0.0", PreviousManifest: example(t, "debian-before.json"),
		Reports: map[string][]byte{},
	}
	for _, machine := range []string{"bios-usb-1024-none-ahci", "uefi-cd-512-virtio-nvme", "uefi-cd-1024-server"} {
		in.Reports[machine] = example(t, "reports/"+machine+".json")
	}
	return in
}

// The notes as they are: a change shows. On purpose, write the file anew.
func TestNotes(t *testing.T) {
	for file, in := range map[string]NotesInput{
		"NOTES.md":       next(t),
		"NOTES-first.md": {Version: "v1.0.0-rc.1", Manifest: example(t, "alpine.json"), Keys: []string{"bee-01234567.rsa.pub"}},
	} {
		got, err := Notes(in)
		if err != nil {
			t.Fatal(err)
		}
		if want := string(example(t, file)); got != want {
			t.Errorf("%s would be\n%s", file, got)
		}
	}
}

func TestNotesOfAGivenKey(t *testing.T) {
	notes, err := Notes(NotesInput{Version: "v1.0.0", Manifest: example(t, "alpine.json"), Keys: []string{"bee-01234567.rsa.pub"}, KeysGiven: true})
	if err != nil || !strings.Contains(notes, "\nIt is its maker's.\n") || strings.Contains(notes, "engine that built") {
		t.Errorf("%v:\n%s", err, notes)
	}
}

func TestNotesOfManyFiles(t *testing.T) {
	in := next(t)
	in.Manifest = edit(t, in.Manifest, func(m map[string]any) {
		top := m["layers"].([]any)[2].(map[string]any)
		for i := range 30 {
			top["files"] = append(top["files"].([]any), map[string]any{"path": fmt.Sprintf("/a/%02d", i), "type": "file"})
		}
	})
	got, err := Notes(in)
	if err != nil {
		t.Fatal(err)
	}
	if want := "Files of bee's own changed: 37:\n\n- `/a/00`, new\n"; !strings.Contains(got, want) {
		t.Errorf("no %q in\n%s", want, got)
	}
	if want := "- `/a/19`, new\n- … and 17 more\n\n## Tests"; !strings.Contains(got, want) {
		t.Errorf("no %q in\n%s", want, got)
	}
}

// Whatever names and values hold, they stay in their code spans and cells.
func TestNotesEscape(t *testing.T) {
	in := next(t)
	in.Manifest = edit(t, in.Manifest, func(m map[string]any) {
		m["release"].(map[string]any)["BEE_KERNEL"] = "6.12`|`<b>\n# title"
		m["release"].(map[string]any)["BEE_NVIDIA"] = ""
	})
	in.Reports = map[string][]byte{"a|b": in.Reports["uefi-cd-1024-server"]}
	got, err := Notes(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| Kernel | `` 6.12`\\|`<b>\\x0a# title `` |\n",
		"| NVIDIA driver | `none` |\n",
		"- Kernel: `6.12.107+deb13-amd64` → `` 6.12`|`<b>\\x0a# title ``\n",
		"- NVIDIA driver: `550.163.01` → `none`\n",
		"| `a\\|b` | `PASS` |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestCode(t *testing.T) {
	for text, want := range map[string]string{
		"": "`none`", " \n": "`none`", "a_b*c": "`a_b*c`", "a `` b": "``` a `` b ```", "`": "`` ` ``", "a\r\n- b": "`a - b`",
	} {
		if got := code(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestNotesOfBadInput(t *testing.T) {
	const machine = "uefi-cd-1024-server"
	for want, spoil := range map[string]func(*NotesInput){
		"the manifest of v1.1.0: no manifest of an ISO: ": func(in *NotesInput) { in.Manifest = []byte("bee.iso") },
		"the manifest of v1.1.0: schema version 0, but 1 is read": func(in *NotesInput) {
			in.Manifest = []byte("{}")
		},
		"the manifest of v1.1.0: no layer in it": func(in *NotesInput) { in.Manifest = []byte(`{"schema_version": 1}`) },
		"the manifest of v1.0.0, the release before: no manifest of an ISO: ": func(in *NotesInput) {
			in.PreviousManifest = nil
		},
		"the report of machine " + machine + ": unexpected end": func(in *NotesInput) { in.Reports[machine] = nil },
		"the report of machine " + machine + ": schema version 1, this program reads version 2": func(in *NotesInput) {
			in.Reports[machine] = bytes.Replace(in.Reports[machine], []byte(`"schema_version": 2`), []byte(`"schema_version": 1`), 1)
		},
		"the report of machine " + machine + " is of another ISO: sha256 0000": func(in *NotesInput) {
			in.Reports[machine] = edit(t, in.Reports[machine], func(r map[string]any) {
				r["iso"].(map[string]any)["sha256"] = strings.Repeat("0", 64)
			})
		},
	} {
		in := next(t)
		spoil(&in)
		if _, err := Notes(in); !strings.HasPrefix(text(err), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// edit changes something in JSON.
func edit(t *testing.T, data []byte, change func(map[string]any)) []byte {
	t.Helper()
	var value map[string]any
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	change(value)
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
