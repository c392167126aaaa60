package checks

import (
	"strings"
	"time"

	"bee/iso/smoke/selftest/live"
)

// gpu_burn, and gpu_probe, which lies beside it where it was built by a bee that has it.
const (
	gpuBurnFile  = "/usr/local/bin/gpu_burn"
	gpuProbeFile = "/usr/local/lib/gpu_burn/gpu_probe"
)

// Without a GPU they have to start; with one, gpu_burn has to see it.
func gpuBurn(s *live.System) outcome {
	if !s.Exists(gpuBurnFile) {
		return skip("not in this image")
	}
	if driver(s) == "" {
		return noDriver
	}
	if a := s.Run(time.Minute, gpuBurnFile, "-h"); a.Status != 0 {
		return fail("gpu_burn does not start: %s", a.Output)
	}
	with := ""
	if s.Exists(gpuProbeFile) {
		if a := s.Run(time.Minute, gpuProbeFile, "--help"); a.Status != 0 {
			return fail("gpu_probe does not start: %s", a.Output)
		}
		with = ", gpu_probe too"
	}
	gpus := s.GPUs()
	if gpus == 0 {
		return pass("starts%s", with)
	}
	a := s.Run(2*time.Minute, gpuBurnFile, "-l")
	if seen := strings.Count("\n"+a.Output, "\nID "); seen != gpus {
		return fail("gpu_burn sees %d of %s on the PCI bus: %s", seen, count(gpus), a.Output)
	}
	return pass("sees %s%s", count(gpus), with)
}

// Without a GPU it says that there is nothing to burn in (3); with one, it burns in
// for a moment.
func beeBurn(s *live.System) outcome {
	const nothing = 3
	gpus := s.GPUs()
	if gpus > 0 && !s.Exists(gpuBurnFile) {
		return skip("no gpu_burn in this image")
	}
	if gpus > 0 && driver(s) == "" {
		return noDriver
	}
	a := s.Run(5*time.Minute, "bee-burn", "--quick", "--time", "10s", "--output", "/dev/null")
	switch {
	case gpus == 0 && a.Status == nothing:
		return pass("%s", last(1, a.Output))
	case gpus > 0 && a.Status == 0:
		return pass("%s for 10 s", count(gpus))
	}
	return fail("bee-burn exits with status %d: %s", a.Status, last(5, a.Output))
}
