package checks

import (
	"strings"
	"time"

	"bee/iso/smoke/selftest/live"
)

const gpuBurnFile = "/usr/local/bin/gpu_burn"

// Without a GPU it has to start; with one, to see it.
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
	gpus := s.GPUs()
	if gpus == 0 {
		return pass("starts")
	}
	a := s.Run(2*time.Minute, gpuBurnFile, "-l")
	if seen := strings.Count("\n"+a.Output, "\nID "); seen != gpus {
		return fail("gpu_burn sees %d of %s on the PCI bus: %s", seen, count(gpus), a.Output)
	}
	return pass("sees %s", count(gpus))
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
	a := s.Run(5*time.Minute, "bee-burn", "--time", "10s", "--output", "/dev/null")
	switch {
	case gpus == 0 && a.Status == nothing:
		return pass("%s", last(1, a.Output))
	case gpus > 0 && a.Status == 0:
		return pass("%s for 10 s", count(gpus))
	}
	return fail("bee-burn exits with status %d: %s", a.Status, last(5, a.Output))
}
