// Package raid is what the programs of RAID controllers' makers tell, whichever program it
// is, and how what they all print is read.
package raid

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"bee/audit/report"
	"bee/audit/report/placeholder"
)

// Controller is a RAID controller, with the drives behind it.
type Controller struct {
	report.RAIDController
	// Drives behind it. All have Member, and no path.
	Drives []report.Drive
}

// Unknown is the state of what is in a state that a program has no known word for.
const Unknown = "unknown"

// State returns what a program's word means, which may have a comma or a bracket behind it
// and then say more.
func State(words map[string]string, s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if state, ok := words[s]; ok {
		return state
	}
	s, _, _ = strings.Cut(s, "(")
	if state, ok := words[strings.TrimSpace(s)]; ok {
		return state
	}
	s, _, _ = strings.Cut(s, ",")
	if state, ok := words[strings.TrimSpace(s)]; ok {
		return state
	}
	return Unknown
}

var size = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([KMGTPE]?)(i?)`)

// Bytes reads "1.089 TB", "69889 MB", "512B", "4K Bytes": base is 1000 or 1024, as the program
// counts; TiB is always in powers of 1024. 0 is unknown, and what no drive holds.
func Bytes(s string, base float64) uint64 {
	m := size.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return 0
	}
	if m[3] != "" {
		base = 1024
	}
	n, _ := strconv.ParseFloat(m[1], 64)
	if m[2] != "" {
		n *= math.Pow(base, float64(1+strings.Index("KMGTPE", m[2])))
	}
	if n > 1<<60 {
		return 0
	}
	return uint64(n)
}

// Exact is the size of so many sectors, if they are of one of the sizes that there are and
// that agrees with a rounded size; else that.
func Exact(sectors, rounded uint64) uint64 {
	for _, sector := range []uint64{512, 4096} {
		if exact := sectors * sector; sectors < 1<<48 && exact-min(exact, rounded)+rounded-min(exact, rounded) <= rounded/100 {
			return exact
		}
	}
	return rounded
}

var number = regexp.MustCompile(`^-?[0-9]+`)

// Celsius reads a temperature: "22C (71.60 F)", "46 C/ 114 F (Normal)", "29 deg C". Nil is
// unknown: a drive without a sensor has 0, and nothing runs at more than 150.
func Celsius(s string) *int64 {
	n, err := strconv.ParseInt(number.FindString(strings.TrimSpace(s)), 10, 64)
	if err != nil || n <= 0 || n > 150 {
		return nil
	}
	return &n
}

// Count reads how often something was. Nil is unknown.
func Count(s string) *uint64 {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 64)
	if err != nil {
		return nil
	}
	return Counted(&n)
}

// Counted is a count, nil where all bits of a controller's counter are set.
func Counted(n *uint64) *uint64 {
	if n == nil || *n >= math.MaxUint32 {
		return nil
	}
	return n
}

var wwn = regexp.MustCompile(`^(?:5[0-9a-f]{15}|6[0-9a-f]{31})$`)

// WWN is a world wide name as the kernel writes it, "" where it is none that is unique.
func WWN(s string) string {
	s = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), "0x"), "naa.")
	if !wwn.MatchString(s) || strings.Trim(s[1:], "0") == "" {
		return ""
	}
	return "0x" + s
}

// PCIAddress makes an address of its four parts, which are hexadecimal; "" where they are
// none.
func PCIAddress(parts []string) string {
	if len(parts) != 4 {
		return ""
	}
	var n [4]uint64
	for i, most := range []uint64{1<<32 - 1, 0xff, 0x1f, 7} {
		var err error
		if n[i], err = strconv.ParseUint(strings.TrimSpace(parts[i]), 16, 64); err != nil || n[i] > most {
			return ""
		}
	}
	return fmt.Sprintf("%04x:%02x:%02x.%x", n[0], n[1], n[2], n[3])
}

var level = regexp.MustCompile(`^(?i:raid)?[ -]?([0-9]+)(\+0)?([A-Z]*)\b`)

// Level writes a RAID level the same whichever program says it: RAID10 for 1+0, RAID6 for "6
// Reed-Solomon".
func Level(s string) string {
	m := level.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return Text(s)
	}
	return "RAID" + m[1] + strings.Trim(m[2], "+") + m[3]
}

// Text is a text without what stands where there is nothing to say.
func Text[S ~string](s S) string { return placeholder.Drop(string(s)) }

// Vendor is the maker of a drive: ATA is what stands there for all that have ATA's commands.
func Vendor(s string) string {
	if s = Text(s); s == "ATA" || s == "NVMe" {
		return ""
	}
	return s
}

// Rotational says whether a drive has spinning platters, by a word for its kind; nil where
// that says neither.
func Rotational(s string) *bool {
	s = strings.ToLower(s)
	ssd := strings.Contains(s, "ssd") || strings.Contains(s, "solid state") || strings.Contains(s, "nvme")
	if !ssd && !strings.Contains(s, "hdd") {
		return nil
	}
	hdd := !ssd
	return &hdd
}

// Transport is how a drive is attached, by a text that has a word for it.
func Transport(s string) string {
	s = strings.ToLower(s)
	for _, t := range []string{"nvme", "sata", "sas"} {
		if strings.Contains(s, t) {
			return t
		}
	}
	return ""
}
