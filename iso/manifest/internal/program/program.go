// Package program reads what Go wrote into a program about what it is made of.
package program

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"io"
	"strings"
)

// Program is a program that Go compiled.
type Program struct {
	// Package is the path of its main package.
	Package string
	// Modules, with that of the standard library, by the names and versions that databases of
	// vulnerabilities have. Those of the same source as the program, which have no version, are
	// not among them.
	Modules []Module
	// Local tells whether the program is of a source that has no version: bee's.
	Local bool
}

// Module is a Go module.
type Module struct{ Path, Version string }

// StandardLibrary is the name of Go's own module.
const StandardLibrary = "stdlib"

// Read reads a program, nil where Go did not compile it.
func Read(file io.ReaderAt) *Program {
	magic := make([]byte, len(elf.ELFMAG))
	if _, err := file.ReadAt(magic, 0); err != nil || !bytes.Equal(magic, []byte(elf.ELFMAG)) {
		return nil
	}
	info, err := buildinfo.Read(file)
	if err != nil {
		return nil
	}
	info.GoVersion, _, _ = strings.Cut(info.GoVersion, " ") // behind it are experiments
	p := &Program{
		Package: info.Path,
		Modules: []Module{{StandardLibrary, strings.TrimPrefix(info.GoVersion, "go")}},
		Local:   info.Main.Version == "" || info.Main.Version == "(devel)",
	}
	if !p.Local {
		p.Modules = append(p.Modules, Module{info.Main.Path, info.Main.Version})
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		if m.Version != "" && m.Version != "(devel)" {
			p.Modules = append(p.Modules, Module{m.Path, m.Version})
		}
	}
	return p
}
