package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"bee/audit/judge/compare"
	"bee/audit/report"
	"bee/audit/report/sample"
	"bee/audit/report/schema"
	"bee/core/junit"
)

// reports writes reports into files and returns their names.
func reports(t *testing.T, all ...*report.Report) []string {
	t.Helper()
	var names []string
	for i, r := range all {
		var b bytes.Buffer
		if err := r.Write(&b); err != nil {
			t.Fatal(err)
		}
		names = append(names, filepath.Join(t.TempDir(), string(rune('a'+i))+".json"))
		if err := os.WriteFile(names[i], b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

func other() *report.Report {
	r := sample.Server()
	r.Host.Hostname = "other"
	r.Board.System.SerialNumber = "OTHER"
	return r
}

func TestDiff(t *testing.T) {
	slow := other()
	slow.Memory.Slots[0].ConfiguredSpeedMTs = 3200
	names := reports(t, sample.Server(), other(), slow)
	for _, c := range []struct {
		args []string
		code int
		say  string
	}{
		{[]string{names[0], names[1]}, 0, "No difference"},
		{[]string{names[0], names[2]}, 1, "3200 MT/s"},
		{[]string{"--sections", "storage,cpu", names[0], names[2]}, 0, "No difference"},
		{[]string{"--serials", "--sections", "board", names[0], names[1]}, 1, "OTHER"},
	} {
		stdout, stderr, code := cli(t, t.Context(), nil, append([]string{"diff"}, c.args...)...)
		if code != c.code || !strings.Contains(stdout, c.say) || stderr != "" {
			t.Errorf("audit diff %v: exit code %d, stderr %q:\n%s", c.args, code, stderr, stdout)
		}
	}
}

func TestDiffStandardInput(t *testing.T) {
	names := reports(t, sample.Server())
	in, err := os.Open(names[0])
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	cmd := root()
	var out bytes.Buffer
	cmd.SetArgs([]string{"diff", "-", names[0]})
	cmd.SetIn(in)
	cmd.SetOut(&out)
	if code := execute(t.Context(), cmd); code != 0 {
		t.Errorf("exit code %d:\n%s", code, out.String())
	}
}

// What is printed as JSON is as its schema says.
func TestComparisonSchema(t *testing.T) {
	compiled, err := schema.Compile(compare.Schema)
	if err != nil {
		t.Fatal(err)
	}
	bad := other()
	bad.Memory.Slots, bad.Network, bad.Host.KernelRelease = bad.Memory.Slots[:20], nil, "6.0"
	bad.Storage.Drives[0].FirmwareVersion = ""
	names := reports(t, sample.Server(), other(), bad)
	order := filepath.Join(t.TempDir(), "order.yaml")
	if err := os.WriteFile(order, []byte("memory_modules: [{count: 1, size: 1 GiB}]\ngpus: [{count: 99+, memory_total: 8 GB}]"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"diff", names[0], names[1]}, {"diff", names[0], names[2]}, {"diff", "--serials", names[0], names[2]},
		{"check", "--baseline", names[0], names[2]}, {"check", "--baseline", order, names[0]}, {"check", "--baseline", order, names[2]},
	} {
		stdout, _, code := cli(t, t.Context(), nil, append(args, "--json")...)
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(stdout))
		if err == nil {
			err = compiled.Validate(value)
		}
		if err != nil {
			t.Errorf("audit %v: %v\n%s", args, err, stdout)
		}
		var result struct{ Same bool }
		if err := json.Unmarshal([]byte(stdout), &result); err != nil || result.Same != (code == 0) {
			t.Errorf("audit %v: exit code %d, same %v, error %v", args, code, result.Same, err)
		}
	}
}

func TestCheck(t *testing.T) {
	names := reports(t, sample.Server(), other())
	made, stderr, code := cli(t, t.Context(), nil, "baseline", names[0])
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	order := filepath.Join(t.TempDir(), "order.yaml")
	for text, want := range map[string]struct {
		code int
		say  string
	}{
		made:                             {0, "No difference"},
		"system: {serial_number: OTHER}": {3, "order.yaml:1: system.serial_number: no such key; there are: manufacturer"},
		"processors: [{count: 99}]":      {1, "99"},
		"schema_version: 1":              {3, "no such key"},
		`{"schema_version": "9.0"}`:      {3, "schema version 9.0"},
	} {
		if err := os.WriteFile(order, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		stdout, stderr, code := cli(t, t.Context(), nil, "check", "--baseline", order, names[1])
		if code != want.code || !strings.Contains(stdout+stderr, want.say) {
			t.Errorf("exit code %d:\n%s%s\nwith\n%s", code, stdout, stderr, text)
		}
		// what pipelines show is what the exit code says
		stdout, _, code = cli(t, t.Context(), nil, "check", "--junit", "--baseline", order, names[1])
		var suite junit.Suite
		if err := xml.Unmarshal([]byte(stdout), &suite); code != want.code || code < 2 && (err != nil || (suite.Failures+suite.Errors == 0) != (code == 0) || suite.Tests == suite.Skipped) {
			t.Errorf("--junit: exit code %d, error %v:\n%s\nwith\n%s", code, err, stdout, text)
		}
	}
	if _, stderr, code := cli(t, t.Context(), nil, "check", "--junit", "--json", "--baseline", order, names[1]); code != 2 || !strings.Contains(stderr, "exclude each other") {
		t.Errorf("two formats: exit code %d: %s", code, stderr)
	}
	if stdout, _, code := cli(t, t.Context(), nil, "check", "--baseline", names[0], names[1]); code != 0 {
		t.Errorf("a golden machine: exit code %d:\n%s", code, stdout)
	}
}

// The baselines in the help text and in the manual can be read.
func TestBaselinesInTexts(t *testing.T) {
	var help []string
	for line := range strings.Lines(checkCommand().Long) {
		if strings.HasPrefix(line, "  ") {
			help = append(help, line)
		}
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, manual, _ := strings.Cut(string(readme), "```yaml\n")
	manual, _, _ = strings.Cut(manual, "```")
	for _, text := range []string{strings.Join(help, ""), manual} {
		if _, err := check("example", []byte(text), "", sample.Server()); err != nil {
			t.Error(err)
		}
	}
}
