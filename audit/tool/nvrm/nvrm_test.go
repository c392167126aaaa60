package nvrm

import (
	"strings"
	"testing"
)

var files = map[string]string{
	"NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.54.03  Tue Jun  6 22:20:39 UTC 2023\nGCC version:  gcc version 12.2.0\n":                         "535.54.03",
	"NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build  (builder@host)  Thu Oct  1 00:00:00 UTC 2026\nGCC version: 13\n": "580.159.04",
	"NVRM version: NVIDIA UNIX x86_64 Kernel Module  390.157  Wed Oct 12 2022":                                                                            "390.157",
	"NVRM version: NVIDIA UNIX x86_64 Kernel Module\n":                                                                                                    "",
	"GCC version:  gcc version 12.2.0\n": "",
	"":                                   "",
}

func TestVersion(t *testing.T) {
	for file, want := range files {
		if got := Version([]byte(file)); got != want {
			t.Errorf("%q: %q, want %q", file, got, want)
		}
	}
}

func FuzzVersion(f *testing.F) {
	for file := range files {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if v := Version(file); len(v) > 30 || strings.Trim(v, "0123456789.") != "" {
			t.Errorf("%q is no version", v)
		}
	})
}
