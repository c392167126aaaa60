package comparison

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	differs := &Result{SchemaVersion: SchemaVersion, Published: "a", Rebuilt: "b", Files: 3,
		Differences: []Difference{{"/live/90-bee.squashfs: etc/motd", Time, "10 → 11"}}, SetAside: []SetAside{{"/keys/<key>", "public key"}}}
	equal := &Result{SchemaVersion: SchemaVersion, Published: "a", Rebuilt: "b", Equal: true, Files: 3, Differences: []Difference{}, SetAside: differs.SetAside}
	same := &Result{SchemaVersion: SchemaVersion, Published: "a", Rebuilt: "a", Equal: true, Files: 3, Differences: []Difference{}, SetAside: []SetAside{}}
	for want, r := range map[string]*Result{
		"set aside  /keys/<key>: public key\nDIFFERS    /live/90-bee.squashfs: etc/motd: time: 10 → 11\nDIFFERENT: 1 differences\n": differs,
		"set aside  /keys/<key>: public key\nEQUAL but for what is set aside: 3 files of the medium and what is in them\n":          equal,
		"EQUAL: both are sha256 a\n": same,
	} {
		if got := r.Text(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		var text bytes.Buffer
		if err := r.WriteJSON(&text); err != nil {
			t.Fatal(err)
		}
		if again, err := Parse(text.Bytes()); err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%+v, %v", again, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "{}", `{"schema_version": 2}`} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), "the comparison of two ISOs: ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"schema_version": 1, "differences": [{"path": "/a", "reason": "time"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := Parse(text); err == nil {
			_ = r.Text()
		}
	})
}
