package lspci

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

const sample = "Slot:\t0000:01:00.0\n" +
	"Class:\tVGA compatible controller [0300]\n" +
	"Vendor:\tNVIDIA Corporation [10de]\n" +
	"Device:\tGA102 [GeForce RTX 3090] [2204]\n" +
	"SVendor:\tASUSTeK Computer Inc. [1043]\n" +
	"SDevice:\tDevice [87b3]\n" +
	"PhySlot:\t6\n" +
	"Rev:\ta1\n" +
	"ProgIf:\t00\n" +
	"Driver:\tnvidia\n" +
	"Module:\tnouveau\n" +
	"Module:\tnvidia_drm\n" +
	"NUMANode:\t0\n" +
	"\n" +
	"Slot:\t10000:00:02.0\n" +
	"Class:\tPCI bridge [0604]\n" +
	"Vendor:\tIntel\xff Corporation [8086]\n" +
	"Device:\tDevice [0d57]\n" +
	"\n"

func TestParse(t *testing.T) {
	got, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	want := []Function{{
		Slot:   "0000:01:00.0",
		Class:  ID{"VGA compatible controller", "0300"},
		Vendor: ID{"NVIDIA Corporation", "10de"}, Device: ID{"GA102 [GeForce RTX 3090]", "2204"},
		SubsystemVendor: ID{"ASUSTeK Computer Inc.", "1043"}, SubsystemDevice: ID{"", "87b3"},
		PhysicalSlot: "6", Revision: "a1", ProgIf: "00",
		Driver: "nvidia", Modules: []string{"nouveau", "nvidia_drm"},
	}, {
		Slot:   "10000:00:02.0",
		Class:  ID{"PCI bridge", "0604"},
		Vendor: ID{`Intel\xff Corporation`, "8086"}, Device: ID{"", "0d57"},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestParseEdges(t *testing.T) {
	if all, err := Parse(nil); err != nil || len(all) != 0 {
		t.Errorf("no output: %v, error %v", all, err)
	}
	if _, err := Parse([]byte("lspci: Cannot open /proc/bus/pci\n")); err == nil {
		t.Error("a message passes for a list of functions")
	}
	if all, _ := Parse([]byte("Slot:\t00:1f.0\nDevice:\tName without number\nVendor:\t8086\n")); len(all) != 1 ||
		all[0].Device != (ID{"Name without number", ""}) || all[0].Vendor != (ID{"", "8086"}) {
		t.Errorf("got %+v", all)
	}
}

var slotLine = regexp.MustCompile(`(?m)^Slot:`)

// Whatever the text, there is a function for each line that begins one, and what
// is read from it can be printed.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("Slot:\nClass:\t[0300]\nDevice\n:\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		all, err := Parse(out)
		if want := len(slotLine.FindAll(out, -1)); len(all) != want {
			t.Errorf("%d functions, want %d", len(all), want)
		}
		if err != nil && len(all) > 0 {
			t.Errorf("%d functions and error %v", len(all), err)
		}
		for _, f := range all {
			if strings.ContainsFunc(fmt.Sprint(f), unicode.IsControl) {
				t.Errorf("%+q cannot be printed", f)
			}
		}
	})
}

// No function of a real machine is lost, and each has what its block has.
func TestCorpus(t *testing.T) {
	corpus := os.Getenv("BEE_CORPUS")
	if corpus == "" {
		t.Skip("BEE_CORPUS is unset: no real tool output to read")
	}
	files, _ := filepath.Glob(filepath.Join(corpus, "misc", "*", "*lspci*"))
	if len(files) == 0 {
		t.Fatalf("no lspci output under %s", corpus)
	}
	for _, file := range files {
		out, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all, err := Parse(out)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if want := len(slotLine.FindAll(out, -1)); len(all) != want {
			t.Errorf("%s: %d functions, want %d", file, len(all), want)
		}
		for _, f := range all {
			if f.Class == (ID{}) || f.Vendor == (ID{}) || f.Device == (ID{}) {
				t.Errorf("%s: %s lacks class, vendor or device", file, f.Slot)
			}
		}
	}
}
