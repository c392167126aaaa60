// Package image checks a finished ISO of Alpine, read back from nothing but the
// ISO: mkimage exits 0 on broken ones.
package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"bee/core/iso9660"
	"bee/core/lock"
	"bee/iso/alpine/internal/keys"
	"bee/iso/alpine/internal/repository"
)

// Expected is what an ISO has to be.
type Expected struct {
	// Key is the file of the public key that signed the index. Its name counts, too.
	Key string
	// Kernel is the release that uname -r says.
	Kernel string
	// Flavor of the kernel: what follows boot/vmlinuz-.
	Flavor string
	// Lock that packages have to be in. Where it is empty they are not compared.
	Lock lock.Lock
}

// Check unpacks an ISO and checks all of it. It returns one line that says what is
// there; the error names every problem, each in one line that begins with the file.
// It needs xorriso and unsquashfs in PATH.
func Check(ctx context.Context, iso string, want Expected) (summary string, err error) {
	key, err := keys.File(want.Key)
	if err != nil {
		return "", err
	}
	boot, err := iso9660.Check(iso)
	if err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp("", "alpine-check-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	if err := extract(ctx, iso, folder); err != nil {
		return "", err
	}
	m := &medium{folder: folder, want: want, keyName: filepath.Base(want.Key), key: key}
	m.checkFirmware(boot)
	m.checkKernel()
	m.checkModloop(ctx)
	m.checkInitramfs()
	index := m.checkPackages()
	m.checkOverlay(ctx, index)
	m.checkBoot()
	m.checkKey()
	if len(m.problems) > 0 {
		return "", fmt.Errorf("%s: problems, %d in all:\n%w", iso, len(m.problems), errors.Join(m.problems...))
	}
	return fmt.Sprintf("%s: %d packages signed by %s, kernel %s, boots by BIOS and UEFI", iso, len(index.Packages()), m.keyName, want.Kernel), nil
}

// medium is an unpacked ISO, and what was found wrong with it.
type medium struct {
	folder   string
	want     Expected
	keyName  string
	key      *keys.Keys
	problems []error
}

// wrong notes a problem of a file of the medium.
func (m *medium) wrong(name, format string, args ...any) {
	m.problems = append(m.problems, fmt.Errorf("%s: %s", name, fmt.Sprintf(format, args...)))
}

func (m *medium) path(name string) string { return filepath.Join(m.folder, name) }

// read returns a file of the medium, or nil after it noted that it is not there.
func (m *medium) read(name string) []byte {
	data, err := os.ReadFile(m.path(name))
	if errors.Is(err, os.ErrNotExist) {
		m.wrong(name, "not there")
		return nil
	}
	if err != nil {
		m.wrong(name, "%v", err)
		return nil
	}
	return data
}

// checkKey checks the key that the medium has for whoever checks its signatures.
func (m *medium) checkKey() {
	name := "keys/" + m.keyName
	if got := m.read(name); got != nil && !bytes.Equal(got, m.key.All()[m.keyName]) {
		m.wrong(name, "not the expected key")
	}
}

// extract unpacks the ISO into a folder.
func extract(ctx context.Context, iso, folder string) error {
	iso, err := filepath.Abs(iso) // xorriso takes some words for addresses of drives
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "xorriso", "-osirrox", "on:auto_chmod_off", "-report_about", "WARNING",
		"-indev", "stdio:"+iso, "-extract", "/", folder).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("xorriso is not in PATH; the packages of Debian and Alpine are called so, too")
	}
	if err != nil {
		return fmt.Errorf("%s: xorriso cannot read it: %w: %s", iso, err, bytes.TrimSpace(out))
	}
	return nil
}

// indexName is the index of the medium's packages.
const indexName = "apks/" + repository.Arch + "/" + repository.IndexName
