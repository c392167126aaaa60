package image

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"

	"bee/core/iso9660"
	"bee/iso/alpine/internal/fat"
	"bee/iso/alpine/internal/initramfs"
)

// minBootBytes is less than any kernel, initramfs or modloop has, and more than
// what a failed program leaves.
const minBootBytes = 1 << 20

const (
	efiLoader = "efi/boot/bootx64.efi"
	efiImage  = "boot/grub/efi.img"
)

// checkFirmware checks what BIOS and UEFI look for.
func (m *medium) checkFirmware(boot iso9660.Boot) {
	if !boot.BIOS {
		m.wrong("El Torito boot catalog", "no entry for BIOS")
	}
	if !boot.UEFI {
		m.wrong("El Torito boot catalog", "no entry for UEFI")
	}
	if loader := m.read(efiLoader); loader != nil && !bytes.HasPrefix(loader, []byte("MZ")) {
		m.wrong(efiLoader, "no program of UEFI: it does not begin with MZ")
	}
	image, err := os.Open(m.path(efiImage))
	if err != nil {
		m.wrong(efiImage, "not there")
		return
	}
	defer image.Close()
	if size, err := fat.Size(image, efiLoader); err != nil {
		m.wrong(efiImage, "%v", err)
	} else if size == 0 {
		m.wrong(efiImage, "%s in it is empty", efiLoader)
	}
}

// bootFile reads vmlinuz, initramfs or modloop, or returns nil after it noted
// what is wrong with it.
func (m *medium) bootFile(name string) []byte {
	data := m.read(name)
	if data != nil && len(data) < minBootBytes {
		m.wrong(name, "only %d bytes", len(data))
		return nil
	}
	return data
}

func (m *medium) bootName(kind string) string { return "boot/" + kind + "-" + m.want.Flavor }

// checkKernel compares the release that the kernel's head says.
func (m *medium) checkKernel() {
	name := m.bootName("vmlinuz")
	data := m.bootFile(name)
	if data == nil {
		return
	}
	switch release, isKernel := kernelRelease(data); {
	case !isKernel:
		m.wrong(name, "no Linux kernel for x86")
	case string(release) != m.want.Kernel:
		m.wrong(name, "kernel %.80q, but %s is expected", release, m.want.Kernel)
	}
}

// kernelRelease is what a kernel says of itself before the first blank, see the
// kernel's Documentation/arch/x86/boot.rst.
func kernelRelease(data []byte) (release []byte, isKernel bool) {
	const magicAt, versionAt, headBytes, maxText = 0x202, 0x20e, 0x200, 256
	if len(data) < versionAt+2 || string(data[magicAt:magicAt+4]) != "HdrS" {
		return nil, false
	}
	at := headBytes + int(binary.LittleEndian.Uint16(data[versionAt:]))
	text := data[min(at, len(data)):min(at+maxText, len(data))]
	release, _, _ = bytes.Cut(text, []byte(" "))
	return release, true
}

// checkModloop checks that the modules are the kernel's.
func (m *medium) checkModloop(ctx context.Context) {
	name := m.bootName("modloop")
	if m.bootFile(name) == nil {
		return
	}
	out, err := exec.CommandContext(ctx, "unsquashfs", "-no-progress", "-d", "", "-l", m.path(name)).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		m.wrong(name, "unsquashfs is not in PATH; it is in the package squashfs-tools")
		return
	}
	if err != nil {
		m.wrong(name, "unsquashfs: %v: %s", err, bytes.ReplaceAll(bytes.TrimSpace(out), []byte("\n"), []byte("; ")))
		return
	}
	releases := map[string]int{} // number of modules
	for line := range strings.Lines(string(out)) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "/")
		release, file, found := strings.Cut(strings.TrimPrefix(line, "modules/"), "/")
		if found && strings.HasPrefix(line, "modules/") && strings.Contains(path.Base(file), ".ko") {
			releases[release]++
		}
	}
	m.checkReleases(name, "modules/", releases)
}

// checkReleases checks that a file has modules, and for no other kernel.
func (m *medium) checkReleases(name, folder string, releases map[string]int) {
	if releases[m.want.Kernel] == 0 || len(releases) > 1 {
		m.wrong(name, "modules for %q below %s, but kernel %s is expected", slices.Sorted(maps.Keys(releases)), folder, m.want.Kernel)
	}
}

// builtinFile is the list of the modules that are in the kernel itself, see depmod(8).
const builtinFile = "modules.builtin"

// layerModules are those that iso/live needs.
var layerModules = []string{"loop", "squashfs", "overlay"}

// checkInitramfs checks what init needs to trust the packages and the modloop.
func (m *medium) checkInitramfs() {
	name, modloop := m.bootName("initramfs"), m.bootName("modloop")
	if m.bootFile(name) == nil {
		return
	}
	key := "etc/apk/keys/" + m.keyName
	signature := "var/cache/misc/" + path.Base(modloop) + ".SIGN.RSA." + m.keyName
	var other []string
	releases, modules := map[string]int{}, map[string]bool{}
	files, err := initramfs.Read(m.path(name), func(file string) bool {
		// lib may be a link to usr/lib
		rest, found := strings.CutPrefix(strings.TrimPrefix(file, "usr/"), "lib/modules/")
		if module, _, isModule := strings.Cut(path.Base(rest), ".ko"); found && isModule {
			release, _, _ := strings.Cut(rest, "/")
			releases[release]++
			modules[module] = true
		}
		if strings.HasPrefix(file, "var/cache/misc/") && strings.Contains(file, ".SIGN.") && file != signature {
			other = append(other, file)
		}
		return file == key || file == signature || file == "init" || found && path.Base(file) == builtinFile
	})
	if err != nil {
		m.wrong(name, "%s", strings.TrimPrefix(err.Error(), m.path(name)+": "))
		return
	}
	m.checkReleases(name, "lib/modules/", releases)
	for file, text := range files {
		if path.Base(file) == builtinFile {
			for module := range strings.Lines(string(text)) {
				modules[strings.TrimSuffix(path.Base(strings.TrimSpace(module)), ".ko")] = true
			}
		}
	}
	for _, module := range layerModules {
		if !modules[module] {
			m.wrong(name, "no module %s in it, which lays the layers over the packages", module)
		}
	}
	if len(files["init"]) == 0 {
		m.wrong(name, "no init in it")
	}
	if got := files[key]; got == nil {
		m.wrong(name, "no %s in it: apk does not trust the packages", key)
	} else if !bytes.Equal(got, m.key.All()[m.keyName]) {
		m.wrong(name, "its %s is not the expected key: apk does not trust the packages", key)
	}
	switch got := files[signature]; {
	case got == nil && len(other) > 0:
		m.wrong(name, "no %s in it, but %s", signature, strings.Join(other, ", "))
	case got == nil:
		m.wrong(name, "no %s in it: the modloop is not verified at boot", signature)
	case m.exists(modloop):
		if err := m.key.VerifySHA1(m.keyName, m.read(modloop), got); err != nil {
			m.wrong(name, "its %s is not a signature of %s by this key: %v", signature, modloop, err)
		}
	}
}
