package kmod

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadRefusesWhatIsNoModule(t *testing.T) {
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"empty": nil, "text": []byte("not a module"), "program": self} {
		t.Run(name, func(t *testing.T) {
			if m, err := Read(bytes.NewReader(data)); err == nil {
				t.Errorf("read as %+v", m)
			}
		})
	}
	path := filepath.Join(t.TempDir(), "x.ko")
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error is %v, without the path", err)
	}
}
