package burn

import (
	_ "embed"
	"encoding/json"
	"io"
	"time"

	"bee/audit/report"
)

//go:generate go test . -run ^TestSchemaIsCurrent$ -update

// Schema is the JSON Schema of reports, draft 2020-12, made from the types below.
//
//go:embed report.schema.json
var Schema []byte

// SchemaVersion is the version of the report's format, MAJOR.MINOR. A new field
// raises MINOR; a field that goes or changes its meaning raises MAJOR.
const SchemaVersion = "1.2"

// Report is the burn-in of GPUs on one machine at one time. A field is left out
// where nothing is known about it. Units are part of field names.
type Report struct {
	// Version of this format, MAJOR.MINOR.
	SchemaVersion string `json:"schema_version" jsonschema:"pattern=^1\\.[0-9]+$"`
	// The program that made the report.
	BeeBurn Program `json:"bee_burn"`
	// When the burn-in began, in UTC.
	StartedAt time.Time `json:"started_at"`
	// When it ended, in UTC.
	FinishedAt time.Time `json:"finished_at"`
	// Host name.
	Hostname string `json:"hostname,omitempty"`
	// Version of the NVIDIA driver.
	DriverVersion string `json:"driver_version,omitempty"`
	// Highest version of CUDA that the driver supports.
	CUDAVersion string `json:"cuda_version,omitempty"`
	// What was asked for.
	Settings Settings `json:"settings"`
	// How gpu_probe ran, which tests memory and links before gpu_burn begins. Absent where it
	// was not started, as where it is not there.
	GPUProbe *ProgramRun `json:"gpu_probe,omitempty"`
	// How gpu_burn ran. Absent where it was not started.
	GPUBurn *ProgramRun `json:"gpu_burn,omitempty"`
	// Why gpu_probe or gpu_burn was stopped before its time. Absent where it was not.
	Stopped *Reason `json:"stopped,omitempty"`
	// fail where one of the GPUs failed, else not_complete where one of them was not
	// burned in to the end, one is missing, or there is none, else pass.
	Verdict Verdict `json:"verdict" jsonschema:"enum=pass,enum=fail,enum=not_complete"`
	// The GPUs that were to be burned in, in nvidia-smi's order.
	GPUs []Burned `json:"gpus"`
	// GPUs on the PCI bus that the driver does not have, and so nobody burned in. Absent where
	// there are none, and where GPUs were named.
	MissingGPUs []MissingGPU `json:"missing_gpus,omitempty"`
	// Everything that went wrong beside the GPUs: nvidia-smi that hangs, gpu_burn
	// that is missing. None of it makes a GPU fail by itself.
	Errors []Error `json:"errors"`
}

// Program names the program that made the report.
type Program struct {
	// Version of the program.
	Version string `json:"version"`
}

// Settings are what was asked for.
type Settings struct {
	// How long the GPUs were to be burned in.
	TimeSeconds float64 `json:"time_seconds"`
	// How often nvidia-smi was to be asked.
	IntervalSeconds float64 `json:"interval_seconds"`
	// The GPUs as they were named. Absent where it was all.
	GPUs []string `json:"gpus,omitempty"`
	// How often the patterns of the memory test were to be gone through.
	MemoryPasses int `json:"memory_passes"`
	// How much of each GPU's free memory gpu_burn was to use.
	MemoryPercent int `json:"memory_percent"`
	// Whether to calculate in double precision.
	Doubles bool `json:"doubles"`
	// Whether to use tensor cores.
	TensorCores bool `json:"tensor_cores"`
	// By how many percent a GPU was allowed to be slower than the median of its kind.
	SpeedTolerancePercent int `json:"speed_tolerance_percent"`
	// GPUs were to stop at this temperature. Absent where their own limits counted.
	MaxTemperatureCelsius int64 `json:"max_temperature_celsius,omitempty"`
}

// ProgramRun is how gpu_probe or gpu_burn ran.
type ProgramRun struct {
	// Its arguments.
	Args []string `json:"args"`
	// How long it ran, with its start and its end.
	DurationSeconds float64 `json:"duration_seconds"`
	// Its exit status; gpu_burn's says nothing of the GPUs. Absent where it did not exit
	// by itself.
	ExitStatus *int `json:"exit_status,omitempty"`
	// The first lines that it wrote to standard error.
	Stderr []string `json:"stderr,omitempty"`
}

// Verdict is what came of a burn-in.
type Verdict string

// The verdicts.
const (
	Pass        Verdict = "pass"
	Fail        Verdict = "fail"
	NotComplete Verdict = "not_complete"
)

// Burned is one GPU that was to be burned in.
type Burned struct {
	// nvidia-smi's number of it before the burn-in.
	Index int `json:"index"`
	// What CUDA knows it by.
	UUID string `json:"uuid"`
	// domain:bus:device.function.
	PCIAddress   string  `json:"pci_address,omitempty"`
	Name         string  `json:"name,omitempty"`
	SerialNumber string  `json:"serial_number,omitempty"`
	Verdict      Verdict `json:"verdict" jsonschema:"enum=pass,enum=fail,enum=not_complete"`
	// Why it has not passed.
	Reasons []Reason `json:"reasons,omitempty"`
	// What is odd about it and does not make it fail.
	Warnings []Warning `json:"warnings,omitempty"`

	// What gpu_probe found of its memory. Absent where it was not tested.
	MemoryTest *MemoryTest `json:"memory_test,omitempty"`
	// How fast it and the host reach each other. Absent where that was not measured.
	HostLink *HostLink `json:"host_link,omitempty"`
	// How fast it reaches each other GPU that was to be burned in.
	Peers []Peer `json:"peers,omitempty"`
	// Wrong results that gpu_burn counted. Absent where gpu_burn did not get so far.
	CalculationErrors *uint64 `json:"calculation_errors,omitempty"`
	// Its speed, as gpu_burn measured it.
	Gflops *Gflops `json:"gflops,omitempty"`

	// The burn-in was to stop where it got as hot as this.
	LimitCelsius *int64 `json:"limit_celsius,omitempty"`
	// The burn-in was to stop where it was as few degrees below its highest
	// operating temperature as this, on GPUs that have limits only on this scale.
	LimitMarginCelsius *int64 `json:"limit_margin_celsius,omitempty"`
	// How often nvidia-smi told of it while it calculated; the values below are of
	// these.
	Samples              int      `json:"samples"`
	TemperatureCelsius   *Range   `json:"temperature_celsius,omitempty"`
	MarginCelsius        *Range   `json:"margin_celsius,omitempty"`
	MemoryCelsius        *Range   `json:"memory_temperature_celsius,omitempty"`
	PowerWatts           *Range   `json:"power_watts,omitempty"`
	SMClockMHz           *Range   `json:"sm_clock_mhz,omitempty"`
	MemoryClockMHz       *Range   `json:"memory_clock_mhz,omitempty"`
	PCIeWidthLanes       *Range   `json:"pcie_width_lanes,omitempty"`
	ThrottleReasonsSeen  []string `json:"throttle_reasons_seen,omitempty"`
	NewCorrectedErrors   *uint64  `json:"new_corrected_ecc_errors,omitempty"`
	NewUncorrectedErrors *uint64  `json:"new_uncorrected_ecc_errors,omitempty"`
	// Errors of the NVIDIA driver in the kernel's log. Absent where the log could
	// not be read; empty where there were none.
	Xids []Xid `json:"xids,omitzero"`

	// What nvidia-smi said of it before the burn-in.
	Before report.GPU `json:"before"`
	// And after. Absent where it said nothing of it any more.
	After *report.GPU `json:"after,omitempty"`
}

// MemoryTest is what came of writing patterns into a GPU's memory and reading them again.
type MemoryTest struct {
	// How much of it was tested: what was free.
	Bytes uint64 `json:"bytes"`
	// How often the patterns were gone through, or begun with.
	Passes int `json:"passes"`
	// How fast it was read, and how fast it could be read at most, by its clock and its bus.
	BytesPerSecond     float64 `json:"bytes_per_second,omitempty"`
	PeakBytesPerSecond float64 `json:"peak_bytes_per_second,omitempty"`
	// Words of 8 bytes that were not as they were written, counted anew for each pattern.
	WrongWords uint64 `json:"wrong_words"`
	// The bits that were wrong in any of them, as a hexadecimal number. Absent where none was.
	WrongBits string `json:"wrong_bits,omitempty"`
	// Some of the words.
	Wrong []WrongWord `json:"wrong,omitempty"`
}

// WrongWord is a word of memory that was not as it was written.
type WrongWord struct {
	// walking_ones, walking_zeros, address or random.
	Pattern string `json:"pattern"`
	// In which pass, from 1 on.
	Pass int `json:"pass"`
	// Where in the memory that was tested, in bytes from its start.
	OffsetBytes uint64 `json:"offset_bytes"`
	// What was written and what was read, as hexadecimal numbers.
	Written string `json:"written"`
	Read    string `json:"read"`
}

// HostLink is how fast a GPU and the host reach each other, from memory next to the GPU.
type HostLink struct {
	ToGPUBytesPerSecond   float64 `json:"to_gpu_bytes_per_second"`
	FromGPUBytesPerSecond float64 `json:"from_gpu_bytes_per_second"`
	// Number of the NUMA node next to the GPU. Absent where the machine has one.
	NUMANode *int `json:"numa_node,omitempty"`
}

// Peer is another GPU, as one reaches it.
type Peer struct {
	// domain:bus:device.function.
	PCIAddress string `json:"pci_address"`
	// Absent where the way leads over the host's memory.
	BytesPerSecond float64 `json:"bytes_per_second,omitempty"`
}

// MissingGPU is a GPU on the PCI bus that the driver does not have.
type MissingGPU struct {
	// domain:bus:device.function.
	PCIAddress string `json:"pci_address"`
	// The kernel driver that has it, where that is another one.
	Driver string `json:"driver,omitempty"`
	// The last that NVIDIA's driver says of it in the kernel's log.
	Messages []string `json:"messages,omitempty"`
}

// Gflops is a speed in Gflop/s. What gpu_burn measures first is left out: the time
// that it takes to start is in it.
type Gflops struct {
	Last float64 `json:"last"`
	Min  float64 `json:"min"`
	Mean float64 `json:"mean"`
}

// Range is what a value was over some time.
type Range struct {
	Min  float64 `json:"min"`
	Max  float64 `json:"max"`
	Mean float64 `json:"mean"`
}

// Xid is an error of the NVIDIA driver in the kernel's log.
type Xid struct {
	// Its number, which NVIDIA's "Xid Errors" explains.
	Xid uint64 `json:"xid"`
	// What the driver says about it.
	Message string `json:"message,omitempty"`
	// How often it came, with the same words.
	Count int `json:"count"`
}

// Reason is why a GPU has not passed, or why a burn-in was stopped.
type Reason struct {
	// These make a GPU fail:
	// memory_errors (its memory was not as gpu_probe had written it),
	// calculation_errors (gpu_burn counted wrong results),
	// died (gpu_burn could not go on with it, or not begin),
	// over_temperature (it reached its limit),
	// uncorrected_ecc (its memory had errors that could not be corrected),
	// lost (nvidia-smi does not list it any more, or says that it is lost or has to
	// be reset),
	// xid (the driver reported an error of it),
	// hung (gpu_probe or gpu_burn did not end).
	// With these it is not complete:
	// not_tested (gpu_probe could not test it to the end),
	// no_result (gpu_burn had no result of it for half of the time),
	// ended_early (gpu_burn itself ended too early),
	// other_gpu (it was stopped because of another GPU),
	// interrupted (by Ctrl-C or a signal).
	Kind Kind `json:"kind" jsonschema:"enum=memory_errors,enum=calculation_errors,enum=died,enum=over_temperature,enum=uncorrected_ecc,enum=lost,enum=xid,enum=hung,enum=not_tested,enum=no_result,enum=ended_early,enum=other_gpu,enum=interrupted"`
	// The reason, in a sentence.
	Message string `json:"message"`
}

// Kind is the kind of a [Reason].
type Kind string

// The kinds of reasons; see [Reason.Kind].
const (
	MemoryErrors      Kind = "memory_errors"
	CalculationErrors Kind = "calculation_errors"
	Died              Kind = "died"
	OverTemperature   Kind = "over_temperature"
	UncorrectedECC    Kind = "uncorrected_ecc"
	Lost              Kind = "lost"
	XidReported       Kind = "xid"
	Hung              Kind = "hung"
	NotTested         Kind = "not_tested"
	NoResult          Kind = "no_result"
	EndedEarly        Kind = "ended_early"
	OtherGPU          Kind = "other_gpu"
	Interrupted       Kind = "interrupted"
)

// Error is one thing that went wrong.
type Error struct {
	// When it first did, in UTC.
	At time.Time `json:"at"`
	// What it was, in a sentence.
	Message string `json:"message"`
	// How often it did.
	Count int `json:"count"`
}

// Write writes the report as indented JSON.
func (r *Report) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

func (r *Report) addError(message string) {
	for i := range r.Errors {
		if r.Errors[i].Message == message {
			r.Errors[i].Count++
			return
		}
	}
	r.Errors = append(r.Errors, Error{At: time.Now().UTC(), Message: message, Count: 1})
}
