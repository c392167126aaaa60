package checks

import "testing"

func TestGPUBurn(t *testing.T) {
	program := files{gpuBurnFile: ""}
	probe := files{gpuBurnFile: "", gpuProbeFile: ""}
	for name, c := range map[string]struct {
		files   files
		answers programs
		want    string
	}{
		"with gpu_probe":       {release().with(probe), programs{gpuBurnFile + " -h": {}, gpuProbeFile + " --help": {}}, "PASS check: starts, gpu_probe too"},
		"gpu_probe is no good": {release().with(probe), programs{gpuBurnFile + " -h": {}, gpuProbeFile + " --help": {Output: "no libm\n", Status: 127}}, "FAIL check: gpu_probe does not start: no libm"},
		"not there":            {release(), nil, "SKIP check: not in this image"},
		"no driver":            {release("550.163.01", "").with(program), nil, "SKIP check: no NVIDIA driver in this image, or it was left out for want of a GPU"},
		"starts":               {release().with(program), programs{gpuBurnFile + " -h": {}}, "PASS check: starts"},
		"does not start":       {release().with(program), programs{gpuBurnFile + " -h": {Output: "no libcublas\n", Status: 127}}, "FAIL check: gpu_burn does not start: no libcublas"},
		"sees":                 {release().with(program).with(bus(gpu)), programs{gpuBurnFile + " -h": {}, gpuBurnFile + " -l": {Output: "ID 0: H100\n"}}, "PASS check: sees 1 NVIDIA GPU"},
		"sees none":            {release().with(program).with(bus(gpu)), programs{gpuBurnFile + " -h": {}, gpuBurnFile + " -l": {Output: "no\nCUDA\n"}}, "FAIL check: gpu_burn sees 0 of 1 NVIDIA GPU on the PCI bus: no CUDA"},
	} {
		if got := line(system(t, c.files, c.answers), gpuBurn); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// Without a GPU, bee-burn has to say that there is nothing to burn in.
func TestBeeBurn(t *testing.T) {
	program := files{gpuBurnFile: ""}
	for name, c := range map[string]struct {
		files  files
		status int
		want   string
	}{
		"no GPU":        {release(), 3, "PASS check: no GPU"},
		"burns nothing": {release(), 0, "FAIL check: bee-burn exits with status 0: looking no GPU"},
		"not there":     {release(), 127, "FAIL check: bee-burn exits with status 127: looking no GPU"},
		"no gpu_burn":   {release().with(bus(gpu)), 3, "SKIP check: no gpu_burn in this image"},
		"no driver":     {release("550.163.01", "").with(bus(gpu)).with(program), 3, "SKIP check: no NVIDIA driver in this image, or it was left out for want of a GPU"},
		"burns":         {release().with(bus(gpu, gpu)).with(program), 0, "PASS check: 2 NVIDIA GPUs for 10 s"},
		"finds none":    {release().with(bus(gpu)).with(program), 3, "FAIL check: bee-burn exits with status 3: looking no GPU"},
	} {
		s := system(t, c.files, programs{"bee-burn --quick --time 10s --output /dev/null": {Output: "looking\nno GPU\n", Status: c.status}})
		if got := line(s, beeBurn); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
