// Package matrix says which machines an ISO is tested on.
package matrix

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Machine is a virtual machine that boots the ISO, in the words of the smoke test.
type Machine struct {
	Firmware  string `json:"firmware"`
	Media     string `json:"media"`
	MemoryMiB int    `json:"memory_mib"`
	// Network, Disk and BMC are those of a plain machine; a server has its own.
	Network string `json:"network"`
	Disk    string `json:"disk"`
	BMC     bool   `json:"bmc"`
	Profile string `json:"profile"`
}

// Profiles of machines.
const (
	Plain  = "plain"
	Server = "server"
)

// Name tells the machine apart from all others. It is a valid name of a file.
func (m Machine) Name() string {
	words := []string{m.Firmware, m.Media, strconv.Itoa(m.MemoryMiB)}
	if m.Profile != Plain {
		return strings.Join(append(words, m.Profile), "-")
	}
	words = append(words, m.Network, m.Disk)
	if m.BMC {
		words = append(words, "bmc")
	}
	return strings.Join(words, "-")
}

// Coverage says how many of the possible machines are tested.
type Coverage string

const (
	Each  Coverage = "each"  // every value at least once
	Pairs Coverage = "pairs" // every two values of two factors at least once
)

// Coverages are all that there are.
var Coverages = []Coverage{Each, Pairs}

// memories are the sizes of memory, in MiB, by base. The base alpine runs from memory.
var memories = map[string][]int{
	"alpine": {1024, 4096},
	"debian": {512, 1024, 4096},
}

var (
	firmwares = []string{"bios", "uefi"}
	media     = []string{"cd", "usb"}
	networks  = []string{"virtio", "e1000e", "none", "four"}
	disks     = []string{"nvme", "virtio-blk", "ahci", "virtio-scsi"}
)

// serverMachine is the one server of every plan. Servers of today start under UEFI.
var serverMachine = Machine{Firmware: "uefi", Media: "cd", MemoryMiB: 1024, Profile: Server}

// Plan is the shortest list of machines that is found for a coverage: plain ones,
// and one server. It is the same at each call; that of Each begins that of Pairs.
func Plan(base string, coverage Coverage) ([]Machine, error) {
	all, err := plain(base)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(Coverages, coverage) {
		return nil, fmt.Errorf("coverage %q is not known; it is one of %q", coverage, Coverages)
	}
	return append(cover(all, coverage), serverMachine), nil
}

// Find is the machine of a name, whether a plan has it or not.
func Find(base, name string) (Machine, error) {
	all, err := plain(base)
	if err != nil {
		return Machine{}, err
	}
	for _, m := range all {
		for _, m := range []Machine{m, {Firmware: m.Firmware, Media: m.Media, MemoryMiB: m.MemoryMiB, Profile: Server}} {
			if m.Name() == name {
				return m, nil
			}
		}
	}
	return Machine{}, fmt.Errorf("machine %q is not known; names are such as %s and %s", name, all[len(all)-1].Name(), serverMachine.Name())
}

// plain are all plain machines that there could be.
func plain(base string) ([]Machine, error) {
	sizes, ok := memories[base]
	if !ok {
		return nil, fmt.Errorf("base %q is not known; the bases are: %s", base, strings.Join(slices.Sorted(maps.Keys(memories)), ", "))
	}
	var all []Machine
	for _, firmware := range firmwares {
		for _, medium := range media {
			for _, memory := range sizes {
				for _, network := range networks {
					for _, disk := range disks {
						for _, bmc := range []bool{false, true} {
							all = append(all, Machine{firmware, medium, memory, network, disk, bmc, Plain})
						}
					}
				}
			}
		}
	}
	return all, nil
}
