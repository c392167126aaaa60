package collect

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"bee/audit/collect/machine"
	"bee/audit/report"
	"bee/audit/tool/nvidiasmi"
)

const (
	smiXML    = "nvidia-smi -q -x"
	smiLinks  = "nvidia-smi nvlink -s"
	smiErrors = "nvidia-smi nvlink -e"
	smiHelp   = "nvidia-smi --help-query-gpu"
)

// smiCSV is the command line that asks for some properties.
func smiCSV(valid func(string) bool) string {
	return "nvidia-smi --query-gpu=" + strings.Join(nvidiasmi.Properties(valid), ",") + " --format=csv,nounits"
}

// smiLog is what nvidia-smi -q -x prints about GPUs on buses.
func smiLog(buses ...string) string {
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\" ?>\n<nvidia_smi_log><driver_version>580.1</driver_version><cuda_version>13.0</cuda_version>")
	for _, bus := range buses {
		fmt.Fprintf(&b, "<gpu id=\"00000000:%s:00.0\"><product_name>NVIDIA Test</product_name><uuid>GPU-%s</uuid></gpu>\n", strings.ToUpper(bus), bus)
	}
	return b.String() + "</nvidia_smi_log>\n"
}

// pciBus is a sysfs with NVIDIA GPUs: their buses, or full addresses; a driver
// stands behind =.
func pciBus(gpus ...string) fstest.MapFS {
	files := fstest.MapFS{}
	device := func(address, vendor, class, link, target string) {
		dir := "sys/bus/pci/devices/" + address
		files[dir+"/vendor"] = &fstest.MapFile{Data: []byte(vendor + "\n")}
		files[dir+"/class"] = &fstest.MapFile{Data: []byte(class + "\n")}
		if target != "" {
			files[dir+"/"+link] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink}
		}
	}
	for i, gpu := range gpus {
		slot, driver, _ := strings.Cut(gpu, "=")
		if !strings.Contains(slot, ":") {
			slot = "0000:" + slot + ":00.0"
		}
		slot = strings.TrimSuffix(slot, ".0")
		class := []string{"0x030200", "0x030000"}[i%2]
		if driver != "" {
			driver = "../../../../bus/pci/drivers/" + driver
		}
		device(slot+".0", "0x10de", class, "driver", driver)
		device(slot+".1", "0x10de", "0x040300", "", "")
		device(slot+".2", "0x10de", "0x030200", "physfn", "../"+slot+".0")
	}
	device("0000:00:02.0", "0x1a03", "0x030000", "", "")
	device("0000:00:03.0", "0x10de", "0x068000", "", "") // NVSwitch
	return files
}

func addresses(n *report.NVIDIA) string {
	var all []string
	for _, g := range n.GPUs {
		all = append(all, g.PCIAddress)
	}
	for _, g := range n.MissingGPUs {
		all = append(all, strings.Join(strings.Fields("missing "+g.PCIAddress+" "+g.Driver+" "+g.Reason), " "))
	}
	for _, address := range n.UnknownGPUs {
		all = append(all, "unknown "+address)
	}
	return strings.Join(all, ", ")
}

func TestNVIDIA(t *testing.T) {
	m := script{files: pciBus("3a=nvidia", "3b=nvidia", "3c=vfio-pci"), out: map[string]string{
		smiXML: smiLog("3a", "3b"),
		smiLinks: "GPU 0: NVIDIA Test (UUID: GPU-3a)\n\t Link 0: 25 GB/s\n\t Link 1: <inactive>\nGPU 1: NVIDIA Test (UUID: GPU-3b)\n" +
			"NVML: Unable to retrieve NVLink information as all links are inActive\nGPU 2: Stranger (UUID: GPU-4)\n\t Link 0: 25 GB/s\n",
	}}
	r := audit(t, t.Context(), m, nvidia)
	n := r.NVIDIA
	if len(r.Errors) != 0 || n == nil || n.Source != "xml" || n.DriverVersion != "580.1" || n.CUDAVersion != "13.0" {
		t.Fatalf("%+v, errors %+v", n, r.Errors)
	}
	if got := addresses(n); got != "0000:3a:00.0, 0000:3b:00.0, missing 0000:3c:00.0 vfio-pci" {
		t.Error(got)
	}
	if got := n.GPUs[0].NVLinks; !slices.Equal(got, []report.NVLink{{Link: 0, Active: true, SpeedGBs: 25}, {Link: 1}}) {
		t.Errorf("links %+v", got)
	}
	if got := n.GPUs[1].NVLinks; got == nil || len(got) != 0 {
		t.Errorf("links that are all down: %#v", got)
	}
}

func TestNoNVIDIA(t *testing.T) {
	for name, answer := range map[string]struct {
		out     string
		err     error
		trouble report.DriverTrouble
	}{
		"driver not loaded":  {"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n\n", &machine.ExitError{Status: 9}, report.NotLoaded},
		"in silence":         {"", &machine.ExitError{Status: 9}, report.NotLoaded},
		"by words alone":     {"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n", &machine.ExitError{Status: 1}, report.NotLoaded},
		"by status alone":    {"", &machine.ExitError{Status: 6}, ""},
		"library not found":  {"NVIDIA-SMI couldn't find libnvidia-ml.so library in your system.\n", &machine.ExitError{Status: 12}, report.NoLibrary},
		"no devices":         {"No devices were found\n", &machine.ExitError{Status: 6}, ""},
		"no devices, status": {"No devices were found\n", nil, ""},
		"not supported":      {"Failed to initialize NVML: No supported GPUs were found\n", &machine.ExitError{Status: 255}, ""},
		"empty log":          {smiLog(), nil, ""},
	} {
		m := script{files: pciBus(), out: map[string]string{smiXML: answer.out, smiLinks: answer.out}, err: map[string]error{smiXML: answer.err, smiLinks: answer.err}}
		r := audit(t, t.Context(), m, nvidia)
		if r.NVIDIA == nil || addresses(r.NVIDIA) != "" || r.NVIDIA.Trouble != "" || len(r.Errors) != 0 {
			t.Errorf("%s, no GPU on the bus: %+v, errors %+v", name, r.NVIDIA, r.Errors)
		}
		m.files = pciBus("3a", "3b=nouveau")
		r = audit(t, t.Context(), m, nvidia)
		words := strings.TrimSpace(answer.out)
		if answer.out == smiLog() {
			words = ""
		}
		want := strings.TrimSpace("missing 0000:3a:00.0 "+words) + ", missing 0000:3b:00.0 nouveau"
		if answer.trouble != "" {
			want = "missing 0000:3b:00.0 nouveau, unknown 0000:3a:00.0"
		}
		if got := addresses(r.NVIDIA); got != want || r.NVIDIA.Trouble != answer.trouble {
			t.Errorf("%s, GPUs on the bus: %s (%s), want %s", name, got, r.NVIDIA.Trouble, want)
		}
		if answer.out != smiLog() && (len(r.Errors) != 1 || len(r.Collectors[0].Tools) != 3) {
			t.Errorf("%s, GPUs on the bus: errors %+v, runs %+v", name, r.Errors, r.Collectors[0].Tools)
		}
	}
	r := audit(t, t.Context(), script{files: pciBus("3a")}, nvidia)
	if r.NVIDIA != nil || len(r.Errors) != 0 || r.Collectors[0].Status != report.Skipped {
		t.Errorf("without nvidia-smi: %+v", r)
	}
}

// What is in the way between nvidia-smi and the driver is one error, asked for once, and
// says nothing against the GPUs.
func TestDriverTrouble(t *testing.T) {
	const (
		open     = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build\n"
		mismatch = "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 550.163\n"
	)
	exit := func(status int) error { return &machine.ExitError{Status: status} }
	for name, c := range map[string]struct {
		out, stderr, module string
		err                 error
		trouble             report.DriverTrouble
		message             string
	}{
		"versions":             {mismatch, "", open, exit(18), report.VersionMismatch, "the NVIDIA driver's library 550.163 and its kernel module 580.159.04 are of different versions"},
		"one version":          {mismatch, "", "", exit(18), report.VersionMismatch, "the NVIDIA driver's library 550.163 and its kernel module are of different versions"},
		"no versions":          {"", "", "", exit(18), report.VersionMismatch, "the NVIDIA driver's library and its kernel module are of different versions"},
		"a version of rubbish": {"Failed to initialize NVML: Driver/library version mismatch\nNVML library version: x\x1b[2J\n", "", "NVRM version: \x1b\n", exit(255), report.VersionMismatch, "the NVIDIA driver's library and its kernel module are of different versions"},
		"loaded, not reached":  {"", "", open, exit(9), report.NotLoaded, "nvidia-smi cannot reach the NVIDIA driver, although its kernel module 580.159.04 is loaded"},
		"not loaded":           {"Failed to initialize NVML: Driver Not Loaded\n", "", "", exit(9), report.NotLoaded, "nvidia-smi cannot reach the NVIDIA driver: its kernel module may not be loaded"},
		"permission":           {"Failed to initialize NVML: Insufficient Permissions\n", "", "", exit(4), report.NoPermission, "nvidia-smi may not ask the NVIDIA driver"},
		"a container":          {"Failed to initialize NVML: GPU access blocked by the operating system\n", "", "", exit(17), report.NoPermission, "nvidia-smi may not ask the NVIDIA driver"},
		"loader":               {"", "nvidia-smi: error while loading shared libraries: libnvidia-ml.so.1: cannot open shared object file\n", "", exit(127), report.NoLibrary, "nvidia-smi does not find the NVIDIA driver's library"},
		"killed":               {"", "", "", machine.ErrTimeLimit, report.NoAnswer, "nvidia-smi reached its time limit"},
		"stuck":                {"", "", "", machine.ErrStuck, report.NoAnswer, "nvidia-smi hangs in the kernel"},
		"crashes":              {"", "", "", &machine.ExitError{Status: -1, Signal: 11}, report.NoAnswer, "nvidia-smi was ended by signal 11 (segmentation fault)"},
		"unknown":              {"Failed to initialize NVML: Unknown Error\n", "", "", exit(255), report.NoAnswer, "nvidia-smi exited with status 255"},
	} {
		files := pciBus("3a=nvidia", "3b=nvidia")
		if c.module != "" {
			files["proc/driver/nvidia/version"] = &fstest.MapFile{Data: []byte(c.module)}
		}
		r := audit(t, t.Context(), always{script{files: files}, machine.Result{Stdout: []byte(c.out), Stderr: []byte(c.stderr), Err: c.err}}, nvidia)
		if got := addresses(r.NVIDIA); got != "unknown 0000:3a:00.0, unknown 0000:3b:00.0" || r.NVIDIA.Trouble != c.trouble {
			t.Errorf("%s: %s, trouble %s", name, got, r.NVIDIA.Trouble)
		}
		if len(r.Errors) != 1 || r.Errors[0].Message != c.message {
			t.Errorf("%s: errors %+v", name, r.Errors)
		}
		if runs := len(r.Collectors[0].Tools); c.trouble != report.NoAnswer && runs != 3 {
			t.Errorf("%s: %d runs", name, runs)
		}
	}
}

// always is a machine whose tools all give the same answer.
type always struct {
	script
	answer machine.Result
}

func (a always) Has(string) bool { return true }

func (a always) Run(_ context.Context, c machine.Command) machine.Result {
	r := a.answer
	r.Command = c
	return r
}

const lostGPU = "Unable to determine the device handle for GPU0000:3B:00.0: GPU is lost.  Reboot the system to recover this GPU\n"

// A GPU that fell off the bus must not cost the others.
func TestLostGPU(t *testing.T) {
	lost := &machine.ExitError{Status: 15}
	m := script{files: pciBus("3a=nvidia", "3b=nvidia", "3c=nvidia"),
		out: map[string]string{smiXML: lostGPU, smiLinks: lostGPU,
			smiXML + " -i 0000:3a:00.0": smiLog("3a"), smiXML + " -i 0000:3b:00.0": lostGPU, smiXML + " -i 0000:3c:00.0": smiLog("3c"),
			smiLinks + " -i 0000:3a:00.0": "GPU 0: NVIDIA Test (UUID: GPU-3a)\n\t Link 0: 25 GB/s\n", smiLinks + " -i 0000:3c:00.0": ""},
		err: map[string]error{smiXML: lost, smiLinks: lost, smiXML + " -i 0000:3b:00.0": lost}}
	r := audit(t, t.Context(), m, nvidia)
	want := "0000:3a:00.0, 0000:3c:00.0, missing 0000:3b:00.0 " + strings.Join(strings.Fields(lostGPU), " ")
	if got := addresses(r.NVIDIA); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(r.NVIDIA.GPUs[0].NVLinks) != 1 || r.NVIDIA.DriverVersion != "580.1" {
		t.Errorf("%+v", r.NVIDIA)
	}
	if len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Stderr[0], "GPU is lost") || *r.Errors[0].ExitStatus != 15 || len(r.Errors[0].Runs()) != 2 {
		t.Errorf("errors %+v", r.Errors)
	}

	// It may also break the log off in the middle.
	m.out[smiXML], _, _ = strings.Cut(smiLog("3a", "3b", "3c"), "<uuid>GPU-3b")
	m.out[smiLinks], m.err[smiLinks] = "GPU 0: NVIDIA Test (UUID: GPU-3a)\n\t Link 0: 25 GB/s\n", nil
	r = audit(t, t.Context(), m, nvidia)
	if got := addresses(r.NVIDIA); got != "0000:3a:00.0, 0000:3b:00.0, 0000:3c:00.0" || r.NVIDIA.GPUs[1].Name != "NVIDIA Test" {
		t.Error(got)
	}
	for _, run := range r.Collectors[0].Tools {
		if slices.Contains(run.Args, "0000:3a:00.0") {
			t.Error("what was whole is asked for again")
		}
	}
	m.out[smiXML+" -i 0000:3b:00.0"], m.err[smiXML+" -i 0000:3b:00.0"] = smiLog("3b"), nil
	if r = audit(t, t.Context(), m, nvidia); r.NVIDIA.GPUs[1].UUID != "GPU-3b" || len(r.NVIDIA.GPUs) != 3 {
		t.Errorf("half a GPU stays, where the whole can be had: %+v", r.NVIDIA.GPUs)
	}

	// The GPUs come in the order of their addresses.
	m.out[smiXML] = smiLog("3b", "3c")
	if r = audit(t, t.Context(), m, nvidia); addresses(r.NVIDIA) != "0000:3a:00.0, 0000:3b:00.0, 0000:3c:00.0" {
		t.Error(addresses(r.NVIDIA))
	}
}

// Links belong to a GPU by its UUID; where that is masked or missing, by its
// index.
func TestNVLinkOwner(t *testing.T) {
	gpu := func(uuid string) report.GPU { return report.GPU{UUID: uuid} }
	for _, c := range []struct {
		gpus []report.GPU
		of   nvidiasmi.Links
		want int
	}{
		{[]report.GPU{gpu("a"), gpu("b")}, nvidiasmi.Links{Index: 0, UUID: "b"}, 1},
		{[]report.GPU{gpu("a"), gpu("a")}, nvidiasmi.Links{Index: 1, UUID: "a"}, 1},
		{[]report.GPU{gpu("a"), gpu("")}, nvidiasmi.Links{Index: 1, UUID: "b"}, 1},
		{[]report.GPU{gpu("a"), gpu("b")}, nvidiasmi.Links{Index: 1, UUID: "c"}, -1},
		{[]report.GPU{gpu("a")}, nvidiasmi.Links{Index: 1, UUID: "b"}, -1},
	} {
		got := -1
		for i := range c.gpus {
			if owner(c.gpus, c.of) == &c.gpus[i] {
				got = i
			}
		}
		if got != c.want {
			t.Errorf("links of %+v among %+v: %d, want %d", c.of, c.gpus, got, c.want)
		}
	}
}

// Errors of links are those of their GPU, also where nvidia-smi tells of it alone.
func TestNVLinkErrors(t *testing.T) {
	const errors = "GPU 0: NVIDIA Test (UUID: GPU-3a)\n\t Link 0: Replay Errors: 0\n\t Link 0: CRC Errors: 0\n" +
		"GPU 1: NVIDIA Test (UUID: GPU-3b)\n\t Link 3: Replay Errors: 2353\n\t Link 3: Recovery Errors: 1\n"
	m := script{files: pciBus("3a", "3b"), out: map[string]string{smiXML: smiLog("3a", "3b"), smiLinks: "", smiErrors: errors}}
	r := audit(t, t.Context(), m, nvidia)
	want := []report.NVLinkErrors{{Link: 3, Name: "Replay Errors", Count: 2353}, {Link: 3, Name: "Recovery Errors", Count: 1}}
	if got := r.NVIDIA.GPUs; got[0].NVLinkErrors != nil || !slices.Equal(got[1].NVLinkErrors, want) || len(r.Errors) > 0 {
		t.Errorf("%+v, %+v, errors %+v", got[0].NVLinkErrors, got[1].NVLinkErrors, r.Errors)
	}

	m.out = map[string]string{smiXML + " -i 0000:3a:00.0": smiLog("3a"), smiLinks + " -i 0000:3a:00.0": "GPU 0: NVIDIA Test (UUID: GPU-3a)\n\t Link 0: 25 GB/s\n",
		smiErrors + " -i 0000:3a:00.0": "GPU 0: NVIDIA Test (UUID: GPU-3a)\n\t Link 0: CRC Errors: 7\n"}
	m.err = map[string]error{smiXML: machine.ErrTimeLimit, smiLinks: machine.ErrTimeLimit, smiXML + " -i 0000:3b:00.0": machine.ErrTimeLimit}
	r = audit(t, t.Context(), m, nvidia)
	if got := r.NVIDIA.GPUs[0].NVLinkErrors; len(got) != 1 || got[0].Count != 7 {
		t.Errorf("alone: %+v", r.NVIDIA.GPUs)
	}
}

func TestNVIDIAHangs(t *testing.T) {
	m := script{files: pciBus("3a", "3b"),
		out: map[string]string{smiXML: "", smiLinks: "", smiXML + " -i 0000:3a:00.0": smiLog("3a"), smiLinks + " -i 0000:3a:00.0": ""},
		err: map[string]error{smiXML: machine.ErrTimeLimit, smiLinks: machine.ErrTimeLimit, smiXML + " -i 0000:3b:00.0": machine.ErrTimeLimit}}
	r := audit(t, t.Context(), m, nvidia)
	if got := addresses(r.NVIDIA); got != "0000:3a:00.0, unknown 0000:3b:00.0" || r.NVIDIA.Trouble != "" {
		t.Error(got)
	}
	if len(r.Errors) != 1 || len(r.Errors[0].Runs()) != 4 || len(r.Collectors[0].Tools) != 6 {
		t.Errorf("errors %+v, runs %+v", r.Errors, r.Collectors[0].Tools)
	}
}

// Where the XML is of no use, the CSV has to do.
func TestNVIDIAFromCSV(t *testing.T) {
	all := func(string) bool { return true }
	without := func(refused ...string) func(string) bool {
		return func(p string) bool { return !slices.Contains(refused, p) }
	}
	few := func(p string) bool { return p == "pci.bus_id" || p == "name" || p == "driver_version" }
	refusal := func(p string) string { return "Field \"" + p + "\" is not a valid field to query.\n\n" }
	rows := "driver_version, pci.bus_id, name\n580.1, 00000000:3A:00.0, NVIDIA Test\n580.1, 00000000:3B:00.0, NVIDIA Test\n"
	for name, c := range map[string]struct {
		out  map[string]string
		err  map[string]error
		runs int
	}{
		"known properties": {map[string]string{smiHelp: "\"pci.bus_id\" or \"gpu_bus_id\"\n\"name\"\n\"driver_version\"\n", smiCSV(few): rows}, nil, 4},
		"unknown":          {map[string]string{smiHelp: "", smiCSV(all): rows}, nil, 4},
		"refused": {map[string]string{smiHelp: "\"rubbish\"\n", smiCSV(all): refusal("kmd_version"), smiCSV(without("kmd_version")): refusal("serial"),
			smiCSV(without("kmd_version", "serial")): rows}, map[string]error{smiCSV(all): &machine.ExitError{Status: 2}}, 6},
	} {
		c.out[smiXML], c.out[smiLinks] = "<nvidia_smi_log", "GPU 0: x (UUID: y)\n"
		r := audit(t, t.Context(), script{files: pciBus("3a", "3b"), out: c.out, err: c.err}, nvidia)
		if got := addresses(r.NVIDIA); got != "0000:3a:00.0, 0000:3b:00.0" || r.NVIDIA.Source != "csv" || r.NVIDIA.DriverVersion != "580.1" {
			t.Errorf("%s: %s, %+v", name, got, r.NVIDIA)
		}
		if len(r.Errors) != 1 || r.Errors[0].Kind != report.BadOutput || len(r.Collectors[0].Tools) != c.runs+1 {
			t.Errorf("%s: errors %+v, runs %+v", name, r.Errors, r.Collectors[0].Tools)
		}
	}

	// And each by itself, where that is all that works.
	one := "pci.bus_id, name\n00000000:3A:00.0, NVIDIA Test\n"
	m := script{files: pciBus("3a", "3b"), out: map[string]string{smiXML: "?", smiLinks: "", smiHelp: "", smiCSV(all): "?",
		smiXML + " -i 0000:3a:00.0": "?", smiXML + " -i 0000:3b:00.0": "?", smiCSV(all) + " -i 0000:3a:00.0": one, smiCSV(all) + " -i 0000:3b:00.0": one}}
	r := audit(t, t.Context(), m, nvidia)
	if got := addresses(r.NVIDIA); got != "0000:3a:00.0, unknown 0000:3b:00.0" || r.NVIDIA.Source != "csv" {
		t.Errorf("%s, %+v", got, r.NVIDIA)
	}

	// A tool that refuses whatever it is asked for is given up on.
	m = script{files: pciBus("3a"), out: map[string]string{smiXML: "?", smiLinks: ""}}
	endless := refuser{m}
	if r := audit(t, t.Context(), endless, nvidia); len(r.Collectors[0].Tools) > 2*(maxRefused+3)+3 || addresses(r.NVIDIA) != "unknown 0000:3a:00.0" {
		t.Errorf("%d runs, %s", len(r.Collectors[0].Tools), addresses(r.NVIDIA))
	}
}

// refuser refuses the first property of every query.
type refuser struct{ script }

func (f refuser) Run(ctx context.Context, c machine.Command) machine.Result {
	if names, found := strings.CutPrefix(c.Args[0], "--query-gpu="); found {
		first, _, _ := strings.Cut(names, ",")
		return machine.Result{Command: c, Stdout: []byte("Field \"" + first + "\" is not a valid field to query.\n\n"), Err: &machine.ExitError{Status: 2}}
	}
	r := f.script.Run(ctx, c)
	r.Err = nil
	if c.Args[0] == "-q" {
		r.Stdout = []byte("?")
	}
	return r
}

func TestNVIDIAFails(t *testing.T) {
	for name, c := range map[string]struct {
		xml, links       string
		xmlErr, linksErr error
		gpus, errors     int
	}{
		"nvlink is unknown":         {smiLog("3a"), "ERROR: Option nvlink is not recognized.\n", nil, &machine.ExitError{Status: 2}, 1, 0},
		"no GPU has NVLink":         {smiLog("3a"), "GPU 0: x (UUID: GPU-3a)\nDevice does not have or support Nvlink\n", nil, &machine.ExitError{Status: 3}, 1, 0},
		"NVLink is not supported":   {smiLog("3a"), "Not Supported\n", nil, &machine.ExitError{Status: 3}, 1, 0},
		"nvlink crashes":            {smiLog("3a"), "GPU 0: x (UUID: GPU-3a)\n", nil, &machine.ExitError{Status: -1, Signal: 11}, 1, 1},
		"nvlink fails":              {smiLog("3a"), "", nil, &machine.ExitError{Status: 255}, 1, 1},
		"nvlink says nothing":       {smiLog("3a"), "", nil, nil, 1, 0},
		"nvlink prints a blank":     {smiLog("3a"), " \n", nil, nil, 1, 0},
		"nvlink prints rubbish":     {smiLog("3a"), "\xff\xfe", nil, nil, 1, 1},
		"exits 255 in silence":      {"", "", &machine.ExitError{Status: 255}, &machine.ExitError{Status: 255}, 0, 2},
		"inforom is damaged":        {smiLog("3a") + "WARNING: infoROM is corrupted at gpu 0000:3A:00.0\n", "GPU 0: x (UUID: GPU-3a)\n", &machine.ExitError{Status: 14}, nil, 1, 1},
		"not UTF-8, and no end tag": {strings.Replace(smiLog("3a"), "NVIDIA Test", "\xff", 1)[:150], "GPU 0: x (UUID: GPU-3a)\n", machine.ErrOutputLimit, nil, 1, 1},
	} {
		m := script{files: pciBus(), out: map[string]string{smiXML: c.xml, smiLinks: c.links, smiHelp: ""}, err: map[string]error{smiXML: c.xmlErr, smiLinks: c.linksErr}}
		r := audit(t, t.Context(), m, nvidia)
		found := 0
		if r.NVIDIA != nil {
			found = len(r.NVIDIA.GPUs)
		}
		if found != c.gpus || len(r.Errors) != c.errors || (r.NVIDIA != nil) != (found > 0) {
			t.Errorf("%s: %+v, errors %+v", name, r.NVIDIA, r.Errors)
		}
		if name == "inforom is damaged" && (r.NVIDIA.GPUs[0].InforomCorrupted == nil || r.Errors[0].Stderr[0] != "WARNING: infoROM is corrupted at gpu 0000:3A:00.0") {
			t.Errorf("%s: %+v, errors %+v", name, r.NVIDIA, r.Errors)
		}
	}
}

// slowSMI answers everything after half a minute, as with eight GPUs and without
// persistence mode.
type slowSMI struct{ script }

func (s slowSMI) Run(ctx context.Context, c machine.Command) machine.Result {
	time.Sleep(30 * time.Second)
	return s.script.Run(ctx, c)
}

func TestNVIDIATakesAsLongAsOneRun(t *testing.T) {
	m := script{files: pciBus("3a", "3b", "3c"), out: map[string]string{smiXML: smiLog("3a", "3b", "3c"), smiLinks: "GPU 0: x (UUID: y)\n"}}
	for _, want := range []float64{30, 60} {
		if want == 60 { // asked once more, for each by itself
			m.out[smiXML] = lostGPU
			for _, bus := range []string{"3a", "3b", "3c"} {
				m.out[smiXML+" -i 0000:"+bus+":00.0"] = smiLog(bus)
			}
		}
		synctest.Test(t, func(t *testing.T) {
			r := Audit(t.Context(), slowSMI{m}, "test", []Collector{nvidia}, func(report.CollectorRun) {})
			if got := r.Collectors[0].DurationSeconds; got != want || len(r.NVIDIA.GPUs) != 3 {
				t.Errorf("%v s, want %v s: %+v", got, want, r.NVIDIA)
			}
		})
	}
}

// What nvidia-smi -q -x printed on real machines.
func TestNVIDIACorpusXML(t *testing.T) {
	for _, file := range corpus(t, "nvidia-smi", "xml", "*.xml") {
		out, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// Every GPU of the log is on the bus, and one more.
		slots := []string{"ff"}
		for _, m := range regexp.MustCompile(`<gpu id="(?:0000)?(0000:.*)">`).FindAllSubmatch(out, -1) {
			slots = append(slots, strings.ToLower(string(m[1])))
		}
		m := script{files: pciBus(slots...), out: map[string]string{smiXML: string(out), smiLinks: "GPU 0: x (UUID: y)\n", smiXML + " -i 0000:ff:00.0": lostGPU}}
		r := audit(t, t.Context(), m, nvidia)
		n := r.NVIDIA
		if len(r.Errors) != 1 || r.Errors[0].Args[3] != "0000:ff:00.0" || len(n.MissingGPUs) != 1 {
			t.Errorf("%s: errors %+v, missing %+v", file, r.Errors, n.MissingGPUs)
		}
		has := func(pattern string) int { return len(regexp.MustCompile(pattern).FindAll(out, -1)) }
		if want := has(`<gpu id=`); len(n.GPUs) != want || len(n.GPUs) != len(slots)-1 {
			t.Errorf("%s: %d GPUs, want %d", file, len(n.GPUs), want)
		}
		total := func(count func(report.GPU) int) (sum int) {
			for _, g := range n.GPUs {
				sum += count(g)
			}
			return sum
		}
		one := func(is func(report.GPU) bool) func(report.GPU) int {
			return func(g report.GPU) int {
				if is(g) {
					return 1
				}
				return 0
			}
		}
		for pattern, count := range map[string]func(report.GPU) int{
			`<mig_device>`: func(g report.GPU) int {
				if g.MIG == nil {
					return 0
				}
				return len(g.MIG.Devices)
			},
			`<process_info>`:                                        func(g report.GPU) int { return len(g.Processes) },
			`reason_\w+>Active`:                                     func(g report.GPU) int { return len(g.ThrottleReasons) },
			`<uuid>GPU-`:                                            one(func(g report.GPU) bool { return g.UUID != "" }),
			`<vbios_version>[0-9]`:                                  one(func(g report.GPU) bool { return g.VBIOSVersion != "" }),
			`<board_part_number>[0-9]`:                              one(func(g report.GPU) bool { return g.BoardPartNumber != "" }),
			`<gpu_temp>[0-9]`:                                       one(func(g report.GPU) bool { return g.Temperature != nil && g.Temperature.GPUCelsius != nil }),
			`<memory_temp>[0-9]`:                                    one(func(g report.GPU) bool { return g.Temperature != nil && g.Temperature.MemoryCelsius != nil }),
			`<gpu_temp_slow_threshold>[0-9]`:                        one(func(g report.GPU) bool { return g.Temperature != nil && g.Temperature.SlowdownCelsius != nil }),
			`<gpu_temp_tlimit>[0-9]`:                                one(func(g report.GPU) bool { return g.Temperature != nil && g.Temperature.MarginCelsius != nil }),
			`<default_power_limit>[0-9]`:                            one(func(g report.GPU) bool { return g.Power != nil && g.Power.DefaultLimitWatts != nil }),
			`<current_link_width>[0-9]`:                             one(func(g report.GPU) bool { return g.PCIe != nil && g.PCIe.WidthLanes != nil }),
			`<current_ecc>(En|Dis)abled`:                            one(func(g report.GPU) bool { return g.ECC != nil && g.ECC.Enabled != nil }),
			`<current_mig>(En|Dis)abled`:                            one(func(g report.GPU) bool { return g.MIG != nil && g.MIG.Enabled != nil }),
			`<remapped_row_corr>[0-9]`:                              one(func(g report.GPU) bool { return g.RemappedRows != nil && g.RemappedRows.Corrected != nil }),
			`<gpu_recovery_action>[^N]|>None</gpu_recovery_action>`: one(func(g report.GPU) bool { return g.RecoveryAction != "" }),
			`<double_bit_retirement>\s*<retired_count>[0-9]`:        one(func(g report.GPU) bool { return g.RetiredPages != nil && g.RetiredPages.DoubleBit != nil }),
		} {
			if got, want := total(count), has(pattern); got != want {
				t.Errorf("%s: %d of %s, want %d", file, got, pattern, want)
			}
		}
		for _, g := range n.GPUs {
			if g.Name == "" || g.MemoryTotalBytes == 0 || len(g.ReadErrors) > 0 || !bytes.Contains(out, []byte("<serial>"+g.SerialNumber)) && g.SerialNumber != "" {
				t.Errorf("%s: %+v", file, g)
			}
		}
	}
}

// sections splits a file of the corpus with several commands into their outputs.
func sections(t *testing.T, file string) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for i, part := range bytes.Split(text, []byte("\n# $ ")) {
		command, out, _ := bytes.Cut(part, []byte("\n"))
		out, _, _ = bytes.Cut(bytes.TrimLeft(out, "#\r\n"), []byte("\n####"))
		if name := strings.TrimSpace(string(command)); i > 0 && all[name] == nil {
			all[name] = out
		}
	}
	return all
}

// What nvidia-smi --query-gpu, nvlink -s and -L printed on real machines.
func TestNVIDIACorpusCSV(t *testing.T) {
	for _, file := range corpus(t, "nvidia-smi", "csv", "*.txt") {
		all := sections(t, file)
		help := all["nvidia-smi --help-query-gpu"]
		known := nvidiasmi.ParseProperties(help)
		for _, p := range []string{"pci.bus_id", "gpu_bus_id", "memory.total"} {
			if !known[p] {
				t.Errorf("%s: property %s is not known", file, p)
			}
		}
		gpus := regexp.MustCompile(`(?m)^GPU \d+: (.*) \(UUID: (.*)\)`).FindAllSubmatch(all["nvidia-smi -L"], -1)
		query := slices.IndexFunc(slices.Sorted(maps.Keys(all)), func(c string) bool { return strings.HasPrefix(c, "nvidia-smi --query-gpu=") })
		if query < 0 || len(gpus) == 0 {
			t.Errorf("%s: no --query-gpu or no GPU", file)
			continue
		}
		out := all[slices.Sorted(maps.Keys(all))[query]]
		links := all["nvidia-smi nvlink -s"]
		for _, units := range []bool{true, false} {
			m := script{files: pciBus(), out: map[string]string{smiXML: "", smiLinks: string(links), smiHelp: string(help),
				smiCSV(func(p string) bool { return known[p] }): project(t, out, units, known)}}
			r := audit(t, t.Context(), m, nvidia)
			n := r.NVIDIA
			if n == nil || len(r.Errors) != 1 || n.Source != "csv" || len(n.GPUs) != len(gpus) || n.DriverVersion == "" {
				t.Errorf("%s: %+v, errors %+v", file, n, r.Errors)
				continue
			}
			found := 0
			for i, g := range n.GPUs {
				if g.Name != string(gpus[i][1]) || g.UUID != string(gpus[i][2]) || g.PCIAddress == "" || g.VBIOSVersion == "" ||
					g.MemoryTotalBytes < 1<<30 || g.Temperature.GPUCelsius == nil || *g.Power.LimitWatts < 10 || g.Clocks.MaxMemoryMHz == nil ||
					g.PCIe.WidthLanes == nil || g.PCIe.MaxGeneration == nil || g.RecoveryAction != "None" || len(g.ReadErrors) != 0 {
					t.Errorf("%s: %+v", file, g)
				}
				found += len(g.NVLinks)
			}
			if want := bytes.Count(links, []byte(" Link ")); found != want {
				t.Errorf("%s: %d NVLink links, want %d", file, found, want)
			}
			if ecc := bytes.Contains(out, []byte(", Enabled, Enabled, 0, 0")); ecc != (n.GPUs[0].ECC != nil) {
				t.Errorf("%s: ECC %+v", file, n.GPUs[0].ECC)
			}
			if mig := strings.Contains(filepath.Base(file), "-mig"); mig != (n.GPUs[0].MIG != nil && *n.GPUs[0].MIG.Enabled) {
				t.Errorf("%s: MIG %+v", file, n.GPUs[0].MIG)
			}
		}
	}
}

// project returns the columns of a CSV that the audit asks for, with or without
// units.
func project(t *testing.T, out []byte, units bool, known map[string]bool) string {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(out))
	r.TrimLeadingSpace, r.LazyQuotes, r.FieldsPerRecord = true, true, -1
	rows, err := r.ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatal(err)
	}
	columns := map[string]int{}
	for i, title := range rows[0] {
		name, _, _ := strings.Cut(title, " [")
		columns[name] = i
	}
	var b strings.Builder
	for n, row := range rows {
		var cells []string
		for _, name := range nvidiasmi.Properties(func(p string) bool { return known[p] }) {
			i, found := columns[name]
			if !found || len(row) != len(rows[0]) {
				continue
			}
			cell := row[i]
			if n > 0 && !units {
				cell = regexp.MustCompile(`^([0-9.]+) (MiB|MHz|W|%|us)$`).ReplaceAllString(cell, "$1")
			}
			cells = append(cells, cell)
		}
		b.WriteString(strings.Join(cells, ", ") + "\n")
	}
	return b.String()
}
