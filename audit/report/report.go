// Package report defines the audit report: what the JSON file holds, and how it
// is written and read.
//
// A field is left out where the machine said nothing about it, or only a
// placeholder. A section (board, cpu, …) is left out where its collector did
// not run; a section with empty lists says that the collector looked and found
// nothing. Units are part of field names. Text is printable UTF-8; any other
// byte that the hardware handed out is written as \xNN (see package printable).
package report

import (
	"slices"
	"time"
)

// SchemaVersion is the version of the report's format, MAJOR.MINOR. A new field
// raises MINOR; a field that goes or changes its meaning raises MAJOR.
const SchemaVersion = "1.5"

// Report is the audit of one machine at one time.
type Report struct {
	// Version of this format, MAJOR.MINOR.
	SchemaVersion string `json:"schema_version" jsonschema:"pattern=^1\\.[0-9]+$"`
	// The program that made the report.
	Audit Audit `json:"audit"`
	// The live system that the audit ran on. Absent on other systems.
	BeeRelease *BeeRelease `json:"bee_release,omitempty"`
	// When the audit began, in UTC.
	StartedAt time.Time `json:"started_at"`
	// When the audit ended, in UTC.
	FinishedAt time.Time `json:"finished_at"`
	// The capture that answered in the machine's place. Absent in an audit of the
	// machine itself.
	Replay *Replay `json:"replay,omitempty"`
	// The operating system that the audit ran on.
	Host Host `json:"host"`
	// Every collector that was asked for, in a fixed order, with its fate.
	Collectors []CollectorRun `json:"collectors"`
	// What could not be examined, or not in full, each reason once, first what concerns
	// most sections. Absent in reports before schema version 1.3; empty where all was.
	NotExamined []Gap `json:"not_examined,omitzero"`

	// Firmware, system, base boards and chassis.
	Board *Board `json:"board,omitempty"`
	// How the firmware started the machine, and what it guards it with.
	Platform *Platform `json:"platform,omitempty"`
	// What the kernel has met since it started.
	Kernel *Kernel `json:"kernel,omitempty"`
	// Processor sockets.
	CPU *CPU `json:"cpu,omitempty"`
	// Memory arrays and slots.
	Memory *Memory `json:"memory,omitempty"`
	// Drives.
	Storage *Storage `json:"storage,omitempty"`
	// PCI and PCI Express functions.
	PCIe *PCIe `json:"pcie,omitempty"`
	// Network interfaces.
	Network *Network `json:"network,omitempty"`
	// Power supplies.
	PSU *PSU `json:"psu,omitempty"`
	// What the BMC says of the machine.
	BMC *BMC `json:"bmc,omitempty"`
	// GPUs, as the NVIDIA driver sees them.
	NVIDIA *NVIDIA `json:"nvidia,omitempty"`

	// What an operator needs to see, the worst first. Absent in reports before
	// schema version 1.1; empty where every rule was content.
	Findings []Finding `json:"findings,omitzero"`
	// Everything that went wrong, in the order of the collectors; what went wrong more
	// than once in the same way is one error. An error never stops the audit: the rest
	// of the report stands.
	Errors []Error `json:"errors"`
}

// Audit names the program that made the report.
type Audit struct {
	// Version of the program.
	Version string `json:"version"`
}

// BeeRelease is what /etc/bee-release says about the live system.
type BeeRelease struct {
	// Version of the release.
	Version string `json:"version,omitempty"`
	// Git commit that the system was built from.
	Commit string `json:"commit,omitempty"`
	// Time of that commit, in UTC.
	Date string `json:"date,omitempty"`
	// Distribution that the system is based on: alpine or debian.
	Base string `json:"base,omitempty"`
	// Release of that distribution.
	Release string `json:"release,omitempty"`
	// Release of the kernel on the system, as uname -r prints it.
	Kernel string `json:"kernel,omitempty"`
	// Version of the audit program on the system.
	Audit string `json:"audit,omitempty"`
	// How SSH lets users in: keys, password or random.
	SSH string `json:"ssh,omitempty"`
	// Names of the vendor programs on the system, and of gpu_burn where that is on it.
	Vendor []string `json:"vendor,omitempty"`
	// The vendor programs, which those who built the system have added to it.
	VendorPrograms []VendorProgram `json:"vendor_programs,omitempty"`
	// Pins of the commit's VERSIONS in whose place the system was built with others.
	Overrides []string `json:"overrides,omitempty"`
}

// VendorProgram is a program of a maker of hardware.
type VendorProgram struct {
	Name string `json:"name"`
	// Version, by the word of those who added it.
	Version string `json:"version,omitempty"`
	// SHA-256 of the program, as the build of the system has listed it.
	SHA256 string `json:"sha256" jsonschema:"pattern=^[0-9a-f]{64}$"`
}

// Host is the operating system that the audit ran on.
type Host struct {
	// Host name.
	Hostname string `json:"hostname,omitempty"`
	// Release of the running kernel, as uname -r prints it.
	KernelRelease string `json:"kernel_release,omitempty"`
	// Architecture of the running kernel, as uname -m prints it.
	Architecture string `json:"architecture,omitempty"`
	// Fingerprint of the key by which the machine's SSH server proves that it is this
	// one, as ssh-keygen -l prints it. Only bee's live system says it.
	SSHHostKey string `json:"ssh_host_key,omitempty" jsonschema:"pattern=^SHA256:[A-Za-z0-9+/]{43}$"`
}

// Replay says that a report was made from a capture (see package capture), maybe
// elsewhere and later: the hardware, the host, and how long each tool ran are
// those of the captured machine; the program, the start and end of the audit and
// of its collectors are those of the replay.
type Replay struct {
	// File or folder of the capture.
	Capture string `json:"capture"`
	// When the machine was captured, in UTC.
	CapturedAt time.Time `json:"captured_at"`
	// Version of the program that captured it.
	AuditVersion string `json:"audit_version,omitempty"`
}

// CollectorRun says what became of one collector.
type CollectorRun struct {
	// Name of the collector, which is also the name of its section.
	Name string `json:"name"`
	// done: it ran to its end (look into errors for what failed on the way).
	// skipped: a tool that it needs is not on this machine.
	// given_up: it did not end in time; what it had found until then is in the
	// report.
	Status Status `json:"status" jsonschema:"enum=done,enum=skipped,enum=given_up"`
	// The missing tools of a skipped collector.
	MissingTools []string `json:"missing_tools,omitempty"`
	// How long it ran.
	DurationSeconds float64 `json:"duration_seconds"`
	// Every tool that it ran, in the order in which they ended.
	Tools []ToolRun `json:"tools,omitempty"`
}

// ToolRun is one run of a tool.
type ToolRun struct {
	Tool string   `json:"tool"`
	Args []string `json:"args,omitempty"`
	// How long it ran; both times together where it was run once more, because it did
	// not answer in time at first.
	DurationSeconds float64 `json:"duration_seconds"`
	// Its exit status. Absent where it did not exit by itself. Some tools tell of
	// the hardware by it, so not every status but 0 is an error.
	ExitStatus *int `json:"exit_status,omitempty"`
}

// Status is the fate of a collector.
type Status string

// The fates of a collector; see [CollectorRun.Status].
const (
	Done    Status = "done"
	Skipped Status = "skipped"
	GivenUp Status = "given_up"
)

// Error is one thing that went wrong while the report was made.
type Error struct {
	// Collector that met the error; "audit" for the program itself.
	Collector string `json:"collector"`
	// What kind of error it is:
	// not_started (the tool could not be run),
	// exit_status (it failed, or a signal ended it),
	// time_limit (it was killed at its time limit, also when it was run once more),
	// output_limit (it was killed because it printed too much),
	// stuck (it hangs in the kernel and could not be killed),
	// interrupted (it was killed because the whole audit had to end),
	// bad_output (it printed what could not be understood),
	// internal (a fault of the audit program).
	Kind Kind `json:"kind" jsonschema:"enum=not_started,enum=exit_status,enum=time_limit,enum=output_limit,enum=stuck,enum=interrupted,enum=bad_output,enum=internal"`
	// The error, in a sentence.
	Message string `json:"message"`
	// The tool that was run, if one was.
	Tool string `json:"tool,omitempty"`
	// Its arguments.
	Args []string `json:"args,omitempty"`
	// How long it ran, both times together where it was run once more.
	DurationSeconds float64 `json:"duration_seconds,omitempty"`
	// Its exit status. Absent where it did not exit by itself.
	ExitStatus *int `json:"exit_status,omitempty"`
	// The first lines that it wrote to standard error.
	Stderr []string `json:"stderr,omitempty"`
	// Other runs of the tool that failed in the same way.
	Again []FailedRun `json:"again,omitempty"`
}

// FailedRun is a run that met an [Error].
type FailedRun struct {
	// Collector that met the error.
	Collector string `json:"collector"`
	// The tool's arguments.
	Args []string `json:"args,omitempty"`
	// How long it ran, both times together where it was run once more.
	DurationSeconds float64 `json:"duration_seconds,omitempty"`
}

// Runs returns all the runs that met the error.
func (e Error) Runs() []FailedRun {
	return append([]FailedRun{{e.Collector, e.Args, e.DurationSeconds}}, e.Again...)
}

// Sections returns the collectors that met the error, each once.
func (e Error) Sections() []string {
	var all []string
	for _, run := range e.Runs() {
		if !slices.Contains(all, run.Collector) {
			all = append(all, run.Collector)
		}
	}
	return all
}

// Gap is a reason for which something could not be examined.
type Gap struct {
	// Why: there is no such tool or part, or the message of an error.
	Reason string `json:"reason"`
	// Sections of the report that lack something for it.
	Sections []string `json:"sections"`
	// How many questions had no answer for it. Absent where it was one, or none could
	// be asked.
	Count int `json:"count,omitempty"`
}

// Kind is the kind of an [Error].
type Kind string

// The kinds of errors; see [Error.Kind].
const (
	NotStarted  Kind = "not_started"
	ExitStatus  Kind = "exit_status"
	TimeLimit   Kind = "time_limit"
	OutputLimit Kind = "output_limit"
	Stuck       Kind = "stuck"
	Interrupted Kind = "interrupted"
	BadOutput   Kind = "bad_output"
	Internal    Kind = "internal"
)

// Ran reports whether the audit has run a tool.
func (r *Report) Ran(tool string) bool {
	return slices.ContainsFunc(r.Collectors, func(c CollectorRun) bool {
		return slices.ContainsFunc(c.Tools, func(run ToolRun) bool { return run.Tool == tool })
	})
}
