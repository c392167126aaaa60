package kernel

import (
	"strings"
	"testing"
)

func FuzzMessage(f *testing.F) {
	f.Add("6,1234,5678,-;NVRM: No NVIDIA GPU found.\n SUBSYSTEM=pci\n DEVICE=+pci:0000:01:00.0\n")
	f.Add("nonsense")
	f.Fuzz(func(t *testing.T, record string) {
		if text := message(record); strings.Contains(text, "\n") || !strings.Contains(record, text) {
			t.Errorf("%q", text)
		}
	})
}
