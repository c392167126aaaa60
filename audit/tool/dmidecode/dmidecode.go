// Package dmidecode reads the text that dmidecode prints: the structures of a
// machine's SMBIOS table.
//
// A structure begins with a handle line, then its name, then one field a line
// behind a tab, with the parts of a field behind two tabs:
//
//	Handle 0x0002, DMI type 2, 15 bytes
//	Base Board Information
//		Manufacturer: Supermicro
//		Features:
//			Board is a hosting board
//
// dmidecode prints this since version 2.7.
package dmidecode

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"bee/audit/report/placeholder"
	"bee/core/printable"
)

// Structure is one SMBIOS structure.
type Structure struct {
	Handle string // as dmidecode prints it: "0x0011"
	Type   int
	Name   string
	fields map[string]string
}

var (
	handleLine = regexp.MustCompile(`^Handle (0x[0-9A-Fa-f]+), DMI type (\d+), \d+ bytes`)
	// tableLine is dmidecode's word that there is a table, even where it holds
	// none of the types that were asked for.
	tableLine = regexp.MustCompile(`^(?:Legacy DMI|SMBIOS) [\d.]+ present\.`)
)

// Parse reads dmidecode's output. Values become printable text without
// surrounding space. Structures are given in the order of the table. Text that
// is no dmidecode output is an error.
func Parse(out []byte) ([]Structure, error) {
	var all []Structure
	table := false
	for line := range bytes.Lines(out) {
		line = bytes.TrimRight(line, "\r\n")
		if m := handleLine.FindSubmatch(line); m != nil {
			kind, err := strconv.Atoi(string(m[2]))
			if err != nil {
				continue
			}
			all = append(all, Structure{Handle: string(m[1]), Type: kind, fields: map[string]string{}})
			continue
		}
		table = table || tableLine.Match(line)
		if len(all) == 0 || len(line) == 0 {
			continue
		}
		current := &all[len(all)-1]
		switch {
		case line[0] != '\t':
			// Remarks of dmidecode may stand before the name.
			if current.Name == "" && !bytes.HasPrefix(line, []byte("Invalid entry length")) {
				current.Name = printable.Escape(line)
			}
		case len(line) > 1 && line[1] == '\t':
			// A part of a list; no field that the audit reports is one.
		default:
			// Some versions print fields of TPMs one behind the other.
			for field := range bytes.SplitSeq(line[1:], []byte("\t")) {
				key, value, ok := bytes.Cut(field, []byte(":"))
				if _, seen := current.fields[string(key)]; ok && !seen {
					current.fields[string(key)] = printable.Escape(bytes.TrimSpace(value))
				}
			}
		}
	}
	if len(all) == 0 && !table {
		return nil, fmt.Errorf("no SMBIOS table in dmidecode's output%s", quoteStart(out))
	}
	return all, nil
}

// NoTable returns why there is no table, in whatever way dmidecode says it, "" where it
// says nothing of that. It looks into /dev/mem where neither sysfs nor EFI has a table.
func NoTable(stdout, stderr []byte) string {
	said := func(words string) bool {
		return bytes.Contains(stdout, []byte(words)) || bytes.Contains(stderr, []byte(words))
	}
	switch {
	case said("Permission denied"):
		return "the machine's SMBIOS is for root alone to read"
	case said("Operation not permitted"):
		return "the kernel does not let the machine's SMBIOS be read"
	case said("/dev/mem: No such file or directory") || said("No SMBIOS nor DMI entry point found"):
		return "this machine has no SMBIOS"
	}
	return ""
}

// Of returns the structures of one type.
func Of(all []Structure, kind int) []Structure {
	var some []Structure
	for _, s := range all {
		if s.Type == kind {
			some = append(some, s)
		}
	}
	return some
}

// Raw returns a field as it was printed, "" where it is absent.
func (s Structure) Raw(field string) string { return s.fields[field] }

// Text returns a field that the vendor wrote, "" where it is absent or a
// placeholder.
func (s Structure) Text(field string) string { return placeholder.Drop(s.fields[field]) }

// Enum returns a field that is one of the words of the SMBIOS specification, ""
// where it is absent or unknown. "None" and "Other" are such words and stay.
func (s Structure) Enum(field string) string {
	switch v := s.fields[field]; v {
	case "Unknown", "Unspecified", "Not Specified", "Not Provided", "<OUT OF SPEC>", "<BAD INDEX>":
		return ""
	default:
		return v
	}
}

// Count returns the number that a field begins with, whatever unit follows it
// ("2 U", "72 bits", "1333 MHz", "3200 MT/s"), 0 where it is absent or unknown.
func (s Structure) Count(field string) uint64 {
	number, _, _ := strings.Cut(s.fields[field], " ")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Within returns the number that a field begins with, 0 where it is less or more
// than any hardware has: firmware writes all ones, or something else, for what it
// does not know.
func (s Structure) Within(field string, least, most uint64) uint64 {
	if n := s.Count(field); n >= least && n <= most {
		return n
	}
	return 0
}

// Volts returns a voltage ("1.2 V"), 0 where it is absent or unknown.
func (s Structure) Volts(field string) float64 {
	number, ok := strings.CutSuffix(s.fields[field], " V")
	v, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || v < 0 || v > 100 {
		return 0
	}
	return v
}

// Bytes returns a size ("16 GB", "16384 MB", "64 kB"), 0 where it is absent or
// unknown. dmidecode's units are powers of 1024.
func (s Structure) Bytes(field string) uint64 {
	_, unit, _ := strings.Cut(s.fields[field], " ")
	shift, known := shifts[strings.ToLower(strings.Replace(unit, "iB", "B", 1))]
	n := s.Count(field)
	if !known || n<<shift>>shift != n {
		return 0
	}
	return n << shift
}

var shifts = map[string]uint{
	"bytes": 0, "kb": 10, "mb": 20, "gb": 30, "tb": 40, "pb": 50, "eb": 60,
}

// quoteStart quotes what dmidecode had to say instead, for an error.
func quoteStart(out []byte) string {
	for line := range bytes.Lines(out) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && !bytes.HasPrefix(line, []byte("# dmidecode")) {
			return fmt.Sprintf(": %q", printable.Escape(line[:min(len(line), 80)]))
		}
	}
	return ""
}
