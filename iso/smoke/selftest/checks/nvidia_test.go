package checks

import (
	"strings"
	"testing"

	"bee/iso/smoke/selftest/live"
)

// bus has a display controller of another vendor, and NVIDIA devices of some classes.
func bus(classes ...string) files {
	f := files{"/sys/bus/pci/devices/0000:01:00.0/vendor": "0x8086\n", "/sys/bus/pci/devices/0000:01:00.0/class": "0x030000\n"}
	for i, class := range classes {
		device := "/sys/bus/pci/devices/0000:02:00." + string(rune('0'+i))
		f[device+"/vendor"], f[device+"/class"] = "0x10de\n", class+"\n"
	}
	return f
}

const gpu, sound = "0x030200", "0x040300"

// A machine without NVIDIA hardware must never show a PASS for its GPUs; one
// with it, and without its driver, a FAIL.
func TestGPUs(t *testing.T) {
	for name, c := range map[string]struct {
		files files
		want  string
	}{
		"no PCI bus":           {release(), "SKIP check: no NVIDIA GPU on the PCI bus"},
		"no GPU":               {release().with(bus(sound)), "SKIP check: no NVIDIA GPU on the PCI bus"},
		"no driver in it":      {release("550.163.01", "").with(bus(gpu)), "SKIP check: no NVIDIA driver in this image, or it was left out for want of a GPU"},
		"left out":             {release().with(bus(gpu)).with(files{"/run/live/left-out": "50-nvidia.squashfs\n"}), "SKIP check: no NVIDIA driver in this image, or it was left out for want of a GPU"},
		"another is left out":  {release().with(bus(gpu, sound)).with(files{"/run/live/left-out": "60-gpu-burn.squashfs\n"}), "FAIL check: "},
		"a GPU without driver": {release().with(bus(gpu, sound)), "FAIL check: "},
	} {
		for _, look := range []func(*live.System) outcome{nvidiaModules, nvidiaSMI} {
			if got := line(system(t, c.files, nil), look); !strings.HasPrefix(got, c.want) {
				t.Errorf("%s: got %q, want %q", name, got, c.want)
			}
		}
	}
}

func TestNvidiaModules(t *testing.T) {
	log := files{"/var/log/bee-nvidia.log": "loading\ndriver 550.163.01 (open) loaded for 2 NVIDIA GPUs\n"}
	for modules, want := range map[string]string{
		"nvidia_uvm 1 0 - Live\nnvidia 2 1 nvidia_uvm, Live\n": "PASS check: driver 550.163.01 (open) loaded for 2 NVIDIA GPUs",
		"drm 1 0 - Live\nnvidia 2 1 - Live\n":                  "FAIL check: 2 NVIDIA GPUs, but module nvidia_uvm is not loaded: driver 550.163.01 (open) loaded for 2 NVIDIA GPUs",
		"nvidia_uvm 1 0 - Live\n":                              "FAIL check: 2 NVIDIA GPUs, but module nvidia is not loaded: driver 550.163.01 (open) loaded for 2 NVIDIA GPUs",
	} {
		s := system(t, release().with(bus(gpu, gpu)).with(log).with(files{"/proc/modules": modules}), nil)
		if got := line(s, nvidiaModules); got != want {
			t.Errorf("%q: got %q, want %q", modules, got, want)
		}
	}
}

func TestNvidiaSMI(t *testing.T) {
	for name, c := range map[string]struct {
		answer live.Answer
		want   string
	}{
		"good":    {live.Answer{Output: "GPU 0: H100 (UUID: GPU-a)\nGPU 1: H100 (UUID: GPU-b)\n"}, "PASS check: 2 NVIDIA GPUs"},
		"one":     {live.Answer{Output: "GPU 0: H100 (UUID: GPU-a)\n"}, "FAIL check: nvidia-smi sees 1 of 2 NVIDIA GPUs on the PCI bus"},
		"refuses": {live.Answer{Output: "NVIDIA-SMI has failed\n", Status: 9}, "FAIL check: NVIDIA-SMI has failed"},
	} {
		s := system(t, release().with(bus(gpu, gpu)), programs{"nvidia-smi -L": c.answer})
		if got := line(s, nvidiaSMI); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// modules are nvidia.ko of both flavours.
func modules() files {
	return files{nvidiaHome + "/open/nvidia.ko": "", nvidiaHome + "/proprietary/nvidia.ko": ""}
}

func TestModulesKernel(t *testing.T) {
	kernel := files{"/proc/sys/kernel/osrelease": "6.12.117+deb13-amd64\n"}
	good := release().with(kernel).with(modules())
	says := func(vermagic, version string) programs {
		return programs{"modinfo -F vermagic": {Output: vermagic + "\n"}, "modinfo -F version": {Output: version + "\n"}}
	}
	for name, c := range map[string]struct {
		files   files
		answers programs
		want    string
	}{
		"good":            {good, says("6.12.117+deb13-amd64 SMP preempt mod_unload ", "550.163.01"), "PASS check: driver 550.163.01 for 6.12.117+deb13-amd64"},
		"another kernel":  {good, says("6.6.0-1-lts SMP", "550.163.01"), "FAIL check: /usr/local/lib/nvidia/open/nvidia.ko is for kernel 6.6.0-1-lts, not 6.12.117+deb13-amd64"},
		"another version": {good, says("6.12.117+deb13-amd64", "535.1"), "FAIL check: /usr/local/lib/nvidia/open/nvidia.ko is of driver 535.1, bee-release says 550.163.01"},
		"no module":       {good, says("", ""), "FAIL check: /usr/local/lib/nvidia/open/nvidia.ko is for kernel unknown, not 6.12.117+deb13-amd64"},
		"no version":      {good, says("6.12.117+deb13-amd64 SMP", ""), "FAIL check: /usr/local/lib/nvidia/open/nvidia.ko is of driver unknown, bee-release says 550.163.01"},
		"one of many": {good.with(files{nvidiaHome + "/proprietary/nvidia-uvm.ko": ""}), programs{
			"modinfo -F vermagic /usr/local/lib/nvidia/open/":                    {Output: "6.12.117+deb13-amd64"},
			"modinfo -F vermagic /usr/local/lib/nvidia/proprietary/nvidia.ko":    {Output: "6.12.117+deb13-amd64"},
			"modinfo -F vermagic /usr/local/lib/nvidia/proprietary/nvidia-uvm.k": {Output: "6.1"},
			"modinfo -F version": {Output: "550.163.01"},
		}, "FAIL check: /usr/local/lib/nvidia/proprietary/nvidia-uvm.ko is for kernel 6.1, not 6.12.117+deb13-amd64"},
		"no modules":  {release().with(kernel), nil, "FAIL check: /usr/local/lib/nvidia/open/nvidia.ko is missing"},
		"one flavour": {good.without(nvidiaHome + "/proprietary/nvidia.ko"), says("6.12.117+deb13-amd64", "550.163.01"), "FAIL check: /usr/local/lib/nvidia/proprietary/nvidia.ko is missing"},
		"no driver":   {release("550.163.01", ""), nil, "SKIP check: no NVIDIA driver in this image, or it was left out for want of a GPU"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := line(system(t, c.files, c.answers), modulesKernel); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// What the kernel says of a module that it does not take, in the words of kmod and
// of busybox.
func TestModulesInsert(t *testing.T) {
	const log = "nvidia: disagrees about version of symbol module_layout"
	for says, want := range map[string]string{
		"insmod: can't insert 'nvidia.ko': No such device":                                             "PASS check: No such device",
		"insmod: ERROR: could not insert module nvidia.ko: No such device":                             "PASS check: No such device",
		"insmod: can't insert 'nvidia.ko': Invalid argument":                                           "nvidia.ko is for another kernel",
		"insmod: ERROR: could not insert module nvidia.ko: Invalid parameters":                         "nvidia.ko is for another kernel",
		"insmod: can't insert 'nvidia.ko': invalid module format":                                      "; the kernel says: " + log,
		"insmod: can't insert 'nvidia.ko': wrong symbol version":                                       "nvidia.ko is for another kernel",
		"insmod: ERROR: could not insert module nvidia.ko: Invalid module format":                      "nvidia.ko is for another kernel",
		"insmod: can't insert 'nvidia.ko': unknown symbol in module, or unknown parameter":             "nvidia.ko needs what this kernel lacks",
		"insmod: ERROR: could not insert module nvidia.ko: Unknown symbol in module, or unknown param": "nvidia.ko needs what this kernel lacks",
		"insmod: can't insert 'nvidia.ko': Cannot allocate memory":                                     "FAIL check: insmod: can't insert 'nvidia.ko': Cannot allocate memory",
		"": "was loaded, without a GPU",
	} {
		s := system(t, release(), programs{
			"modinfo -F depends": {Output: "drm,i2c_core\n"}, "modprobe -a -q drm i2c_core": {},
			"insmod /usr/local/lib/nvidia/": {Output: says, Status: min(1, len(says))},
			"dmesg":                         {Output: "NVRM: loading\n" + log + "\nother\n"},
			"rmmod nvidia":                  {},
		})
		var ran []string
		exec := s.Exec
		s.Exec = func(c live.Command) live.Answer {
			ran = append(ran, c.Args[0])
			return exec(c)
		}
		if got := line(s, modulesInsert); !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", says, got, want)
		}
		commands := strings.Join(ran, " ")
		if says == "" != strings.HasSuffix(commands, "rmmod") || !strings.HasPrefix(commands, "modinfo modprobe insmod") {
			t.Errorf("%q: ran %s", says, commands)
		}
	}
	if got := line(system(t, release().with(bus(gpu)), nil), modulesInsert); got != "SKIP check: there is an NVIDIA GPU: nvidia-modules tells" {
		t.Errorf("a GPU: %s", got)
	}
	for says, want := range map[string]string{
		"insmod: can't insert 'nvidia.ko': Key was rejected by service":                 "SKIP check: the kernel is locked down, and knows no key that signed /usr/local/lib/nvidia/open/nvidia.ko",
		"insmod: ERROR: could not insert module nvidia.ko: Key was rejected by service": "SKIP check: the kernel is locked down",
		"insmod: ERROR: could not insert module nvidia.ko: Operation not permitted":     "SKIP check: the kernel is locked down",
		"insmod: ERROR: could not insert module nvidia.ko: No such device":              "PASS check: No such device",
		"insmod: ERROR: could not insert module nvidia.ko: Invalid module format":       "FAIL check: /usr/local/lib/nvidia/open/nvidia.ko is for another kernel",
	} {
		answers := programs{"modinfo -F depends": {}, "insmod /usr/local/lib/nvidia/": {Output: says, Status: 1}, "dmesg": {}}
		locked := release().with(files{"/sys/kernel/security/lockdown": "none [integrity] confidentiality\n"})
		if got := line(system(t, locked, answers), modulesInsert); !strings.HasPrefix(got, want) {
			t.Errorf("locked down, %q: got %q, want %q", says, got, want)
		}
		open := release().with(files{"/sys/kernel/security/lockdown": "[none] integrity confidentiality\n"})
		if got := line(system(t, open, answers), modulesInsert); strings.HasPrefix(got, "SKIP") {
			t.Errorf("not locked down, %q: %q", says, got)
		}
	}
	if got := line(system(t, release("550.163.01", ""), nil), modulesInsert); got != "SKIP check: no NVIDIA driver in this image, or it was left out for want of a GPU" {
		t.Errorf("no driver: %s", got)
	}
}

// nvidia-smi tells by its exit status whether it found the driver's library.
func TestNvidiaSonames(t *testing.T) {
	in := func(folder, version string) files {
		f := files{}
		for _, library := range []string{"libnvidia-ml.so", "libcuda.so"} {
			f[folder+"/"+library+".1"] = "->" + library + "." + version
			f[folder+"/"+library+"."+version] = ""
		}
		return f
	}
	const alpine, debian = "/usr/lib", "/usr/lib/x86_64-linux-gnu"
	for name, c := range map[string]struct {
		files  files
		status int
		want   string
	}{
		"alpine":          {in(alpine, "550.163.01"), 9, "PASS check: " + alpine},
		"debian":          {in(debian, "550.163.01"), 9, "PASS check: " + debian},
		"with GPUs":       {in(debian, "550.163.01"), 0, "PASS check: " + debian},
		"another version": {in(debian, "535.1"), 9, "FAIL check: libnvidia-ml.so.1 is /usr/lib/x86_64-linux-gnu/libnvidia-ml.so.535.1, bee-release says 550.163.01"},
		"missing":         {nil, 9, "FAIL check: /usr/lib/libnvidia-ml.so.1 is missing, or leads nowhere"},
		"nowhere":         {in(debian, "550.163.01").without(debian + "/libcuda.so.550.163.01"), 9, "FAIL check: /usr/lib/x86_64-linux-gnu/libcuda.so.1 is missing, or leads nowhere"},
		"not found":       {in(debian, "550.163.01"), 12, "FAIL check: nvidia-smi exits with status 12: no library"},
		"no nvidia-smi":   {in(debian, "550.163.01"), 127, "FAIL check: nvidia-smi exits with status 127: no library"},
	} {
		t.Run(name, func(t *testing.T) {
			s := system(t, release().with(c.files), programs{"nvidia-smi": {Output: "no\nlibrary\n", Status: c.status}})
			if got := line(s, nvidiaSonames); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got := line(system(t, release("550.163.01", ""), nil), nvidiaSonames); got != "SKIP check: no NVIDIA driver in this image, or it was left out for want of a GPU" {
		t.Errorf("no driver: %s", got)
	}
}
