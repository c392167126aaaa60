package cpuinfo

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// show prints a processor, the pointers as what they point to.
func show(p Processor) string {
	value := func(v any) string {
		switch v := v.(type) {
		case *int64:
			if v != nil {
				return fmt.Sprint(*v)
			}
		case *uint64:
			if v != nil {
				return fmt.Sprint(*v)
			}
		}
		return "-"
	}
	return fmt.Sprintf("%d package %s core %s, %q %q %s/%s/%s microcode %q, flags %v", p.Number, value(p.Package), value(p.Core),
		p.VendorID, p.ModelName, value(p.Family), value(p.Model), value(p.Stepping), p.Microcode, p.Notable())
}

const x86 = `processor	: 0
vendor_id	: GenuineIntel
cpu family	: 6
model		: 85
model name	: ACME(R) Fast` + "\xff" + ` 9000 @ 2.50GHz
stepping	: 0
microcode	: 0x5003604
physical id	: 0
core id		: 0
flags		: fpu vmx lm ht avx512f hypervisory
vmx flags	: vnmi ept
power management:

processor	: 1
vendor_id	: GenuineIntel
cpu family	: 6
model		: 85
physical id	: 1
core id		: 28
flags		: fpu hypervisor

`

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"x86", x86, []string{
			`0 package 0 core 0, "GenuineIntel" "ACME(R) Fast\\xff 9000 @ 2.50GHz" 6/85/0 microcode "0x5003604", flags [vmx ept avx512f lm ht]`,
			`1 package 1 core 28, "GenuineIntel" "" 6/85/- microcode "", flags [hypervisor]`,
		}},
		{"64-bit ARM", "processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd aes sha2 sve\nCPU implementer\t: 0x41\n\nprocessor\t: 1\n", []string{
			`0 package - core -, "" "" -/-/- microcode "", flags [aes sha2 asimd sve]`,
			`1 package - core -, "" "" -/-/- microcode "", flags []`,
		}},
		{"32-bit ARM", "Processor\t: ARMv7 rev 4\nprocessor\t: 0\nBogoMIPS\t: 1.0\n\nprocessor\t: 1\n\nFeatures\t: swp aes\n", []string{
			`0 package - core -, "" "ARMv7 rev 4" -/-/- microcode "", flags [aes]`,
			`1 package - core -, "" "ARMv7 rev 4" -/-/- microcode "", flags [aes]`,
		}},
		{"POWER", "processor\t: 8\ncpu\t\t: POWER9, altivec supported\nrevision\t: 2.2\n\ntimebase\t: 512000000\nmodel\t\t: 9006-22P\n", []string{
			`8 package - core -, "" "POWER9, altivec supported" -/-/- microcode "", flags []`,
		}},
		{"s390", "vendor_id       : IBM/S390\n# processors    : 2\nprocessor 0: version = FF\nprocessor 1: version = FF\n\ncpu number      : 0\nphysical id     : 4\n", []string{
			`0 package - core -, "IBM/S390" "" -/-/- microcode "", flags []`,
			`1 package - core -, "IBM/S390" "" -/-/- microcode "", flags []`,
		}},
		{"Loongson", "system type\t\t: generic\n\nprocessor\t\t: 0\npackage\t\t\t: 0\ncore\t\t\t: 3\nCPU Family\t\t: Loongson-64bit\nModel Name\t\t: Loongson-3A5000\n", []string{
			`0 package 0 core 3, "" "Loongson-3A5000" -/-/- microcode "", flags []`,
		}},
	} {
		all, err := Parse([]byte(c.text))
		var got []string
		for _, p := range all {
			got = append(got, show(p))
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: error %v, got\n%s\nwant\n%s", c.name, err, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
	for _, bad := range []string{"", "rubbish\n", "processor: x\n"} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%q passes for processors", bad)
		}
	}
}

var begin = regexp.MustCompile(`(?im)^\s*processor\s`)

// Whatever the text, no processor comes from nowhere, and what is read from it
// can be printed.
func FuzzParse(f *testing.F) {
	f.Add([]byte(x86))
	f.Add([]byte("vendor_id: a\nprocessor 0: b\nprocessor 1: c\n\ncpu number: 0\n"))
	f.Add([]byte("processor:0\nmodel:-1\nphysical id:-1\nstepping:99999999999999999999\nflags:\x00\xff"))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := Parse(text)
		if (err == nil) != (len(all) > 0) {
			t.Errorf("%d processors, error %v", len(all), err)
		}
		if most := len(begin.FindAll(text, -1)) + strings.Count(strings.ToLower(string(text)), "processor:"); len(all) > most {
			t.Errorf("%d processors, %d places where one could begin", len(all), most)
		}
		for _, p := range all {
			if s := p.VendorID + p.ModelName + p.Microcode + p.Flags + p.VMXFlags; p.Number < 0 || strings.ContainsFunc(s, unicode.IsControl) {
				t.Errorf("%+v", p)
			}
		}
	})
}
