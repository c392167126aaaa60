// Package flavour knows which flavour of NVIDIA's kernel modules drives which GPU.
package flavour

import "slices"

// Flavour is one of the two that NVIDIA publishes, and the name of its folder in
// the image.
type Flavour string

const (
	Open        Flavour = "open"
	Proprietary Flavour = "proprietary"
)

// Other returns the other flavour.
func (f Flavour) Other() Flavour {
	if f == Open {
		return Proprietary
	}
	return Open
}

// Generation is a range of PCI device IDs.
type Generation struct {
	first    uint16
	Name     string
	Flavours []Flavour // those that drive it
}

// generations, each up to the next. The flavours are those of NVIDIA's "NVIDIA
// Transitions Fully Towards Open-Source GPU Kernel Modules" (July 2024) and of
// chapter "Open Linux Kernel Modules" in the driver's README; the device IDs are
// those of the table in the README of NVIDIA's open-gpu-kernel-modules, and of
// pci.ids, which knows more of them and chips by name.
var generations = []Generation{
	{0x0000, "older than Maxwell", nil},
	{0x1340, "Maxwell, Pascal or Volta", []Flavour{Proprietary}},
	{0x1e00, "Turing, Ampere or Hopper", []Flavour{Open, Proprietary}},
	{0x2342, "Grace Hopper", []Flavour{Open}}, // GH200: 2342 and 2348, and no product between
	{0x2349, "Hopper, Ampere or Ada", []Flavour{Open, Proprietary}},
	{0x2900, "Blackwell or newer", []Flavour{Open}},
}

// Of returns the generation of the GPU with a PCI device ID.
func Of(device uint16) Generation {
	i := len(generations) - 1
	for generations[i].first > device {
		i--
	}
	return generations[i]
}

// Drives reports whether the flavour drives the GPU with a PCI device ID.
func (f Flavour) Drives(device uint16) bool {
	return slices.Contains(Of(device).Flavours, f)
}

// Best returns the flavour that drives most of the GPUs with these device IDs,
// Open where both drive as many: NVIDIA recommends it wherever it can be had.
func Best(devices []uint16) Flavour {
	lead := 0
	for _, d := range devices {
		if Open.Drives(d) {
			lead++
		}
		if Proprietary.Drives(d) {
			lead--
		}
	}
	if lead < 0 {
		return Proprietary
	}
	return Open
}
