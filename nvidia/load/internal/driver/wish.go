package driver

import (
	"os"
	"strings"

	"bee/nvidia/load/internal/flavour"
)

// option on the kernel command line.
const option = "bee.nvidia="

// off is the wish for no driver at all.
const off flavour.Flavour = "off"

// wish returns what the kernel command line asks for, nothing where it leaves the
// choice to the program. The last one holds, as the kernel does it with its own.
func (l *Loader) wish() flavour.Flavour {
	line, err := os.ReadFile(l.path("/proc/cmdline"))
	if err != nil {
		l.Say("the kernel command line is unknown: %v", err)
		return ""
	}
	var wish flavour.Flavour
	for word := range strings.FieldsSeq(string(line)) {
		value, ok := strings.CutPrefix(word, option)
		if !ok {
			continue
		}
		switch wish = flavour.Flavour(value); wish {
		case flavour.Open, flavour.Proprietary, off:
		default:
			l.Say("%s on the kernel command line is none of open, proprietary and off: choosing by the GPUs", word)
			wish = ""
		}
	}
	return wish
}
