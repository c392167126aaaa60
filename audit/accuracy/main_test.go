package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/audit/accuracy/score"
)

// accuracy runs the program on one captured machine with a label, and on a corpus.
func accuracy(t *testing.T, capture, label string, corpus, labels map[string]string, asJSON bool) (stdout, stderr string, code int) {
	t.Helper()
	dir := t.TempDir()
	captured := filepath.Join(dir, "captures", "one")
	if err := os.CopyFS(captured, os.DirFS(filepath.Join("../cmd/audit/testdata/cases", capture))); err != nil {
		t.Fatal(err)
	}
	write(t, captured, map[string]string{"label.yaml": label})
	write(t, filepath.Join(dir, "labels"), labels)
	folder := ""
	if corpus != nil {
		folder = filepath.Join(dir, "corpus")
		write(t, folder, corpus)
	}
	var out, err bytes.Buffer
	code = run(filepath.Join(dir, "captures"), filepath.Join(dir, "labels"), folder, asJSON, &out, &err)
	return out.String(), err.String(), code
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

const (
	head = "source: a test\nhow: by hand\n"
	// What is right for 27-nvme-nan, whose drive has lost its reliability.
	right = head + `values:
  storage.drives{path=/dev/nvme0n1}:
    serial_number: NV-0001
    nvme.health.critical_warning: 4
absent:
  - storage.drives{path=/dev/nvme0n1}.smart.power_on_hours
findings:
  - {rule: drive-critical-warning, severity: critical, component: /dev/nvme0n1}
`
)

func TestExitStatus(t *testing.T) {
	for _, c := range []struct {
		what, label string
		code        int
		named       string // on standard output
		why         string // on standard error
	}{
		{"all is right", right, 0, "1 of 1 labelled machines read, 100.00 % of the values right", "BEE_CORPUS is unset"},
		{"a wrong value", strings.Replace(right, "NV-0001", "NV-0002", 1), 1,
			`label.yaml:5: wrong: storage.drives{path=/dev/nvme0n1}.serial_number, want "NV-0002", the report has "NV-0001"`, "66.67 % of the values are right, want 99.5 %"},
		{"an absent value", strings.Replace(right, "nvme.health.critical_warning", "smart.power_cycles", 1), 1,
			`label.yaml:6: absent: storage.drives{path=/dev/nvme0n1}.smart.power_cycles, want "4"`, "of the values are right"},
		{"a value that may not be there", strings.Replace(right, ".power_on_hours", ".used_percent", 1), 1,
			`label.yaml:8: wrong: storage.drives{path=/dev/nvme0n1}.smart.used_percent, want nothing, the report has 3`, "of the values are right"},
		{"a false critical finding", right[:strings.Index(right, "findings:")], 1,
			"label.yaml: false critical finding: drive-critical-warning critical /dev/nvme0n1", "false critical finding: 1"},
		{"a missed finding", right + "  - {rule: drive-worn, severity: warning}\n", 1, "label.yaml:11: missed finding: drive-worn warning", "missed finding: 1"},
		{"a label that is wrong", right + "unjudget: []\n", 2, "", "label.yaml:11: "},
	} {
		stdout, stderr, code := accuracy(t, "27-nvme-nan", c.label, nil, nil, false)
		if code != c.code || !strings.Contains(stdout, c.named) || !strings.Contains(stderr, c.why) {
			t.Errorf("%s: exit status %d, want %d\n%s\n%s", c.what, code, c.code, stdout, stderr)
		}
	}
}

func TestCorpus(t *testing.T) {
	corpus := map[string]string{
		"smartctl/one.json":    `{"smartctl": {"exit_status": 8}, "device": {"name": "/dev/sdc", "type": "sat", "protocol": "ATA"}, "model_name": "A", "serial_number": "S1", "smart_status": {"passed": false}}`,
		"dmidecode/x/one.txt":  "# dmidecode 3.6\nSMBIOS 3.3.0 present.\n\nHandle 0x0001, DMI type 1, 27 bytes\nSystem Information\n\tSerial Number: R1\n",
		"nvidia-smi/one.xml":   `<nvidia_smi_log><driver_version>580.1</driver_version><gpu id="00000000:17:00.0"><uuid>GPU-1</uuid></gpu></nvidia_smi_log>`,
		"something/other.json": "{}",
	}
	labels := map[string]string{
		"smartctl/one.json.yaml": head + `values: {"storage.drives{path=/dev/sdc}": {serial_number: S1, smart.warnings: [failing]}, storage.drives.count: 1}
findings: [{rule: drive-failing, severity: critical}]
`,
		"dmidecode/x/one.txt.yaml": head + "values: {board.system.serial_number: R1}\n",
		"nvidia-smi/one.xml.yaml":  head + "values: {\"nvidia.gpus{uuid=GPU-1}.pci_address\": 0000:17:00.0, errors.count: 0}\n",
	}
	stdout, stderr, code := accuracy(t, "27-nvme-nan", right, corpus, labels, false)
	if code != 0 || !strings.Contains(stdout, "4 of 4 labelled machines read, 100.00 %") || strings.Contains(stderr, "unset") {
		t.Errorf("exit status %d\n%s\n%s", code, stdout, stderr)
	}

	labels["dmidecode/gone.txt.yaml"] = labels["dmidecode/x/one.txt.yaml"]
	labels["something/other.json.yaml"] = labels["dmidecode/x/one.txt.yaml"]
	stdout, stderr, code = accuracy(t, "27-nvme-nan", right, corpus, labels, false)
	if code != 1 || !strings.Contains(stderr, "4 of 6 labelled machines could be read") ||
		!strings.Contains(stdout, "gone.txt.yaml: could not be read: BEE_CORPUS: ") ||
		!strings.Contains(stdout, "other.json.yaml: could not be read: something is no tool") {
		t.Errorf("exit status %d\n%s\n%s", code, stdout, stderr)
	}
}

func TestJSON(t *testing.T) {
	stdout, _, code := accuracy(t, "27-nvme-nan", strings.Replace(right, "NV-0001", "NV-0002", 1), nil, nil, true)
	var s score.Score
	if err := json.Unmarshal([]byte(stdout), &s); err != nil || code != 1 {
		t.Fatalf("exit status %d: %v\n%s", code, err, stdout)
	}
	if s.Labelled != 1 || s.Total() != (score.Values{Section: "total", Checked: 3, Right: 2, Wrong: 1}) || len(s.Faults) != 1 || s.Faults[0].Line != 5 {
		t.Errorf("%+v", s)
	}
}
