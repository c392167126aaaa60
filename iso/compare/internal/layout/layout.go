// Package layout reads what an ISO image has besides the contents of its files: descriptors, both
// trees of directories (ISO 9660 and Joliet), boot catalog, partition tables, and sectors that
// nothing points to.
//
// Where something lies follows from how large is what lies before it. So a place is told by what is
// there: two images are told alike where they differ by nothing else than by the size of a file.
// Formats: ECMA-119, SUSP 1.12, El Torito 1.0, UEFI 2.10 (5.3, GPT).
package layout

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"unicode/utf16"

	"bee/core/iso9660"
)

// File is a file of the image.
type File struct {
	Name         string
	Sector, Size int64
	// Resized tells that its size is not to count, nor where in a directory it is named.
	Resized bool
}

// Part is something that an image has.
type Part struct {
	What string
	// Data has words in place of places; Times are those that it has, which are not in Data.
	Data, Times []byte
}

const (
	sector          = iso9660.SectorSize
	block           = 512 // of partition tables
	firstDescriptor = 16
	bootRecord      = 0    // type of a descriptor
	catalogPointer  = 0x47 // in it
	mostSectors     = 4096 // of directories, and of what no file has
)

// Image is an image that is read.
type Image struct {
	from    io.ReaderAt
	size    int64
	files   []File
	words   []string         // which are of this image alone
	starts  map[int64]string // of what begins at a sector
	ends    map[int64]string // of what ends before it
	resized map[int64]int64  // sizes that do not count, by the sector
	taken   map[int64]bool   // sectors that are told of
	known   []span           // what is told of that is smaller than a sector
	parts   []Part
	read    int
}

// span is bytes of the image, up to the end.
type span struct{ start, end int64 }

// Open prepares to read an image of a size. Words, such as a digest in a name, are those of this
// image alone, and are told alike.
func Open(image io.ReaderAt, size int64, files []File, words ...string) *Image {
	i := &Image{from: image, size: size, files: files, words: words, starts: map[int64]string{}, ends: map[int64]string{}, resized: map[int64]int64{}, taken: map[int64]bool{}}
	for _, f := range slices.Backward(slices.SortedFunc(slices.Values(files), func(a, b File) int { return cmp.Compare(a.Name, b.Name) })) {
		i.starts[f.Sector] = "start of " + f.Name
		if f.Size > 0 {
			i.ends[f.Sector+sectors(f.Size)] = "end of " + f.Name
		}
		if f.Resized {
			i.resized[f.Sector] = f.Size
		}
	}
	return i
}

func sectors(size int64) int64 { return (size + sector - 1) / sector }

// Parts are all that the image has besides the contents of its files, and what describes them.
func (i *Image) Parts() ([]Part, error) {
	descriptors, err := i.descriptors()
	if err != nil {
		return nil, err
	}
	for _, d := range descriptors {
		if err := i.descriptor(d); err != nil {
			return nil, err
		}
	}
	if err := i.systemArea(); err != nil {
		return nil, err
	}
	i.order()
	if err := i.rest(); err != nil {
		return nil, err
	}
	return i.parts, nil
}

// take reads a sector that is told of.
func (i *Image) take(number int64) ([]byte, error) {
	if i.read++; i.read > mostSectors {
		return nil, fmt.Errorf("more than %d sectors are of no file", mostSectors)
	}
	data := make([]byte, sector)
	if _, err := i.from.ReadAt(data, number*sector); err != nil {
		return nil, fmt.Errorf("sector %d: %w", number, err)
	}
	i.taken[number] = true
	return data, nil
}

func (i *Image) add(what string, data, times []byte) {
	i.parts = append(i.parts, Part{what, i.alike(data), times})
}

// alike takes the words out that are of this image alone.
func (i *Image) alike(data []byte) []byte {
	for _, word := range i.words {
		var wide []byte
		for _, unit := range utf16.Encode([]rune(word)) {
			wide = binary.BigEndian.AppendUint16(wide, unit)
		}
		for _, form := range [][]byte{[]byte(word), []byte(strings.ToUpper(word)), wide} {
			data = bytes.ReplaceAll(data, form, []byte("…"))
		}
	}
	return data
}

// place tells what is at a sector.
func (i *Image) place(number int64) string {
	if start, ok := i.starts[number]; ok {
		return start
	}
	if end, ok := i.ends[number]; ok {
		return end
	}
	if number == sectors(i.size) {
		return "end of the image"
	}
	return fmt.Sprint(number)
}

// blockPlace tells what is at a block of 512 bytes. Behind all files, that is told from the end.
func (i *Image) blockPlace(number int64) string {
	const perSector = sector / block
	if number%perSector == 0 {
		if place := i.place(number / perSector); place != fmt.Sprint(number/perSector) {
			return place
		}
	}
	var last int64
	for end := range i.ends {
		last = max(last, end*perSector)
	}
	if last > 0 && number >= last {
		return fmt.Sprintf("%d blocks before the end", i.size/block-number)
	}
	return fmt.Sprintf("block %d", number)
}

// edit is a text in place of some bytes.
type edit struct {
	at, size int
	text     string
}

// edited is data with words in it; edits are in their order.
func edited(data []byte, edits ...edit) []byte {
	var out []byte
	at := 0
	for _, e := range edits {
		out = append(append(out, data[at:e.at]...), e.text...)
		at = e.at + e.size
	}
	return append(out, data[at:]...)
}

func little(data []byte, at int) int64 { return int64(binary.LittleEndian.Uint32(data[at:])) }
func big(data []byte, at int) int64    { return int64(binary.BigEndian.Uint32(data[at:])) }

// both reads a number that is there in both orders of bytes, ECMA-119 7.3.3.
func both(data []byte, at int) (int64, error) {
	if n := little(data, at); n == big(data, at+4) {
		return n, nil
	}
	return 0, errors.New("a number is not the same in both orders of bytes")
}

// descriptors are the volume descriptors.
func (i *Image) descriptors() ([][]byte, error) {
	var all [][]byte
	const terminator, most = 255, 16
	for number := int64(firstDescriptor); number < firstDescriptor+most; number++ {
		data, err := i.take(number)
		if err != nil {
			return nil, err
		}
		if string(data[1:6]) != "CD001" {
			return nil, fmt.Errorf("sector %d is no volume descriptor", number)
		}
		all = append(all, data)
		if data[0] == terminator {
			return all, nil
		}
	}
	return nil, errors.New("the volume descriptors have no end")
}

// descriptor tells of a volume descriptor, and of what it points to.
func (i *Image) descriptor(data []byte) error {
	const primary, supplementary = 1, 2
	switch data[0] {
	case bootRecord:
		i.add("boot record", edited(data, edit{catalogPointer, 4, i.place(little(data, catalogPointer))}), nil)
		return nil
	case primary, supplementary:
	default:
		i.add(fmt.Sprintf("volume descriptor of type %d", data[0]), data, nil)
		return nil
	}
	tree := "ISO 9660"
	if data[0] == supplementary {
		tree = "Joliet"
	}
	// ECMA-119 8.4
	const volumeSize, pathTables, rootRecord, rootSize, dates, dateSize, application = 80, 140, 156, 34, 813, 17, 883
	size, err := both(data, volumeSize)
	if err != nil {
		return err
	}
	if err := i.directory(tree, data[rootRecord:rootRecord+rootSize]); err != nil {
		return fmt.Errorf("%s: %w", tree, err)
	}
	edits := []edit{{volumeSize, 8, i.blockPlace(size * sector / block)}}
	for table := range 4 {
		at := pathTables + 4*table
		order := little
		if table >= 2 {
			order = big
		}
		number := order(data, at)
		if number != 0 {
			length, err := both(data, 132)
			if err != nil {
				return err
			}
			if err := i.pathTable(fmt.Sprintf("path table %d of %s", table, tree), number, length, order); err != nil {
				return err
			}
		}
		edits = append(edits, edit{at, 4, fmt.Sprint(number != 0)})
	}
	edits = append(edits, edit{rootRecord, rootSize, "root"})
	dateBytes := data[dates : dates+4*dateSize]
	edits = append(edits, edit{dates, len(dateBytes), ""})
	if data[0] == primary && bytes.HasPrefix(data[application:], []byte("bee-sha256 ")) {
		edits = append(edits, edit{application, 512, "seal"}) // whoever compares verifies it
	}
	i.add("volume descriptor of "+tree, edited(data, edits...), dateBytes)
	return nil
}

// pathTable tells of a table of directories, ECMA-119 9.4.
func (i *Image) pathTable(what string, number, length int64, order func([]byte, int) int64) error {
	if length > mostSectors*sector {
		return fmt.Errorf("%s has %d bytes", what, length)
	}
	var data []byte
	for at := range sectors(length) {
		more, err := i.take(number + at)
		if err != nil {
			return err
		}
		data = append(data, more...)
	}
	var out []byte
	rest := data[:length]
	for len(rest) > 0 {
		const head = 8
		if len(rest) < head {
			return errors.New(what + " is damaged")
		}
		size := head + int(rest[0])
		size += size % 2
		if rest[0] == 0 || size > len(rest) {
			return errors.New(what + " is damaged")
		}
		out = append(out, edited(rest[:size], edit{2, 4, i.place(order(rest, 2))})...)
		rest = rest[size:]
	}
	i.add(what, append(out, bytes.TrimRight(data[length:], "\x00")...), nil)
	return nil
}

// directory tells of the directories of a tree, each record by itself.
func (i *Image) directory(tree string, root []byte) error {
	type open struct {
		path   string
		record []byte
	}
	// twice: places of directories are told by their names, which are known in the end only
	var records []struct {
		what string
		data []byte
	}
	for next := []open{{"/", root}}; len(next) > 0; next = next[1:] {
		dir := next[0]
		first, err := both(dir.record, 2)
		if err != nil {
			return err
		}
		length, err := both(dir.record, 10)
		if err != nil {
			return err
		}
		i.starts[first] = "directory " + dir.path + " of " + tree
		for at := range sectors(length) {
			data, err := i.take(first + at)
			if err != nil {
				return err
			}
			for len(data) > 0 && data[0] != 0 {
				const head, flags, folder = 33, 25, 2
				size := int(data[0])
				if size > len(data) || size <= head || head+int(data[head-1]) > size {
					return fmt.Errorf("directory %q: a record is damaged", dir.path)
				}
				record := data[:size]
				data = data[size:]
				name := record[head : head+int(record[head-1])]
				what := fmt.Sprintf("%s%s in %s", dir.path, printed(tree, name), tree)
				records = append(records, struct {
					what string
					data []byte
				}{what, record})
				if record[flags]&folder != 0 && (len(name) != 1 || name[0] > 1) {
					next = append(next, open{dir.path + printed(tree, name) + "/", record})
				}
			}
			if len(bytes.TrimLeft(data, "\x00")) > 0 {
				return fmt.Errorf("directory %q: something is behind its records", dir.path)
			}
		}
	}
	for _, r := range records {
		if err := i.record(r.what, r.data); err != nil {
			return fmt.Errorf("%s: %w", r.what, err)
		}
	}
	return nil
}

func printed(tree string, name []byte) string {
	if tree != "Joliet" || len(name)%2 != 0 {
		return string(name)
	}
	var units []uint16
	for at := 0; at < len(name); at += 2 {
		units = append(units, binary.BigEndian.Uint16(name[at:]))
	}
	return string(utf16.Decode(units))
}

// record tells of a record of a directory, ECMA-119 9.1.
func (i *Image) record(what string, data []byte) error {
	const placeAt, sizeAt, dateAt, dateSize, nameSizeAt, head = 2, 10, 18, 7, 32, 33
	number, err := both(data, placeAt)
	if err != nil {
		return err
	}
	size, err := both(data, sizeAt)
	if err != nil {
		return err
	}
	edits := []edit{{placeAt, 8, i.place(number)}}
	if known, ok := i.resized[number]; ok && known == size {
		edits = append(edits, edit{sizeAt, 8, "size"})
	}
	times := slices.Clone(data[dateAt : dateAt+dateSize])
	edits = append(edits, edit{dateAt, dateSize, ""})
	// the fields of Rock Ridge
	for at := (head + int(data[nameSizeAt]) + 1) &^ 1; at+4 <= len(data); {
		length := int(data[at+2])
		if length < 4 || at+length > len(data) {
			break
		}
		switch signature := string(data[at : at+2]); {
		case signature == "TF":
			times = append(times, data[at+4:at+length]...)
			edits = append(edits, edit{at + 4, length - 4, ""})
		case signature == "CE" && length >= 28:
			edits = append(edits, edit{at + 4, 8, "elsewhere"}) // where all is told that nothing points to
		}
		at += length
	}
	i.parts = append(i.parts, Part{string(i.alike([]byte(what))), i.alike(edited(data, edits...)), times})
	return nil
}

// CatalogSector is where the boot catalog is, 0 where there is none. El Torito 2.0.
func (i *Image) CatalogSector() int64 {
	data := make([]byte, sector)
	if _, err := i.from.ReadAt(data, (firstDescriptor+1)*sector); err != nil || data[0] != bootRecord {
		return 0
	}
	return little(data, catalogPointer)
}

// BootCatalog is a boot catalog with words in place of places, El Torito 2.
func (i *Image) BootCatalog(catalog []byte) []byte {
	const entry, pointer, marks = 32, 8, 0x91
	var edits []edit
	for at := entry; at+entry <= len(catalog); at += entry {
		if indicator := catalog[at]; indicator&^1 != marks&^1 {
			if number := little(catalog, at+pointer); number != 0 {
				edits = append(edits, edit{at + pointer, 4, i.place(number)})
			}
		}
	}
	return edited(catalog, edits...)
}

// BootInfo is a boot loader with a word in place of its own, where it has such a table: mkisofs(8),
// "EL TORITO BOOT INFORMATION TABLE".
func (i *Image) BootInfo(f File, content []byte) []byte {
	const at, size = 8, 56
	if len(content) < at+size || little(content, at) != firstDescriptor || little(content, at+4) != f.Sector || little(content, at+8) != f.Size {
		return content
	}
	return edited(content, edit{at + 4, 4, "start of this file"})
}

// systemArea tells of the first sectors: a boot sector with partitions, and the GPT.
func (i *Image) systemArea() error {
	var data []byte
	for number := range int64(firstDescriptor) {
		more, err := i.take(number)
		if err != nil {
			return err
		}
		data = append(data, more...)
	}
	const loaderAt, tableAt, entry, signatureAt = 432, 446, 16, 510
	var edits []edit
	if binary.LittleEndian.Uint16(data[signatureAt:]) == 0xaa55 {
		if loader := little(data, loaderAt); loader != 0 {
			edits = append(edits, edit{loaderAt, 4, i.blockPlace(loader)})
		}
		for partition := range 4 {
			at := tableAt + partition*entry
			if data[at+4] == 0 { // no type: no partition
				continue
			}
			start, size := little(data, at+8), little(data, at+12)
			// the old form of both follows from them
			edits = append(edits, edit{at + 1, 3, ""}, edit{at + 5, 3, ""},
				edit{at + 8, 4, i.blockPlace(start)}, edit{at + 12, 4, i.blockPlace(start + size)})
		}
	}
	i.add("boot sector", edited(data[:block], edits...), nil)
	const mainTable = block
	alternate, err := i.partitionTable("partition table", mainTable)
	if err != nil {
		return err
	}
	if alternate != 0 {
		if _, err := i.partitionTable("other partition table", alternate); err != nil {
			return err
		}
	}
	i.forget(0, data)
	clear(data[:block])
	i.add("system area", bytes.TrimRight(data, "\x00"), nil)
	return nil
}

// forget clears what is known of data, which begins at a place in the image.
func (i *Image) forget(at int64, data []byte) {
	for _, s := range i.known {
		if start, end := max(s.start-at, 0), min(s.end-at, int64(len(data))); start < end {
			clear(data[start:end])
		}
	}
}

// partitionTable tells of a GPT, where there is one that is right, and returns where its double is;
// UEFI 5.3.
func (i *Image) partitionTable(what string, at int64) (alternate int64, err error) {
	const headBytes, entryBytes, mostEntries = 92, 128, 1024
	head := make([]byte, headBytes)
	if at < 0 || at > i.size-headBytes {
		return 0, nil
	}
	if _, err := i.from.ReadAt(head, at); err != nil {
		return 0, fmt.Errorf("%s: %w", what, err)
	}
	number := func(data []byte, at int) int64 { return int64(binary.LittleEndian.Uint64(data[at:])) }
	if !bytes.HasPrefix(head, []byte("EFI PART")) || little(head, 12) != headBytes || little(head, 84) != entryBytes || little(head, 80) > mostEntries {
		return 0, nil
	}
	entries := make([]byte, little(head, 80)*entryBytes)
	first := number(head, 72)
	if first < 0 || first > i.size/block-sectors(int64(len(entries)))*sector/block {
		return 0, nil
	}
	if _, err := i.from.ReadAt(entries, first*block); err != nil {
		return 0, fmt.Errorf("%s: %w", what, err)
	}
	blank := edited(head, edit{16, 4, "\x00\x00\x00\x00"})
	if int64(crc32.ChecksumIEEE(blank)) != little(head, 16) || int64(crc32.ChecksumIEEE(entries)) != little(head, 88) || number(head, 24) != at/block {
		return 0, nil // it is told as it is
	}
	edits := []edit{{16, 4, "sum"}}
	for _, field := range []int{24, 32, 40, 48, 72} {
		edits = append(edits, edit{field, 8, i.blockPlace(number(head, field))})
	}
	text := edited(head, append(edits, edit{88, 4, "sum"})...)
	for entry := range slices.Chunk(entries, entryBytes) {
		text = append(text, edited(entry, edit{32, 8, i.blockPlace(number(entry, 32))}, edit{40, 8, i.blockPlace(number(entry, 40) + 1)})...)
	}
	i.add(what, text, nil)
	i.known = append(i.known, span{at, at + headBytes}, span{first * block, first*block + int64(len(entries))})
	return number(head, 32) * block, nil
}

// order tells in which order the files lie.
func (i *Image) order() {
	var names []string
	for _, f := range slices.SortedFunc(slices.Values(i.files), func(a, b File) int {
		return cmp.Or(cmp.Compare(a.Sector, b.Sector), cmp.Compare(a.Name, b.Name))
	}) {
		if f.Size > 0 {
			names = append(names, f.Name)
		}
	}
	i.add("order of the files", []byte(strings.Join(names, "\n")), nil)
}

// rest tells of the sectors that nothing points to, and of what is behind the files in their last
// ones. Those of zeros have nothing to tell.
func (i *Image) rest() error {
	for _, f := range i.files {
		for number := range sectors(f.Size) {
			i.taken[f.Sector+number] = true
		}
		tail := make([]byte, sectors(f.Size)*sector-f.Size)
		if _, err := i.from.ReadAt(tail, f.Sector*sector+f.Size); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		if len(bytes.Trim(tail, "\x00")) > 0 {
			i.add("what is behind "+f.Name+" in its last sector", tail, nil)
		}
	}
	var rest []byte
	zeros := make([]byte, sector)
	for number := range sectors(i.size) {
		if i.taken[number] {
			continue
		}
		data := make([]byte, min(sector, i.size-number*sector))
		if _, err := i.from.ReadAt(data, number*sector); err != nil {
			return fmt.Errorf("sector %d: %w", number, err)
		}
		i.forget(number*sector, data)
		if bytes.Equal(data, zeros[:len(data)]) {
			continue
		}
		if rest = append(rest, data...); len(rest) > mostSectors*sector {
			return fmt.Errorf("more than %d sectors are of no file", mostSectors)
		}
	}
	i.add("sectors that nothing points to", rest, nil)
	return nil
}
