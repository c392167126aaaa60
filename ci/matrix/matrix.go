// Package matrix says which machines an ISO is tested on.
package matrix

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"bee/core/machine"
)

// Coverage says how many of the possible machines are tested.
type Coverage string

const (
	Each  Coverage = "each"  // every value at least once
	Pairs Coverage = "pairs" // every two values of two factors at least once
)

// Coverages are all that there are.
var Coverages = []Coverage{Each, Pairs}

// memories are the sizes of memory, in MiB, by base. The first is what README says is enough.
var memories = map[string][]int{
	"alpine": {512, 1024, 4096},
	"debian": {512, 1024, 4096},
}

// firmwares start an ISO, by base. Nobody signs what starts Alpine with a key of Microsoft's.
var firmwares = map[string][]string{
	"alpine": {machine.BIOS, machine.UEFI},
	"debian": machine.Firmwares,
}

// media are what the ISO of a plan is to a machine.
var media = []string{machine.CD, machine.USB}

// isoMedia are what an ISO can be to one.
var isoMedia = append(slices.Clone(media), machine.HTTP)

// Bases are those that there are plans for.
func Bases() []string { return slices.Sorted(maps.Keys(memories)) }

// CheckBase refuses a base that there is no plan for.
func CheckBase(base string) error {
	if _, ok := memories[base]; !ok {
		return fmt.Errorf("base %q is not known; the bases are: %s", base, strings.Join(Bases(), ", "))
	}
	return nil
}

// serverMachine is the one server of every plan. Servers of today start under UEFI.
var serverMachine = machine.Machine{Firmware: machine.UEFI, Media: machine.CD, MemoryMiB: 1024, Console: machine.TTYS1, Profile: machine.Server}

// slowMachine is the one slow machine of the plans of Pairs: as a BMC has the ISO as a stick,
// over a line far away. It takes too long for each change.
var slowMachine = machine.Machine{Firmware: machine.UEFI, Media: machine.USB, MemoryMiB: 1024, Network: machine.Virtio,
	Disk: machine.NVMe, BMC: true, Slow: true, Console: machine.TTYS0, Profile: machine.Plain}

// loadedMachine is the one of the plans of Pairs on the base debian whose UEFI loads the ISO over the
// network, with Secure Boot on: no disk is what it was booted from.
var loadedMachine = machine.Machine{Firmware: machine.UEFISecure, Media: machine.HTTP, MemoryMiB: 4096, Network: machine.Virtio,
	Disk: machine.NVMe, Console: machine.TTYS0, Profile: machine.Plain}

// Plan is the shortest list of machines that is found for a coverage: plain ones,
// one server, and for Pairs a slow one and one that loads the ISO over the network. It is the same at each call; the plain ones of Each
// are the first of Pairs.
func Plan(base string, coverage Coverage) ([]machine.Machine, error) {
	all, err := plain(base)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(Coverages, coverage) {
		return nil, fmt.Errorf("coverage %q is not known; it is one of %q", coverage, Coverages)
	}
	plan := append(cover(all, coverage), serverMachine)
	if coverage == Pairs {
		plan = append(plan, slowMachine)
		if base == "debian" { // nobody has seen Alpine's initramfs find it
			plan = append(plan, loadedMachine)
		}
	}
	return plan, nil
}

// Machines are those of these names, as Find has them, or, where there is no name, those
// of the plan.
func Machines(base string, coverage Coverage, names []string) ([]machine.Machine, error) {
	if len(names) == 0 {
		return Plan(base, coverage)
	}
	var machines []machine.Machine
	for _, name := range names {
		m, err := Find(base, name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(machines, m) {
			machines = append(machines, m)
		}
	}
	return machines, nil
}

// Find is the machine of a name, whether a plan has it or not. Refused is one with a
// size of memory that nothing is planned with on the base.
func Find(base, name string) (machine.Machine, error) {
	if err := CheckBase(base); err != nil {
		return machine.Machine{}, err
	}
	m, err := machine.Parse(name)
	if err == nil && !slices.Contains(memories[base], m.MemoryMiB) {
		err = fmt.Errorf("machine %q: base %s is tested with a memory of %v MiB, not of %d", name, base, memories[base], m.MemoryMiB)
	}
	if err == nil && !slices.Contains(firmwares[base], m.Firmware) {
		err = fmt.Errorf("machine %q: base %s starts under %s, not under %s", name, base, strings.Join(firmwares[base], " and "), m.Firmware)
	}
	if err == nil && !slices.Contains(isoMedia, m.Media) {
		err = fmt.Errorf("machine %q: what is tested is an ISO, as %s, not as %s", name, strings.Join(isoMedia, ", "), m.Media)
	}
	return m, err
}

// plain are all plain machines that there could be.
func plain(base string) ([]machine.Machine, error) {
	if err := CheckBase(base); err != nil {
		return nil, err
	}
	var all []machine.Machine
	for _, firmware := range firmwares[base] {
		for _, medium := range media {
			for _, memory := range memories[base] {
				for _, network := range machine.Networks {
					for _, disk := range machine.Disks {
						for _, bmc := range []bool{false, true} {
							all = append(all, machine.Machine{Firmware: firmware, Media: medium, MemoryMiB: memory,
								Network: network, Disk: disk, BMC: bmc, Console: machine.TTYS0, Profile: machine.Plain})
						}
					}
				}
			}
		}
	}
	return all, nil
}
