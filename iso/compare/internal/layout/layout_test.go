package layout

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// number writes one in both orders of bytes.
func number(at []byte, n uint32) {
	binary.LittleEndian.PutUint32(at, n)
	binary.BigEndian.PutUint32(at[4:], n)
}

// image is one with an empty directory and a file, which lies at a sector.
func image(place uint32) []byte {
	const root = 20
	data := make([]byte, 40*sector)
	for n, kind := range []byte{1, 255} {
		d := data[(firstDescriptor+n)*sector:]
		d[0] = kind
		copy(d[1:], "CD001\x01")
	}
	d := data[firstDescriptor*sector:]
	number(d[80:], 40)
	record := func(at []byte, place, size uint32, flags byte, name string) []byte {
		at[0] = byte((33 + len(name) + 1) &^ 1)
		number(at[2:], place)
		number(at[10:], size)
		at[25], at[32] = flags, byte(len(name))
		copy(at[33:], name)
		return at[at[0]:]
	}
	record(d[156:], root, sector, 2, "\x00")
	rest := record(data[root*sector:], root, sector, 2, "\x00")
	rest = record(rest, root, sector, 2, "\x01")
	record(rest, place, 5, 0, "FILE")
	copy(data[place*sector:], "hello")
	return data
}

func parts(t *testing.T, data []byte, place int64) string {
	t.Helper()
	all, err := Open(bytes.NewReader(data), int64(len(data)), []File{{Name: "/file", Sector: place, Size: 5}}).Parts()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, p := range all {
		b.WriteString(p.What + ": " + string(p.Data) + string(p.Times) + "\n")
	}
	return b.String()
}

// Where a file lies is told by which one it is.
func TestPlaces(t *testing.T) {
	first := parts(t, image(25), 25)
	if got := parts(t, image(30), 30); got != first {
		t.Errorf("%q, %q", first, got)
	}
	for what, at := range map[string]int{"behind the file": 25*sector + 5, "between files": 28 * sector, "before all": 0, "a flag": 20*sector + 34 + 34 + 25, "the descriptor": 16*sector + 50} {
		changed := image(25)
		changed[at] |= 0x40
		if got := parts(t, changed, 25); got == first {
			t.Errorf("%s: not told", what)
		}
	}
}

func FuzzParts(f *testing.F) {
	f.Add(image(25), int64(25), int64(5))
	f.Fuzz(func(t *testing.T, data []byte, place, size int64) {
		if size < 0 || place < 0 || size > int64(len(data)) || place > int64(len(data)) {
			return
		}
		i := Open(bytes.NewReader(data), int64(len(data)), []File{{Name: "/file", Sector: place, Size: size, Resized: true}}, "word")
		_, _ = i.Parts()
		_ = i.CatalogSector()
		_ = i.BootCatalog(data)
		_ = i.BootInfo(File{Sector: place, Size: size}, data)
	})
}

// Files that lie in another order are told, though each is named by what it is.
func TestOrder(t *testing.T) {
	told := func(a, b int64) string {
		data := image(25)
		all, err := Open(bytes.NewReader(data), int64(len(data)), []File{{Name: "/a", Sector: a, Size: 5}, {Name: "/b", Sector: b, Size: 5}}).Parts()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range all {
			if p.What == "order of the files" {
				return string(p.Data)
			}
		}
		return ""
	}
	if first, second := told(30, 31), told(31, 30); first != "/a\n/b" || second != "/b\n/a" {
		t.Errorf("%q, %q", first, second)
	}
}
