// Package nvidiasmi reads what nvidia-smi prints: `-q -x` (XML),
// `--query-gpu=… --format=csv` and `nvlink -s` (text).
//
// The XML is that of nvsmi_device_v4.dtd (driver 304) to v13.dtd (driver 610), in
// which values moved and were renamed. All places are read; [gpu.set] lists them.
// nvidia-smi's manual page says what they mean. A value that the driver does not
// have ("N/A", "[Not Supported]", "Requested functionality has been deprecated")
// counts as absent.
package nvidiasmi

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"bee/audit/report"
)

// Log is what nvidia-smi printed about GPUs.
type Log struct {
	DriverVersion string
	// Highest version of CUDA that the driver supports.
	CUDAVersion string
	// In nvidia-smi's order, which is that of its indexes.
	GPUs []report.GPU
	// PCI addresses of the GPUs whose description broke off.
	Cut []string
	// What nvidia-smi had to say beside the data, a line each, made printable.
	Messages []string
}

// Trouble returns what nvidia-smi said is in the way between it and the driver, whatever
// the GPUs are like; "" where it said nothing of that. The loader says it on standard
// error where a library is missing.
func (l Log) Trouble(stderr []byte) report.DriverTrouble {
	for _, t := range troubles {
		if l.says(t.words) || bytes.Contains(stderr, []byte(t.words)) {
			return t.is
		}
	}
	return ""
}

var troubles = []struct {
	words string
	is    report.DriverTrouble
}{
	{"Driver/library version mismatch", report.VersionMismatch},
	{"couldn't communicate with the NVIDIA driver", report.NotLoaded},
	{"Failed to initialize NVML: Driver Not Loaded", report.NotLoaded},
	{"couldn't find libnvidia-ml.so", report.NoLibrary},
	{"Failed to initialize NVML: NVML Shared Library Not Found", report.NoLibrary},
	{"error while loading shared libraries", report.NoLibrary},
	{"Failed to initialize NVML: Insufficient Permissions", report.NoPermission},
	{"Failed to initialize NVML: GPU access blocked by the operating system", report.NoPermission},
}

// LibraryVersion returns the version of the driver's library, "" where nvidia-smi does
// not say it. It does where the library does not fit the kernel module.
func (l Log) LibraryVersion() string {
	for _, m := range l.Messages {
		if v, found := strings.CutPrefix(m, "NVML library version: "); found && libraryVersion.MatchString(v) {
			return v
		}
	}
	return ""
}

var libraryVersion = regexp.MustCompile(`^\d{1,5}(\.\d{1,5}){1,3}$`)

// NoGPU reports whether nvidia-smi said that the driver has no GPU.
func (l Log) NoGPU() bool {
	return l.says("No devices were found") || l.says("No supported GPUs were found")
}

// Lost reports whether nvidia-smi said that a GPU does not answer the driver any more.
func (l Log) Lost() bool { return l.says("GPU is lost") || l.says("fallen off the bus") }

// Unreachable reports whether nvidia-smi said that it cannot reach a GPU. It may
// have left out the others then.
func (l Log) Unreachable() bool { return l.says("Unable to determine the device handle") }

func (l Log) says(words string) bool {
	return slices.ContainsFunc(l.Messages, func(m string) bool { return strings.Contains(m, words) })
}

// Find returns the place in GPUs of a PCI address, -1 where it is not there.
func (l Log) Find(address string) int {
	return slices.IndexFunc(l.GPUs, func(g report.GPU) bool { return g.PCIAddress == address })
}

// maxGPUs and maxMessages are beyond what any machine has and says. They bound
// what rubbish can grow to.
const maxGPUs, maxMessages = 256, 20

// say keeps messages.
func (l *Log) say(text string) {
	for line := range strings.Lines(text) {
		if line = strings.Join(strings.Fields(line), " "); line != "" && len(l.Messages) < maxMessages {
			l.Messages = append(l.Messages, line)
		}
	}
}

// add keeps a GPU that was read, unless there are too many.
func (l *Log) add(g *gpu) bool {
	if len(l.GPUs) == maxGPUs {
		return false
	}
	l.GPUs = append(l.GPUs, g.finish())
	return true
}

// finish works out what the messages tell about GPUs, and returns the log with an
// error where it has none.
func (l Log) finish(format string) (Log, error) {
	for _, m := range l.Messages {
		_, at, found := strings.Cut(m, "infoROM is corrupted at gpu ")
		if i := l.Find(Address(strings.TrimSpace(at))); found && i >= 0 {
			l.GPUs[i].InforomCorrupted = new(true)
		}
	}
	if len(l.GPUs) > 0 {
		return l, nil
	}
	if len(l.Messages) > 0 {
		first := l.Messages[0]
		return l, fmt.Errorf("no GPU in nvidia-smi's %s: %q", format, first[:min(len(first), 80)])
	}
	return l, fmt.Errorf("no GPU in nvidia-smi's %s", format)
}

// Address returns a PCI address as lspci -D and sysfs write it, 0000:3b:00.0, ""
// where it is none. nvidia-smi writes 00000000:3B:00.0, and 0000:3B:00.0 before
// driver 375.
func Address(s string) string {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ':' || r == '.' })
	if len(parts) != 4 || len(s) > len("00000000:00:00.0") {
		return ""
	}
	var n [4]uint64
	for i, bits := range []int{32, 8, 5, 3} {
		v, err := strconv.ParseUint(parts[i], 16, bits)
		if err != nil {
			return ""
		}
		n[i] = v
	}
	return fmt.Sprintf("%04x:%02x:%02x.%x", n[0], n[1], n[2], n[3])
}

// absent are what nvidia-smi prints where there is no value, in lower case.
var absent = []string{
	"", "n/a", "not supported", "not available", "requested functionality has been deprecated", "function not found",
	"no data", "insufficient permissions", "not available in wddm driver model", "unknown", "???",
}

// unreadable are what it prints where it could not read a value that is there:
// messages of NVML, the driver's library.
var unreadable = []string{
	"gpu is lost", "gpu requires reset", "gpu requires restart", "gpu not found", "unknown error", "err!",
	"corrupted inforom", "insufficient external power", "interrupt request issue", "timeout", "driver not loaded",
}

// value sorts a value's text out: what it says, or, where it says nothing, maybe
// why it could not be read.
func value(s string) (v, trouble string) {
	s = strings.TrimSpace(s)
	// The CSV has such words in brackets.
	word := strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	lower := strings.ToLower(word)
	switch {
	case slices.Contains(absent, lower) || strings.HasPrefix(lower, "deprecated"):
		return "", ""
	case slices.Contains(unreadable, lower):
		return "", word
	}
	return s, ""
}

// version returns a version without the note that it is deprecated.
func version(s string) string {
	v, _ := value(s)
	v, _, _ = strings.Cut(v, " [")
	return v
}

// count reads a number: "16x", "96 bank(s)", "81 %". nil where it is none.
func count(v string) *uint64 {
	n, err := strconv.ParseUint(digits(v), 10, 63)
	if err != nil {
		return nil
	}
	return &n
}

// whole reads a number that may be negative: "-2 C".
func whole(v string) *int64 {
	n, err := strconv.ParseInt(digits(v), 10, 64)
	if err != nil {
		return nil
	}
	return &n
}

// decimal reads "71.15 W".
func decimal(v string) *float64 {
	n, err := strconv.ParseFloat(digits(v), 64)
	if err != nil || n > 1e15 {
		return nil
	}
	return &n
}

// seconds reads a time in microseconds.
func seconds(v string) *float64 {
	us := decimal(v)
	if us == nil {
		return nil
	}
	return new(*us / 1e6)
}

// size reads "81559 MiB". Older drivers write MB for the same.
func size(v string) *uint64 {
	n := count(v)
	shift := map[string]uint{"kib": 10, "kb": 10, "mib": 20, "mb": 20, "gib": 30, "gb": 30}[strings.ToLower(unit(v))]
	if n == nil || shift == 0 || *n > 1<<63>>shift {
		return nil
	}
	return new(*n << shift)
}

// digits returns the number that a value begins with.
func digits(v string) string {
	return v[:len(v)-len(strings.TrimLeft(v, "-.0123456789"))]
}

func unit(v string) string { return strings.TrimSpace(v[len(digits(v)):]) }

// flag reads a truth value, nil where it is none.
func flag(v string) *bool {
	switch strings.ToLower(v) {
	case "yes", "enabled", "active", "on", "true", "1":
		return new(true)
	case "no", "disabled", "not active", "off", "false", "0":
		return new(false)
	}
	return nil
}

// or returns the first that is there.
func or[T any](a, b *T) *T { return cmp.Or(a, b) }
