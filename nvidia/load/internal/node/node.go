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
	// GPU is the PCI address of the one that it belongs to, if any.
	GPU string
}

// Minors that NVIDIA gave a meaning (nv-chardev-numbers.h), and the major that is
// reserved for it (Documentation/admin-guide/devices.txt).
const (
	majorReserved   = 195
	minorModeset    = 254
	minorControl    = 255
	minorNVSwitches = 255 // that of all NVSwitches together, of a major of their own
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
		return Node{Path: filepath.Join(root, "/dev", name), Major: major, Minor: minor}
	}
	nodes := []Node{device("nvidiactl", major, minorControl)}
	gpus, incomplete := gpus(root)
	for _, g := range gpus {
		node := device(fmt.Sprintf("nvidia%d", g.minor), major, g.minor)
		node.GPU = g.address
		nodes = append(nodes, node)
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
	// What the Fabric Manager reaches NVSwitches, and the links to them, by.
	if major, ok := majors["nvidia-nvswitch"]; ok {
		switches, _ := os.ReadDir(filepath.Join(root, "/proc/driver/nvidia-nvswitch/devices"))
		if len(switches) > 0 {
			nodes = append(nodes, device("nvidia-nvswitchctl", major, minorNVSwitches))
		}
		for i := range switches { // the driver numbers them from 0 on
			nodes = append(nodes, device(fmt.Sprintf("nvidia-nvswitch%d", i), major, uint32(i)))
		}
	}
	if major, ok := majors["nvidia-nvlink"]; ok {
		nodes = append(nodes, device("nvidia-nvlink", major, 0))
	}
	if major, ok := majors["nvidia-caps"]; ok {
		for _, file := range []string{"nvlink-minors", "sys-minors"} {
			for _, minor := range capabilities(filepath.Join(root, "/proc/driver/nvidia-caps", file)) {
				nodes = append(nodes, device(fmt.Sprintf("nvidia-caps/nvidia-cap%d", minor), major, minor))
			}
		}
	}
	return nodes, incomplete
}

// capabilities reads the numbers of what is allowed by a node of its own, in lines of a name
// and a number, such as "fabric-mgmt 4323".
func capabilities(file string) []uint32 {
	text, _ := os.ReadFile(file) // older drivers have none
	var all []uint32
	for line := range strings.Lines(string(text)) {
		_, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		if minor, err := strconv.ParseUint(number, 10, 20); err == nil {
			all = append(all, uint32(minor))
		}
	}
	return all
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

// gpu is one that the driver has.
type gpu struct {
	address string
	minor   uint32
}

// gpus reads the numbers of the GPUs that the driver has.
func gpus(root string) ([]gpu, error) {
	files, err := filepath.Glob(filepath.Join(root, "/proc/driver/nvidia/gpus/*/information"))
	var all []gpu
	for _, file := range files {
		minor, bad := minor(file)
		if bad != nil {
			err = bad
			continue
		}
		all = append(all, gpu{filepath.Base(filepath.Dir(file)), minor})
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
