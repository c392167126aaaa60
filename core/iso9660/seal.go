package iso9660

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
)

// The application use field of the primary volume descriptor, ECMA-119 8.4.32.
const (
	applicationUse     = descriptorSector*SectorSize + 883
	applicationUseSize = 512
)

// sealText is what iso/boot/seal.sh writes into that field: the SHA-256 of an image, as if the field
// were blank, and how many bytes the image has.
var sealText = regexp.MustCompile(`^bee-sha256 ([0-9a-f]{64}) ([0-9]{1,15})\n *$`)

// ErrNotSealed is that an image does not say what its digest has to be.
var ErrNotSealed = errors.New("it has no digest of itself")

// Verify reads a whole image, or the device that it was written to, and compares it with the
// digest that it has of itself. progress is told of the bytes that were read, and of how many
// there are to read.
func Verify(image io.ReaderAt, progress func(done, all int64)) error {
	field := make([]byte, applicationUseSize)
	if _, err := image.ReadAt(field, applicationUse); err != nil {
		return fmt.Errorf("it cannot be read: %w", err)
	}
	parts := sealText.FindSubmatch(field)
	if parts == nil {
		return ErrNotSealed
	}
	size, _ := strconv.ParseInt(string(parts[2]), 10, 64) // the pattern is of digits, and few
	if size < applicationUse+applicationUseSize {
		return ErrNotSealed
	}
	hash := sha256.New()
	buffer := make([]byte, 1<<20)
	for at := int64(0); at < size; {
		part := buffer[:min(int64(len(buffer)), size-at)]
		if _, err := image.ReadAt(part, at); err != nil {
			return fmt.Errorf("it cannot be read at byte %d of %d: %w", at, size, err)
		}
		if begin := applicationUse - at; begin >= 0 && begin < int64(len(part)) {
			copy(part[begin:], bytes.Repeat([]byte(" "), applicationUseSize))
		}
		hash.Write(part)
		at += int64(len(part))
		progress(at, size)
	}
	if got := hash.Sum(nil); !bytes.Equal([]byte(hex.EncodeToString(got)), parts[1]) {
		return fmt.Errorf("its SHA-256 is %x, not %s", got, parts[1])
	}
	return nil
}
