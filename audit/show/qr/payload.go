// Package qr puts the gist of a report into QR codes that fit a console, for a
// server without a network: point a phone at the screen.
//
// # Payload
//
// A code holds UTF-8 text of lines, separated by one newline each:
//
//	BEE1 1/2 5D41402A
//	FIND=1 critical, 2 warning
//	SN=S937425X4C19233
//	SYS=ACME Computer Inc. Server 9000
//	CPU=2x ACME Fast 9654 96-Core Processor
//
// The first line says what the text is (BEE) and the version of its format (1),
// which of how many codes this is, and whom they belong to: codes of one report
// have the same eight hexadecimal digits. They are the CRC-32 (IEEE 802.3) of the
// other lines of all the codes, in the order of the codes, joined by newlines.
//
// The other lines are KEY=VALUE. Each key is there at most once, and not at all
// where the report has nothing for it; a line is never cut in two. The order of
// the keys means nothing. A newer program may add keys: readers pass over those
// that they do not know.
//
//	FIND   number of findings by severity, or none
//	KEY    fingerprint of the machine's SSH host key
//	SN     serial number of the system
//	SYS    manufacturer and product name of the system
//	GAP    what could not be examined: reasons with their sections, as a list
//	CPU    processors, as a list
//	MEM    total memory; modules by size and type, as a list
//	BIOS   version of the system firmware
//	DISK   drives by capacity and model, as a list
//	GPU    GPUs by name, as a list; "missing" are those that only the PCI bus
//	       knows, "not examined" those of which nothing is known
//	NIC    number of network interfaces, MAC address of the first
//	BEE    version of the live system and the commit that it was built from
//	AUDIT  version of the audit program, where there is no live system
//	TIME   when the audit began, in UTC (RFC 3339)
//
// A list is "COUNTx WHAT, COUNTx WHAT", of reasons "REASON: SECTION SECTION; REASON: SECTION";
// where it is long, "+N more" at its end counts what was left out. Sizes of memory are in powers of 1024 (GiB), those of
// drives in powers of 1000 (TB). A value has at most 52 bytes; a longer one is cut
// and ends with "~".
package qr

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"bee/audit/report"
	"bee/audit/report/alike"
	"bee/audit/report/label"
)

const (
	// maxText is what a code of maxModules holds: version 6, level L, bytes.
	maxText = 134
	// maxValue lets two lines of any length share a code.
	maxValue = 52
)

// Payload returns the texts of the codes, at least one.
func Payload(r *report.Report) []string {
	header := func(k, n int, sum uint32) string { return fmt.Sprintf("BEE1 %d/%d %08X", k, n, sum) }
	// Each line into the first code that has room for it.
	room := maxText - len(header(1, 1, 0))
	parts := []string{""}
	for _, line := range gist(r) {
		line = "\n" + line
		i := slices.IndexFunc(parts, func(part string) bool { return len(part)+len(line) <= room })
		if i < 0 {
			i = len(parts)
			parts = append(parts, "")
		}
		parts[i] += line
	}
	sum := crc32.ChecksumIEEE([]byte(strings.Join(parts, "")[1:]))
	for i := range parts {
		parts[i] = header(i+1, len(parts), sum) + parts[i]
	}
	return parts
}

// gist returns the lines of a report, without the first.
func gist(r *report.Report) []string {
	var lines []string
	add := func(key, value string) {
		if value = cut(value); value != "" {
			lines = append(lines, key+"="+value)
		}
	}
	// First what the first code has to have: on the machine's own screen it is the only one
	// until somebody presses a key.
	if r.Findings != nil {
		add("FIND", label.Severities(r.Findings))
	}
	add("KEY", r.Host.SSHHostKey)
	if r.Board != nil && r.Board.System != nil {
		add("SN", r.Board.System.SerialNumber)
		add("SYS", label.Join(r.Board.System.Manufacturer, r.Board.System.ProductName))
	}
	add("GAP", gaps(r.NotExamined))
	if r.CPU != nil {
		add("CPU", processors(r.CPU))
	}
	if r.Memory != nil {
		add("MEM", memory(r.Memory))
	}
	if r.Board != nil && r.Board.BIOS != nil {
		add("BIOS", r.Board.BIOS.Version)
	}
	if r.Storage != nil {
		add("DISK", drives(r.Storage))
	}
	add("GPU", gpus(r))
	if r.Network != nil {
		add("NIC", interfaces(r.Network))
	}
	if rel := r.BeeRelease; rel != nil {
		add("BEE", strings.TrimSpace(rel.Version+" "+rel.Commit[:min(len(rel.Commit), 12)]))
	} else {
		add("AUDIT", r.Audit.Version)
	}
	started := r.StartedAt
	if r.Replay != nil {
		started = r.Replay.CapturedAt
	}
	add("TIME", started.UTC().Format(time.RFC3339))
	return lines
}

// gaps lists reasons, as far as they fit into a value.
func gaps(all []report.Gap) string {
	var text string
	for i, g := range all {
		item := g.Reason + ": " + strings.Join(g.Sections, " ")
		if i > 0 {
			item = "; " + item
		}
		more := ""
		if left := len(all) - i - 1; left > 0 {
			more = fmt.Sprintf("; +%d more", left)
		}
		if tooLong := len(text)+len(item)+len(more) > maxValue; tooLong && i > 0 {
			return text + fmt.Sprintf("; +%d more", len(all)-i)
		} else if tooLong {
			item = g.Reason
		}
		text += item
	}
	return text
}

func processors(s *report.CPU) string {
	var names []string
	for _, c := range s.Sockets {
		if c.Populated {
			names = append(names, cmp.Or(label.Processor(c.Version), "unknown"))
		}
	}
	if len(s.Sockets) == 0 {
		for _, c := range s.Packages {
			names = append(names, cmp.Or(label.Processor(c.ModelName), "unknown"))
		}
	}
	return list("", names)
}

func memory(s *report.Memory) string {
	var total uint64
	var modules []string
	for _, m := range s.SystemSlots() {
		if m.Populated {
			total += m.SizeBytes
			modules = append(modules, label.Join(cmp.Or(compact(label.Memory(m.SizeBytes)), "unknown"), m.Type))
		}
	}
	if total == 0 {
		return list("", modules)
	}
	return list(compact(label.Memory(total))+": ", modules)
}

func drives(s *report.Storage) string {
	var names []string
	for _, d := range s.Drives {
		if d.Type != "rom" {
			names = append(names, cmp.Or(label.Join(compact(label.Capacity(d.SizeBytes)), d.Model), "unknown"))
		}
	}
	return list("", names)
}

// gpus takes the driver's word, and without one that of the PCI bus.
func gpus(r *report.Report) string {
	var names []string
	if r.NVIDIA != nil {
		for _, g := range r.NVIDIA.GPUs {
			names = append(names, cmp.Or(g.Name, "unknown"))
		}
		for range r.NVIDIA.MissingGPUs {
			names = append(names, "missing")
		}
		if len(names) > 0 {
			for range r.NVIDIA.UnknownGPUs {
				names = append(names, "not examined")
			}
		}
	}
	if len(names) == 0 && r.PCIe != nil {
		for _, d := range r.PCIe.Devices {
			if d.VirtualFunctionOf == "" && slices.Contains(accelerators, d.ClassID) {
				names = append(names, label.Join(cmp.Or(d.Vendor, d.VendorID), cmp.Or(d.Device, d.DeviceID)))
			}
		}
	}
	return list("", names)
}

// accelerators are PCI classes of devices that compute: 3D and other display
// controllers, none of which is the VGA controller of a BMC, and processing
// accelerators.
var accelerators = []string{"0302", "0380", "1200"}

func interfaces(s *report.Network) string {
	n, mac := 0, ""
	for _, i := range s.Interfaces {
		if !i.Virtual() {
			n++
			mac = cmp.Or(mac, i.PermanentMACAddress, i.MACAddress)
		}
	}
	return strings.TrimSpace(fmt.Sprint(n) + " " + mac)
}

// list adds equal things to text, counted, as far as they fit into a value.
func list(text string, things []string) string {
	left := len(things)
	for i, group := range alike.Group(things, func(s string) string { return s }) {
		item := fmt.Sprintf("%dx %s", len(group), group[0])
		if i > 0 {
			item = ", " + item
		}
		more := ""
		if left > len(group) {
			more = fmt.Sprintf(", +%d more", left-len(group))
		}
		if i > 0 && len(text)+len(item)+len(more) > maxValue {
			return text + fmt.Sprintf(", +%d more", left)
		}
		text += item
		left -= len(group)
	}
	return text
}

func compact(s string) string { return strings.ReplaceAll(s, " ", "") }

// cut makes text a value: of one line, and not too long.
func cut(text string) string {
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text))
	if len(text) <= maxValue {
		return text
	}
	end := maxValue - len("~")
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "~"
}
