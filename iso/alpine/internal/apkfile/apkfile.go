// Package apkfile tells whether the file of a package is the one that an index
// means.
package apkfile

import (
	"bytes"
	"crypto/sha1" // apk 2 has SHA-1 sums in its indexes
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"chainguard.dev/apko/pkg/apk/apk"
	"chainguard.dev/apko/pkg/apk/expandapk"
)

// Verify checks the file at path against its entry of an index: its size, the
// SHA-1 of its control member, the SHA-256 of its data that the control member
// has, and its name and version. The index is signed, so all of the file is then
// as its maker left it. The error names the file.
func Verify(path string, want *apk.Package) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return fmt.Errorf("%s: empty file", path)
	}
	if uint64(info.Size()) != want.Size {
		return fmt.Errorf("%s: %d bytes, but its index says %d", path, info.Size(), want.Size)
	}
	if err := verify(file, want); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func verify(file io.Reader, want *apk.Package) error {
	parts, err := expandapk.Split(file)
	if err != nil {
		return fmt.Errorf("damaged, or no package: %w", err)
	}
	control, err := io.ReadAll(parts[len(parts)-2])
	if err != nil {
		return err
	}
	// first of all: nothing is made of what another than the index's maker wrote
	if got := sha1.Sum(control); !bytes.Equal(got[:], want.Checksum) {
		return fmt.Errorf("its checksum is Q1%s, but its index says %s: it was changed or rebuilt",
			base64.StdEncoding.EncodeToString(got[:]), want.ChecksumString())
	}
	info, _, err := apk.ParsePackageInfo(bytes.NewReader(control))
	if err != nil {
		return fmt.Errorf("damaged, or no package: %w", err)
	}
	if info.Name != want.Name || info.Version != want.Version {
		return fmt.Errorf("it is %s %s inside, but its index says %s %s", info.Name, info.Version, want.Name, want.Version)
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, parts[len(parts)-1]); err != nil {
		return err
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != info.DataHash {
		return fmt.Errorf("its data has SHA-256 %s, but its control member says %s: it was changed", got, info.DataHash)
	}
	return nil
}
