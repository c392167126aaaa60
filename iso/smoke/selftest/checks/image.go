package checks

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"

	"bee/core/beerelease"
	"bee/core/vendorlist"
	"bee/iso/smoke/selftest/live"
)

var commit = regexp.MustCompile(`^[0-9a-f]{40}(-dirty)?$`)

func releaseFile(s *live.System) outcome {
	if !s.Exists(beerelease.File) {
		return fail("%s is missing", beerelease.File)
	}
	release := s.Release()
	for _, key := range []string{"BEE_VERSION", "BEE_COMMIT", "BEE_DATE", "BEE_BASE", "BEE_RELEASE",
		"BEE_KERNEL", "BEE_AUDIT", "BEE_SSH", "BEE_BUILD_INFO"} {
		if release[key] == "" {
			return fail("%s has no %s", beerelease.File, key)
		}
	}
	for _, key := range []string{"BEE_NVIDIA", "BEE_FABRIC_MANAGER", "BEE_NVLSM", "BEE_VENDOR", "BEE_OVERRIDES"} { // empty where the image has none
		if _, there := release[key]; !there {
			return fail("%s has no %s", beerelease.File, key)
		}
	}
	if !commit.MatchString(release["BEE_COMMIT"]) {
		return fail("BEE_COMMIT is no commit: %s", release["BEE_COMMIT"])
	}
	switch base := release["BEE_BASE"]; base {
	case "alpine", "debian":
		return pass("%s%s", release["BEE_VERSION"], overridden(strings.Fields(release["BEE_OVERRIDES"])))
	default:
		return fail("BEE_BASE is neither alpine nor debian: %s", base)
	}
}

// overridden says how many pins were others than the commit's, where there are any.
func overridden(pins []string) string {
	switch len(pins) {
	case 0:
		return ""
	case 1:
		return ", 1 pin overridden"
	}
	return fmt.Sprintf(", %d pins overridden", len(pins))
}

func kernelRelease(s *live.System) outcome {
	running, want := s.Kernel(), s.Release()["BEE_KERNEL"]
	if running == "" || running != want {
		return fail("uname -r is %s, bee-release says %s", running, want)
	}
	return pass("%s", running)
}

func motd(s *live.System) outcome {
	text := s.Text("/etc/motd")
	if text == "" || !strings.Contains(text, s.Release()["BEE_BUILD_INFO"]) {
		return fail("/etc/motd does not show BEE_BUILD_INFO")
	}
	return pass("")
}

func rootFilesystem(s *live.System) outcome {
	const want = "overlay"
	found := ""
	for line := range strings.Lines(s.Text("/proc/mounts")) {
		if mount := strings.Fields(line); len(mount) > 2 && mount[1] == "/" {
			found = mount[2]
		}
	}
	if found != want {
		return fail("/ is of type %s, not %s", found, want)
	}
	free := s.Free("/") >> 20
	if free < 16 {
		return fail("%d MiB free on /, less than 16", free)
	}
	probe := s.Path("/.bee-smoke")
	if err := os.WriteFile(probe, nil, 0o600); err != nil {
		return fail("/ cannot be written to")
	}
	os.Remove(probe)
	return pass("%s, writable, %d MiB free", found, free)
}

func kernelHealth(s *live.System) outcome {
	const died = 1 << 7 // taint flag: the kernel died (OOPS or BUG) before
	tainted, err := strconv.ParseUint(s.Word("/proc/sys/kernel/tainted"), 10, 64)
	if err != nil {
		return fail("/proc/sys/kernel/tainted: %v", err)
	}
	log := s.KernelLog()
	first := func(words ...string) string {
		for _, line := range log {
			for _, word := range words {
				if strings.Contains(line, word) {
					return line
				}
			}
		}
		return ""
	}
	if tainted&died != 0 {
		return fail("the kernel had an oops: %s", first("Oops", "BUG:"))
	}
	if killed := first("Out of memory: Killed"); killed != "" {
		return fail("%s", killed)
	}
	return pass("")
}

func memory(s *live.System) outcome {
	mebibytes := func(key string) uint64 {
		for line := range strings.Lines(s.Text("/proc/meminfo")) {
			if fields := strings.Fields(line); len(fields) > 1 && fields[0] == key+":" {
				kibibytes, _ := strconv.ParseUint(fields[1], 10, 64)
				return kibibytes >> 10
			}
		}
		return 0
	}
	available, total := mebibytes("MemAvailable"), mebibytes("MemTotal")
	if available < 64 {
		return fail("%d of %d MiB available, less than 64", available, total)
	}
	return pass("%d of %d MiB available", available, total)
}

func gcompat(s *live.System) outcome {
	const library = "/lib/libgcompat.so.0"
	if base := s.Release()["BEE_BASE"]; base != "alpine" {
		return skip("base %s has glibc itself", base)
	}
	if !s.Exists(library) {
		return fail("%s is missing, and nvidia-smi is a program for glibc", library)
	}
	return pass("")
}

func vendorPrograms(s *live.System) outcome {
	programs := strings.Fields(s.Release()["BEE_VENDOR"])
	if len(programs) == 0 {
		return skip("none in this image")
	}
	listed, err := vendorlist.Parse(s.Text(vendorlist.File))
	if err != nil {
		return fail("%v", err)
	}
	sums := map[string]string{}
	for _, p := range listed {
		sums[p.Name] = p.SHA256
	}
	for _, program := range programs {
		file := vendorlist.Folder + "/" + program
		if info := s.Info(file); info == nil || info.Mode()&0o111 == 0 {
			return fail("%s is missing or cannot be executed", file)
		}
		if program == "gpu_burn" { // a folder of its own
			continue
		}
		if got, err := digest(s.Path(file)); err != nil || got != sums[program] {
			return fail("%s has the SHA-256 %q, but %s says %q", file, got, vendorlist.File, sums[program])
		}
	}
	return pass("%s", strings.Join(programs, " "))
}

func digest(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	_, err = io.Copy(hash, file)
	return hex.EncodeToString(hash.Sum(nil)), err
}
