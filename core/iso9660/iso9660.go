// Package iso9660 reads ISO images: whether a machine can boot from one, the digest that it has
// of itself, and its files. Formats: ECMA-119 (ISO 9660), the El Torito Bootable CD-ROM Format
// Specification 1.0, and for files SUSP 1.12 with Rock Ridge 1.12.
package iso9660

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// SectorSize is the size of a logical sector in bytes.
const SectorSize = 2048

const (
	descriptorSector = 16 // the volume descriptors begin here, ECMA-119 6.2.1
	bootRecordSector = 17 // El Torito 2.0 fixes the boot record's place
	identifier       = "CD001"
	bootSystem       = "EL TORITO SPECIFICATION"

	platformBIOS = 0
	platformUEFI = 0xef
)

// Boot says which firmware finds a boot image on the medium.
type Boot struct {
	BIOS, UEFI bool
}

// Check returns what the ISO image at path boots on. The error says what is
// wrong with a file that is no bootable ISO image.
func Check(path string) (Boot, error) {
	file, err := os.Open(path)
	if err != nil {
		return Boot{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return Boot{}, err
	}
	if !info.Mode().IsRegular() && info.Mode()&os.ModeDevice == 0 {
		return Boot{}, fmt.Errorf("%s is a folder, not an ISO image", path)
	}
	boot, err := read(file)
	if err != nil {
		return Boot{}, fmt.Errorf("%s (%d bytes): %w", path, info.Size(), err)
	}
	return boot, nil
}

func read(image io.ReaderAt) (Boot, error) {
	descriptor, err := sector(image, descriptorSector)
	if err != nil || string(descriptor[1:6]) != identifier {
		return Boot{}, fmt.Errorf("not an ISO image: no ISO 9660 signature %s at byte %d", identifier, descriptorSector*SectorSize+1)
	}
	record, err := sector(image, bootRecordSector)
	if err != nil || record[0] != 0 || string(record[1:6]) != identifier || !bytes.HasPrefix(record[7:], []byte(bootSystem)) {
		return Boot{}, errors.New("an ISO image that does not boot: it has no El Torito boot record")
	}
	catalog, err := sector(image, int64(binary.LittleEndian.Uint32(record[0x47:])))
	if err != nil || catalog[0] != 1 || catalog[0x1e] != 0x55 || catalog[0x1f] != 0xaa {
		return Boot{}, errors.New("an ISO image that does not boot: its El Torito boot catalog is missing or damaged")
	}
	return entries(catalog), nil
}

// entries reads the boot catalog: a validation entry with the platform of the
// default entry, then section headers, each followed by its entries, all of 32
// bytes (El Torito 2.1 to 2.4).
func entries(catalog []byte) Boot {
	const size, bootable = 32, 0x88
	var boot Boot
	mark := func(platform, indicator byte) {
		if indicator == bootable {
			boot.BIOS = boot.BIOS || platform == platformBIOS
			boot.UEFI = boot.UEFI || platform == platformUEFI
		}
	}
	mark(catalog[1], catalog[size])
	for at := 2 * size; at+size <= len(catalog); {
		header := catalog[at : at+size]
		if header[0] != 0x90 && header[0] != 0x91 { // 0x91 is the last one
			break
		}
		at += size
		for range binary.LittleEndian.Uint16(header[2:]) {
			if at+size > len(catalog) {
				break
			}
			mark(header[1], catalog[at])
			at += size
		}
		if header[0] == 0x91 {
			break
		}
	}
	return boot
}

func sector(image io.ReaderAt, number int64) ([]byte, error) {
	data := make([]byte, SectorSize)
	_, err := image.ReadAt(data, number*SectorSize)
	return data, err
}
