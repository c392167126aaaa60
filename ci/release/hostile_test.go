package release

import (
	"bytes"
	"strings"
	"testing"

	"bee/core/hostile"
	"bee/core/manifest"
	"bee/core/report"
)

// Whatever manifests and reports hold, of this release or the one before, the notes and the
// differences tell of it in printable text, a line for each difference.
func TestHostile(t *testing.T) {
	const machine = "uefi-cd-1024-server"
	tested, err := report.Parse(example(t, "reports/"+machine+".json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range hostile.Strings {
		m, err := manifest.Parse([]byte(small))
		if err != nil {
			t.Fatal(err)
		}
		documents := hostile.Documents(*m, text)
		for i, r := range hostile.Documents(*tested, text) {
			telling(t, text, NotesInput{Manifest: documents[i], PreviousVersion: "v1.0.0", PreviousManifest: []byte(small), Reports: map[string][]byte{machine: r}})
		}
		// The same files with other attributes.
		m.Release["BEE_KERNEL"], m.Packages[0].Version, m.Medium[0].Target, m.Layers[0].Files[0].Target = text, text, text, text
		var changed bytes.Buffer
		if err := m.Write(&changed); err != nil {
			t.Fatal(err)
		}
		for _, document := range append(documents, changed.Bytes()) {
			telling(t, text, NotesInput{Manifest: []byte(small), PreviousVersion: "v1.0.0", PreviousManifest: document})
		}
	}
}

func telling(t *testing.T, text string, in NotesInput) {
	t.Helper()
	notes, err := Notes(in)
	if found := hostile.Unprintable(notes); err != nil || found != "" {
		t.Errorf("%.80q: error %v, the notes have %s", text, err, found)
	}
	lines, err := Differences(in.PreviousManifest, in.Manifest)
	all := strings.Join(lines, "")
	if found := hostile.Unprintable(all); err != nil || len(lines) == 0 || found != "" || strings.ContainsAny(all, "\n\t") {
		t.Errorf("%.80q: error %v, the differences have %s: %.300q", text, err, found, lines)
	}
}
