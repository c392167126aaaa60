package versions

import (
	"os"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	text, err := os.ReadFile("../../" + File)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text), "# why\nDEBIAN_MIRROR=image\r\n\n")
	f.Add(string(text), "GPU_BURN_ARCHITECTURES=80 90 999")
	f.Add(string(text), "BASE=alpine\n"+BlockBegin+"\nBASE=debian\n"+BlockEnd+"\n")
	f.Fuzz(func(t *testing.T, text, local string) {
		v, err := Parse(text, local)
		if err != nil {
			if !strings.HasPrefix(err.Error(), File) {
				t.Errorf("an error that names no file: %v", err)
			}
			return
		}
		user, _, err := SplitLocal(local)
		if err != nil {
			t.Fatal(err)
		}
		if lines, err := Lines(LocalFile, user); err != nil {
			t.Error(err)
		} else {
			for _, line := range lines {
				if got := *v.fields()[line.Key].value; got != line.Value {
					t.Errorf("%s=%q, and not as its user says, %q", line.Key, got, line.Value)
				}
			}
		}
		var again strings.Builder
		for key, field := range v.fields() {
			if !kinds[field.kind].ok(*field.value) {
				t.Errorf("%s=%q", key, *field.value)
			}
			again.WriteString(key + "=" + *field.value + "\n")
		}
		if got, err := Parse(again.String(), ""); err != nil || *got != *v {
			t.Errorf("%+v, %v after %+v", got, err, v)
		}
		for _, capability := range v.Architectures() {
			if capability < 0 || capability > 999 {
				t.Errorf("capability %d", capability)
			}
		}
		v.Epoch()
	})
}
