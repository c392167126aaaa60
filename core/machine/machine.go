// Package machine is the virtual machine that an ISO is booted on: what it is made of,
// and the one name for it that every command takes and the reports of a plan lie under.
package machine

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Machine is what a virtual machine is made of.
type Machine struct {
	// What starts it: BIOS, UEFI or UEFISecure.
	Firmware string `json:"firmware"`
	// What the ISO is to it: CD, USB or HTTP; PXE where it has none, and boots a folder over its
	// network.
	Media string `json:"media"`
	// Its memory, in MiB.
	MemoryMiB int `json:"memory_mib"`
	// Its network cards: Virtio, E1000e, Four or None; empty in the profile Server.
	Network string `json:"network"`
	// What its drive is connected by: NVMe, VirtioBlk, AHCI or VirtioSCSI; empty in the
	// profile Server.
	Disk string `json:"disk"`
	// Whether it is given a BMC, which knows a power supply; false in the profile Server,
	// which has its own: see HasBMC.
	BMC bool `json:"bmc"`
	// Which serial port a person is at: TTYS0 or TTYS1.
	Console string `json:"console"`
	// Whether its medium is read no faster than SlowBytes a second, as a BMC's virtual media are
	// over a site's line.
	Slow bool `json:"slow"`
	// Plain, or Server.
	Profile string `json:"profile"`
}

// Firmware.
const (
	BIOS       = "bios"
	UEFI       = "uefi"
	UEFISecure = "uefi-secure" // Secure Boot is on, with Microsoft's keys
)

// Media.
const (
	CD  = "cd"  // a SATA CD-ROM drive
	USB = "usb" // a USB stick
	// none: its first network card boots what a server there has
	PXE  = "pxe"  // a folder
	HTTP = "http" // the ISO, which UEFI loads into memory
)

// SlowBytes are what the medium of a slow machine gives in a second: 4 Mbit.
const SlowBytes = 500_000

// Network cards, of which the first one carries SSH. Without any, a machine is reached
// over its serial console.
const (
	Virtio = "virtio"
	E1000e = "e1000e"
	None   = "none"
	Four   = "four" // of different makes
)

// Drives, by what connects them.
const (
	NVMe       = "nvme"
	VirtioBlk  = "virtio-blk"
	AHCI       = "ahci"
	VirtioSCSI = "virtio-scsi"
)

// Serial ports. TTYS1 is where the Serial-over-LAN of many BMCs is: nobody is at the first port
// then, though there is one.
const (
	TTYS0 = "ttys0"
	TTYS1 = "ttys1"
)

// Profiles.
const (
	// Plain is a machine that is made of what the rest says.
	Plain = "plain"
	// Server has what servers have, under names that try an audit: drives of every
	// kind, three network cards, a BMC, a TPM, power supplies, and a device whose link has errors.
	// Who is at its console is at TTYS1.
	Server = "server"
)

// The words for each part of a machine. The first is what a machine has whose name does
// not say.
var (
	Firmwares = []string{BIOS, UEFI, UEFISecure}
	Media     = []string{CD, USB, PXE, HTTP}
	Networks  = []string{Virtio, E1000e, None, Four}
	Disks     = []string{NVMe, VirtioBlk, AHCI, VirtioSCSI}
)

// Words tells, for a person, the words that names are made of.
const Words = `words of a machine, which are joined by "-" in any order; of those that are
not said, it has the first:
  firmware   bios, uefi, uefi-secure (with Microsoft's keys, and Secure Boot on)
  medium     cd, usb, pxe (none: it boots a folder over its first network card),
             http (UEFI loads the ISO over that card into memory)
  memory     1024, or another number of MiB
  network    virtio, e1000e, none (tested over serial), four (of different makes)
  drive      nvme, virtio-blk, ahci, virtio-scsi
and, only where it is said:
  bmc        a BMC, with a power supply
  ttys1      the second serial port for a console, and nobody at the first
  slow       a medium that is read at 4 Mbit/s, as virtual media far away are
  server     the profile of a server, in place of network, drive and bmc: drives of
             every kind, three network cards, a BMC, a TPM, power supplies, a
             device whose link has errors, and ttys1`

// Name tells the machine apart from all others, such as uefi-cd-1024-virtio-nvme-bmc or
// uefi-cd-1024-server. It is a valid name of a file, and Parse reads it.
func (m Machine) Name() string {
	words := []string{m.Firmware, m.Media, strconv.Itoa(m.MemoryMiB)}
	if m.Profile == Server {
		words = append(words, Server)
	} else {
		words = append(words, m.Network, m.Disk)
		if m.BMC {
			words = append(words, bmc)
		}
		if m.Console == TTYS1 {
			words = append(words, TTYS1)
		}
	}
	if m.Slow {
		words = append(words, slow)
	}
	return strings.Join(words, "-")
}

// TimeLimit is what the test of the machine may take where nobody says otherwise. A slow one
// reads all of an ISO in ten minutes, and parts of it several times.
func (m Machine) TimeLimit() time.Duration {
	if m.Slow {
		return 40 * time.Minute
	}
	return 10 * time.Minute
}

// Netboots tells whether it has no medium, but boots over its network.
func (m Machine) Netboots() bool { return m.Media == PXE || m.Media == HTTP }

// HasUEFI tells whether UEFI starts it, with Secure Boot or without.
func (m Machine) HasUEFI() bool { return m.Firmware != BIOS }

// HasBMC tells whether there is a BMC, one of the machine's own included.
func (m Machine) HasBMC() bool { return m.BMC || m.Profile == Server }

// The parts of a machine, each by the words for it; of memory the word is a number.
// A server has its own of those that are so marked.
var parts = []struct {
	name       string
	words      []string
	serversOwn bool
}{
	{name: firmware, words: Firmwares},
	{name: medium, words: Media},
	{name: memory},
	{name: network, words: Networks, serversOwn: true},
	{name: drive, words: Disks, serversOwn: true},
	{name: bmc, words: []string{bmc}, serversOwn: true},
	{name: console, words: []string{TTYS1}, serversOwn: true},
	{name: slow, words: []string{slow}},
	{name: profile, words: []string{Server}},
}

const (
	firmware = "firmware"
	medium   = "medium"
	memory   = "memory"
	network  = "network"
	drive    = "drive"
	bmc      = "bmc"
	console  = "console"
	slow     = "slow"
	profile  = "profile"
)

// Parse reads the name of a machine. The words may stand in any order, and each may be
// left out: "uefi" is uefi-cd-1024-virtio-nvme, and "" bios-cd-1024-virtio-nvme.
func Parse(name string) (Machine, error) {
	said := map[string]string{} // words, by the part
	for rest, more := name, name != ""; more; {
		var part, word string
		if part, word = first(rest); part == "" {
			return Machine{}, fmt.Errorf("machine %q: %q is none of the %s", name, word, Words)
		}
		if before, ok := said[part]; ok {
			return Machine{}, fmt.Errorf("machine %q: %s and %s are both its %s", name, before, word, part)
		}
		said[part] = word
		rest, more = strings.CutPrefix(rest[len(word):], "-")
	}
	for _, p := range parts {
		if said[profile] == Server && p.serversOwn && said[p.name] != "" {
			return Machine{}, fmt.Errorf("machine %q: a server has network cards, drives, a BMC and a console of its own; leave %s out", name, said[p.name])
		}
	}
	memoryMiB, err := strconv.Atoi(cmp.Or(said[memory], "1024"))
	if err != nil || memoryMiB == 0 {
		return Machine{}, fmt.Errorf("machine %q: %s is no memory in MiB", name, said[memory])
	}
	m := Machine{
		Firmware:  cmp.Or(said[firmware], BIOS),
		Media:     cmp.Or(said[medium], CD),
		MemoryMiB: memoryMiB,
		Slow:      said[slow] != "",
		Console:   cmp.Or(said[console], TTYS0),
		Profile:   cmp.Or(said[profile], Plain),
	}
	if m.Profile == Server {
		m.Console = TTYS1
	} else {
		m.Network, m.Disk, m.BMC = cmp.Or(said[network], Virtio), cmp.Or(said[drive], NVMe), said[bmc] != ""
	}
	switch {
	case m.Netboots() && m.Network == None:
		return Machine{}, fmt.Errorf("machine %q: it has no network card to boot over: leave %s or %s out", name, m.Media, None)
	case m.Netboots() && m.HasUEFI() && m.Network == E1000e:
		return Machine{}, fmt.Errorf("machine %q: QEMU's UEFI has no driver to boot over %s: leave %s or %s out", name, E1000e, m.Media, E1000e)
	case m.Media == HTTP && !m.HasUEFI():
		return Machine{}, fmt.Errorf("machine %q: BIOS loads nothing by %s: say uefi, or uefi-secure, too", name, m.Media)
	case m.Netboots() && m.Slow:
		return Machine{}, fmt.Errorf("machine %q: it has no medium that could be slow: leave %s or %s out", name, m.Media, slow)
	}
	return m, nil
}

// first is the first word of a name, and the part that it is for; no part where there
// is no such word. It is the longest that there is, as virtio-blk begins with virtio.
func first(name string) (part, word string) {
	for _, p := range parts {
		for _, w := range p.words {
			if (name == w || strings.HasPrefix(name, w+"-")) && len(w) > len(word) {
				part, word = p.name, w
			}
		}
	}
	if part != "" {
		return part, word
	}
	word, _, _ = strings.Cut(name, "-")
	if word != "" && strings.Trim(word, "0123456789") == "" {
		part = memory
	}
	return part, word
}

// Complete returns what the beginning of a name can become by one word, for a shell that
// completes it.
func Complete(typed string) []string {
	before := []string{""} // what the word may stand behind
	for i, r := range typed {
		if r == '-' {
			before = append(before, typed[:i+1])
		}
	}
	var names []string
	for _, begin := range before {
		for _, p := range parts {
			for _, word := range p.words {
				name := begin + word
				if _, err := Parse(name); err == nil && strings.HasPrefix(name, typed) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}
