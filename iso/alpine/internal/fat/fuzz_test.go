package fat

import (
	"bytes"
	"encoding/binary"
	"testing"

	"bee/iso/alpine/internal/fat/fattest"
)

// counted counts what is read.
type counted struct {
	*bytes.Reader
	bytes int
}

func (c *counted) ReadAt(p []byte, at int64) (int, error) {
	c.bytes += len(p)
	return c.Reader.ReadAt(p, at)
}

func FuzzSize(f *testing.F) {
	floppy := fattest.Floppy([]byte("x"))[:20<<10] // its folders and the file
	f.Add(floppy)
	// of the same sectors, but so many of them that the table has entries of 16 and 32 bits
	fat16 := bytes.Clone(floppy)
	binary.LittleEndian.PutUint16(fat16[19:], 60_000)
	f.Add(fat16)
	fat32 := bytes.Clone(fat16)
	clear(fat32[17:24]) // entries of the root, sectors, and those of a table
	binary.LittleEndian.PutUint32(fat32[32:], 70_000)
	binary.LittleEndian.PutUint32(fat32[36:], 9)
	binary.LittleEndian.PutUint32(fat32[44:], 16)
	binary.LittleEndian.PutUint32(fat32[512+4*16:], 0xfffffff)
	f.Add(fat32)
	f.Fuzz(func(t *testing.T, data []byte) {
		image := &counted{Reader: bytes.NewReader(data)}
		_, _ = Size(image, "efi/boot/bootx64.efi")
		// three folders, each with an entry of the table for a cluster
		if limit := 3 * (maxFolder + maxSector*maxCluster + maxFolder/512*4); image.bytes > limit {
			t.Errorf("%d bytes were read", image.bytes)
		}
	})
}
