// Package node knows which device nodes the NVIDIA driver is reached by. NVIDIA's
// nvidia-modprobe, which makes them elsewhere, is not in the image.
package node

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Node is a character device.
type Node struct {
	Path         string
	Major, Minor uint32
}

// Minors that NVIDIA gave a meaning (nv-chardev-numbers.h), and the major that is
// reserved for it (Documentation/admin-guide/devices.txt).
const (
	majorReserved = 195
	minorModeset  = 254
	minorControl  = 255
)

// Wanted lists the nodes that there should be, by what the driver says below the
// root directory of a file system. What it cannot tell is in the error; the nodes
// are good all the same.
func Wanted(root string, modeset, uvm bool) ([]Node, error) {
	majors, err := majors(root)
	if err != nil {
		return nil, err
	}
	major := uint32(majorReserved)
	for _, name := range []string{"nvidia", "nvidia-frontend"} { // the second until driver 515
		if m, ok := majors[name]; ok {
			major = m
		}
	}
	device := func(name string, major, minor uint32) Node {
		return Node{filepath.Join(root, "/dev", name), major, minor}
	}
	nodes := []Node{device("nvidiactl", major, minorControl)}
	minors, incomplete := minors(root)
	for _, minor := range minors {
		nodes = append(nodes, device(fmt.Sprintf("nvidia%d", minor), major, minor))
	}
	if modeset {
		nodes = append(nodes, device("nvidia-modeset", major, minorModeset))
	}
	if uvm {
		if major, ok := majors["nvidia-uvm"]; ok {
			nodes = append(nodes, device("nvidia-uvm", major, 0), device("nvidia-uvm-tools", major, 1))
		} else {
			incomplete = errors.Join(incomplete, fmt.Errorf("%s has no nvidia-uvm, though the module is loaded", devicesFile(root)))
		}
	}
	return nodes, incomplete
}

func devicesFile(root string) string { return filepath.Join(root, "/proc/devices") }

// majors reads the numbers of character devices, by name.
func majors(root string) (map[string]uint32, error) {
	f, err := os.Open(devicesFile(root))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all := map[string]uint32{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "Block") {
			break
		}
		number, name, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		if major, err := strconv.ParseUint(number, 10, 32); err == nil {
			all[name] = uint32(major)
		}
	}
	return all, nil
}

// minors reads the numbers of the GPUs that the driver has.
func minors(root string) ([]uint32, error) {
	files, err := filepath.Glob(filepath.Join(root, "/proc/driver/nvidia/gpus/*/information"))
	var all []uint32
	for _, file := range files {
		minor, bad := minor(file)
		if bad != nil {
			err = bad
			continue
		}
		all = append(all, minor)
	}
	return all, err
}

func minor(file string) (uint32, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "Device Minor:"); ok {
			minor, err := strconv.ParseUint(strings.TrimSpace(value), 10, 8)
			if err != nil {
				return 0, fmt.Errorf("%s: Device Minor: %w", file, err)
			}
			return uint32(minor), nil
		}
	}
	return 0, fmt.Errorf("%s has no Device Minor", file)
}
