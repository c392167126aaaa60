// Package kernellog reads the kernel's log, as dmesg -r prints it, and finds in it what the
// kernel tells of hardware that failed:
//
//	<4>[   12.345678] pcieport 0000:00:01.1: PCIe Bus Error: severity=Corrected, type=Data Link Layer, (Receiver ID)
//
// The words are those of the kernel's sources, of versions 4.18 to 6.12, and of NVIDIA's driver.
package kernellog

import (
	"bytes"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"bee/audit/report"
	"bee/audit/tool/xid"
	"bee/core/printable"
)

// Log is what is kept of the kernel's log.
type Log struct {
	// Since is when its first line was written, in seconds after the kernel's start. The
	// kernel keeps no more than there is room for.
	Since float64
	// Events are what it tells, in the order of the first of each kind and device.
	Events []report.KernelEvent
}

const (
	// mostEvents is more kinds and devices than an operator reads.
	mostEvents = 200
	// longest is what is kept of a line.
	longest = 300
)

// configuration is what lines begin with that bee's own services write about bee.yaml. Only root
// can write to the kernel's log.
const configuration = "bee: configuration: "

// Parse reads the log. It is not ok where there is no line of it.
func Parse(dmesg []byte) (log Log, ok bool) {
	at := map[report.KernelEvent]int{} // by what makes an event another one
	for raw := range bytes.Lines(dmesg) {
		level, seconds, text, begins := split(raw)
		if !begins {
			continue // a line that goes on
		}
		if !ok {
			log.Since, ok = seconds, true
		}
		if level > 7 && !bytes.HasPrefix(text, []byte(configuration)) {
			continue // it has another facility than the kernel's: a program has written it
		}
		key, found := event(text)
		if !found {
			continue
		}
		i, known := at[key]
		if !known {
			if len(log.Events) == mostEvents {
				continue
			}
			i = len(log.Events)
			at[key] = i
			first := key
			first.FirstSeconds = seconds
			log.Events = append(log.Events, first)
		}
		e := &log.Events[i]
		e.Count++
		e.LastSeconds = seconds
		e.Message = printable.Escape(text[:min(len(text), longest)])
	}
	return log, ok
}

// split takes apart the beginning of a line: <4>[   12.345678], and the thread's or
// processor's number where the kernel is made to say it. Without -r, and for who may not know
// it, dmesg leaves the level out: it is -1 then.
func split(line []byte) (level int, seconds float64, text []byte, ok bool) {
	level = -1
	if rest, found := bytes.CutPrefix(line, []byte("<")); found {
		number, rest, _ := bytes.Cut(rest, []byte(">"))
		n, err := strconv.Atoi(string(number))
		if err != nil {
			return 0, 0, nil, false
		}
		level, line = n, rest
	}
	stamp, found := bytes.CutPrefix(line, []byte("["))
	stamp, text, closed := bytes.Cut(stamp, []byte("] "))
	seconds, err := strconv.ParseFloat(string(bytes.TrimLeft(stamp, " ")), 64)
	if !found || !closed || err != nil || math.IsNaN(seconds) || math.IsInf(seconds, 0) || seconds < 0 {
		return 0, 0, nil, false
	}
	if caller, rest, closed := bytes.Cut(text, []byte("] ")); closed && bytes.HasPrefix(caller, []byte("[ ")) {
		text = rest
	}
	return level, seconds, bytes.TrimSpace(text), true
}

// pattern is a kind of line.
type pattern struct {
	kind string
	// contains is in every such line: it is looked for first, as most lines are none.
	contains string
	// line has the groups device, severity and bank, the last of which is a machine
	// check's register.
	line *regexp.Regexp
	// severity of those that do not say it.
	severity string
}

const (
	corrected   = "corrected"
	uncorrected = "uncorrected"
	fatal       = "fatal"
)

const address = `(?P<device>[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])`

// patterns of lines; the first that fits counts. They are made when there is a log to read.
var patterns = sync.OnceValue(func() []pattern {
	return []pattern{
		{"memory_error", "EDAC MC", regexp.MustCompile(`^EDAC (?P<device>MC\d+): (?:\d+ )?(?P<severity>[CU]E) `), ""},
		{"memory_error", "Memory failure: ", regexp.MustCompile(`^Memory failure: 0x[0-9a-f]+: `), uncorrected},
		{"machine_check", "Machine Check", regexp.MustCompile(`\[Hardware Error\]: CPU (?P<device>\d+): Machine Check(?: Exception)?: [0-9a-f]+ Bank \d+: (?P<bank>[0-9a-f]{1,16})`), ""},
		{"machine_check", "_STATUS[", regexp.MustCompile(`\[Hardware Error\]: CPU:(?P<device>\d+) .*MC\d+_STATUS\[(?P<severity>[^\]]*)\]`), ""},
		{"machine_check", "Machine check events logged", regexp.MustCompile(`\[Hardware Error\]: Machine check events logged`), ""},
		{"previous_boot", "BERT: ", regexp.MustCompile(`^BERT: (?:Error records from previous boot:|\[Hardware Error\]: Skipped \d+ error records)`), ""},
		{"pcie_error", "PCIe Bus Error: ", regexp.MustCompile(address + `: (?:AER: )?PCIe Bus Error: severity=(?P<severity>[A-Za-z]+(?: \([A-Za-z-]+\))?)`), ""},
		{"pcie_error", "DPC: ", regexp.MustCompile(address + `: DPC: containment event`), uncorrected},
		{"pcie_link_lost", "pciehp: Slot(", regexp.MustCompile(address + `: pciehp: Slot\([^)]*\): (?:Link Down|Card not present)`), ""},
		{"gpu_error", "SXid ", regexp.MustCompile(`SXid \(PCI:` + address + `\): \d+, (?P<severity>Fatal|Non-fatal)`), ""},
		{"overheated", "temperature", regexp.MustCompile(`(?P<device>CPU ?\d+): (?:Core|Package) temperature (?:is )?above threshold`), ""},
		{"overheated", "critical temperature reached", regexp.MustCompile(`(?:thermal )?(?P<device>thermal_zone\d+)?: critical temperature reached`), fatal},
		{"drive_reset", "timeout", regexp.MustCompile(`^nvme (?P<device>nvme\d+): I/O .*timeout, (?:reset|abort|completion polled|disable)`), ""},
		{"drive_reset", "nvme", regexp.MustCompile(`^nvme (?P<device>nvme\d+): (?:controller is down; will reset|Device not ready; aborting|Disabling device after reset failure|Removing after probe failure|frozen state error detected)`), ""},
		{"drive_reset", "attempting ", regexp.MustCompile(`^(?:sd|ses|scsi|enclosure) (?P<device>\d+:\d+:\d+:\d+): .*attempting (?:task abort|device reset|target reset|host reset)`), ""},
		{"drive_reset", "resetting ", regexp.MustCompile(`^(?P<device>(?:megaraid_sas|hpsa|smartpqi) [0-9a-f:.]+): .*resetting (?:fusion adapter|logical|physical|scsi)`), ""},
		{"drive_reset", "ault", regexp.MustCompile(`^(?P<device>mpt[23]sas_cm\d+): .*fault_state\(0x[0-9a-f]+\)!`), ""},
		{"drive_reset", "faultstate", regexp.MustCompile(`^(?P<device>megaraid_sas [0-9a-f:.]+): .*FW detected to be in faultstate`), ""},
		{"drive_reset", "lockup detected", regexp.MustCompile(`^(?P<device>(?:hpsa|smartpqi) [0-9a-f:.]+): controller lockup detected`), ""},
		{"drive_reset", "aacraid: Host ", regexp.MustCompile(`^(?P<device>aacraid): Host (?:adapter abort request|bus reset request|adapter reset request)`), ""},
		{"drive_reset", "exception Emask", regexp.MustCompile(`^(?P<device>ata\d+(?:\.\d+)?): exception Emask .*action 0x[0-9a-f]+ frozen`), ""},
		{"drive_reset", "failed (errno=", regexp.MustCompile(`^(?P<device>ata\d+): (?:COMRESET|softreset|SRST) failed`), ""},
		{"drive_error", "error, dev ", regexp.MustCompile(`(?:I/O|critical medium|critical nexus|timeout) error, dev (?P<device>(?:sd[a-z]+|nvme\d+(?:c\d+)?n\d+|vd[a-z]+|mmcblk\d+)), sector \d+`), uncorrected},
		{"drive_error", "exception Emask", regexp.MustCompile(`^(?P<device>ata\d+(?:\.\d+)?): exception Emask `), ""},
		{"medium_damaged", "verity: ", regexp.MustCompile(`^device-mapper: verity: (?P<device>\d+:\d+): (?:data|metadata) block \d+ is corrupted`), uncorrected},
		{"configuration", configuration, regexp.MustCompile(`^` + configuration + `(?P<device>\S+):(?: |$)`), ""},
		{"network_reset", "NETDEV WATCHDOG: ", regexp.MustCompile(`(?:(?P<device>[^ :]+): )?NETDEV WATCHDOG: (?:CPU: \d+: )?(?:(?P<device2>[^ :]+) \([^)]*\): )?transmit queue \d+ timed out`), ""},
		{"network_reset", "health compromised", regexp.MustCompile(address + `: .*device's health compromised`), ""},
		{"hung", "blocked for more than", regexp.MustCompile(`^INFO: task (?P<device>.*):\d+ blocked for more than \d+ seconds`), ""},
		{"hung", "lockup - CPU#", regexp.MustCompile(`BUG: soft lockup - (?P<device>CPU#\d+) stuck`), ""},
		{"hung", "hard LOCKUP on cpu", regexp.MustCompile(`hard LOCKUP on (?P<device>cpu \d+)`), ""},
		{"hung", "rcu", regexp.MustCompile(`^(?:rcu: )?INFO: rcu_[a-z_]+ (?:self-)?detected (?:expedited )?stalls? on`), ""},
		{"nmi", "NMI", regexp.MustCompile(`^(?:Uhhuh\. )?NMI:? (?:received for unknown reason|PCI system error|IOCK error|memory parity error)`), ""},
	}
})

// event tells what a line is about, without its time.
func event(text []byte) (report.KernelEvent, bool) {
	if bytes.Contains(text, []byte("NVRM: Xid")) {
		e, ok := xid.Parse(string(text))
		return report.KernelEvent{Kind: "gpu_error", Device: e.PCIAddress, Xid: e.Number}, ok
	}
	for _, p := range patterns() {
		if !bytes.Contains(text, []byte(p.contains)) {
			continue
		}
		m := p.line.FindSubmatch(text)
		if m == nil {
			continue
		}
		e := report.KernelEvent{Kind: p.kind, Severity: p.severity}
		for i, group := range p.line.SubexpNames() {
			if value := string(m[i]); value != "" {
				switch group {
				case "device", "device2":
					e.Device = printable.Escape([]byte(name(p.kind, value)))
				case "severity":
					e.Severity = severity(value)
				case "bank":
					e.Severity = ofBank(value)
				}
			}
		}
		return e, true
	}
	return report.KernelEvent{}, false
}

// name is one for what the kernel has many for: the processors of machine checks, and
// memory controllers, are cpu3 and mc0 in sysfs.
func name(kind, device string) string {
	switch kind {
	case "machine_check":
		return "cpu" + device
	case "memory_error":
		return strings.ToLower(device)
	case "overheated", "hung":
		if digits := strings.Trim(strings.ToLower(device), "cpu #"); digits != "" && strings.Trim(digits, "0123456789") == "" {
			return "cpu" + digits
		}
	}
	return device
}

// severity is one word for those that the kernel has.
func severity(words string) string {
	switch {
	case words == "CE", strings.Contains(words, "|CE|"), strings.HasPrefix(words, "Correct"):
		return corrected
	case words == "Fatal", strings.Contains(words, "(Fatal)"), strings.Contains(words, "|PCC|"):
		return fatal
	case words == "UE", strings.Contains(words, "|UE|"), strings.HasPrefix(words, "Uncorrect"), words == "Non-fatal":
		return uncorrected
	}
	return ""
}

// Bits of a machine check's register (Intel's Software Developer's Manual, volume 3B, 17.3.2.2;
// AMD's has the same).
const (
	bankValid            = 1 << 63
	bankUncorrected      = 1 << 61
	bankContextCorrupted = 1 << 57
)

func ofBank(hexadecimal string) string {
	bits, err := strconv.ParseUint(hexadecimal, 16, 64)
	switch {
	case err != nil || bits&bankValid == 0:
		return ""
	case bits&bankContextCorrupted != 0:
		return fatal
	case bits&bankUncorrected != 0:
		return uncorrected
	}
	return corrected
}
