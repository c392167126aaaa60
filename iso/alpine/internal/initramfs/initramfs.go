// Package initramfs reads the cpio archives of an initramfs as the kernel does:
// several in a row, each plain or compressed. Format: the kernel's
// Documentation/driver-api/early-userspace/buffer-format.rst.
package initramfs

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	newc      = "070701"
	newcSum   = "070702"
	trailer   = "TRAILER!!!"
	headBytes = 110
	maxName   = 4096
	maxKept   = 16 << 20  // of a file that is returned: init, a key, an overlay
	maxWindow = 128 << 20 // of zstd, as in the kernel
)

// Read calls keep with the path of every entry, without a slash in front, and
// returns the content of the files that it is true for. The error names the file.
func Read(path string, keep func(path string) bool) (map[string][]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	kept := map[string][]byte{}
	if err := read(bufio.NewReader(file), false, keep, kept); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return kept, nil
}

// read reads archives up to the end of r. What was compressed has plain ones only.
func read(r *bufio.Reader, unpacked bool, keep func(string) bool, kept map[string][]byte) error {
	for archives := 0; ; archives++ {
		if err := skipZeros(r); errors.Is(err, io.EOF) && archives > 0 {
			return nil
		} else if err != nil {
			return err
		}
		magic, err := r.Peek(len(newc))
		if err != nil {
			return err
		}
		switch {
		case isHead(magic):
			err = readArchive(r, keep, kept)
		case !unpacked && bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
			err = readGzip(r, keep, kept)
		case !unpacked && bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
			return readZstd(r, keep, kept)
		default:
			return fmt.Errorf("neither a cpio archive nor one compressed by gzip or zstd: it begins with % x", magic)
		}
		if err != nil {
			return err
		}
	}
}

func isHead(magic []byte) bool { return string(magic) == newc || string(magic) == newcSum }

func readGzip(r *bufio.Reader, keep func(string) bool, kept map[string][]byte) error {
	zip, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	zip.Multistream(false) // so that r is behind this member afterwards
	return read(bufio.NewReader(zip), true, keep, kept)
}

// readZstd reads all that is left: the library does not tell where a frame ends.
func readZstd(r io.Reader, keep func(string) bool, kept map[string][]byte) error {
	zip, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return err
	}
	defer zip.Close()
	return read(bufio.NewReader(zip), true, keep, kept)
}

// skipZeros skips what may fill the space between two archives.
func skipZeros(r *bufio.Reader) error {
	for {
		b, err := r.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return r.UnreadByte()
		}
	}
}

// readArchive reads one archive, up to its trailer.
func readArchive(r *bufio.Reader, keep func(string) bool, kept map[string][]byte) error {
	for {
		head := make([]byte, headBytes)
		if _, err := io.ReadFull(r, head); err != nil {
			return fmt.Errorf("the cpio archive ends early: %w", err)
		}
		if !isHead(head[:len(newc)]) {
			return errors.New("the cpio archive is damaged")
		}
		size, errSize := field(head, 6)
		nameSize, errName := field(head, 11)
		if err := errors.Join(errSize, errName); err != nil || nameSize == 0 || nameSize > maxName {
			return errors.New("the cpio archive is damaged")
		}
		name := make([]byte, nameSize+padding(headBytes+nameSize))
		if _, err := io.ReadFull(r, name); err != nil {
			return fmt.Errorf("the cpio archive ends early: %w", err)
		}
		path := strings.TrimPrefix(strings.TrimPrefix(string(name[:nameSize-1]), "."), "/")
		if path == trailer {
			return nil
		}
		var content bytes.Buffer
		into := io.Discard
		if keep(path) {
			if size > maxKept {
				return fmt.Errorf("%s in the cpio archive has %d bytes; %d are read", path, size, maxKept)
			}
			into = &content
		}
		if _, err := io.CopyN(into, r, size); err != nil {
			return fmt.Errorf("the cpio archive ends early, in %s: %w", path, err)
		}
		if into != io.Discard {
			kept[path] = content.Bytes()
		}
		if _, err := r.Discard(int(padding(size))); err != nil {
			return fmt.Errorf("the cpio archive ends early, in %s: %w", path, err)
		}
	}
}

// field returns a number of a head: eight hexadecimal digits each, after the magic.
func field(head []byte, number int) (int64, error) {
	const width = 8
	at := len(newc) + number*width
	var value [width / 2]byte
	_, err := hex.Decode(value[:], head[at:at+width])
	return int64(binary.BigEndian.Uint32(value[:])), err
}

func padding(size int64) int64 {
	const align = 4
	return (align - size%align) % align
}
