package gpuburn

import (
	"strings"
	"testing"
)

func TestCause(t *testing.T) {
	for words, want := range map[string]string{
		`Couldn't init CUDA: Error in "init" (gpu_burn-drv.cpp:110): system not yet initialized`: "Fabric Manager",
		"cuInit returned 802 (system not yet initialized)":                                       "Fabric Manager",
		"cuInit returned 803 (system has unsupported display driver / cuda driver combination)":  "different versions",
		"cuInit returned 100 (no CUDA-capable device is detected)":                               "no GPU",
		"cuInit returned 1000 (what nobody knows)":                                               "",
		"Couldn't init a GPU test: out of memory":                                                "uses the memory",
		"all CUDA-capable devices are busy or unavailable":                                       "for itself",
		"No CUDA devices": "",
		"":                "",
	} {
		if got := Cause(words); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q in it", words, got, want)
		}
	}
}
