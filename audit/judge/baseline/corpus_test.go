package baseline

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v4"

	"bee/audit/collect"
	"bee/audit/collect/machine"
	"bee/audit/judge/compare"
	"bee/audit/report"
)

// recorded is a machine with one tool, which always prints the same.
type recorded struct{ tool, output string }

func (r recorded) Has(tool string) bool { return tool == r.tool }
func (r recorded) Files() fs.FS         { return fstest.MapFS{} }

func (r recorded) Run(_ context.Context, c machine.Command) machine.Result {
	if c.Tool != r.tool {
		return machine.Result{Command: c, Err: errors.New("not recorded")}
	}
	return machine.Result{Command: c, Stdout: []byte(r.output)}
}

// A real machine is the same as itself, meets the baseline that is made of it, and
// does not without one of its parts.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("BEE_CORPUS")
	if dir == "" {
		t.Skip("BEE_CORPUS is unset: no real tool output to read")
	}
	for tool, pattern := range map[string]string{"dmidecode": "dmidecode/*/*.txt", "nvidia-smi": "nvidia-smi/xml/*.xml"} {
		files, _ := filepath.Glob(filepath.Join(dir, pattern))
		if len(files) == 0 {
			t.Fatalf("nothing like %s under %s", pattern, dir)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r := collect.Audit(t.Context(), recorded{tool, string(text)}, "test", collect.All(), func(report.CollectorRun) {})
			for _, o := range []compare.Options{{}, {Serials: true}} {
				if c := compare.Reports("a", r, "b", r, o); !c.Same {
					t.Errorf("%s differs from itself (%+v):\n%s", file, o, strings.Join(lines(c), "\n"))
				}
			}
			made, err := yaml.Dump(Of(r))
			if err != nil {
				t.Fatal(err)
			}
			b, err := Parse("of", made)
			if err != nil {
				t.Errorf("%s: %v\n%s", file, err, made)
				continue
			}
			if c := b.Compare("of", "r", r); !c.Same {
				t.Errorf("%s does not meet its own baseline:\n%s\n%s", file, strings.Join(lines(c), "\n"), made)
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
