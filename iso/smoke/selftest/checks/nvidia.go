package checks

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"bee/core/layers"
	"bee/iso/smoke/selftest/live"
)

// nvidiaHome is where the driver is in the image.
const nvidiaHome = "/usr/local/lib/nvidia"

var flavours = []string{"open", "proprietary"}

// What GPUs need that is not there.
var (
	noDriver = skip("no NVIDIA driver in this image, or it was left out for want of a GPU")
	noGPU    = skip("no NVIDIA GPU on the PCI bus")
)

// count words a number of GPUs.
func count(gpus int) string {
	if gpus == 1 {
		return "1 NVIDIA GPU"
	}
	return fmt.Sprintf("%d NVIDIA GPUs", gpus)
}

// driver is the version of the NVIDIA driver, "" where the image has none, or the system was
// started without it.
func driver(s *live.System) string {
	if strings.Contains(s.Text("/"+layers.LeftOut), layers.NVIDIA) {
		return ""
	}
	return s.Release()["BEE_NVIDIA"]
}

// Needs no GPU: a module for another kernel can never load.
func modulesKernel(s *live.System) outcome {
	driver, kernel := driver(s), s.Kernel()
	if driver == "" {
		return noDriver
	}
	for _, flavour := range flavours {
		folder := nvidiaHome + "/" + flavour
		if !s.Exists(folder + "/nvidia.ko") {
			return fail("%s/nvidia.ko is missing", folder)
		}
		for _, module := range s.Glob(folder + "/*.ko") {
			magic, _, _ := strings.Cut(moduleInfo(s, module, "vermagic"), " ")
			if magic != kernel {
				return fail("%s is for kernel %s, not %s", module, orUnknown(magic), kernel)
			}
			if version := moduleInfo(s, module, "version"); version != driver {
				return fail("%s is of driver %s, bee-release says %s", module, orUnknown(version), driver)
			}
		}
	}
	return pass("driver %s for %s", driver, kernel)
}

// moduleInfo is what a kernel module says of itself in a field.
func moduleInfo(s *live.System, module, field string) string {
	return strings.TrimSpace(s.Ask("modinfo", "-F", field, s.Path(module)).Output)
}

func orUnknown(word string) string {
	if word == "" {
		return "unknown"
	}
	return word
}

// What the kernel answers to a module, in the words of kmod and of busybox.
var (
	noDevice      = regexp.MustCompile(`No such device`)
	anotherKernel = regexp.MustCompile(`nvalid argument|nvalid parameters|nvalid module format|wrong symbol version`)
	unknownSymbol = regexp.MustCompile(`nknown symbol`)
	rejected      = regexp.MustCompile(`Key was rejected by service|Operation not permitted|Required key not available`)
	ofNVIDIA      = regexp.MustCompile(`(?i)nvidia|nvrm`)
)

// lockedDown reports whether the kernel keeps itself from root: it takes no module then that is not
// signed by a key it knows.
func lockedDown(s *live.System) bool {
	lockdown := s.Text("/sys/kernel/security/lockdown")
	return strings.ContainsRune(lockdown, '[') && !strings.Contains(lockdown, "[none]")
}

// Without a GPU, nvidia.ko of either flavour has to get as far as looking for one:
// then it is for this kernel, and every symbol that it needs is there. (With
// CONFIG_MODVERSIONS the kernel judges by the symbols, whatever vermagic says.)
func modulesInsert(s *live.System) outcome {
	if driver(s) == "" {
		return noDriver
	}
	if s.GPUs() > 0 {
		return skip("there is an NVIDIA GPU: nvidia-modules tells")
	}
	for _, flavour := range flavours {
		module := nvidiaHome + "/" + flavour + "/nvidia.ko"
		if needs := moduleInfo(s, module, "depends"); needs != "" {
			s.Ask(append([]string{"modprobe", "-a", "-q"}, strings.Split(needs, ",")...)...)
		}
		a := s.Run(5*time.Minute, "insmod", s.Path(module)) // the medium may be slow
		if a.Status == 0 {
			s.Ask("rmmod", "nvidia")
			return fail("%s was loaded, without a GPU", module)
		}
		said := oneLine(a.Output)
		switch {
		case noDevice.MatchString(said):
			continue
		case rejected.MatchString(said) && lockedDown(s):
			return skip("the kernel is locked down, and knows no key that signed %s", module)
		case anotherKernel.MatchString(said):
			said = module + " is for another kernel: " + said
		case unknownSymbol.MatchString(said):
			said = module + " needs what this kernel lacks: " + said
		}
		kernel := ""
		for _, line := range s.KernelLog() {
			if ofNVIDIA.MatchString(line) {
				kernel = line
			}
		}
		return fail("%s; the kernel says: %s", said, kernel)
	}
	return pass("No such device, as there is none")
}

// Needs no GPU: nvidia-smi tells whether it finds its library (12 where it does
// not, 9 where there is no driver to talk to; see its manual page).
func nvidiaSonames(s *live.System) outcome {
	driver := driver(s)
	if driver == "" {
		return noDriver
	}
	folder := "/usr/lib"
	if s.Exists("/usr/lib/x86_64-linux-gnu") {
		folder = "/usr/lib/x86_64-linux-gnu"
	}
	for _, soname := range []string{"libnvidia-ml.so.1", "libcuda.so.1"} {
		library := s.Real(folder + "/" + soname)
		if library == "" {
			return fail("%s/%s is missing, or leads nowhere", folder, soname)
		}
		if !strings.HasSuffix(library, ".so."+driver) {
			return fail("%s is %s, bee-release says %s", soname, library, driver)
		}
	}
	switch a := s.Run(time.Minute, "nvidia-smi"); a.Status {
	case 0, 6, 9:
		return pass("%s", folder)
	default:
		return fail("nvidia-smi exits with status %d: %s", a.Status, a.Output)
	}
}

func nvidiaModules(s *live.System) outcome {
	gpus := s.GPUs()
	switch {
	case driver(s) == "":
		return noDriver
	case gpus == 0:
		return noGPU
	}
	loader := last(1, s.Text("/var/log/bee-nvidia.log"))
	for _, module := range []string{"nvidia", "nvidia_uvm"} {
		if !strings.Contains("\n"+s.Text("/proc/modules"), "\n"+module+" ") {
			return fail("%s, but module %s is not loaded: %s", count(gpus), module, loader)
		}
	}
	return pass("%s", loader)
}

func nvidiaSMI(s *live.System) outcome {
	gpus := s.GPUs()
	switch {
	case driver(s) == "":
		return noDriver
	case gpus == 0:
		return noGPU
	}
	a := s.Run(time.Minute, "nvidia-smi", "-L")
	if a.Status != 0 {
		return fail("%s", a.Output)
	}
	if seen := strings.Count("\n"+a.Output, "\nGPU "); seen != gpus {
		return fail("nvidia-smi sees %d of %s on the PCI bus", seen, count(gpus))
	}
	return pass("%s", count(gpus))
}
