// Package report writes and reads the report of a smoke test: report.json for
// programs, junit.xml for CI systems, summary.txt, serial.log, console.png and the
// audit's bee-audit.json for people.
package report

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"bee/core/bounded"
	"bee/core/check"
	"bee/core/jsonerror"
	"bee/core/outfile"
	"bee/core/printable"
)

// Files of a report folder.
const (
	JSONFile    = "report.json"
	JUnitFile   = "junit.xml"
	SummaryFile = "summary.txt"
	SerialFile  = "serial.log"
	ConsoleFile = "console.png"
	// What the audit on the machine reported.
	AuditFile = "bee-audit.json"
)

// SchemaVersion is the version of report.json. A field that goes or changes its
// meaning raises it; a new one does not.
const SchemaVersion = 2

// Verdict is the outcome of a smoke test.
type Verdict string

const (
	Pass  Verdict = "pass"  // no check failed
	Fail  Verdict = "fail"  // a check failed
	Error Verdict = "error" // the checks did not run to their end
)

// Report is one smoke test of one machine. Times are in seconds since the
// machine was started, or, for a machine that ran already, since the test began.
type Report struct {
	SchemaVersion int     `json:"schema_version"`
	Verdict       Verdict `json:"verdict"`
	// Why the checks did not run to their end, in one line.
	Reason string `json:"reason,omitempty"`
	// The ISO that was booted, and the virtual machine; absent for a real one.
	ISO     *ISO     `json:"iso,omitempty"`
	Machine *Machine `json:"machine,omitempty"`
	// Address of a real machine.
	Host string `json:"host,omitempty"`
	// How the checks were run: ssh or serial. Empty where they were not.
	Shell string `json:"shell,omitempty"`
	// How far the machine came.
	Timeline []Milestone   `json:"timeline"`
	Checks   []check.Check `json:"checks"`
	Counts   check.Counts  `json:"counts"`
	// How long the whole test took.
	DurationSeconds float64 `json:"duration_seconds"`
}

// ISO is the image that was tested; or the folder that a machine booted over its network: the
// digest is then that of its SHA256SUMS, the size that of all files there.
type ISO struct {
	File      string `json:"file"`
	SHA256    string `json:"sha256"`
	SizeBytes int64  `json:"size_bytes"`
}

// Machine is the virtual machine that booted the ISO.
type Machine struct {
	// What hardware it has: plain or server.
	Profile string `json:"profile"`
	// bios or uefi.
	Firmware string `json:"firmware"`
	// cd, usb; over its network: pxe or http.
	Media string `json:"media"`
	// kvm or tcg.
	Accelerator string `json:"accelerator"`
	MemoryMiB   int    `json:"memory_mib"`
	CPUs        int    `json:"cpus"`
	// Its network cards: virtio, e1000e, four or none; absent in the profile server,
	// which has its own.
	Network string `json:"network,omitempty"`
	// What its drive is connected by: nvme, virtio-blk, ahci or virtio-scsi; absent
	// in the profile server.
	Disk string `json:"disk,omitempty"`
	// Whether it has a BMC.
	BMC bool `json:"bmc"`
	// Whether its medium is read at no more than 4 Mbit/s.
	Slow bool `json:"slow"`
	// The serial port that a person is at: ttys0 or ttys1.
	Console string `json:"console,omitempty"`
	QEMU    string `json:"qemu_version"`
}

// Milestone is a point that the boot or the test reached.
type Milestone struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
	// What the machine said.
	Line string `json:"line,omitempty"`
}

// Conclude sets the counts and the verdict from the checks and the reason.
func (r *Report) Conclude() {
	r.SchemaVersion = SchemaVersion
	r.Counts = check.Count(r.Checks)
	switch {
	case r.Counts.Failed > 0:
		r.Verdict = Fail
	case r.Reason != "" || r.Counts.Passed == 0:
		r.Verdict = Error
	default:
		r.Verdict = Pass
	}
	if r.Timeline == nil {
		r.Timeline = []Milestone{}
	}
	if r.Checks == nil {
		r.Checks = []check.Check{}
	}
}

// Failed are the checks that failed.
func (r *Report) Failed() []check.Check {
	var failed []check.Check
	for _, c := range r.Checks {
		if c.Status == check.Fail {
			failed = append(failed, c)
		}
	}
	return failed
}

// Prepare makes the folder and takes away the files of an older report there: a
// test that is killed must not leave the verdict of the one before.
func Prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return removeFiles(dir)
}

// Remove takes away the files of a report, and the folder, if there is nothing else in it.
func Remove(dir string) error {
	if err := removeFiles(dir); err != nil {
		return err
	}
	os.Remove(dir)
	return nil
}

func removeFiles(dir string) error {
	for _, name := range []string{JSONFile, JUnitFile, SummaryFile, SerialFile, ConsoleFile, AuditFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

// Write writes the report and the text of the serial console, if there is any,
// into the folder; report.json comes last.
func (r *Report) Write(dir, serial string) error {
	if serial != "" {
		if err := write(dir, SerialFile, []byte(serial)); err != nil {
			return err
		}
	}
	junit, err := r.junit()
	if err != nil {
		return err
	}
	if err := write(dir, JUnitFile, junit); err != nil {
		return err
	}
	if err := write(dir, SummaryFile, []byte(r.summary())); err != nil {
		return err
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return write(dir, JSONFile, append(data, '\n'))
}

// WriteAudit writes the audit's own report into the folder.
func WriteAudit(dir, text string) error { return write(dir, AuditFile, []byte(text)) }

// WriteScreen writes the picture of the screen into the folder.
func WriteScreen(dir string, png []byte) error { return write(dir, ConsoleFile, png) }

func write(dir, name string, data []byte) error {
	return outfile.WriteFile(filepath.Join(dir, name), data)
}

// Read reads the report of a folder.
func Read(dir string) (*Report, error) {
	path := filepath.Join(dir, JSONFile)
	data, err := bounded.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Serial is the text of the serial console in a folder, made printable; empty where there is
// none, as not every test has one.
func Serial(dir string) string {
	text, err := bounded.ReadFile(filepath.Join(dir, SerialFile))
	if err != nil {
		return ""
	}
	return printable.Lines(string(text))
}

// Parse reads a report.json, and makes it printable: a machine, or whoever sent it, may have
// put anything into it.
func Parse(data []byte) (*Report, error) {
	var r Report
	if err := json.Unmarshal(printable.AgainJSON(data), &r); err != nil {
		return nil, jsonerror.Reword(err)
	}
	if r.SchemaVersion != SchemaVersion {
		return nil, fmt.Errorf("schema version %d, this program reads version %d", r.SchemaVersion, SchemaVersion)
	}
	return &r, nil
}
