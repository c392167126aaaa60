// Package initramfs reads an initramfs as the kernel does: cpio archives in a row, each as it is or
// compressed, with zeros between them. Format: the kernel's
// Documentation/driver-api/early-userspace/buffer-format.rst.
//
// It reads each byte, and tells all that an archive says of a file: two that are read alike hold the
// same, but for how they are compressed. The checks of the base alpine have a reader of their own, in
// a module that this one is not to depend on.
package initramfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"bee/iso/internal/compressed"
	"bee/iso/internal/layer"
)

// Archive is one of the cpio archives.
type Archive struct {
	// Codec is what it is compressed by, "" where it is not.
	Codec   string
	Entries []Entry
	// End is the head of the entry that ends the archive.
	End Head
	// Zeros is how many bytes of zero follow, up to the next archive.
	Zeros int
}

// Entry is a file in an archive.
type Entry struct {
	Name    string // without a slash, or ./, in front
	Raw     string // as the archive has it
	Head    Head
	Content []byte
}

// Head are the numbers that an archive has of a file.
type Head struct {
	Magic                                          string
	Inode, Mode, UID, GID, Links, Time, Size       uint32
	DeviceMajor, DeviceMinor, NodeMajor, NodeMinor uint32
	NameSize, Checksum                             uint32
}

// Types of files, in Mode.
const (
	TypeMask = 0o170000
	Regular  = 0o100000
	Symlink  = 0o120000
)

const (
	newc      = "070701"
	newcSum   = "070702"
	trailer   = "TRAILER!!!"
	headBytes = 110
	maxName   = 4096
)

// Files hands each regular file of the initramfs at path to do. Names have no slash in front.
func Files(path string, do func(name string, content []byte) error) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	archives, err := Read(data)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, archive := range archives {
		for _, e := range archive.Entries {
			if e.Head.Mode&TypeMask != Regular {
				continue
			}
			if len(e.Content) > layer.MaxContent {
				return fmt.Errorf("%s: %s: too large to be read", path, e.Name)
			}
			if err := do(e.Name, e.Content); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	return nil
}

// Begins tells whether data begins as an archive does that is not compressed.
func Begins(data []byte) bool {
	return bytes.HasPrefix(data, []byte(newc)) || bytes.HasPrefix(data, []byte(newcSum))
}

// Read reads all archives of an initramfs.
func Read(data []byte) ([]Archive, error) {
	var archives []Archive
	for len(data) > 0 {
		if Begins(data) {
			some, rest, err := readPlain(data)
			if err != nil {
				return nil, err
			}
			archives, data = append(archives, some...), rest
			continue
		}
		codec := compressed.Codec(data)
		if codec == "" {
			return nil, fmt.Errorf("neither a cpio archive nor one compressed by gzip, xz or zstd: it begins with % x", data[:min(len(data), len(newc))])
		}
		unpacked, rest, err := compressed.Next(data)
		if err != nil {
			return nil, err
		}
		some, more, err := readPlain(unpacked)
		if err != nil {
			return nil, err
		}
		if len(more) > 0 {
			return nil, fmt.Errorf("behind a cpio archive compressed by %s is something else: it begins with % x", codec, more[:min(len(more), len(newc))])
		}
		for i := range some {
			some[i].Codec = codec
		}
		zeros := countZeros(rest)
		some[len(some)-1].Zeros += zeros
		archives, data = append(archives, some...), rest[zeros:]
	}
	if archives == nil {
		return nil, io.ErrUnexpectedEOF
	}
	return archives, nil
}

// readPlain reads archives, one at least, up to what is none.
func readPlain(data []byte) (archives []Archive, rest []byte, err error) {
	for archives == nil || Begins(data) {
		var archive Archive
		if archive, data, err = readArchive(data); err != nil {
			return nil, nil, err
		}
		archive.Zeros = countZeros(data)
		archives, data = append(archives, archive), data[archive.Zeros:]
	}
	return archives, data, nil
}

func countZeros(data []byte) int { return len(data) - len(bytes.TrimLeft(data, "\x00")) }

var errDamaged = errors.New("the cpio archive is damaged")

// readArchive reads one archive, up to its trailer.
func readArchive(data []byte) (archive Archive, rest []byte, err error) {
	at := 0 // entries are aligned to where the archive begins
	take := func(size int) ([]byte, error) {
		if size > len(data)-at {
			return nil, fmt.Errorf("the cpio archive ends early: %w", io.ErrUnexpectedEOF)
		}
		at += size
		return data[at-size : at], nil
	}
	align := func() error {
		const to = 4
		padding, err := take((to - at%to) % to)
		if err == nil && countZeros(padding) != len(padding) {
			err = errDamaged
		}
		return err
	}
	for {
		text, err := take(headBytes)
		if err != nil {
			return Archive{}, nil, err
		}
		head, err := parseHead(text)
		if err != nil {
			return Archive{}, nil, err
		}
		raw, err := take(int(head.NameSize))
		if err != nil {
			return Archive{}, nil, err
		}
		if bytes.IndexByte(raw, 0) != len(raw)-1 {
			return Archive{}, nil, errDamaged
		}
		e := Entry{Raw: string(raw[:len(raw)-1]), Head: head}
		e.Name = strings.TrimPrefix(strings.TrimPrefix(e.Raw, "./"), "/")
		if err := align(); err != nil {
			return Archive{}, nil, err
		}
		if e.Raw == trailer && head.Size == 0 {
			archive.End = head
			return archive, data[at:], nil
		}
		if e.Content, err = take(int(head.Size)); err != nil {
			return Archive{}, nil, fmt.Errorf("%s: %w", e.Name, err)
		}
		if err := align(); err != nil {
			return Archive{}, nil, fmt.Errorf("%s: %w", e.Name, err)
		}
		archive.Entries = append(archive.Entries, e)
	}
}

// parseHead reads a head: a magic, then numbers of eight hexadecimal digits.
func parseHead(text []byte) (Head, error) {
	h := Head{Magic: string(text[:len(newc)])}
	if !Begins(text) {
		return Head{}, errDamaged
	}
	text = text[len(newc):]
	for _, number := range []*uint32{
		&h.Inode, &h.Mode, &h.UID, &h.GID, &h.Links, &h.Time, &h.Size,
		&h.DeviceMajor, &h.DeviceMinor, &h.NodeMajor, &h.NodeMinor, &h.NameSize, &h.Checksum,
	} {
		const width = 8
		value, err := strconv.ParseUint(string(text[:width]), 16, 32)
		if err != nil {
			return Head{}, errDamaged
		}
		*number, text = uint32(value), text[width:]
	}
	if h.NameSize == 0 || h.NameSize > maxName {
		return Head{}, errDamaged
	}
	return h, nil
}
