package host

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestModel(t *testing.T) {
	for text, want := range map[string]string{
		"processor\t: 0\nmodel\t\t: 17\nmodel name\t: Example(R)  CPU  @ 2.00GHz\nmodel name\t: Other\n": "Example(R) CPU @ 2.00GHz",
		"model name\t:\n":           runtime.GOARCH,
		"processor\t: 0\n":          runtime.GOARCH,
		"CPU architecture: 8\n\x00": runtime.GOARCH,
	} {
		if got := model(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestGiB(t *testing.T) {
	for text, want := range map[string]int{
		"MemTotal:       24689560 kB\nMemFree: 1 kB\n": 24,
		"MemTotal:       24512345 kB\n":                23,
		"MemFree: 1048576 kB\n":                        0,
		"":                                             0,
	} {
		if got := gib(text); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

func TestAccelerator(t *testing.T) {
	if got := accelerator(filepath.Join(t.TempDir(), "kvm")); got != "tcg" {
		t.Errorf("without a device: %s", got)
	}
	if got := accelerator("/dev/null"); got != "kvm" {
		t.Errorf("with a device: %s", got)
	}
}

func TestMachine(t *testing.T) {
	m, err := Machine()
	if err != nil || m.CPU == "" || m.Cores < 1 {
		t.Errorf("%+v, %v", m, err)
	}
}

func FuzzModel(f *testing.F) {
	f.Add("model name\t: Example  CPU\n:\n")
	f.Fuzz(func(t *testing.T, text string) {
		if got := model(text); got == "" || strings.ContainsAny(got, "\n\t") {
			t.Errorf("%q", got)
		}
	})
}

func FuzzGiB(f *testing.F) {
	f.Add("MemTotal:       24689560 kB\n")
	f.Add("MemTotal: 18446744073709551615 kB\n")
	f.Fuzz(func(t *testing.T, text string) {
		if got := gib(text); got < 0 {
			t.Errorf("%d", got)
		}
	})
}
