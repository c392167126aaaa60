// Package fattest makes a FAT file system for tests.
package fattest

import "encoding/binary"

// Floppy returns a FAT12 file system of 1.44 MB, in which efi/boot/bootx64.efi has
// this content. mdir and fsck.fat take it for right.
func Floppy(loader []byte) []byte {
	const (
		sector, sectors        = 512, 2880
		tableSectors, tables   = 9, 2
		rootEntries, entrySize = 224, 32
		rootAt                 = (1 + tables*tableSectors) * sector
		dataAt                 = rootAt + rootEntries*entrySize
		end                    = 0xfff
		folder, file           = 0x10, 0x20
		efi, boot, first       = 2, 3, 4 // clusters
	)
	image := make([]byte, sector*sectors)
	short := func(at int, value uint16) { binary.LittleEndian.PutUint16(image[at:], value) }
	copy(image, "\xeb\x3c\x90MSDOS5.0")
	short(11, sector)
	image[13] = 1 // sectors of a cluster
	short(14, 1)  // sectors before the tables
	image[16] = tables
	short(17, rootEntries)
	short(19, sectors)
	image[21] = 0xf0 // medium
	short(22, tableSectors)
	short(24, 18) // sectors of a track
	short(26, 2)  // heads
	image[38] = 0x29
	copy(image[43:], "NO NAME    FAT12   ")
	short(510, 0xaa55)

	link := func(cluster, next int) {
		for table := range tables {
			at := (1+table*tableSectors)*sector + cluster*3/2
			word := int(binary.LittleEndian.Uint16(image[at:]))
			if cluster%2 == 0 {
				word = word&0xf000 | next
			} else {
				word = word&0xf | next<<4
			}
			short(at, uint16(word))
		}
	}
	entry := func(at int, name string, attributes byte, cluster, size int) {
		copy(image[at:], name)
		image[at+11] = attributes
		short(at+26, uint16(cluster))
		binary.LittleEndian.PutUint32(image[at+28:], uint32(size))
	}
	place := func(cluster int) int { return dataAt + (cluster-2)*sector }
	link(0, 0xff0)
	link(1, end)
	link(efi, end)
	link(boot, end)
	entry(rootAt, "EFI        ", folder, efi, 0)
	entry(place(efi), ".          ", folder, efi, 0)
	entry(place(efi)+entrySize, "..         ", folder, 0, 0)
	entry(place(efi)+2*entrySize, "BOOT       ", folder, boot, 0)
	entry(place(boot), ".          ", folder, boot, 0)
	entry(place(boot)+entrySize, "..         ", folder, efi, 0)
	clusters := (len(loader) + sector - 1) / sector
	for i := range clusters {
		next := first + i + 1
		if i == clusters-1 {
			next = end
		}
		link(first+i, next)
	}
	start := first
	if clusters == 0 {
		start = 0
	}
	entry(place(boot)+2*entrySize, "BOOTX64 EFI", file, start, len(loader))
	copy(image[place(first):], loader)
	return image
}
