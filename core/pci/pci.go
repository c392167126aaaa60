// Package pci finds NVIDIA's GPUs and NVSwitches on the PCI bus, in sysfs.
package pci

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

const (
	devices = "sys/bus/pci/devices"

	nvidia     = 0x10de // vendors
	mellanox   = 0x15b3
	display    = 0x03   // base class
	bridge     = 0x0680 // class of NVSwitches: a bridge of no kind that has a number
	infiniband = 0x0207 // class of InfiniBand controllers
)

// Switch is an NVSwitch, or what NVSwitches of NVLink 5 and later, which are on no PCI bus, are
// managed by: a ConnectX on the board of the GPUs.
type Switch struct {
	Address string // as sysfs names it: 0000:01:00.0
	Manages bool   // it is no NVSwitch, but manages some
}

// GPU is an NVIDIA display controller, which compute GPUs are, too.
type GPU struct {
	Address string // as sysfs names it: 0000:01:00.0
	Device  uint16 // device ID
	Driver  string // the kernel driver that has it, if any
}

func (g GPU) String() string { return fmt.Sprintf("GPU %s (10de:%04x)", g.Address, g.Device) }

// GPUs lists the GPUs by address. files is the root of a machine's file system, such
// as os.DirFS("/"); to know drivers and virtual functions, it has to be an
// [fs.ReadLinkFS].
//
// Virtual functions are left out: they belong to virtual machines. A machine without
// PCI has no GPUs, and that is no error; nor is a device whose files cannot be read,
// which is no GPU then.
func GPUs(files fs.FS) ([]GPU, error) {
	var all []GPU
	err := each(files, nvidia, func(address, dir string, class uint64) {
		if class>>16 != display || leadsTo(files, dir+"/physfn") != "" {
			return
		}
		all = append(all, GPU{
			Address: address,
			Device:  uint16(number(files, dir+"/device")),
			Driver:  leadsTo(files, dir+"/driver"),
		})
	})
	return all, err
}

// Switches lists the NVSwitches and what others are managed by, by address; see [GPUs].
func Switches(files fs.FS) ([]Switch, error) {
	var all []Switch
	err := each(files, nvidia, func(address, _ string, class uint64) {
		if class>>8 == bridge {
			all = append(all, Switch{Address: address})
		}
	})
	if err != nil {
		return nil, err
	}
	err = each(files, mellanox, func(address, dir string, class uint64) {
		if class>>8 != infiniband || leadsTo(files, dir+"/physfn") != "" {
			return
		}
		// The vital product data of others have no SMDL, or one of 0.
		if vpd, _ := fs.ReadFile(files, dir+"/vpd"); bytes.Contains(vpd, []byte("SMDL=SW_MNG")) {
			all = append(all, Switch{Address: address, Manages: true})
		}
	})
	return all, err
}

// each calls f with the devices of a vendor, by address.
func each(files fs.FS, vendor uint64, f func(address, dir string, class uint64)) error {
	entries, err := fs.ReadDir(files, devices)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if dir := path.Join(devices, e.Name()); number(files, dir+"/vendor") == vendor {
			f(e.Name(), dir, number(files, dir+"/class"))
		}
	}
	return nil
}

// number reads a number of a device, 0 where it cannot be read.
func number(files fs.FS, name string) uint64 {
	b, _ := fs.ReadFile(files, name)
	n, _ := strconv.ParseUint(strings.TrimSpace(string(b)), 0, 32)
	return n
}

// leadsTo is the last part of what a symbolic link leads to, "" where there is no
// such link.
func leadsTo(files fs.FS, name string) string {
	target, err := fs.ReadLink(files, name)
	if err != nil {
		return ""
	}
	return path.Base(target)
}
