package program

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	name, err := os.Executable() // of this test
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	p := Read(file)
	if p == nil || p.Package != "bee/iso/manifest/internal/program.test" || !p.Local ||
		p.Modules[0] != (Module{StandardLibrary, strings.TrimPrefix(runtime.Version(), "go")}) {
		t.Fatalf("got %+v", p)
	}
	for _, m := range p.Modules {
		if strings.HasPrefix(m.Path, "bee/") {
			t.Errorf("%+v is of the program's own source", m)
		}
	}
	for _, text := range []string{"", "#!/bin/sh\n", "\x7fELF", "\x7fELF" + strings.Repeat("\x00", 100)} {
		if p := Read(bytes.NewReader([]byte(text))); p != nil {
			t.Errorf("%q: %+v", text, p)
		}
	}
}
