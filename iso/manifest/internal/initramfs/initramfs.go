// Package initramfs finds files in an initramfs of bee's own: a cpio archive, which zstd may have
// compressed. The checks of the base alpine read any initramfs, as a kernel does; they are in a
// module that this one is not to depend on.
package initramfs

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/cavaliergopher/cpio"
	"github.com/klauspost/compress/zstd"

	"bee/iso/manifest/internal/layer"
)

// Files hands each regular file of the archive at path to do. Names have no slash in front.
func Files(path string, do func(name string, content []byte) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := read(file, do); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func read(from io.Reader, do func(name string, content []byte) error) error {
	packed := bufio.NewReader(from)
	from = packed
	if magic, err := packed.Peek(4); err == nil && bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}) {
		unpacked, err := zstd.NewReader(packed)
		if err != nil {
			return err
		}
		defer unpacked.Close()
		from = unpacked
	}
	archive := cpio.NewReader(from)
	for {
		header, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if !header.Mode.IsRegular() {
			continue
		}
		if header.Size > layer.MaxContent {
			return fmt.Errorf("%s: too large to be read", header.Name)
		}
		content := make([]byte, header.Size)
		if _, err := io.ReadFull(archive, content); err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
		if err := do(header.Name, content); err != nil {
			return err
		}
	}
}
