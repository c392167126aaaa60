// Package pci finds NVIDIA's GPUs on the PCI bus, in sysfs.
package pci

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// GPU is an NVIDIA display controller, which compute GPUs are, too.
type GPU struct {
	Address string // 0000:01:00.0
	Device  uint16 // device ID
	Driver  string // the kernel driver that has it, if any
}

func (g GPU) String() string { return fmt.Sprintf("GPU %s (10de:%04x)", g.Address, g.Device) }

// GPUs lists the GPUs by address, below the root directory of a file system.
// Virtual functions are left out: they belong to virtual machines.
func GPUs(root string) ([]GPU, error) {
	devices := filepath.Join(root, "/sys/bus/pci/devices")
	entries, err := os.ReadDir(devices)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // a machine without PCI
	}
	if err != nil {
		return nil, err
	}
	var all []GPU
	for _, e := range entries {
		dir := filepath.Join(devices, e.Name())
		if number(dir, "vendor") != 0x10de || number(dir, "class")>>16 != 0x03 {
			continue
		}
		if _, err := os.Lstat(filepath.Join(dir, "physfn")); err == nil {
			continue
		}
		driver, _ := os.Readlink(filepath.Join(dir, "driver"))
		gpu := GPU{Address: e.Name(), Device: uint16(number(dir, "device"))}
		if driver != "" {
			gpu.Driver = filepath.Base(driver)
		}
		all = append(all, gpu)
	}
	return all, nil
}

// number reads a number of a device, 0 where it cannot be read.
func number(dir, name string) uint64 {
	b, _ := os.ReadFile(filepath.Join(dir, name))
	n, _ := strconv.ParseUint(strings.TrimSpace(string(b)), 0, 32)
	return n
}

// Unbind takes a GPU away from the driver that has it.
func Unbind(root string, g GPU) error {
	file := filepath.Join(root, "/sys/bus/pci/drivers", g.Driver, "unbind")
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(g.Address)
	return errors.Join(err, f.Close())
}
