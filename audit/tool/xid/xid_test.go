package xid

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Event{
		"3,1234,5678,-;NVRM: Xid (PCI:0000:65:00): 79, pid=12, name=gpu_burn, GPU has fallen off the bus.": {"0000:65:00.0", 79, "pid=12, name=gpu_burn, GPU has fallen off the bus."},
		"NVRM: Xid (PCI:0000:CA:00): 45, pid='<unknown>', name=<unknown>, Ch 00000008":                     {"0000:ca:00.0", 45, "pid='<unknown>', name=<unknown>, Ch 00000008"},
		"NVRM: Xid (0000:03:00): 31, Ch 00000010":                                                          {"0000:03:00.0", 31, "Ch 00000010"},
		"NVRM: Xid (PCI:0008:01:00.1): 94,  \x1b[1m":                                                       {"0008:01:00.1", 94, `\x1b[1m`},
		"NVRM: Xid (PCI:0000:65:00): 79":                                                                   {"0000:65:00.0", 79, ""},
	} {
		if got, ok := Parse(text); !ok || got != want {
			t.Errorf("%s: got %+v, %t", text, got, ok)
		}
	}
	for _, text := range []string{
		"", "NVRM: GPU at PCI:0000:65:00: GPU-1", "nvidia-nvswitch0: SXid (PCI:0000:c0:00.0): 22013, Minion",
		"NVRM: Xid (PCI:0000:65): 79, x", "NVRM: Xid (PCI:0000:65:00): x", "NVRM: Xid (PCI:0000:65:00): 99999999999, x",
	} {
		if got, ok := Parse(text); ok {
			t.Errorf("%s: got %+v", text, got)
		}
	}
}

func TestLog(t *testing.T) {
	const before, after = "3,1,1,-;NVRM: Xid (PCI:0000:65:00): 31, before\n", "3,2,2,-;NVRM: Xid (PCI:0000:65:00): 79, after\n SUBSYSTEM=pci\n"
	path := filepath.Join(t.TempDir(), "kmsg")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(before); err != nil {
		t.Fatal(err)
	}
	log, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if got := log.Read(); got != nil {
		t.Errorf("from before: %+v", got)
	}
	if _, err := f.WriteString("6,2,2,-;another\n" + after); err != nil {
		t.Fatal(err)
	}
	if got := log.Read(); !reflect.DeepEqual(got, []Event{{"0000:65:00.0", 79, "after"}}) {
		t.Errorf("got %+v", got)
	}
	if got := log.Read(); got != nil {
		t.Errorf("once more: %+v", got)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no error without a log")
	}
}
