package result

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"
)

var example = Result{
	SchemaVersion: SchemaVersion,
	Version:       "20261105-0123456789ab",
	Machine:       Machine{CPU: "Example <1>", Cores: 2, MemoryGiB: 24, Accelerator: "tcg", Root: true},
	Parts: []Part{
		{Name: "build", Of: "base debian", Figures: []Figure{Of("no-op", Seconds, 2.5, 2, 4)}, Missing: "one change: the engine is gone"},
		{Name: "iso", Of: "base debian", AnyMachine: true, Figures: []Figure{Of("total", Bytes, 257148928)}},
		{Name: "audit", Figures: []Figure{{Name: "wall", Unit: Seconds, Value: 0.5, Low: 0.25, High: 0.75, Runs: 5, Peers: []Peer{{"lshw -json", 1}}}}, Notes: []string{"not as root"}},
	},
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		runs []float64
		want float64
	}{
		{[]float64{3}, 3},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 9, 2}, 3},
	} {
		if got := Median(c.runs); got != c.want {
			t.Errorf("%v: got %v, want %v", c.runs, got, c.want)
		}
	}
}

func TestOf(t *testing.T) {
	runs := []float64{4, 2, 2.5}
	if got, want := Of("a", Seconds, runs...), (Figure{Name: "a", Unit: Seconds, Value: 2.5, Low: 2, High: 4, Runs: 3}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := Of("a", Bytes, 7), (Figure{Name: "a", Unit: Bytes, Value: 7, Runs: 1}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestFormat compares with a file that older versions have written: what changes in it
// changes what programs read.
func TestFormat(t *testing.T) {
	want, err := os.ReadFile("testdata/bench.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := example.Indented()
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v, got\n%s", err, got)
	}
	line, err := example.Line()
	if err != nil || bytes.Count(line, []byte("\n")) != 1 {
		t.Errorf("%v, got\n%s", err, line)
	}
	for _, text := range [][]byte{got, line} {
		if read, err := Parse(text); err != nil || !reflect.DeepEqual(*read, example) {
			t.Errorf("%v, got %+v", err, read)
		}
	}
}

func TestParseError(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "no result of the bench",
		"[]":                   "no result of the bench",
		`{"schema_version":2}`: "schema version 2, but 1 is read",
		`{"schema_version":1}`: "it has no version",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestMissing(t *testing.T) {
	if got := example.Missing(); !reflect.DeepEqual(got, []string{"build"}) {
		t.Errorf("got %q", got)
	}
}

func FuzzParse(f *testing.F) {
	line, err := example.Line()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add([]byte(`{"schema_version":1,"version":"a","parts":[{"figures":[{"value":1e999}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			return
		}
		line, err := r.Line()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := again.Line(); err != nil || !bytes.Equal(line, second) {
			t.Errorf("%v:\n%s\n%s", err, line, second)
		}
	})
}
