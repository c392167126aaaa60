// Package mok enrols a certificate in a flash image of OVMF, as shim's MokManager does on a machine
// where a person lets it: a kernel that shim starts takes what the certificate's key has signed.
package mok

import (
	"bytes"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"unicode/utf16"
)

// guid is a GUID as UEFI stores it.
type guid [16]byte

var (
	// gEfiAuthenticatedVariableGuid: what is behind this is a store of variables (EDK II,
	// MdeModulePkg/Include/Guid/VariableFormat.h).
	storeOfVariables = guid{0x78, 0x2c, 0xf3, 0xaa, 0x7b, 0x94, 0x9a, 0x43, 0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92}
	// SHIM_LOCK_GUID, whose variables are shim's.
	shim = guid{0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43, 0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23}
	// EFI_CERT_X509_GUID: a list with this has certificates.
	x509 = guid{0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72}
)

// store is the head of a store of variables, VARIABLE_STORE_HEADER.
type store struct {
	Signature     guid
	Size          uint32
	Format, State byte
	_             [6]byte
}

// variable is the head of a variable, AUTHENTICATED_VARIABLE_HEADER, behind which name and data are.
type variable struct {
	StartID            uint16
	State              byte
	_                  byte
	Attributes         uint32
	_                  [28]byte // what only variables have that are signed
	NameSize, DataSize uint32
	Vendor             guid
}

const (
	startOfVariable = 0x55aa
	added           = 0x3f
	// nonVolatile and of the time before the operating system alone: shim believes no MokList else.
	nonVolatile, bootService = 1, 2
	// erased flash.
	erased = 0xff
)

// signatureList is EFI_SIGNATURE_LIST with one certificate, which is behind it.
type signatureList struct {
	Type                                guid
	ListSize, HeaderSize, SignatureSize uint32
	Owner                               guid
}

// Enrol returns a flash image in which a certificate, PEM or DER, is enrolled.
func Enrol(flash, certificate []byte) ([]byte, error) {
	if block, _ := pem.Decode(certificate); block != nil {
		certificate = block.Bytes
	}
	list := signatureList{Type: x509, Owner: shim}
	list.SignatureSize = uint32(len(list.Owner) + len(certificate))
	list.ListSize = uint32(binary.Size(list) + len(certificate))
	return add(flash, "MokList", pack(list, certificate))
}

// add writes a variable of shim's into the free end of the store.
func add(flash []byte, name string, data []byte) ([]byte, error) {
	at, end, err := freeSpace(flash)
	if err != nil {
		return nil, err
	}
	text := pack(append(utf16.Encode([]rune(name)), 0))
	v := pack(variable{
		StartID: startOfVariable, State: added, Attributes: nonVolatile | bootService,
		NameSize: uint32(len(text)), DataSize: uint32(len(data)), Vendor: shim,
	}, text, data)
	if len(v) > end-at || len(bytes.Trim(flash[at:at+len(v)], string([]byte{erased}))) > 0 {
		return nil, fmt.Errorf("its store of variables has no room for %d bytes", len(v))
	}
	flash = bytes.Clone(flash)
	copy(flash[at:], v)
	return flash, nil
}

// freeSpace tells where the store has no variable any more, and where it ends.
func freeSpace(flash []byte) (at, end int, err error) {
	start := bytes.Index(flash, storeOfVariables[:])
	var head store
	if start < 0 {
		return 0, 0, errors.New("no store of variables in it")
	}
	size, err := binary.Decode(flash[start:], binary.LittleEndian, &head)
	if err != nil || uint64(head.Size) > uint64(len(flash)-start) {
		return 0, 0, errors.New("its store of variables is cut off")
	}
	end = start + int(head.Size)
	for at = start + size; ; {
		at = (at + 3) &^ 3
		var v variable
		if at > end {
			return 0, 0, errors.New("its store of variables is damaged")
		}
		size, err := binary.Decode(flash[at:end], binary.LittleEndian, &v)
		if err != nil || v.StartID != startOfVariable {
			return at, end, nil
		}
		if uint64(v.NameSize)+uint64(v.DataSize) > uint64(end-at-size) {
			return 0, 0, errors.New("its store of variables is damaged")
		}
		at += size + int(v.NameSize) + int(v.DataSize)
	}
}

// pack puts the bytes of values one behind the other.
func pack(values ...any) []byte {
	var all []byte
	for _, v := range values {
		all, _ = binary.Append(all, binary.LittleEndian, v) // of a fixed size, each
	}
	return all
}
