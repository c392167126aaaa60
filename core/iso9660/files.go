package iso9660

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// File is a file or directory of an image, as Rock Ridge (IEEE P1282) tells it.
type File struct {
	// From the root, which is "/".
	Path string
	// Type and permission bits.
	Mode fs.FileMode
	// What a regular file holds, nil for others.
	Content *io.SectionReader
	// Where a symbolic link points to.
	Target string
}

// Limits of what is read, by which the paths of all files take 60 MB at most: media of bee have a
// few dozens of sectors of directories.
const (
	mostSectors = 1024
	longestPath = 1024
)

// Files are all files and directories of an image with Rock Ridge, sorted by path.
func Files(image io.ReaderAt) ([]File, error) {
	descriptor, err := sector(image, descriptorSector)
	if err != nil || descriptor[0] != 1 || string(descriptor[1:6]) != identifier {
		return nil, errors.New("not an ISO image: no primary volume descriptor")
	}
	const rootRecord = 156 // ECMA-119 8.4
	t := tree{image: image, directories: []directory{{"/", descriptor[rootRecord:]}}}
	for len(t.directories) > 0 {
		next := t.directories[0]
		t.directories = t.directories[1:]
		if err := t.read(next); err != nil {
			return nil, fmt.Errorf("directory %q: %w", next.path, err)
		}
	}
	slices.SortFunc(t.files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return t.files, nil
}

// tree is what has been read of an image, and what is still to be read.
type tree struct {
	image       io.ReaderAt
	sectors     int
	files       []File
	directories []directory
}

// directory is one that a record is of.
type directory struct {
	path   string
	record []byte
}

// sector reads one more sector of directories.
func (t *tree) sector(number int64) ([]byte, error) {
	if t.sectors++; t.sectors > mostSectors {
		return nil, fmt.Errorf("its directories take more than %d sectors", mostSectors)
	}
	return sector(t.image, number)
}

// Fields of a directory record, ECMA-119 9.1.
const (
	recordExtent     = 2
	recordLength     = 10
	recordFlags      = 25
	recordNameLength = 32
	recordName       = 33

	flagMore = 0x80 // the file goes on in another extent
)

// read reads the records of a directory.
func (t *tree) read(d directory) error {
	first, length := int64(binary.LittleEndian.Uint32(d.record[recordExtent:])), int64(binary.LittleEndian.Uint32(d.record[recordLength:]))
	for at := int64(0); at < length; at += SectorSize {
		data, err := t.sector(first + at/SectorSize)
		if err != nil {
			return err
		}
		for len(data) > 0 && data[0] != 0 { // a record does not go over the end of a sector
			size := int(data[0])
			if size > len(data) || size <= recordName || recordName+int(data[recordNameLength]) > size {
				return errors.New("a record is damaged")
			}
			if err := t.record(d.path, data[:size]); err != nil {
				return err
			}
			data = data[size:]
		}
	}
	return nil
}

// record reads one record of a directory.
func (t *tree) record(parent string, record []byte) error {
	nameEnd := recordName + int(record[recordNameLength])
	attributes := attributes{}
	if err := t.systemUse(record[min((nameEnd+1)&^1, len(record)):], &attributes); err != nil { // it begins at an even byte
		return err
	}
	if !attributes.has {
		return errors.New("a file has no Rock Ridge attributes")
	}
	switch string(record[recordName:nameEnd]) {
	case "\x00": // the directory itself
		t.files = append(t.files, File{Path: parent, Mode: attributes.mode})
		return nil
	case "\x01": // the one above
		return nil
	}
	name := attributes.name
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return fmt.Errorf("%q is no name of a file", name)
	}
	full := path.Join(parent, name)
	if len(full) > longestPath {
		return fmt.Errorf("a path is longer than %d bytes", longestPath)
	}
	if attributes.mode.IsDir() {
		t.directories = append(t.directories, directory{full, record})
		return nil
	}
	file := File{Path: full, Mode: attributes.mode, Target: attributes.target}
	if file.Mode.IsRegular() {
		if record[recordFlags]&flagMore != 0 {
			return fmt.Errorf("%q is in several extents, which no file of bee's is", name)
		}
		file.Content = io.NewSectionReader(t.image, int64(binary.LittleEndian.Uint32(record[recordExtent:]))*SectorSize,
			int64(binary.LittleEndian.Uint32(record[recordLength:])))
	}
	t.files = append(t.files, file)
	return nil
}

// attributes are what Rock Ridge says of a file.
type attributes struct {
	has          bool // whether it says anything
	mode         fs.FileMode
	name, target string
	inComponent  bool // whether the target's last component goes on
}

// systemUse reads the fields of a system use area, and of those that continue it (SUSP 1.12).
func (t *tree) systemUse(area []byte, a *attributes) error {
	for continued := area; area != nil; area = continued {
		continued = nil
		for len(area) >= 4 {
			size := int(area[2])
			if size < 4 || size > len(area) {
				return errors.New("a field of Rock Ridge is damaged")
			}
			field := area[4:size]
			switch signature := string(area[:2]); {
			case signature == "CE" && len(field) >= 24:
				data, err := t.sector(int64(binary.LittleEndian.Uint32(field)))
				if err != nil {
					return err
				}
				begin, length := binary.LittleEndian.Uint32(field[8:]), binary.LittleEndian.Uint32(field[16:])
				if begin > SectorSize || length > SectorSize-begin {
					return errors.New("a field of Rock Ridge is continued beyond a sector")
				}
				continued = data[begin : begin+length]
			case signature == "PX" && len(field) >= 4:
				a.has, a.mode = true, mode(binary.LittleEndian.Uint32(field))
			case signature == "NM" && len(field) >= 1:
				if a.name += string(field[1:]); len(a.name) > longestPath {
					return errors.New("a name is too long")
				}
			case signature == "SL" && len(field) >= 1:
				if err := a.link(field[1:]); err != nil {
					return err
				}
			}
			area = area[size:]
		}
	}
	return nil
}

// link adds the components of a symbolic link's target, Rock Ridge 4.1.3.
func (a *attributes) link(components []byte) error {
	const goesOn, current, parent, root = 1, 2, 4, 8
	for len(components) >= 2 {
		flags, size := components[0], 2+int(components[1])
		if size > len(components) {
			return errors.New("the target of a symbolic link is damaged")
		}
		if a.target != "" && a.target != "/" && !a.inComponent {
			a.target += "/"
		}
		switch {
		case flags&root != 0:
			a.target = "/"
		case flags&current != 0:
			a.target += "."
		case flags&parent != 0:
			a.target += ".."
		default:
			a.target += string(components[2:size])
		}
		if len(a.target) > longestPath {
			return errors.New("the target of a symbolic link is too long")
		}
		a.inComponent = flags&goesOn != 0
		components = components[size:]
	}
	return nil
}

// mode is that of POSIX. Special files are all irregular ones: no medium of bee has any.
func mode(posix uint32) fs.FileMode {
	permissions := fs.FileMode(posix & 0o777)
	switch posix & 0o170000 {
	case 0o040000:
		return permissions | fs.ModeDir
	case 0o100000:
		return permissions
	case 0o120000:
		return permissions | fs.ModeSymlink
	}
	return permissions | fs.ModeIrregular
}
