package module

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Refusal is an error that says what it means that the kernel answered with err
// when it was to insert the module. Kernels differ in what they answer for one
// reason, hence the reasons with several.
func (m Module) Refusal(err error) error {
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
		meaning = "the kernel is locked down and loads no module without the signature of a key that it knows, or the signature does not fit: turn off Secure Boot in the firmware's setup, or else build the ISO anew"
	default:
		return fmt.Errorf("module %s (%s) is not loaded: %w", m.Name, m.Path, errno)
	}
	return fmt.Errorf("module %s (%s) is not loaded: %w: %s", m.Name, m.Path, errno, meaning)
}

// most lines of the kernel's log that are worth a place on the console.
const most = 8

// Reasons picks from what the kernel logged what the module and the NVIDIA driver
// (NVRM) said, the newest only.
func (m Module) Reasons(log []string) []string {
	said := slices.DeleteFunc(slices.Clone(log), func(line string) bool {
		return !strings.Contains(line, "NVRM:") && !strings.HasPrefix(line, m.Name+":")
	})
	said = slices.Compact(said)
	return said[max(0, len(said)-most):]
}
