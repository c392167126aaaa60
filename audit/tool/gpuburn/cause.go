package gpuburn

import "strings"

// causes are what CUDA's errors come of, by the words that it has for them (cuGetErrorString)
// or their numbers.
var causes = []struct{ words, number, cause string }{
	{"system not yet initialized", "802", "On a machine with NVSwitches, CUDA waits for NVIDIA's Fabric Manager, which has to run in the driver's version, and on B200 and later for NVLSM, too: /var/log/bee-fabric.log says why it does not."},
	{"unsupported display driver / cuda driver combination", "803", "The driver's library (libcuda) and its kernel module are of different versions."},
	{"forward compatibility was attempted on non supported HW", "804", "The driver's library (libcuda) is newer than its kernel module, which only GPUs for data centres can do."},
	{"MPS client failed to connect", "805", "A CUDA MPS daemon is expected, and does not answer: unset CUDA_MPS_PIPE_DIRECTORY."},
	{"driver version is insufficient", "35", "The driver is too old for this gpu_burn."},
	{"no CUDA-capable device is detected", "100", "The driver shows CUDA no GPU; the kernel's log may say why."},
	{"invalid device ordinal", "101", "CUDA has fewer GPUs than nvidia-smi."},
	{"busy or unavailable", "46", "Another program has a GPU for itself, or its compute mode forbids programs: nvidia-smi -q -d COMPUTE."},
	{"no kernel image is available", "209", "This gpu_burn was built for other GPUs."},
	{"unsupported toolchain", "222", "The driver is older than the CUDA that this gpu_burn was built with."},
	{"JIT compiler library not found", "221", "The driver's libnvidia-ptxjitcompiler is missing."},
	{"uncorrectable ECC error", "214", "Memory of a GPU had an error that could not be corrected."},
	{"uncorrectable NVLink error", "220", "An NVLink had an error that could not be corrected."},
	{"out of memory", "2", "Another program uses the memory of a GPU: nvidia-smi lists them; or give less to the burn-in, by --memory."},
	{"unspecified launch failure", "719", "A GPU failed while it calculated; the kernel's log may say how."},
	{"initialization error", "3", "The driver could not set a GPU up; the kernel's log may say why."},
}

// Cause says what an error of CUDA's in gpu_burn's words comes of, in a sentence, "" where they
// have none that is known.
func Cause(words string) string {
	lower := strings.ToLower(words)
	for _, c := range causes {
		if strings.Contains(lower, strings.ToLower(c.words)) || strings.Contains(lower, "returned "+c.number+" ") {
			return c.cause
		}
	}
	return ""
}
