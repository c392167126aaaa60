package nvidiasmi

import (
	"bytes"
	"strconv"
	"strings"

	"bee/audit/report"
	"bee/core/printable"
)

// Links are the NVLink links of a GPU.
type Links struct {
	// Index of the GPU in nvidia-smi's order.
	Index uint64
	UUID  string
	// nil where the GPU has none, or does not tell, as in MIG mode; empty where it
	// has some and none of them is up.
	Links []report.NVLink
	// Errors that happened.
	Errors []report.NVLinkErrors
}

// ParseNVLink reads the output of `nvidia-smi nvlink -s`:
//
//	GPU 0: NVIDIA H200 (UUID: GPU-…)
//		 Link 0: 26.562 GB/s
//		 Link 1: <inactive>
//	GPU 1: NVIDIA A100-PCIE-40GB (UUID: GPU-…)
//	NVML: Unable to retrieve NVLink information as all links are inActive
//
// Other lines say why there is nothing to tell, and mean nothing here.
func ParseNVLink(out []byte) []Links {
	return eachLink(out, func(gpu *Links, n uint64, state string) {
		if link, known := linkState(n, state); known && len(gpu.Links) < maxLinks {
			gpu.Links = append(gpu.Links, link)
		}
	})
}

// ParseNVLinkErrors reads the output of `nvidia-smi nvlink -e`:
//
//	GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-…)
//		 Link 0: Replay Errors: 0
//		 Link 0: Recovery Errors: 0
//		 Link 0: CRC Errors: 0
//
// From NVLink 5 on there are others, among them rates (Symbol BER: 15e-255) and counts of what
// was corrected as it is meant to be (FEC Errors - 0: …), which are left out.
func ParseNVLinkErrors(out []byte) []Links {
	return eachLink(out, func(gpu *Links, n uint64, said string) {
		what, text, _ := strings.Cut(said, ": ")
		what = strings.TrimSpace(what)
		count, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
		if err == nil && count > 0 && isError(what) && len(gpu.Errors) < maxLinks {
			gpu.Errors = append(gpu.Errors, report.NVLinkErrors{Link: n, Name: printable.Escape([]byte(what)), Count: count})
		}
	})
}

// eachLink reads what nvidia-smi says of GPUs and their links, and has link take in each line
// of a link.
func eachLink(out []byte, link func(gpu *Links, n uint64, said string)) []Links {
	var all []Links
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		name, said, found := strings.Cut(line, ": ")
		kind, number, _ := strings.Cut(name, " ")
		n, err := strconv.ParseUint(number, 10, 16)
		switch {
		case found && kind == "GPU" && err == nil:
			if len(all) == maxGPUs {
				return all
			}
			_, uuid, _ := strings.Cut(said, "(UUID: ")
			all = append(all, Links{Index: n, UUID: strings.TrimSuffix(uuid, ")")})
		case len(all) == 0:
		case found && kind == "Link" && err == nil:
			link(&all[len(all)-1], n, said)
		case strings.Contains(strings.ToLower(line), "all links are inactive"):
			gpu := &all[len(all)-1]
			gpu.Links = append([]report.NVLink{}, gpu.Links...)
		}
	}
	return all
}

// isError reports whether something that is counted is an error, by its name.
func isError(name string) bool {
	lower := strings.ToLower(name)
	return !strings.HasPrefix(lower, "fec ") && !strings.Contains(lower, "ber") && !strings.Contains(lower, "success") &&
		(strings.HasSuffix(lower, "errors") || strings.Contains(lower, "failed") || strings.Contains(lower, "discards"))
}

// NoLinks reports whether nvidia-smi told of no GPU because there is nothing to tell: it
// said nothing, or only that it has no word of links.
func NoLinks(out []byte) bool {
	said := bytes.ToLower(bytes.TrimSpace(out))
	return len(said) == 0 || bytes.Contains(said, []byte("nvlink")) || bytes.Contains(said, []byte("not supported"))
}

// maxLinks is beyond what any GPU has.
const maxLinks = 256

// linkState reads "26.562 GB/s" or "<inactive>".
func linkState(n uint64, state string) (report.NVLink, bool) {
	if speed := decimal(state); speed != nil && *speed > 0 && unit(state) == "GB/s" {
		return report.NVLink{Link: n, Active: true, SpeedGBs: *speed}, true
	}
	return report.NVLink{Link: n}, strings.EqualFold(strings.Trim(state, "<>"), "inactive")
}
