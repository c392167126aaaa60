package module

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Refusal is an error that says what it means that the kernel answered with err
// when it was to insert the module, which is signed by a key of the ISO's or not. Kernels differ
// in what they answer for one reason, hence the reasons with several.
func (m Module) Refusal(err error, signed bool) error {
	errno, answered := err.(unix.Errno)
	if !answered { // the file itself could not be read
		return fmt.Errorf("module %s is not loaded: %w", m.Name, err)
	}
	var meaning string
	switch errno {
	case unix.ENODEV:
		meaning = "the driver refuses the GPUs: try the other flavour with bee.nvidia=open or bee.nvidia=proprietary, or an ISO with a driver that knows them"
	case unix.ENOENT:
		meaning = "a symbol that it needs is missing, so another module that has it is not loaded: load that first"
	case unix.EINVAL, unix.ENOEXEC:
		meaning = "it was built for another kernel, whose symbols have other versions or whose modules have another layout: build the ISO anew, with the headers of its kernel"
	case unix.EPERM, unix.EKEYREJECTED, unix.ENOKEY:
		meaning = "the kernel is locked down, as it is with Secure Boot on, and loads no module that is not signed, as this one is not: " +
			"turn Secure Boot off in the firmware's setup, or build the ISO with --module-key and --module-certificate"
		if signed {
			meaning = "the kernel is locked down, as it is with Secure Boot on, and this machine does not know the key that signed the module: " +
				"bee-secureboot enrol makes it known; or turn Secure Boot off in the firmware's setup"
		}
	default:
		return fmt.Errorf("module %s (%s) is not loaded: %w", m.Name, m.Path, errno)
	}
	return fmt.Errorf("module %s (%s) is not loaded: %w: %s", m.Name, m.Path, errno, meaning)
}

// most lines of the kernel's log that are worth a place on the console.
const most = 8

// Reasons picks from what the kernel logged what the module and the NVIDIA driver
// (NVRM) said, and the kernel of its signature, the newest only.
func (m Module) Reasons(log []string) []string {
	said := slices.DeleteFunc(slices.Clone(log), func(line string) bool {
		about := strings.HasPrefix(line, m.Name+":") || strings.HasPrefix(line, "Loading of ") || strings.HasPrefix(line, "Lockdown: ")
		return !about && !strings.Contains(line, "NVRM:")
	})
	said = slices.Compact(said)
	return said[max(0, len(said)-most):]
}
