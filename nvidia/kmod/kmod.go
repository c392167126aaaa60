// Package kmod reads kernel modules: what they say of themselves, and what they
// need of the kernel and of other modules.
package kmod

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Module is a kernel module, a .ko file.
type Module struct {
	// Name as in /proc/modules: nvidia_drm.
	Name    string
	Version string
	License string
	// Vermagic is the kernel's release, and the options that modules have to
	// share with it.
	Vermagic string
	// Depends are the names of the modules that it needs.
	Depends []string
	// Imports are the symbols that it needs, sorted by name.
	Imports []Import
}

// Import is a symbol of the kernel or of another module.
type Import struct {
	Name string
	// CRC of the symbol's type, as the module was built; 0 where the module was
	// built without such.
	CRC uint32
	// Weak symbols may be missing.
	Weak bool
}

// Kernel is the release of the kernel that the module was built for, as uname -r
// says it.
func (m *Module) Kernel() string {
	release, _, _ := strings.Cut(m.Vermagic, " ")
	return release
}

// Open reads the module in a file.
func Open(path string) (*Module, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: no kernel module: %w", path, err)
	}
	return m, nil
}

// Read reads a module.
func Read(r io.ReaderAt) (*Module, error) {
	file, err := elf.NewFile(r)
	if err != nil {
		return nil, err
	}
	if file.Type != elf.ET_REL || file.Class != elf.ELFCLASS64 {
		return nil, fmt.Errorf("it is %v of %v, not ET_REL of ELFCLASS64", file.Type, file.Class)
	}
	m := &Module{}
	if err := m.readInfo(file); err != nil {
		return nil, err
	}
	crcs, err := versions(file)
	if err != nil {
		return nil, err
	}
	symbols, err := file.Symbols()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return nil, err
	}
	for _, s := range symbols {
		if s.Section == elf.SHN_UNDEF && s.Name != "" {
			m.Imports = append(m.Imports, Import{s.Name, crcs[s.Name], elf.ST_BIND(s.Info) == elf.STB_WEAK})
		}
	}
	slices.SortFunc(m.Imports, func(a, b Import) int { return strings.Compare(a.Name, b.Name) })
	return m, nil
}

// readInfo reads the section .modinfo, which holds key=value, each ended by a
// zero byte.
func (m *Module) readInfo(file *elf.File) error {
	data, err := section(file, ".modinfo")
	if err != nil {
		return err
	}
	for entry := range bytes.SplitSeq(data, []byte{0}) {
		key, value, _ := strings.Cut(string(entry), "=")
		switch key {
		case "name":
			m.Name = value
		case "version":
			m.Version = value
		case "license":
			m.License = value
		case "vermagic":
			m.Vermagic = value
		case "depends":
			m.Depends = slices.DeleteFunc(strings.Split(value, ","), func(s string) bool { return s == "" })
		}
	}
	if m.Name == "" || m.Vermagic == "" {
		return errors.New(".modinfo has no name or no vermagic")
	}
	return nil
}

// VersionEntry is an entry of __versions, the kernel's struct modversion_info
// (include/linux/module.h, where a symbol's name has MODULE_NAME_LEN bytes).
type VersionEntry struct {
	CRC  uint64
	Name [56]byte
}

// versions reads the CRCs of symbols in the section __versions, which is missing
// where the kernel was built without them.
func versions(file *elf.File) (map[string]uint32, error) {
	if file.Section("__versions") == nil {
		return nil, nil
	}
	data, err := section(file, "__versions")
	if err != nil {
		return nil, err
	}
	entries := make([]VersionEntry, len(data)/binary.Size(VersionEntry{}))
	if _, err := binary.Decode(data, file.ByteOrder, entries); err != nil {
		return nil, err
	}
	crcs := map[string]uint32{}
	for _, e := range entries {
		name, _, _ := bytes.Cut(e.Name[:], []byte{0})
		crcs[string(name)] = uint32(e.CRC)
	}
	return crcs, nil
}

func section(file *elf.File, name string) ([]byte, error) {
	s := file.Section(name)
	if s == nil {
		return nil, fmt.Errorf("it has no section %s", name)
	}
	if s.Flags&elf.SHF_COMPRESSED != 0 { // it may become of any size, and the kernel does not read it
		return nil, fmt.Errorf("section %s is compressed", name)
	}
	data, err := s.Data()
	if err != nil {
		return nil, fmt.Errorf("section %s: %w", name, err)
	}
	return data, nil
}
