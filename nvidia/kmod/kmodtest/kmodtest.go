// Package kmodtest makes kernel modules for tests: files that say what real ones
// say of themselves, and hold no code.
package kmodtest

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"strings"

	"bee/nvidia/kmod"
)

// Build returns the file of a module.
func Build(m kmod.Module) []byte {
	info := []string{"name=" + m.Name, "vermagic=" + m.Vermagic, "license=" + m.License, "depends=" + strings.Join(m.Depends, ",")}
	if m.Version != "" {
		info = append(info, "version="+m.Version)
	}
	var versions, symbols, strtab bytes.Buffer
	write := func(b *bytes.Buffer, v any) { _ = binary.Write(b, binary.LittleEndian, v) }
	write(&symbols, elf.Sym64{})
	strtab.WriteByte(0)
	for _, i := range m.Imports {
		bind := elf.STB_GLOBAL
		if i.Weak {
			bind = elf.STB_WEAK
		}
		write(&symbols, elf.Sym64{Name: uint32(strtab.Len()), Info: elf.ST_INFO(bind, elf.STT_NOTYPE)})
		strtab.WriteString(i.Name + "\x00")
		if i.CRC != 0 {
			entry := kmod.VersionEntry{CRC: uint64(i.CRC)}
			copy(entry.Name[:], i.Name)
			write(&versions, entry)
		}
	}

	sections := []struct {
		name string
		kind elf.SectionType
		data []byte
		link uint32
		size uint64 // of an entry
	}{
		{},
		{".modinfo", elf.SHT_PROGBITS, []byte(strings.Join(info, "\x00") + "\x00"), 0, 0},
		{"__versions", elf.SHT_PROGBITS, versions.Bytes(), 0, 0},
		{".symtab", elf.SHT_SYMTAB, symbols.Bytes(), 4, elf.Sym64Size},
		{".strtab", elf.SHT_STRTAB, strtab.Bytes(), 0, 0},
		{".shstrtab", elf.SHT_STRTAB, nil, 0, 0},
	}
	names := &bytes.Buffer{}
	for _, s := range sections {
		names.WriteString(s.name + "\x00")
	}
	sections[len(sections)-1].data = names.Bytes()

	const headerSize = 64
	var body, headers bytes.Buffer
	name := 0
	for _, s := range sections {
		write(&headers, elf.Section64{
			Name: uint32(name), Type: uint32(s.kind), Link: s.link, Entsize: s.size,
			Off: uint64(headerSize + body.Len()), Size: uint64(len(s.data)),
		})
		body.Write(s.data)
		name += len(s.name) + 1
	}
	file := &bytes.Buffer{}
	write(file, elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_REL), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
		Shoff: uint64(headerSize + body.Len()), Ehsize: headerSize,
		Shentsize: 64, Shnum: uint16(len(sections)), Shstrndx: uint16(len(sections) - 1),
	})
	file.Write(body.Bytes())
	file.Write(headers.Bytes())
	return file.Bytes()
}
