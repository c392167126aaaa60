// Package fat looks for a file in a FAT file system: of a floppy disk's size, or of
// an EFI system partition's. Format: Microsoft, FAT: General Overview of On-Disk
// Format 1.03. Only short names are read.
package fat

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	entryBytes    = 32
	isFolder      = 0x10
	isVolumeLabel = 0x08 // also set in the parts of a long name
	deleted       = 0xe5

	maxFAT12 = 4085 // clusters: fewer are FAT12
	maxFAT16 = 65525
	maxFAT32 = 0xffffff5 // above are marks in the table

	maxSector  = 4096
	maxCluster = 128     // sectors
	maxFolder  = 2 << 20 // bytes
)

// ErrNotFound is the error of a file that is not there.
var ErrNotFound = errors.New("not found")

// Size returns the size of a file. Letters may be of any case, as FAT takes them.
func Size(image io.ReaderAt, path string) (int64, error) {
	v, err := open(image)
	if err != nil {
		return 0, err
	}
	entries, err := v.root()
	if err != nil {
		return 0, err
	}
	names := strings.Split(path, "/")
	for i, name := range names {
		entry := find(entries, name)
		if entry == nil || (entry[11]&isFolder != 0) != (i < len(names)-1) {
			return 0, fmt.Errorf("%s: %w", path, ErrNotFound)
		}
		if i == len(names)-1 {
			return int64(binary.LittleEndian.Uint32(entry[28:])), nil
		}
		cluster := uint32(binary.LittleEndian.Uint16(entry[20:]))<<16 | uint32(binary.LittleEndian.Uint16(entry[26:]))
		if entries, err = v.chain(cluster); err != nil {
			return 0, err
		}
	}
	return 0, ErrNotFound
}

// find returns the folder's entry of this name, or nil.
func find(entries []byte, name string) []byte {
	for at := 0; at+entryBytes <= len(entries) && entries[at] != 0; at += entryBytes {
		entry := entries[at : at+entryBytes]
		if entry[0] == deleted || entry[11]&isVolumeLabel != 0 {
			continue
		}
		short := strings.TrimRight(string(entry[:8]), " ")
		if extension := strings.TrimRight(string(entry[8:11]), " "); extension != "" {
			short += "." + extension
		}
		if strings.EqualFold(short, name) {
			return entry
		}
	}
	return nil
}

// volume is where the parts of a file system are, in bytes.
type volume struct {
	image             io.ReaderAt
	table, data       int64
	clusterBytes      int64
	clusters          uint32
	rootAt, rootBytes int64  // FAT12 and FAT16
	rootCluster       uint32 // FAT32
	bits              int
	endMark           uint32
}

func open(image io.ReaderAt) (*volume, error) {
	const headBytes = 512
	head := make([]byte, headBytes)
	if _, err := image.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("no FAT file system: %w", err)
	}
	short := func(at int) int64 { return int64(binary.LittleEndian.Uint16(head[at:])) }
	long := func(at int) int64 { return int64(binary.LittleEndian.Uint32(head[at:])) }
	sector, perCluster, tables := short(11), int64(head[13]), int64(head[16])
	if head[510] != 0x55 || head[511] != 0xaa || tables == 0 ||
		sector < headBytes || sector > maxSector || perCluster == 0 || perCluster > maxCluster {
		return nil, errors.New("no FAT file system")
	}
	tableSectors, sectors := short(22), short(19)
	if tableSectors == 0 {
		tableSectors = long(36)
	}
	if sectors == 0 {
		sectors = long(32)
	}
	v := &volume{image: image, clusterBytes: sector * perCluster}
	v.table = short(14) * sector
	v.rootAt = v.table + tables*tableSectors*sector
	v.rootBytes = short(17) * entryBytes
	v.data = v.rootAt + (v.rootBytes+sector-1)/sector*sector
	clusters := (sectors*sector - v.data) / v.clusterBytes
	if clusters < 0 || clusters > maxFAT32 {
		return nil, errors.New("damaged FAT file system: its parts do not fit into it")
	}
	v.clusters = uint32(clusters)
	switch {
	case v.clusters < maxFAT12:
		v.bits, v.endMark = 12, 0xff8
	case v.clusters < maxFAT16:
		v.bits, v.endMark = 16, 0xfff8
	default:
		v.bits, v.endMark, v.rootCluster = 32, 0xffffff8, uint32(long(44))
	}
	return v, nil
}

func (v *volume) root() ([]byte, error) {
	if v.rootCluster != 0 {
		return v.chain(v.rootCluster)
	}
	entries := make([]byte, v.rootBytes)
	_, err := v.image.ReadAt(entries, v.rootAt)
	return entries, err
}

// chain reads a folder's clusters.
func (v *volume) chain(cluster uint32) ([]byte, error) {
	var all []byte
	for len(all) < maxFolder {
		if cluster < 2 || cluster >= v.clusters+2 {
			return nil, errors.New("damaged FAT file system: a folder goes on outside of it")
		}
		part := make([]byte, v.clusterBytes)
		if _, err := v.image.ReadAt(part, v.data+int64(cluster-2)*v.clusterBytes); err != nil {
			return nil, fmt.Errorf("damaged FAT file system: %w", err)
		}
		all = append(all, part...)
		next, err := v.next(cluster)
		if err != nil {
			return nil, fmt.Errorf("damaged FAT file system: %w", err)
		}
		if next >= v.endMark {
			return all, nil
		}
		cluster = next
	}
	return nil, errors.New("damaged FAT file system: a folder does not end")
}

// next reads the table's entry of a cluster.
func (v *volume) next(cluster uint32) (uint32, error) {
	var word [4]byte
	size := 2
	if v.bits == 32 {
		size = 4
	}
	if _, err := v.image.ReadAt(word[:size], v.table+int64(cluster)*int64(v.bits)/8); err != nil {
		return 0, err
	}
	value := binary.LittleEndian.Uint32(word[:])
	switch {
	case v.bits == 12 && cluster%2 == 1:
		return value >> 4, nil
	case v.bits == 12:
		return value & 0xfff, nil
	default:
		return value & 0xfffffff, nil // FAT32 has 28 bits
	}
}
