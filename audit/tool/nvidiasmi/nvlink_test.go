package nvidiasmi

import (
	"bytes"
	"reflect"
	"testing"

	"bee/audit/report"
)

const nvlinkSample = "GPU 0: NVIDIA Test (UUID: GPU-1)\n\t Link 0: 26.562 GB/s\n\t Link 1: <inactive>\n\t Link 2: 0 GB/s\n\t Link 3: <Not Supported>\n" +
	"GPU 1: NVIDIA (Test): 2 (UUID: GPU-2)\r\nNVML: Unable to retrieve NVLink information as all links are inActive\r\n" +
	"GPU 2: NVIDIA Test (UUID: GPU-3)\nNvlink queries are not supported for Devices in MIG mode\n" +
	"GPU 10: NVIDIA Test\nDevice does not have or support Nvlink\n"

func TestNVLink(t *testing.T) {
	want := []Links{
		{Index: 0, UUID: "GPU-1", Links: []report.NVLink{{Link: 0, Active: true, SpeedGBs: 26.562}, {Link: 1}}},
		{Index: 1, UUID: "GPU-2", Links: []report.NVLink{}},
		{Index: 2, UUID: "GPU-3"},
		{Index: 10},
	}
	if got := ParseNVLink([]byte(nvlinkSample)); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	for _, out := range []string{"", "Link 0: 26.562 GB/s\n", "No devices were found\n", "GPU x: y\nNVML: all links are inActive", "\xff\x00"} {
		if got := ParseNVLink([]byte(out)); len(got) != 0 {
			t.Errorf("%q: %+v", out, got)
		}
	}
}

func TestNoLinks(t *testing.T) {
	for out, want := range map[string]bool{
		"": true, " \n": true, "Not Supported\n": true,
		"NVML: Unable to retrieve NVLink information as all links are inActive\n": true,
		"Device does not have or support Nvlink\n":                                true,
		"\xff\xfe": false, "Failed to initialize NVML: Unknown Error\n": false,
	} {
		if got := NoLinks([]byte(out)); got != want {
			t.Errorf("%q: %v", out, got)
		}
	}
}

func FuzzNVLink(f *testing.F) {
	for _, s := range []string{"", nvlinkSample, "GPU 0: \nLink 0: 1e999 GB/s", "GPU 0: \nLink -1: NaN GB/s\nLink 99999: <inactive>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, out []byte) {
		lines := bytes.Count(out, []byte("\n")) + 1
		for _, g := range ParseNVLink(out) {
			lines -= 1 + len(g.Links)
			for _, l := range g.Links {
				if l.Active != (l.SpeedGBs > 0) {
					t.Fatalf("%+v", l)
				}
			}
		}
		if lines < 0 {
			t.Fatal("more GPUs and links than lines")
		}
	})
}

func TestParseNVLinkErrors(t *testing.T) {
	const out = `GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-0)
	 Link 0: Replay Errors: 0
	 Link 0: Recovery Errors: 2
	 Link 0: CRC Errors: 65535

	 Link 17: Replay Errors: 148
GPU 1: NVIDIA B200 (UUID: GPU-1)
	 Link 0: Malformed packet Errors: 0
	 Link 0: Rx remote Errors: 3
	 Link 0: Tx discards: 4
	 Link 0: Link recovery successful events: 5
	 Link 0: Link recovery failed events: 6
	 Link 0: Effective BER: 15e-255
	 Link 0: Symbol BER: 3
	 Link 0: FEC Errors - 0: 123456789
	 Link 0: Rx Errors: many
	 Link x: Rx Errors: 1
	 Link 1: Rx Errors: -1
GPU 2: NVIDIA B200 (UUID: GPU-2)
`
	want := []Links{
		{0, "GPU-0", nil, []report.NVLinkErrors{{Link: 0, Name: "Recovery Errors", Count: 2}, {Link: 0, Name: "CRC Errors", Count: 65535}, {Link: 17, Name: "Replay Errors", Count: 148}}},
		{1, "GPU-1", nil, []report.NVLinkErrors{{Link: 0, Name: "Rx remote Errors", Count: 3}, {Link: 0, Name: "Tx discards", Count: 4}, {Link: 0, Name: "Link recovery failed events", Count: 6}}},
		{2, "GPU-2", nil, nil},
	}
	if got := ParseNVLinkErrors([]byte(out)); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, nothing := range []string{"", "Link 0: Rx Errors: 1\n", "No NVLink\n"} {
		if got := ParseNVLinkErrors([]byte(nothing)); got != nil {
			t.Errorf("%q: %+v", nothing, got)
		}
	}
}

func FuzzParseNVLinkErrors(f *testing.F) {
	f.Add([]byte("GPU 0: NVIDIA H100 (UUID: GPU-0)\n\t Link 0: CRC Errors: 65535\n\t Link 1: Symbol BER: 15e-255\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		for _, g := range ParseNVLinkErrors(out) {
			for _, e := range g.Errors {
				if e.Count == 0 || e.Name == "" {
					t.Errorf("%+v", e)
				}
			}
		}
	})
}
