package driver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bee/core/pci"
	"bee/nvidia/kmod"
	"bee/nvidia/kmod/kmodtest"
)

const release = "6.12.107+deb13-amd64"

// machine is a file system and a kernel that does as it is told. What is done to it
// is noted in done, in order.
type machine struct {
	t       *testing.T
	root    string
	refuses map[string]error    // to insert a module, by its file's name
	logs    map[string][]string // while a module is inserted
	fails   map[string]error    // programs, with their arguments
	node0   error               // why /dev/nvidia0 cannot be made
	busy    error               // why no module can be removed
	done    []string

	together int              // nodes that are opened at once
	opening  sync.WaitGroup   // until they are
	stuck    map[string]error // nodes that cannot be opened
}

func (m *machine) Release() (string, error) { return release, nil }

func (m *machine) Insert(path string) ([]string, error) {
	if !filepath.IsAbs(path) {
		m.t.Errorf("path %s is not absolute", path)
	}
	name := filepath.Base(path)
	m.done = append(m.done, "insert "+strings.TrimPrefix(path, m.root+dir+"/"))
	return m.logs[name], m.refuses[name]
}

func (m *machine) Remove(module string) error {
	m.done = append(m.done, "remove "+module)
	return m.busy
}

func (m *machine) MakeNode(path string, major, minor uint32) (bool, error) {
	m.done = append(m.done, fmt.Sprintf("node %s %d %d", strings.TrimPrefix(path, m.root), major, minor))
	if major == 195 && minor == 0 {
		return false, m.node0
	}
	return true, nil
}

// Open waits, where it has to, until as many nodes are open at once.
func (m *machine) Open(path string) (io.Closer, error) {
	if m.together > 0 {
		m.opening.Done()
		m.opening.Wait()
	}
	return io.NopCloser(nil), m.stuck[strings.TrimPrefix(path, m.root)]
}

func (m *machine) Run(_ context.Context, limit time.Duration, program string, args ...string) error {
	if limit <= 0 || limit > persistencedLimit {
		m.t.Errorf("%s: time limit is %v", program, limit)
	}
	command := strings.Join(append([]string{strings.TrimPrefix(program, m.root)}, args...), " ")
	m.done = append(m.done, command)
	return m.fails[command]
}

func (m *machine) write(name, text string) {
	m.t.Helper()
	name = filepath.Join(m.root, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) remove(name string) {
	m.t.Helper()
	if err := os.RemoveAll(filepath.Join(m.root, name)); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) read(name string) string {
	m.t.Helper()
	text, err := os.ReadFile(filepath.Join(m.root, name))
	if err != nil {
		m.t.Fatal(err)
	}
	return string(text)
}

// nvswitch puts an NVSwitch on the bus.
func (m *machine) nvswitch(address string) {
	m.t.Helper()
	folder := "/sys/bus/pci/devices/" + address
	m.write(folder+"/vendor", "0x10de\n")
	m.write(folder+"/class", "0x068000\n")
	m.write(folder+"/device", "0x22a3\n")
}

// gpu puts a GPU on the bus, which the driver takes if it is loaded.
func (m *machine) gpu(address, device, driver string) {
	m.t.Helper()
	folder := "/sys/bus/pci/devices/" + address
	m.write(folder+"/vendor", "0x10de\n")
	m.write(folder+"/class", "0x030200\n")
	m.write(folder+"/device", "0x"+device+"\n")
	if driver != "" {
		m.write("/sys/bus/pci/drivers/"+driver+"/unbind", "")
		if err := os.Symlink("../../drivers/"+driver, filepath.Join(m.root, folder, "driver")); err != nil {
			m.t.Fatal(err)
		}
	}
	m.taken(address, 0)
}

func (m *machine) taken(address string, minor int) {
	m.t.Helper()
	m.write(driverGPUs+"/"+address+"/information", fmt.Sprintf("Model: \t NVIDIA\nDevice Minor: \t %d\n", minor))
}

var depends = map[string]string{
	"nvidia":         "drm",
	"nvidia-uvm":     "nvidia",
	"nvidia-modeset": "video,nvidia",
	"nvidia-drm":     "drm,drm_kms_helper,nvidia-modeset",
	"nvidia-peermem": "nvidia,ib_core",
}

func (m *machine) module(flavour, name, needs, kernel string) {
	m.t.Helper()
	m.write(dir+"/"+flavour+"/"+name+".ko", string(kmodtest.Build(kmod.Module{
		Name: strings.ReplaceAll(name, "-", "_"), Version: "550.163.01",
		Vermagic: kernel + " SMP preempt mod_unload modversions", Depends: strings.Split(needs, ","),
	})))
}

// newMachine has one GPU, both flavours of the driver, and all that goes with it.
func newMachine(t *testing.T, device string) *machine {
	m := &machine{t: t, root: t.TempDir(), refuses: map[string]error{}, logs: map[string][]string{}, fails: map[string]error{}}
	m.gpu("0000:01:00.0", device, "")
	for _, flavour := range []string{"open", "proprietary"} {
		for name, needs := range depends {
			m.module(flavour, name, needs, release)
		}
	}
	m.write("/proc/cmdline", "BOOT_IMAGE=/live/vmlinuz quiet\n")
	m.write("/proc/modules", "snd 1 0 - Live 0x0\n")
	m.write("/proc/devices", "Character devices:\n195 nvidia\n511 nvidia-uvm\n")
	m.write(firmwareSetting, "\n")
	m.write(firmware+"/nvidia/550.163.01/gsp_ga10x.bin", "")
	m.write(persistenced, "")
	return m
}

// load returns the lines that are said, with the summary or error last.
func (m *machine) load() (lines []string, err error) {
	l := Loader{Root: m.root, Kernel: m, Say: func(format string, args ...any) {
		line := strings.ReplaceAll(fmt.Sprintf(format, args...), m.root, "")
		if _, _, how := strings.Cut(line, " was set up in "); !how || m.together > 0 {
			lines = append(lines, line)
		}
	}}
	summary, err := l.Load(m.t.Context())
	if err != nil {
		return append(lines, strings.ReplaceAll(err.Error(), m.root, "")), err
	}
	return append(lines, summary), nil
}

const (
	pascal, volta       = "1b38", "1db6"
	ampere, blackwell   = "20b5", "2901"
	kepler, graceHopper = "1024", "2342"
)

func TestLoadDoesAllInOrder(t *testing.T) {
	m := newMachine(t, ampere)
	lines, err := m.load()
	if err != nil {
		t.Error(err)
	}
	wantLines := []string{loading, loaded}
	if !slices.Equal(lines, wantLines) {
		t.Errorf("said %q", lines)
	}
	want := []string{
		"modprobe drm", "modprobe video", "modprobe drm_kms_helper", "modprobe ib_core",
		"insert open/nvidia.ko", "insert open/nvidia-uvm.ko", "insert open/nvidia-modeset.ko", "insert open/nvidia-drm.ko", "insert open/nvidia-peermem.ko",
		"node /dev/nvidiactl 195 255", "node /dev/nvidia0 195 0", "node /dev/nvidia-modeset 195 254",
		"node /dev/nvidia-uvm 511 0", "node /dev/nvidia-uvm-tools 511 1",
		"/usr/local/bin/nvidia-persistenced",
	}
	if !slices.Equal(m.done, want) {
		t.Errorf("done:\n%s\nnot:\n%s", strings.Join(m.done, "\n"), strings.Join(want, "\n"))
	}
	if got := m.read(firmwareSetting); got != m.root+firmware {
		t.Errorf("firmware path is %q", got)
	}
}

// The GPUs are set up at once, and each of them is told of.
func TestLoadSetsUpAtOnce(t *testing.T) {
	m := newMachine(t, ampere)
	for i := 1; i < 8; i++ {
		address := fmt.Sprintf("0000:0%d:00.0", i+1)
		m.gpu(address, ampere, "")
		m.taken(address, i)
	}
	m.together = 8
	m.opening.Add(m.together)
	m.stuck = map[string]error{"/dev/nvidia5": unix.EIO}
	lines, err := m.load()
	if err != nil {
		t.Error(err)
	}
	for i := range 8 {
		want := fmt.Sprintf("GPU 0000:0%d:00.0 was set up in ", i+1)
		if i == 5 {
			want = "GPU 0000:06:00.0 cannot be set up: input/output error, see dmesg"
		}
		if len(lines) != 10 || !strings.HasPrefix(lines[i+1], want) {
			t.Fatalf("said %q, not %q", lines, want)
		}
	}
}

// What is said where nothing is special.
const (
	loading = "loading driver 550.163.01 (open)"
	loaded  = "driver 550.163.01 (open) loaded for 1 NVIDIA GPU"
)

// TestLoad has what is said in every case, and whether that is a failure.
func TestLoad(t *testing.T) {
	tests := map[string]struct {
		device  string
		change  func(m *machine)
		said    []string // all lines, see says
		failed  bool
		done    []string // among others
		notDone []string // beginnings
	}{
		"no PCI bus": {
			ampere, func(m *machine) { m.remove("/sys/bus") },
			[]string{"no NVIDIA GPU on the PCI bus, nothing to load"}, false, nil, []string{""}},
		"no GPU, no driver": {
			ampere, func(m *machine) { m.remove("/sys/bus/pci/devices/0000:01:00.0"); m.remove(dir) },
			[]string{"no NVIDIA GPU on the PCI bus, nothing to load"}, false, nil, []string{""}},
		"no driver": {
			ampere, func(m *machine) { m.remove(dir) },
			[]string{"1 NVIDIA GPU, but no NVIDIA driver in this image"}, false, nil, []string{""}},
		"off": {
			ampere, func(m *machine) { m.write("/proc/cmdline", "quiet bee.nvidia=off\n") },
			[]string{"1 NVIDIA GPU, but bee.nvidia=off is on the kernel command line: no driver loaded"}, false, nil, []string{""}},
		"unknown option": {
			ampere, func(m *machine) { m.write("/proc/cmdline", "bee.nvidia=nouveau") },
			[]string{"bee.nvidia=nouveau on the kernel command line is none of open, proprietary and off: choosing by the GPUs",
				loading, loaded}, false, []string{"insert open/nvidia.ko"}, nil},
		"NVSwitches": {
			ampere, func(m *machine) { m.nvswitch("0000:07:00.0"); m.nvswitch("0000:08:00.0") },
			[]string{loading, "2 NVSwitches, and CUDA may not start: NVIDIA's Fabric Manager 550.163.01 is not in this image; …", loaded}, false, nil, nil},
		"NVSwitches and a Fabric Manager": {
			ampere, func(m *machine) { m.nvswitch("0000:07:00.0"); m.write("/usr/bin/nv-fabricmanager", "") },
			[]string{loading, loaded}, false, nil, nil},
		"no command line": {
			ampere, func(m *machine) { m.remove("/proc/cmdline") },
			[]string{"the kernel command line is unknown: open /proc/cmdline: no such file or directory",
				loading, loaded}, false, nil, nil},

		"proprietary GPU": {
			volta, nil,
			[]string{"loading driver 550.163.01 (proprietary)", "driver 550.163.01 (proprietary) loaded for 1 NVIDIA GPU"},
			false, []string{"insert proprietary/nvidia.ko"}, []string{"insert open"}},
		"proprietary by wish": {
			ampere, func(m *machine) { m.write("/proc/cmdline", "bee.nvidia=open bee.nvidia=proprietary") },
			[]string{"loading driver 550.163.01 (proprietary)", "driver 550.163.01 (proprietary) loaded for 1 NVIDIA GPU"}, false, []string{"insert proprietary/nvidia.ko"}, []string{"insert open"}},
		"wish against the table": {
			volta, func(m *machine) { m.write("/proc/cmdline", "bee.nvidia=open") },
			[]string{"GPU 0000:01:00.0 (10de:1db6) may not work: it is Maxwell, Pascal or Volta, which only the proprietary modules drive",
				loading, loaded}, false, []string{"insert open/nvidia.ko"}, nil},
		"wish for what is too old": {
			kepler, func(m *machine) {
				m.write("/proc/cmdline", "bee.nvidia=proprietary")
				m.refuses["nvidia.ko"] = unix.ENODEV
			},
			[]string{"GPU 0000:01:00.0 (10de:1024) may not work: it is older than Maxwell, which this driver no longer drives",
				"loading driver 550.163.01 (proprietary)",
				"no driver loaded: module nvidia (/usr/local/lib/nvidia/proprietary/nvidia.ko) is not loaded: no such device: …"},
			true, nil, nil},
		"wish that is not in the image": {
			ampere, func(m *machine) {
				m.write("/proc/cmdline", "bee.nvidia=proprietary")
				m.remove(dir + "/proprietary")
			},
			[]string{"the proprietary modules are not in this image", loading, loaded},
			false, []string{"insert open/nvidia.ko"}, nil},
		"the better flavour is not in the image": {
			ampere, func(m *machine) { m.remove(dir + "/open") },
			[]string{"the open modules are not in this image", "loading driver 550.163.01 (proprietary)", "driver 550.163.01 (proprietary) loaded for 1 NVIDIA GPU"},
			false, []string{"insert proprietary/nvidia.ko"}, nil},
		"the only flavour is not in the image": {
			blackwell, func(m *machine) { m.remove(dir + "/open") },
			[]string{"the open modules are not in this image",
				"GPU 0000:01:00.0 (10de:2901) is left out: it is Blackwell or newer, which only the open modules drive",
				"no driver loaded: none in this image is for 1 NVIDIA GPU"}, false, nil, []string{""}},
		"Grace Hopper": {
			graceHopper, func(m *machine) { m.remove(dir + "/open") },
			[]string{"the open modules are not in this image",
				"GPU 0000:01:00.0 (10de:2342) is left out: it is Grace Hopper, which only the open modules drive",
				"no driver loaded: none in this image is for 1 NVIDIA GPU"}, false, nil, []string{""}},
		"too old": {
			kepler, nil,
			[]string{"GPU 0000:01:00.0 (10de:1024) is left out: it is older than Maxwell, which this driver no longer drives",
				"no driver loaded: none in this image is for 1 NVIDIA GPU"}, false, nil, []string{""}},
		"GPUs of two flavours": {
			volta, func(m *machine) {
				m.gpu("0000:02:00.0", blackwell, "")
				m.gpu("0000:03:00.0", pascal, "")
				m.gpu("0000:04:00.0", kepler, "nouveau")
				m.remove(driverGPUs + "/0000:02:00.0")
				m.remove(driverGPUs + "/0000:04:00.0")
			},
			[]string{"GPU 0000:02:00.0 (10de:2901) is left out: it is Blackwell or newer, which only the open modules drive",
				"GPU 0000:04:00.0 (10de:1024) is left out: it is older than Maxwell, which this driver no longer drives",
				"loading driver 550.163.01 (proprietary)",
				"driver 550.163.01 (proprietary) loaded for 2 of 4 NVIDIA GPUs"}, false, nil, []string{"remove nouveau"}},

		"other drivers' GPU": {
			ampere, func(m *machine) { m.gpu("0000:02:00.0", ampere, "vfio-pci"); m.remove(driverGPUs + "/0000:02:00.0") },
			[]string{"GPU 0000:02:00.0 (10de:20b5) is left to driver vfio-pci, which has it",
				loading, "driver 550.163.01 (open) loaded for 1 of 2 NVIDIA GPUs"}, false, nil, []string{"remove"}},
		"all are other drivers'": {
			ampere, func(m *machine) {
				m.remove("/sys/bus/pci/devices/0000:01:00.0")
				m.gpu("0000:02:00.0", ampere, "vfio-pci")
			},
			[]string{"GPU 0000:02:00.0 (10de:20b5) is left to driver vfio-pci, which has it", "no driver loaded: other drivers have all GPUs"},
			false, nil, []string{""}},
		"the driver has one": {
			ampere, func(m *machine) { m.gpu("0000:02:00.0", ampere, "nvidia") },
			[]string{loading, "driver 550.163.01 (open) loaded for 2 NVIDIA GPUs"}, false, nil, []string{"remove"}},
		"nouveau": {
			ampere, func(m *machine) { m.gpu("0000:02:00.0", ampere, "nouveau") },
			[]string{loading,
				"GPU 0000:02:00.0 (10de:20b5) is taken from nouveau", "driver 550.163.01 (open) loaded for 2 NVIDIA GPUs"},
			false, []string{"remove nouveau"}, nil},
		"nouveau stays": {
			ampere, func(m *machine) {
				m.gpu("0000:02:00.0", ampere, "nouveau")
				m.remove("/sys/bus/pci/drivers/nouveau")
				m.busy = unix.EWOULDBLOCK
			},
			[]string{loading,
				"GPU 0000:02:00.0 (10de:20b5) stays with nouveau: open /sys/bus/pci/drivers/nouveau/unbind: no such file or directory: boot with nouveau.modeset=0",
				"module nouveau stays: resource temporarily unavailable", "driver 550.163.01 (open) loaded for 2 NVIDIA GPUs"}, false, nil, nil},

		"another kernel": {
			ampere, func(m *machine) { m.module("open", "nvidia-drm", "nvidia", "6.12.94+deb13-amd64") },
			[]string{"no driver loaded: driver for another kernel: /usr/local/lib/nvidia/open/nvidia-drm.ko is for 6.12.94+deb13-amd64, but 6.12.107+deb13-amd64 runs: build the ISO anew, with the headers of its kernel"},
			true, nil, []string{""}},
		"a module is missing": {
			ampere, func(m *machine) { m.remove(dir + "/open/nvidia-uvm.ko") },
			[]string{"no driver loaded: /usr/local/lib/nvidia/open/nvidia-uvm.ko is missing: build the ISO anew"}, true, nil, []string{""}},
		"a module is none": {
			ampere, func(m *machine) { m.write(dir+"/open/nvidia.ko", "text") },
			[]string{"no driver loaded: /usr/local/lib/nvidia/open/nvidia.ko: no kernel module: …"}, true, nil, []string{""}},
		"modules need each other": {
			ampere, func(m *machine) { m.module("open", "nvidia", "nvidia-uvm", release) },
			[]string{"no driver loaded: /usr/local/lib/nvidia/open/nvidia.ko: modules need each other in a circle: nvidia → nvidia_uvm → nvidia"},
			true, nil, []string{""}},
		"the modules for screens are missing": {
			ampere, func(m *machine) {
				m.remove(dir + "/open/nvidia-modeset.ko")
				m.remove(dir + "/open/nvidia-drm.ko")
				m.remove(dir + "/open/nvidia-peermem.ko")
			},
			[]string{loading, loaded},
			false, nil, []string{"node /dev/nvidia-modeset", "modprobe ib_core"}},
		"no firmware setting": {
			ampere, func(m *machine) { m.remove(filepath.Dir(firmwareSetting)) },
			[]string{loading,
				"the kernel does not look for firmware in /usr/local/lib/nvidia/firmware: open /sys/module/firmware_class/parameters/path: no such file or directory",
				loaded}, false, nil, nil},

		"loaded already": {
			ampere, func(m *machine) {
				m.write("/proc/modules", "nvidia_modeset 1 0 - Live 0x0\nnvidia 1 1 nvidia_modeset, Live 0x0\n")
			},
			[]string{loading,
				"module nvidia is loaded already", "module nvidia_modeset is loaded already", loaded},
			false, []string{"insert open/nvidia-uvm.ko", "node /dev/nvidia-modeset 195 254"}, []string{"insert open/nvidia.ko", "insert open/nvidia-modeset.ko"}},
		"loaded meanwhile": {
			ampere, func(m *machine) { m.refuses["nvidia.ko"] = unix.EEXIST },
			[]string{loading, loaded}, false, []string{"insert open/nvidia-uvm.ko"}, nil},
		"the driver refuses the GPU": {
			ampere, func(m *machine) {
				m.refuses["nvidia.ko"] = unix.ENODEV
				m.logs["nvidia.ko"] = []string{"usb 1-1: new device", "NVRM: The NVIDIA GPU 0000:01:00.0 is not supported", "NVRM: No NVIDIA GPU found."}
			},
			[]string{loading,
				"kernel: NVRM: The NVIDIA GPU 0000:01:00.0 is not supported", "kernel: NVRM: No NVIDIA GPU found.",
				"no driver loaded: module nvidia (/usr/local/lib/nvidia/open/nvidia.ko) is not loaded: no such device: the driver refuses the GPUs…"},
			true, nil, []string{"insert open/nvidia-uvm.ko", "node", "/usr/local/bin"}},
		"a symbol is missing": {
			ampere, func(m *machine) {
				m.refuses["nvidia.ko"] = unix.ENOENT
				m.fails["modprobe drm"] = errors.New("modprobe: exit status 1: drm not found")
				m.logs["nvidia.ko"] = []string{"nvidia: Unknown symbol drm_gem_object_free (err -2)"}
			},
			[]string{loading,
				"module nvidia needs drm: modprobe: exit status 1: drm not found",
				"kernel: nvidia: Unknown symbol drm_gem_object_free (err -2)",
				"no driver loaded: module nvidia (/usr/local/lib/nvidia/open/nvidia.ko) is not loaded: no such file or directory: a symbol that it needs is missing…"},
			true, nil, nil},
		"drm is in the kernel": {
			ampere, func(m *machine) { m.fails["modprobe drm"] = errors.New("not found") },
			[]string{loading, loaded}, false, nil, nil},
		"symbol versions": {
			ampere, func(m *machine) { m.refuses["nvidia.ko"] = unix.EINVAL },
			[]string{loading,
				"no driver loaded: module nvidia (/usr/local/lib/nvidia/open/nvidia.ko) is not loaded: invalid argument: it was built for another kernel…"}, true, nil, nil},
		"lockdown": {
			ampere, func(m *machine) {
				m.refuses["nvidia.ko"] = unix.EKEYREJECTED
				m.logs["nvidia.ko"] = []string{"Loading of unsigned module is rejected"}
			},
			[]string{loading,
				"kernel: Loading of unsigned module is rejected",
				"no driver loaded: module nvidia (/usr/local/lib/nvidia/open/nvidia.ko) is not loaded: key was rejected by service: the kernel is locked down, as it is with Secure Boot on, and loads no module that is not signed…"}, true, nil, nil},
		"key that the machine does not know": {
			ampere, func(m *machine) {
				m.write(certificate, "")
				m.refuses["nvidia.ko"] = unix.EKEYREJECTED
				m.logs["nvidia.ko"] = []string{"Loading of module with unavailable key is rejected"}
			},
			[]string{loading,
				"kernel: Loading of module with unavailable key is rejected",
				"no driver loaded: module nvidia (/usr/local/lib/nvidia/open/nvidia.ko) is not loaded: key was rejected by service: the kernel is locked down, as it is with Secure Boot on, and this machine does not know the key…"}, true, nil, nil},
		"file is gone": {
			ampere, func(m *machine) {
				m.refuses["nvidia.ko"] = &fs.PathError{Op: "open", Path: "/nvidia.ko", Err: unix.ENOENT}
			},
			[]string{loading,
				"no driver loaded: module nvidia is not loaded: open /nvidia.ko: no such file or directory"}, true, nil, nil},
		"no nvidia-uvm": {
			ampere, func(m *machine) { m.refuses["nvidia-uvm.ko"] = unix.ENOMEM },
			[]string{loading,
				"module nvidia_uvm (/usr/local/lib/nvidia/open/nvidia-uvm.ko) is not loaded: cannot allocate memory",
				"driver 550.163.01 (open) loaded for 1 NVIDIA GPU, but without nvidia_uvm: no CUDA program runs"},
			true, []string{"insert open/nvidia-drm.ko", "node /dev/nvidia0 195 0", "/usr/local/bin/nvidia-persistenced"}, []string{"node /dev/nvidia-uvm"}},
		"no nvidia-modeset": {
			ampere, func(m *machine) { m.refuses["nvidia-modeset.ko"] = unix.EINVAL },
			[]string{loading,
				"module nvidia_modeset (/usr/local/lib/nvidia/open/nvidia-modeset.ko) is not loaded: invalid argument: it was built for another kernel…",
				"module nvidia_drm is not loaded: it needs nvidia_modeset, which is not",
				loaded}, false, nil, []string{"insert open/nvidia-drm.ko", "node /dev/nvidia-modeset"}},
		"no InfiniBand": {
			ampere, func(m *machine) { m.fails["modprobe ib_core"] = errors.New("not found") },
			[]string{loading,
				"module nvidia_peermem is not loaded: it needs ib_core, which is not", loaded},
			false, nil, []string{"insert open/nvidia-peermem.ko"}},
		"nvidia-peermem fails": {
			ampere, func(m *machine) { m.refuses["nvidia-peermem.ko"] = unix.EINVAL },
			[]string{loading,
				"module nvidia_peermem is not loaded: invalid argument; only GPUDirect RDMA needs it", loaded},
			false, nil, nil},

		"a GPU fails": {
			ampere, func(m *machine) { m.gpu("0000:02:00.0", ampere, ""); m.remove(driverGPUs + "/0000:02:00.0") },
			[]string{loading,
				"GPU 0000:02:00.0 (10de:20b5) was not taken by the driver, see dmesg", "driver 550.163.01 (open) loaded for 1 of 2 NVIDIA GPUs"},
			false, nil, nil},
		"a node cannot be made": {
			ampere, func(m *machine) { m.node0 = errors.New("mknod /dev/nvidia0: no space left on device") },
			[]string{loading,
				"device node is missing: mknod /dev/nvidia0: no space left on device", loaded}, false, nil, nil},
		"nodes are unknown": {
			ampere, func(m *machine) { m.remove("/proc/devices") },
			[]string{loading,
				"device nodes are missing: open /proc/devices: no such file or directory", loaded}, false, nil, nil},
		"no nvidia-persistenced": {
			ampere, func(m *machine) { m.remove(persistenced) },
			[]string{loading, loaded}, false, nil, []string{"/usr/local/bin"}},
		"nvidia-persistenced hangs": {
			ampere, func(m *machine) { m.fails[persistenced] = errors.New("nvidia-persistenced: no end within 2m0s") },
			[]string{loading,
				"no persistence mode, so programs are slow to start: nvidia-persistenced: no end within 2m0s", loaded}, false, nil, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, test.device)
			if test.change != nil {
				test.change(m)
			}
			lines, err := m.load()
			if (err != nil) != test.failed {
				t.Errorf("error is %v", err)
			}
			if !slices.EqualFunc(lines, test.said, says) {
				t.Errorf("should have said:\n  %s", strings.Join(test.said, "\n  "))
			}
			for _, want := range test.done {
				if !slices.Contains(m.done, want) {
					t.Errorf("did not: %s", want)
				}
			}
			for _, not := range test.notDone {
				for _, done := range m.done {
					if strings.HasPrefix(done, not) {
						t.Errorf("did: %s", done)
					}
				}
			}
			if t.Failed() {
				t.Logf("said:\n  %s\ndid:\n  %s", strings.Join(lines, "\n  "), strings.Join(m.done, "\n  "))
			}
		})
	}
}

// says reports whether a line is the one wanted, of which a … at the end stands for
// the rest.
func says(line, wanted string) bool {
	beginning, open := strings.CutSuffix(wanted, "…")
	return line == wanted || open && strings.HasPrefix(line, beginning)
}

func TestWish(t *testing.T) {
	for line, want := range map[string]string{
		"":                                   "",
		"quiet bee.nvidia=open\n":            "open",
		"bee.nvidia=proprietary quiet":       "proprietary",
		"bee.nvidia=off":                     "off",
		"bee.nvidia=open bee.nvidia=off":     "off",
		"bee.nvidia=open bee.nvidia=x":       "",
		"bee.nvidia=Open":                    "",
		"bee.nvidia=":                        "",
		"bee.nvidia":                         "",
		"xbee.nvidia=open":                   "",
		"nvidia=open bee.nvidiaopen bee.x=y": "",
	} {
		m := &machine{t: t, root: t.TempDir()}
		m.write("/proc/cmdline", line)
		l := Loader{Root: m.root, Say: func(string, ...any) {}}
		if got := l.wish(); string(got) != want {
			t.Errorf("%q: %q, not %q", line, got, want)
		}
	}
}

func TestUnbind(t *testing.T) {
	m := newMachine(t, ampere)
	m.gpu("0000:81:00.0", ampere, "nouveau")
	gpu := pci.GPU{Address: "0000:81:00.0", Driver: "nouveau"}
	l := Loader{Root: m.root}
	if err := l.unbind(gpu); err != nil {
		t.Fatal(err)
	}
	if text := m.read("/sys/bus/pci/drivers/nouveau/unbind"); text != gpu.Address {
		t.Errorf("wrote %q", text)
	}
	gpu.Driver = "ast"
	if err := l.unbind(gpu); err == nil {
		t.Error("unbound from a driver that is not there")
	}
}
