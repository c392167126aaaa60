// Package bootable is what a virtual machine boots: an ISO, or a folder, which a network may
// be between.
package bootable

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"

	"bee/core/iso9660"
	"bee/core/machine"
	"bee/core/netboot"
	"bee/core/report"
	"bee/iso/smoke/internal/bootserver"
	"bee/iso/smoke/internal/hardware"
	"bee/iso/smoke/internal/qemu"
)

// Bootable is an ISO, or a folder, of these paths.
type Bootable struct{ ISO, Folder string }

// Check returns what a report says of it. The error says why the machine cannot boot it.
func (b Bootable) Check(m machine.Machine) (*report.ISO, error) {
	switch folder := m.Media == machine.PXE; {
	case folder && b.Folder == "":
		return nil, fmt.Errorf("machine %q boots a folder over its network: give that, by --netboot, in place of an ISO", m.Name())
	case !folder && b.Folder != "":
		return nil, fmt.Errorf("machine %q boots an ISO; %s is booted by one with %s in its name", m.Name(), b.Folder, machine.PXE)
	case folder:
		return checkFolder(b.Folder, m)
	}
	return checkISO(b.ISO, m)
}

func checkFolder(path string, m machine.Machine) (*report.ISO, error) {
	folder, err := netboot.Check(path)
	if err != nil {
		return nil, err
	}
	if m.HasUEFI() && !folder.UEFI {
		return nil, fmt.Errorf("%s: firmware %s begins with %s and %s, which are not both there", path, m.Firmware, netboot.Loader, netboot.GRUBConfig)
	}
	return &report.ISO{File: filepath.Base(path), SHA256: folder.SHA256, SizeBytes: folder.SizeBytes}, nil
}

func checkISO(path string, m machine.Machine) (*report.ISO, error) {
	boot, err := iso9660.Check(path)
	if err != nil {
		return nil, err
	}
	if m.HasUEFI() && !boot.UEFI || !m.HasUEFI() && !boot.BIOS {
		return nil, fmt.Errorf("%s: no El Torito boot image for firmware %s", path, m.Firmware)
	}
	return digest(path)
}

func digest(path string) (*report.ISO, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	if err != nil {
		return nil, err
	}
	return &report.ISO{File: filepath.Base(path), SHA256: hex.EncodeToString(hash.Sum(nil)), SizeBytes: size}, nil
}

// Configure completes the configuration of a machine in a network with what it boots, and its
// hardware. The function that it returns ends what serves it.
func (b Bootable) Configure(config *qemu.Config, m machine.Machine, network hardware.Network) (end func(), err error) {
	end = func() {}
	if m.Netboots() {
		if end, err = b.serve(&network, m.Media); err != nil {
			return nil, err
		}
	} else {
		config.ISO, config.Media = b.ISO, m.Media
		if m.Slow {
			config.MediaBytes = machine.SlowBytes
		}
	}
	config.MemoryMiB, config.Hardware = m.MemoryMiB, hardware.Of(m, network)
	return end, nil
}

// serve has a network served by a server of its own.
func (b Bootable) serve(network *hardware.Network, media string) (end func(), err error) {
	if network.Internet {
		return nil, errors.New("a machine that boots over its network reaches no internet: leave --expect-internet out")
	}
	var files fs.FS = bootserver.File{Name: bootserver.ISOFile, Path: b.ISO}
	closeFiles := func() {}
	if media == machine.PXE {
		root, err := os.OpenRoot(b.Folder)
		if err != nil {
			return nil, err
		}
		files, closeFiles = root.FS(), func() { root.Close() }
	}
	server, err := bootserver.New(bootserver.Addresses{
		Server: netip.MustParseAddr(hardware.Host), Machine: netip.MustParseAddr(hardware.Guest), SSH: network.SSH,
	}, files)
	if err != nil {
		closeFiles()
		return nil, err
	}
	network.Serve = server.Serve
	return func() {
		server.Close()
		closeFiles()
	}, nil
}
