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

// A boot loader knows where it lies, and the boot catalog where boot loaders do.
func TestBootPlaces(t *testing.T) {
	at := func(place int64) (catalog, loader []byte) {
		i := Open(bytes.NewReader(nil), 0, []File{{Name: "/loader", Sector: place, Size: 100}})
		entries := make([]byte, 64)
		entries[32] = 0x88
		binary.LittleEndian.PutUint32(entries[40:], uint32(place))
		text := make([]byte, 100)
		for n, value := range []uint32{16, uint32(place), 100, 7} {
			binary.LittleEndian.PutUint32(text[8+4*n:], value)
		}
		return i.BootCatalog(entries), i.BootInfo(File{Sector: place, Size: 100}, text)
	}
	catalog, loader := at(30)
	if otherCatalog, otherLoader := at(40); !bytes.Equal(catalog, otherCatalog) || !bytes.Equal(loader, otherLoader) {
		t.Errorf("%q, %q, %q, %q", catalog, otherCatalog, loader, otherLoader)
	}
	i := Open(bytes.NewReader(nil), 0, []File{{Name: "/evil", Sector: 30, Size: 100}})
	entries := make([]byte, 64)
	entries[32], entries[40] = 0x88, 30
	if bytes.Equal(i.BootCatalog(entries), catalog) {
		t.Error("a boot catalog that points to another file is told alike")
	}
}
