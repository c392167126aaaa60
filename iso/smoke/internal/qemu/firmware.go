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
	// Secure is whether Secure Boot is on: then nothing but the firmware may write to its flash.
	Secure bool
}

// Where Debian's package ovmf puts its images (of 4 MiB, and of 2 MiB before Debian 12), by the
// kind of firmware: without Secure Boot, and with it and Microsoft's keys.
var ovmf = map[string][]Firmware{
	machine.UEFI: {
		{Code: "/usr/share/OVMF/OVMF_CODE_4M.fd", Vars: "/usr/share/OVMF/OVMF_VARS_4M.fd"},
		{Code: "/usr/share/OVMF/OVMF_CODE.fd", Vars: "/usr/share/OVMF/OVMF_VARS.fd"},
	},
	machine.UEFISecure: {
		{Code: "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", Vars: "/usr/share/OVMF/OVMF_VARS_4M.ms.fd", Secure: true},
		{Code: "/usr/share/OVMF/OVMF_CODE.secboot.fd", Vars: "/usr/share/OVMF/OVMF_VARS.ms.fd", Secure: true},
	},
}

// FindFirmware returns the firmware of a kind, one of machine.Firmwares.
func FindFirmware(kind string) (Firmware, error) {
	if kind == machine.BIOS {
		return Firmware{}, nil
	}
	candidates, known := ovmf[kind]
	if !known {
		return Firmware{}, fmt.Errorf("firmware %q is not known; it is one of %s", kind, strings.Join(machine.Firmwares, ", "))
	}
	return firstPresent(candidates)
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
