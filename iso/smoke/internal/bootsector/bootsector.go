// Package bootsector makes tiny programs for the BIOS: they prove that a virtual
// machine runs code at all, and stand for a machine in tests.
package bootsector

import (
	"encoding/binary"
	"fmt"

	"bee/core/iso9660"
)

// The BIOS loads a boot sector to this address and jumps to it.
const origin = 0x7c00

// Exit is a boot sector that does what a kernel does first, and then writes value
// to an I/O port: with QEMU's device isa-debug-exit there, QEMU leaves with the
// status value<<1 | 1. It enters protected mode, and uses an instruction of BMI2
// where the processor is said to have it, as the decompressor of Linux does: a
// host that emulates instructions may know neither.
func Exit(port uint16, value byte) []byte {
	return sector([]byte{
		0xfa,       //                                 cli
		0x31, 0xc0, //                                 xor ax, ax
		0x8e, 0xd8, //                                 mov ds, ax
		0x66, 0x0f, 0x01, 0x16, 0x3e, 0x7c, //         lgdt [gdtr]
		0x0f, 0x20, 0xc0, //                           mov eax, cr0
		0x0c, 0x01, //                                 or al, 1
		0x0f, 0x22, 0xc0, //                           mov cr0, eax
		0xea, 0x18, 0x7c, 0x08, 0x00, //               jmp 8:protected
		0x31, 0xc0, //                      protected: xor eax, eax
		0x0f, 0xa2, //                                 cpuid
		0x83, 0xf8, 0x07, //                           cmp eax, 7
		0x72, 0x13, //                                 jb leave
		0xb8, 0x07, 0x00, 0x00, 0x00, //               mov eax, 7
		0x31, 0xc9, //                                 xor ecx, ecx
		0x0f, 0xa2, //                                 cpuid
		0xf6, 0xc7, 0x01, //                           test bh, 1
		0x74, 0x05, //                                 jz leave
		0xc4, 0xe2, 0x79, 0xf7, 0xc0, //               shlx eax, eax, eax
		0x66, 0xba, byte(port), byte(port >> 8), // leave: mov dx, port
		0xb0, value, //                                mov al, value
		0xee,       //                                 out dx, al
		0xf4,       //                            end: hlt
		0xeb, 0xfd, //                                 jmp end
		0x0f, 0x00, 0x44, 0x7c, 0x00, 0x00, //   gdtr: limit and address of gdt
		0, 0, 0, 0, 0, 0, 0, 0, //                gdt: none
		0xff, 0xff, 0, 0, 0, 0x9b, 0xcf, 0, //         8: code, all 4 GiB
	})
}

// Say is a boot sector that writes text to the first serial port and then does
// nothing for ever. The text must fit into the sector.
func Say(text string) []byte { return say(text, 0x03) } // end

// Flood is a boot sector that writes text to the first serial port without end.
func Flood(text string) []byte { return say(text, 0xf5) } // the mov of si

// say jumps behind the text's end by a distance from the jump.
func say(text string, behind byte) []byte {
	code := []byte{
		0xfa,       //             cli
		0x31, 0xc0, //             xor ax, ax
		0x8e, 0xd8, //             mov ds, ax
		0xfc,             //       cld
		0xbe, 0x00, 0x00, //       mov si, text
		0xba, 0xf8, 0x03, //       mov dx, 0x3f8
		0xac,       //       next: lodsb
		0x84, 0xc0, //             test al, al
		0x74, behind, //           jz behind
		0xee,       //             out dx, al
		0xeb, 0xf8, //             jmp next
		0xf4,       //        end: hlt
		0xeb, 0xfd, //             jmp end
	}
	binary.LittleEndian.PutUint16(code[7:], uint16(origin+len(code)))
	return sector(append(append(code, text...), 0))
}

func sector(code []byte) []byte {
	if len(code) > 510 {
		panic(fmt.Sprintf("bootsector: %d bytes do not fit into 510", len(code)))
	}
	image := make([]byte, 512)
	copy(image, code)
	image[510], image[511] = 0x55, 0xaa
	return image
}

// ISO wraps a boot sector into an ISO 9660 image without files that boots under
// BIOS (El Torito, no emulation).
func ISO(boot []byte) []byte {
	const catalogSector, imageSector, sectors = 19, 20, 24
	image := make([]byte, sectors*iso9660.SectorSize)
	at := func(sector int) []byte { return image[sector*iso9660.SectorSize:][:iso9660.SectorSize] }

	copy(at(16), "\x01CD001\x01")
	copy(at(17), "\x00CD001\x01EL TORITO SPECIFICATION")
	binary.LittleEndian.PutUint32(at(17)[0x47:], catalogSector)
	copy(at(18), "\xffCD001\x01")

	validation := at(catalogSector)[:32]
	validation[0] = 1
	validation[30], validation[31] = 0x55, 0xaa
	var sum uint16
	for word := range 16 {
		sum += binary.LittleEndian.Uint16(validation[2*word:])
	}
	binary.LittleEndian.PutUint16(validation[28:], -sum)
	entry := at(catalogSector)[32:64]
	entry[0] = 0x88
	binary.LittleEndian.PutUint16(entry[6:], 1) // sectors of 512 bytes to load
	binary.LittleEndian.PutUint32(entry[8:], imageSector)

	copy(at(imageSector), boot)
	return image
}
