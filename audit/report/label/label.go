// Package label words parts of a report in few words, the same wherever people
// read them.
package label

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"bee/audit/report"
)

// Join joins what is not empty with spaces, without saying the same twice: many
// models begin with their vendor's name.
func Join(parts ...string) string {
	var s string
	for _, p := range parts {
		switch {
		case s == "" || strings.HasPrefix(strings.ToLower(p), strings.ToLower(s)):
			if p != "" {
				s = p
			}
		case p != "":
			s += " " + p
		}
	}
	return s
}

// Count is a number of things, with the plural of most English words.
func Count[T int | uint64](n T, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if stem, ok := strings.CutSuffix(thing, "y"); ok {
		return fmt.Sprintf("%d %sies", n, stem)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Some is a number of things, "" where it is not known.
func Some(n uint64, thing string) string {
	if n == 0 {
		return ""
	}
	return Count(n, thing)
}

// Number is a number with its unit, "" where it is not known.
func Number(n uint64, unit string) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10) + unit
}

// Prefix puts what a text is before it, "" where there is no text.
func Prefix(what, s string) string {
	if s == "" {
		return ""
	}
	return what + s
}

// Duration is a time in words: 34 s, 10 min, 1 h 20 min.
func Duration(d time.Duration) string {
	d = d.Round(time.Second)
	var parts []string
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if n := d / unit.length; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, unit.name))
			d %= unit.length
		}
	}
	if len(parts) == 0 {
		return "0 s"
	}
	return strings.Join(parts, " ")
}

// Times is how often something was, where it was more than once: " (5 times)".
func Times(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" (%d times)", n)
}

// Command is a command line that fits a line of a terminal, cut where it is longer: the
// report has it whole.
func Command(tool string, args []string) string {
	const most = 72
	line := strings.TrimSpace(tool + " " + strings.Join(args, " "))
	if runes := []rune(line); len(runes) > most {
		return string(runes[:most-3]) + "..."
	}
	return line
}

// Trouble says why nvidia-smi could tell of no GPU, "" where it could.
func Trouble(n *report.NVIDIA) string {
	switch n.Trouble {
	case "":
		return ""
	case report.VersionMismatch:
		return fmt.Sprintf("the NVIDIA driver's library%s and its kernel module%s are of different versions",
			Prefix(" ", n.LibraryVersion), Prefix(" ", n.DriverVersion))
	case report.NotLoaded:
		if n.DriverVersion == "" {
			return "nvidia-smi cannot reach the NVIDIA driver: its kernel module may not be loaded"
		}
		return fmt.Sprintf("nvidia-smi cannot reach the NVIDIA driver, although its kernel module %s is loaded", n.DriverVersion)
	case report.NoLibrary:
		return "nvidia-smi does not find the NVIDIA driver's library"
	case report.NoPermission:
		return "nvidia-smi may not ask the NVIDIA driver"
	}
	return "nvidia-smi gave no answer that tells of a GPU"
}

// Serial is a serial number that says what it is.
func Serial(s string) string { return Prefix("S/N ", s) }

// Quiet reports whether a PCI device says little about a machine, by its class:
// bridges, system peripherals, serial buses, signal processing.
func Quiet(d report.PCIDevice) bool {
	if len(d.ClassID) != 4 {
		return false
	}
	switch d.ClassID[:2] {
	case "06", "08", "0c", "11":
		return true
	}
	return false
}

// Memory is a size of memory, in powers of 1024 as it is sold: "1152 GiB"; ""
// where unknown.
func Memory(bytes uint64) string {
	switch {
	case bytes == 0:
		return ""
	case bytes%humanize.GiByte == 0:
		return fmt.Sprintf("%d GiB", bytes/humanize.GiByte)
	}
	return humanize.IBytes(bytes)
}

// Slots returns a function that names memory slots: by their locator; with the
// bank locator where it takes both to tell them apart.
func Slots(all []report.MemorySlot) func(report.MemorySlot) string {
	seen := map[string]int{}
	for _, s := range all {
		seen[s.Locator]++
	}
	return func(s report.MemorySlot) string {
		if s.Locator == "" {
			return s.Handle
		}
		if seen[s.Locator] > 1 {
			return Join(s.Locator, s.BankLocator)
		}
		return s.Locator
	}
}

// Capacity is the size of a drive in three digits, in powers of 1000 as drives
// are sold: "7.68 TB"; "" where unknown.
func Capacity(bytes uint64) string {
	if bytes == 0 {
		return ""
	}
	value, prefix := humanize.ComputeSI(float64(bytes))
	digits := 0
	for v := value; v < 100 && digits < 2; v *= 10 {
		digits++
	}
	return humanize.FtoaWithDigits(math.Round(value*math.Pow10(digits))/math.Pow10(digits), digits) + " " + prefix + "B"
}

// Processor is the model name of a processor, without the fill that it came with.
func Processor(version string) string {
	return strings.Join(strings.Fields(trademarks.Replace(version)), " ")
}

var trademarks = strings.NewReplacer("(R)", "", "(TM)", "", "(r)", "", "(tm)", "", "®", "", "™", "")

// Severities says how many findings there are of each severity, the worst
// first: "1 critical, 2 warning"; "none" where there is none.
func Severities(findings []report.Finding) string {
	var words []string
	for _, severity := range []report.Severity{report.Critical, report.Warning, report.Info} {
		n := 0
		for _, f := range findings {
			if f.Severity == severity {
				n++
			}
		}
		if n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, severity))
		}
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// SSH says how SSH lets people in, by the policy in a live system's release; "" where that is
// unknown.
func SSH(policy string) string {
	return map[string]string{
		"keys":     "by key only",
		"password": "password set at build time",
		"random":   "password new at each boot, on the machine's own console",
	}[policy]
}

// Neighbour says which port of which switch, or other machine, a cable leads to.
func Neighbour(n report.Neighbour) string { return Join(cmp.Or(n.SystemName, n.ChassisID), n.PortID) }
