// Package pci finds NVIDIA's GPUs and NVSwitches on the PCI bus, in sysfs.
package pci

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

const (
	devices = "sys/bus/pci/devices"

	nvidia  = 0x10de // vendor
	display = 0x03   // base class
	bridge  = 0x0680 // class of NVSwitches: a bridge of no kind that has a number
)

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
	err := each(files, func(address, dir string, class uint64) {
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

// Switches counts the NVSwitches. Those of NVLink 5 and later are none: they are on no PCI bus.
func Switches(files fs.FS) (n int, err error) {
	err = each(files, func(_, _ string, class uint64) {
		if class>>8 == bridge {
			n++
		}
	})
	return n, err
}

// each calls f with NVIDIA's devices, by address.
func each(files fs.FS, f func(address, dir string, class uint64)) error {
	entries, err := fs.ReadDir(files, devices)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if dir := path.Join(devices, e.Name()); number(files, dir+"/vendor") == nvidia {
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
