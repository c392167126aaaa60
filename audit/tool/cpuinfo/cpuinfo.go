// Package cpuinfo reads /proc/cpuinfo: the logical processors that Linux uses.
//
// On x86, each is a block of "key : value" lines (the kernel's
// arch/x86/kernel/cpu/proc.c):
//
//	processor	: 0
//	vendor_id	: GenuineIntel
//	model name	: Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz
//	physical id	: 0
//
// Other architectures have other keys, and lines outside of the blocks that hold
// for all processors; s390 has one line a processor ("processor 0: …").
package cpuinfo

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"bee/core/printable"
)

// Processor is a logical processor. What the architecture does not tell is nil
// or empty.
type Processor struct {
	Number int // the kernel's number for it
	// Package and Core are the hardware that it is a part of.
	Package, Core *int64
	VendorID      string
	ModelName     string
	// Family, Model and Stepping of an x86 processor.
	Family, Model, Stepping *uint64
	Microcode               string
	// Flags are what it can do, and VMXFlags how it can run virtual machines, in
	// the kernel's words, parted by spaces.
	Flags, VMXFlags string
}

// Parse reads the text of /proc/cpuinfo. Text without a processor is an error.
func Parse(text []byte) ([]Processor, error) {
	var all []Processor
	var common Processor // what stands outside of the blocks
	current := &common
	words := interned{}
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		rawKey, rawValue, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			if len(line) == 0 {
				current = &common
			}
			continue
		}
		key := strings.ToLower(words.text(bytes.TrimSpace(rawKey)))
		value := bytes.TrimSpace(rawValue)
		if number, ok := strings.CutPrefix(key, "processor "); ok {
			if n, err := strconv.ParseUint(number, 10, 31); err == nil {
				all = append(all, Processor{Number: int(n)})
			}
			continue
		}
		switch key {
		case "processor":
			if n, err := strconv.ParseUint(string(value), 10, 31); err == nil {
				all = append(all, Processor{Number: int(n)})
				current = &all[len(all)-1]
			} else {
				common.ModelName = words.text(value) // 32-bit ARM
			}
		case "cpu number":
			current = &Processor{} // s390 tells of each processor once more
		case "physical id", "package":
			current.Package = parse[int64](value)
		case "core id", "core":
			current.Core = parse[int64](value)
		case "vendor_id":
			current.VendorID = words.text(value)
		case "model name", "cpu":
			current.ModelName = words.text(value)
		case "cpu family":
			current.Family = parse[uint64](value)
		case "model":
			current.Model = parse[uint64](value)
		case "stepping":
			current.Stepping = parse[uint64](value)
		case "microcode":
			current.Microcode = words.text(value)
		case "flags", "features":
			current.Flags = words.text(value)
		case "vmx flags":
			current.VMXFlags = words.text(value)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("no processor in it")
	}
	for i := range all {
		p := &all[i]
		p.VendorID = cmp.Or(p.VendorID, common.VendorID)
		p.ModelName = cmp.Or(p.ModelName, common.ModelName)
		p.Flags = cmp.Or(p.Flags, common.Flags)
	}
	return all, nil
}

// notable are the flags that decide what a processor is good for.
var notable = []string{
	// Virtual machines: whether it can run them, with page tables of their own, and
	// whether it is itself a virtual one.
	"vmx", "svm", "ept", "npt", "hypervisor",
	// Confidential computing and memory encryption.
	"sgx", "tme", "tdx_host_platform", "tdx_guest", "sme", "sev", "sev_es", "sev_snp",
	// Cryptography and random numbers; sha1, sha2 and sm4 are ARM's.
	"aes", "vaes", "pclmulqdq", "sha_ni", "sha1", "sha2", "sm4", "rdrand", "rdseed",
	// Vectors and matrices; from asimd on ARM's.
	"avx", "avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16",
	"amx_tile", "amx_int8", "amx_bf16", "amx_fp16",
	"asimd", "sve", "sve2", "i8mm", "bf16", "sme2", "atomics",
	// 64 bits, several threads a core, pages of 1 GB, five levels of page tables.
	"lm", "ht", "pdpe1gb", "la57",
	// Protection of the kernel.
	"smep", "smap", "ibt", "user_shstk",
	// A clock that never changes its pace, and control over the speed.
	"constant_tsc", "nonstop_tsc", "hwp", "cppc",
}

// Notable returns those flags that decide what a processor is good for, in a
// fixed order.
func (p Processor) Notable() []string {
	has := map[string]bool{}
	for _, flags := range []string{p.Flags, p.VMXFlags} {
		for flag := range strings.FieldsSeq(flags) {
			has[flag] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(notable), func(flag string) bool { return !has[flag] })
}

// interned holds texts that were met before: most are the same for every
// processor.
type interned map[string]string

// text returns b as printable text.
func (in interned) text(b []byte) string {
	s, ok := in[string(b)]
	if !ok {
		s = printable.Escape(b)
		in[string(b)] = s
	}
	return s
}

// parse reads a whole number, nil where b is none.
func parse[T int64 | uint64](b []byte) *T {
	n, err := strconv.ParseInt(string(b), 10, 64)
	if v := T(n); err == nil && (n >= 0 || v < 0) {
		return &v
	}
	return nil
}
