// Package nvrm reads what NVIDIA's kernel module says of itself in /proc/driver/nvidia:
//
//	NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.54.03  Tue Jun  6 22:20:39 UTC 2023
//	GCC version:  gcc version 12.2.0 (Debian 12.2.0-14)
//
// The open module has more words before its version, and the builder behind it.
package nvrm

import (
	"regexp"
	"strings"
)

var version = regexp.MustCompile(`^\d{2,5}(\.\d{1,5}){1,3}$`)

// Version returns the version of the module, "" where the file does not say it.
func Version(file []byte) string {
	for line := range strings.Lines(string(file)) {
		words, found := strings.CutPrefix(line, "NVRM version:")
		if !found {
			continue
		}
		for word := range strings.FieldsSeq(words) {
			if version.MatchString(word) {
				return word
			}
		}
	}
	return ""
}
