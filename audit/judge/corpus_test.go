package judge_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v4"

	"bee/audit/collect"
	"bee/audit/collect/machine"
	"bee/audit/judge/baseline"
	"bee/audit/judge/compare"
	"bee/audit/judge/finding"
	"bee/audit/report"
)

// recorded is a machine whose tools, by name, always print the same.
type recorded map[string]string

func (r recorded) Has(tool string) bool { _, ok := r[tool]; return ok }
func (r recorded) Files() fs.FS         { return fstest.MapFS{} }

func (r recorded) Run(_ context.Context, c machine.Command) machine.Result {
	if !r.Has(c.Tool) {
		return machine.Result{Command: c, Err: errors.New("not recorded")}
	}
	return machine.Result{Command: c, Stdout: []byte(r[c.Tool])}
}

// judged returns the report of a machine with its findings.
func judged(t *testing.T, m recorded) *report.Report {
	t.Helper()
	r := collect.Audit(t.Context(), m, "test", collect.All(), func(report.CollectorRun) {})
	errors := len(r.Errors)
	finding.Add(r)
	if len(r.Errors) > errors {
		t.Errorf("a rule failed: %+v", r.Errors[errors:])
	}
	return r
}

// corpus returns the real outputs of tools that match a pattern, by the names of
// their files.
func corpus(t *testing.T, pattern string) map[string]string {
	t.Helper()
	dir := os.Getenv("BEE_CORPUS")
	if dir == "" {
		t.Skip("BEE_CORPUS is unset: no real tool output to read")
	}
	files, _ := filepath.Glob(filepath.Join(dir, pattern))
	if len(files) == 0 {
		t.Fatalf("nothing like %s under %s", pattern, dir)
	}
	texts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(text)
	}
	return texts
}

// Each real drive that says of itself that it fails is found.
func TestFailingDrives(t *testing.T) {
	for file, text := range corpus(t, "smartctl/*/*") {
		r := judged(t, recorded{"lsblk": `{"blockdevices": [{"kname": "sda", "type": "disk", "size": 5}]}`, "smartctl": text})
		var raw struct {
			Device *struct{}
			Status struct{ Passed *bool } `json:"smart_status"`
		}
		if json.Unmarshal([]byte(text), &raw) != nil || raw.Device == nil || raw.Status.Passed == nil || *raw.Status.Passed {
			continue
		}
		if !slices.ContainsFunc(r.Findings, func(f report.Finding) bool { return f.Section == "storage" && f.Severity == report.Critical }) {
			t.Errorf("%s: the drive fails, findings %+v", file, r.Findings)
		}
	}
}

// A real machine is the same as itself, meets the baseline that is made of it, and
// does not without one of its parts.
func TestSameAsItself(t *testing.T) {
	for tool, pattern := range map[string]string{"dmidecode": "dmidecode/*/*.txt", "nvidia-smi": "nvidia-smi/xml/*.xml"} {
		for file, text := range corpus(t, pattern) {
			r := judged(t, recorded{tool: text})
			for _, o := range []compare.Options{{}, {Serials: true}} {
				if c := compare.Reports("a", r, "b", r, o); !c.Same {
					t.Errorf("%s differs from itself (%+v):\n%s", file, o, different(c))
				}
			}
			made, err := yaml.Dump(baseline.Of(r))
			if err != nil {
				t.Fatal(err)
			}
			b, err := baseline.Parse("of", made)
			if err != nil {
				t.Errorf("%s: %v\n%s", file, err, made)
				continue
			}
			if c := b.Compare("of", "r", r); !c.Same {
				t.Errorf("%s does not meet its own baseline:\n%s\n%s", file, different(c), made)
			}
			if !breaks(r) {
				continue
			}
			if c := b.Compare("of", "r", r); c.Same {
				t.Errorf("%s meets its baseline without a part", file)
			}
		}
	}
}

// different is what a comparison says against a machine.
func different(c *compare.Comparison) string {
	text, _ := json.MarshalIndent([]any{c.Differences, c.NotCompared}, "", "  ")
	return string(text)
}

// breaks takes a memory module or a GPU out of a machine that has one.
func breaks(r *report.Report) bool {
	if r.NVIDIA != nil && len(r.NVIDIA.GPUs) > 0 {
		r.NVIDIA.GPUs = r.NVIDIA.GPUs[1:]
		return true
	}
	if r.Memory == nil {
		return false
	}
	i := slices.IndexFunc(r.Memory.SystemSlots(), func(s report.MemorySlot) bool { return s.Populated })
	if i < 0 {
		return false
	}
	handle := r.Memory.SystemSlots()[i].Handle
	r.Memory.Slots = slices.DeleteFunc(r.Memory.Slots, func(s report.MemorySlot) bool { return s.Handle == handle })
	return true
}
