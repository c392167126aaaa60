// Package sysmemory reads from procfs and sysfs what memory the kernel has, and
// what is kept from it: modules that are plugged in are more than that.
//
// The files are /proc/meminfo, /proc/iomem and /proc/cmdline, those of the
// kernel's Documentation/ABI/testing/sysfs-devices-node_state and
// Documentation/driver-api/edac.rst.
package sysmemory

import (
	"io/fs"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Memory is what the kernel says of the machine's memory. What it does not say is
// 0 or empty.
type Memory struct {
	// Usable is what the kernel can use (MemTotal).
	Usable uint64
	// Controllers is what the memory controllers have, by their drivers (EDAC): also
	// what is mirrored, or kept by the platform.
	Controllers uint64
	// Reserved is what is known to be kept out of Usable.
	Reserved []Reservation
}

// Reservation is memory that the kernel cannot use.
type Reservation struct {
	// For is who has it: SGX, crash kernel, or the word on the kernel's command line
	// that keeps it (mem, memmap).
	For string
	// Bytes is how much it is, 0 where nobody says.
	Bytes uint64
}

// Read reads what there is of the files.
func Read(files fs.FS) Memory {
	m := Memory{Usable: usable(text(files, "proc/meminfo")), Controllers: sum(files, "sys/devices/system/edac/mc/mc*/size_mb", 20)}
	if sgx := sum(files, "sys/devices/system/node/node*/x86/sgx_total_bytes", 0); sgx > 0 {
		m.Reserved = append(m.Reserved, Reservation{"SGX", sgx})
	}
	words := strings.Fields(text(files, "proc/cmdline"))
	crash, known := crashKernel(text(files, "proc/iomem"))
	if !known {
		crash = crashKernelOf(words, m.Usable)
	}
	if crash > 0 {
		m.Reserved = append(m.Reserved, Reservation{"crash kernel", crash})
	}
	for _, limit := range []string{"mem", "memmap"} {
		for _, w := range words {
			if strings.HasPrefix(w, limit+"=") {
				m.Reserved = append(m.Reserved, Reservation{For: limit})
				break
			}
		}
	}
	return m
}

// text reads a file, "" where there is none.
func text(files fs.FS, name string) string {
	b, _ := fs.ReadFile(files, name)
	return string(b)
}

// usable returns MemTotal, 0 where it is not there.
func usable(meminfo string) uint64 {
	for line := range strings.Lines(meminfo) {
		if total, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			if kB, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(total), " kB"), 10, 50); err == nil {
				return kB << 10
			}
		}
	}
	return 0
}

// sum adds up the numbers in files, in units of 1<<shift bytes. Where one is none,
// or more than any machine has, the sum is not known.
func sum(files fs.FS, pattern string, shift uint) (total uint64) {
	names, _ := fs.Glob(files, pattern)
	for _, name := range names {
		n, err := strconv.ParseUint(strings.TrimSpace(text(files, name)), 10, 50)
		if err != nil || n > most>>shift || total > most {
			return 0
		}
		total += n << shift
	}
	return total
}

// most is more memory than any machine has: 1 EiB.
const most = 1 << 60

// region is a line of /proc/iomem: "  2f000000-3effffff : Crash kernel".
var region = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^ *([0-9a-f]{1,16})-([0-9a-f]{1,16}) : (.*)$`)
})

// crashKernel returns what /proc/iomem says is kept for a crash kernel. It is not
// known where there are no addresses: only root is shown them.
func crashKernel(iomem string) (bytes uint64, known bool) {
	for _, m := range region().FindAllStringSubmatch(iomem, -1) {
		from, _ := strconv.ParseUint(m[1], 16, 64)
		to, _ := strconv.ParseUint(m[2], 16, 64)
		known = known || to > 0
		if size := to - from; m[3] == "Crash kernel" && to > from && size < most && bytes < most {
			bytes += size + 1
		}
	}
	return bytes, known
}

// crashKernelOf returns what the words of a command line keep for a crash kernel,
// on a machine with so much memory besides:
//
//	crashkernel=512M@16M
//	crashkernel=1G,high crashkernel=256M,low
//	crashkernel=2G-64G:256M,64G-:512M
//
// Nothing where the kernel chooses (auto).
func crashKernelOf(words []string, usable uint64) (bytes uint64) {
	for _, w := range words {
		value, ok := strings.CutPrefix(w, "crashkernel=")
		if !ok {
			continue
		}
		value, _, _ = strings.Cut(value, "@")
		for part := range strings.SplitSeq(value, ",") {
			when, amount, conditional := strings.Cut(part, ":")
			if !conditional {
				amount = part // "high" and "low" are no amounts
			}
			if from, to, _ := strings.Cut(when, "-"); conditional && (usable < size(from) || to != "" && usable >= size(to)) {
				continue
			}
			if n := size(amount); bytes < most {
				bytes += n
			}
		}
	}
	return bytes
}

// size reads an amount as the kernel does ("512M"), 0 where it is none.
func size(s string) uint64 {
	shift := 0
	if s != "" {
		if i := strings.Index("KMGTPE", strings.ToUpper(s[len(s)-1:])); i >= 0 {
			shift, s = 10*(i+1), s[:len(s)-1]
		}
	}
	n, err := strconv.ParseUint(s, 0, 64)
	if err != nil || n > math.MaxUint64>>shift || n<<shift > most {
		return 0
	}
	return n << shift
}
