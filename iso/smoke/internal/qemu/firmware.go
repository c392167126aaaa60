package qemu

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"bee/core/machine"
)

// Firmware starts the machine. The zero value is the BIOS that QEMU brings.
type Firmware struct {
	// Flash images of OVMF: its code, and what it keeps between boots.
	Code, Vars string
}

// Where Debian's package ovmf puts its images (of 4 MiB, and of 2 MiB before
// Debian 12). They know no Secure Boot.
var ovmf = []Firmware{
	{Code: "/usr/share/OVMF/OVMF_CODE_4M.fd", Vars: "/usr/share/OVMF/OVMF_VARS_4M.fd"},
	{Code: "/usr/share/OVMF/OVMF_CODE.fd", Vars: "/usr/share/OVMF/OVMF_VARS.fd"},
}

// FindFirmware returns the firmware of a kind, machine.BIOS or machine.UEFI.
func FindFirmware(kind string) (Firmware, error) {
	switch kind {
	case machine.BIOS:
		return Firmware{}, nil
	case machine.UEFI:
		return firstPresent(ovmf)
	}
	return Firmware{}, fmt.Errorf("firmware %q is not known; it is %s or %s", kind, machine.BIOS, machine.UEFI)
}

func firstPresent(candidates []Firmware) (Firmware, error) {
	var sought []string
	for _, candidate := range candidates {
		if present(candidate.Code) && present(candidate.Vars) {
			return candidate, nil
		}
		sought = append(sought, candidate.Code)
	}
	return Firmware{}, fmt.Errorf("no UEFI firmware found (%s); on Debian the package ovmf has it", strings.Join(sought, ", "))
}

func present(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
