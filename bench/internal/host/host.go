// Package host describes the machine that the bench runs on.
package host

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"

	"bee/bench/internal/result"
)

// Machine is this one.
func Machine() (result.Machine, error) {
	cpus, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return result.Machine{}, err
	}
	memory, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return result.Machine{}, err
	}
	return result.Machine{
		CPU:         model(string(cpus)),
		Cores:       runtime.NumCPU(),
		MemoryGiB:   gib(string(memory)),
		Accelerator: accelerator("/dev/kvm"),
		Root:        os.Geteuid() == 0,
	}, nil
}

// model is that of the first processor in cpuinfo.
func model(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		key, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(key) == "model name" {
			return cmp.Or(strings.Join(strings.Fields(value), " "), runtime.GOARCH)
		}
	}
	return runtime.GOARCH
}

// gib is the MemTotal of meminfo.
func gib(meminfo string) int {
	for line := range strings.Lines(meminfo) {
		var kib uint64
		if n, _ := fmt.Sscanf(line, "MemTotal: %d kB", &kib); n == 1 {
			return int(math.Round(float64(kib) / (1 << 20)))
		}
	}
	return 0
}

// accelerator is what QEMU takes on a machine with this device.
func accelerator(kvm string) string {
	device, err := os.OpenFile(kvm, os.O_RDWR, 0)
	if err != nil {
		return "tcg"
	}
	device.Close()
	return "kvm"
}
