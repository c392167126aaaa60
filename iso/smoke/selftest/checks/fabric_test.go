package checks

import (
	"testing"

	"bee/iso/smoke/selftest/live"
)

func TestFabricManager(t *testing.T) {
	const command = fabricLibraries + "/ld-linux-x86-64.so.2 --library-path " + fabricLibraries + " " + fabricManagerFile + " --version"
	with := release("BEE_FABRIC_MANAGER=\"\"", "BEE_FABRIC_MANAGER=\"550.163.01\"")
	for name, c := range map[string]struct {
		files  files
		answer live.Answer
		want   string
	}{
		"not there":       {release(), live.Answer{}, "SKIP check: not in this image"},
		"good":            {with, live.Answer{Output: "Fabric Manager version is : 550.163.01\n"}, "PASS check: 550.163.01"},
		"another version": {with, live.Answer{Output: "Fabric Manager version is : 535.1\n"}, "FAIL check: it is not of version 550.163.01, as bee-release says: Fabric Manager version is : 535.1"},
		"does not start":  {with, live.Answer{Output: "no libz.so.1\n", Status: 127}, "FAIL check: /usr/bin/nv-fabricmanager does not start: no libz.so.1"},
	} {
		if got := line(system(t, c.files, programs{command: c.answer}), fabricManager); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestNVSwitches(t *testing.T) {
	const nvswitch = "0x068000"
	log := func(text string) files { return files{fabricLog: text} }
	for name, c := range map[string]struct {
		files files
		want  string
	}{
		"no driver":   {release("550.163.01", "").with(bus(nvswitch)), "SKIP check: no NVIDIA driver in this image, or it was left out for want of a GPU"},
		"no NVSwitch": {release().with(bus(gpu)), "SKIP check: no NVSwitch"},
		"good":        {release().with(bus(gpu, nvswitch)).with(log("starting\nbee-fabric: the Fabric Manager runs, and each of 8 GPUs is set up\n")), "PASS check: bee-fabric: the Fabric Manager runs, and each of 8 GPUs is set up"},
		"not set up":  {release().with(bus(gpu, nvswitch)).with(log("bee-fabric: CUDA may not start: …\n")), "FAIL check: bee-fabric: CUDA may not start: …"},
	} {
		if got := line(system(t, c.files, nil), nvSwitches); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
