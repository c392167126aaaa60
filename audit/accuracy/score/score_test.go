package score

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bee/audit/report"
)

var rules = []string{"drive-worn", "memory-slow", "psu-absent"}

// label parses what stands behind source and how, from line 3 on.
func label(t *testing.T, text string) *Label {
	t.Helper()
	l, err := Parse("x.yaml", []byte("source: s\nhow: h\n"+text), rules)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

var machine = &report.Report{
	Board: &report.Board{BIOS: &report.BIOS{Version: "1.10", ROMBytes: 33554432}},
	Memory: &report.Memory{Slots: []report.MemorySlot{
		{Handle: "0x10", Locator: "DIMM A1", Populated: true, ConfiguredVolts: 1.2},
		{Handle: "0x11", Locator: "DIMM A2"},
		{Handle: "0x12", Locator: "DIMM A2"},
	}},
	CPU:     &report.CPU{Packages: []report.CPUPackage{{Caches: []report.CPUCache{{Level: 1, Type: "Data", SizeBytes: 1}, {Level: 1, Type: "Instruction", SizeBytes: 2}}, ModelName: "m"}}},
	Storage: &report.Storage{Drives: []report.Drive{{Path: "/dev/sda", Content: report.Content{FilesystemType: "ext4"}, SMART: &report.SMART{Warnings: []string{"failing", "prefail"}}}}},
	Findings: []report.Finding{
		{Rule: "drive-worn", Severity: report.Critical, Component: "/dev/sda"},
		{Rule: "psu-absent", Severity: report.Warning, Component: "PSU 2", Message: "there is none"},
		{Rule: "memory-slow", Severity: report.Info},
	},
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		text string
		want string // the faults
	}{
		{"values: {board.bios.version: 1.10, board.bios.rom_bytes: 33554432}", ""},
		{"values: {board.bios.version: 1.1}", `3 wrong board.bios.version "1.1" "1.10"`},
		{"values: {board.bios: {vendor: ACME}}", `3 absent board.bios.vendor "ACME" `},
		{"values: {board.system.family: ACME}", `3 absent board.system.family "ACME" `},
		{`values: {"memory.slots{handle=0x10}": {locator: DIMM A1, populated: true, configured_volts: 1.200}}`, ""},
		{`values: {"memory.slots{locator=DIMM A1}.populated": false}`, `3 wrong memory.slots{locator=DIMM A1}.populated "false" true`},
		{`values: {"memory.slots{locator=DIMM A2}.handle": 0x11}`, "3 wrong memory.slots{locator=DIMM A2}.handle one several"},
		{`values: {"memory.slots{locator=DIMM A2,handle=0x12}.handle": 0x12, memory.slots.count: 3}`, ""},
		{`values: {"memory.slots{locator=DIMM B1}.handle": 0x11}`, `3 absent memory.slots{locator=DIMM B1}.handle "0x11" `},
		{`values: {"cpu.packages{model_name=m}.caches{level=1,type=Instruction}.size_bytes": 2}`, ""},
		{`values: {"storage.drives{path=/dev/sda}": {filesystem_type: ext4, smart.warnings: [failing, prefail]}}`, ""},
		{`values: {"storage.drives{path=/dev/sda}.smart.warnings": [failing]}`, `3 wrong storage.drives{path=/dev/sda}.smart.warnings ["failing"] ["failing","prefail"]`},
		{`absent: [board.system, board.bios.vendor, "memory.slots{handle=0x11}.size_bytes", "memory.slots{handle=0x20}", "storage.drives{path=/dev/sda}.nvme.health.used_percent"]`, ""},
		{"absent:\n - board.bios.rom_bytes", "4 wrong board.bios.rom_bytes nothing 33554432"},
		// A part that is not there cannot lack anything.
		{`absent: ["memory.slots{handle=0x20}.size_bytes"]`, "3 absent memory.slots{handle=0x20}.size_bytes  "},
	} {
		var s Score
		if err := s.Add(label(t, c.text+"\nunjudged: [drive-worn, psu-absent]\n"), machine); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range s.Faults {
			got = append(got, fmt.Sprint(f.Line, " ", f.Kind, " ", f.What, " ", f.Want, " ", f.Got))
		}
		if strings.Join(got, "\n") != c.want {
			t.Errorf("%s\n%q, want %q", c.text, got, c.want)
		}
		total := s.Total()
		if total.Checked != total.Right+total.Wrong+total.Absent || total.Wrong+total.Absent != len(s.Faults) {
			t.Errorf("%s: %+v", c.text, total)
		}
	}
}

func TestFindings(t *testing.T) {
	const all = "values: {memory.slots.count: 3}\n"
	for _, c := range []struct {
		text     string
		want     []Findings
		failures []string
	}{
		{"findings: [{rule: drive-worn, severity: critical, component: /dev/sda}, {rule: psu-absent, severity: warning}]",
			[]Findings{{Rule: "drive-worn", Right: 1}, {Rule: "psu-absent", Right: 1}}, nil},
		{"findings: [{rule: drive-worn, severity: critical}]", // a false warning is told, and no more
			[]Findings{{Rule: "drive-worn", Right: 1}, {Rule: "psu-absent", False: 1}}, nil},
		{"unjudged: [psu-absent]", []Findings{{Rule: "drive-worn", False: 1}}, []string{"false critical finding: 1"}},
		{"unjudged: [psu-absent]\nfindings: [{rule: drive-worn, severity: warning}]", // of another severity
			[]Findings{{Rule: "drive-worn", False: 1, Missed: 1}}, []string{"false critical finding: 1", "missed finding: 1"}},
		{"unjudged: [psu-absent]\nfindings: [{rule: drive-worn, severity: critical, component: /dev/sdb}]", // of another part
			[]Findings{{Rule: "drive-worn", False: 1, Missed: 1}}, []string{"false critical finding: 1", "missed finding: 1"}},
		{"unjudged: [psu-absent, drive-worn]\nnot_findings: [memory-slow]", []Findings{{Rule: "memory-slow", False: 1}}, nil},
	} {
		var s Score
		if err := s.Add(label(t, all+c.text), machine); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(s.Rules, c.want) || !slices.Equal(s.Failures(), c.failures) {
			t.Errorf("%s\n%+v, want %+v\n%q, want %q", c.text, s.Rules, c.want, s.Failures(), c.failures)
		}
	}
}

// 99.5 of a hundred values have to be right, in each section and in all.
func TestFailures(t *testing.T) {
	for right, failures := range map[int]int{200: 0, 199: 0, 198: 1, 100: 2} {
		s := Score{Labelled: 1, Read: 1, Sections: []Values{{Section: "memory", Checked: 1000, Right: 1000}, {Section: "psu", Checked: 200, Right: right}}}
		if got := s.Failures(); len(got) != failures {
			t.Errorf("%d of 200 right: %q", right, got)
		}
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"values: {":                                                     "x.yaml:4: did not find",
		"valeus: {}":                                                    "a label has: source, how, values, absent, findings, not_findings, unjudged",
		"":                                                              "nothing under values or absent",
		"values: 3":                                                     "x.yaml:3: values: want paths",
		"values:\n  board.bois: 3":                                      "x.yaml:4: board.bois: there is no bois; there are: baseboards, bios, bmc, chassis, system",
		"values: {board.bios: 3}":                                       "x.yaml:3: board.bios is no value; it has: ",
		"values: {board.bios.version.x: 3}":                             "there is nothing in board.bios.version",
		"values: {board.bios.version: }":                                "board.bios.version: want a value; what must not be there stands under absent",
		"values: {board.bios.rom_bytes: 32 MiB}":                        "board.bios.rom_bytes: want a number",
		"values: {board.bios.version: [1, 2]}":                          "board.bios.version: want a value",
		"values: {memory.slots: 3}":                                     "name an entry by what it has, as memory.slots{array_handle=…}, or their number, as memory.slots.count",
		"values: {memory.slots: {locator: A1}}":                         "memory.slots is no part of the machine",
		`values: {"memory.slots{slot=1}.handle": 3}`:                    "there is no slot; there are: ",
		`values: {"memory.slots{handle}.handle": 3}`:                    "want {field=value}",
		`values: {"memory.slots{handle=3": 3}`:                          "a } is missing",
		`values: {"memory.slots{handle=3}handle": 3}`:                   `want a dot before "handle"`,
		`values: {"board.bios{version=3}.vendor": 3}`:                   "board.bios{version=3} is no list of parts",
		`values: {"memory.slots{handle=3}.populated": yes}`:             "want true or false",
		"values: {board.bios.version: 3, board.bios: {version: 3}}":     "board.bios.version is there twice",
		"values: {board.bios.version: 3}\nabsent: [board.bios.version]": "x.yaml:4: board.bios.version is there twice",
		"absent: [board.bios.vresion]":                                  "there is no vresion",
		"values: {storage.drives.count: 3}\nnot_findings: [drive-wron]": `x.yaml:4: there is no rule "drive-wron"; there are: drive-worn, memory-slow, psu-absent`,
		"findings: [{rule: drive-worn}]":                                `severity "": want one of`,
		"findings: [{rule: drive-worn, severity: info, part: 3}]":       "part: a finding has: rule, severity, component",
	} {
		if _, err := Parse("x.yaml", []byte("source: s\nhow: h\n"+text), rules); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v, want %q", text, err, want)
		}
	}
	if _, err := Parse("x.yaml", []byte("values: {storage.drives.count: 3}"), rules); err == nil || !strings.Contains(err.Error(), "source and how are missing") {
		t.Error(err)
	}
}

func TestUnreached(t *testing.T) {
	l, err := Parse("x.yaml", []byte("source: s\nhow: h\nvalues: {storage.drives.count: 1}"), rules)
	if err != nil {
		t.Fatal(err)
	}
	s := &Score{}
	all := s.Unreached()
	if err := s.Add(l, &report.Report{Storage: &report.Storage{Drives: []report.Drive{{Path: "/dev/sda", SMART: &report.SMART{Passed: new(bool)}}}}}); err != nil {
		t.Fatal(err)
	}
	left := s.Unreached()
	for path, reached := range map[string]bool{"storage.drives.path": true, "storage.drives.smart.passed": true, "storage.drives.serial_number": false, "network.interfaces.neighbours.port_id": false} {
		if !slices.Contains(all, path) || slices.Contains(left, path) == reached {
			t.Errorf("%s: reached %v", path, !slices.Contains(left, path))
		}
	}
}
