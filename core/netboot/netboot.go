// Package netboot is a folder that machines boot from over their network: what GRUB and iPXE
// begin with, the kernel, and the layers that the initramfs fetches.
package netboot

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"

	"bee/core/sums"
)

// Files of the folder. Firmware and boot loaders ask for these very names.
const (
	Script     = "bee.ipxe"      // what iPXE begins with
	Loader     = "bootx64.efi"   // what UEFI begins with: a GRUB, or a shim before one
	GRUBConfig = "grub/grub.cfg" // which that asks for
	Kernel     = "vmlinuz"
	Initrd     = "initrd"
	layers     = "live/*.squashfs"
)

// Folder is what is known of one.
type Folder struct {
	// SHA256 is the digest of its SHA256SUMS, and so of all of its files.
	SHA256 string
	// SizeBytes is the size of all files.
	SizeBytes int64
	// UEFI tells whether machines with UEFI find what they begin with.
	UEFI bool
}

// Check returns what is known of a folder. The error says what a machine would miss there,
// or which file is not the one that SHA256SUMS lists.
func Check(folder string) (Folder, error) {
	text, err := os.ReadFile(filepath.Join(folder, sums.File))
	if err != nil {
		return Folder{}, err
	}
	names, err := sums.Check(folder)
	if err != nil {
		return Folder{}, fmt.Errorf("%s: %w", folder, err)
	}
	for _, name := range []string{Script, Kernel, Initrd} {
		if !slices.Contains(names, name) {
			return Folder{}, fmt.Errorf("%s: no %s in its %s, which a boot over the network needs", folder, name, sums.File)
		}
	}
	if !slices.ContainsFunc(names, func(name string) bool { is, _ := path.Match(layers, name); return is }) {
		return Folder{}, fmt.Errorf("%s: no %s in its %s, which a boot over the network needs", folder, layers, sums.File)
	}
	digest := sha256.Sum256(text)
	f := Folder{SHA256: hex.EncodeToString(digest[:]), UEFI: true}
	for _, name := range []string{Loader, GRUBConfig} {
		f.UEFI = f.UEFI && slices.Contains(names, name)
	}
	for _, name := range names {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			return Folder{}, err
		}
		f.SizeBytes += info.Size()
	}
	return f, nil
}
