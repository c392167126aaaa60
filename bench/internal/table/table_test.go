package table

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"bee/bench/internal/history"
	"bee/bench/internal/result"
	"bee/core/hostile"
)

var update = flag.Bool("update", false, "write what comes out as what is wanted")

func TestWrite(t *testing.T) {
	on := result.Machine{CPU: "Example 9", Cores: 2, MemoryGiB: 24, Accelerator: "tcg"}
	wall := result.Of("wall", result.Seconds, 0.5, 0.4, 0.7)
	wall.Peers = []result.Peer{{Name: "lshw -json", Value: 1}, {Name: "inxi -F", Value: 0}}
	memory := result.Of("peak memory", result.Bytes, 13_300_000, 13_200_000, 13_400_000)
	memory.Peers = []result.Peer{{Name: "lshw -json", Value: 26_600_000}, {Name: "inxi -F", Value: 133_000_000}}
	now := &result.Result{Version: "20261106-new", Machine: on, Parts: []result.Part{
		{Name: "build", Of: "base debian", Figures: []result.Figure{
			result.Of("no-op", result.Seconds, 2.1, 2.0, 2.2), result.Of("one change", result.Seconds, 30, 31, 32),
		}, Missing: "dagger call verify-reproducible: exit status 1\nno space left"},
		{Name: "iso", Of: "base debian", AnyMachine: true, Figures: []result.Figure{
			result.Of("vmlinuz", result.Bytes, 12179392), result.Of("total", result.Bytes, 257148928)}},
		{Name: "audit", Figures: []result.Figure{wall, memory}, Notes: []string{"not as root"}},
	}}
	h := history.History{
		{Version: "20261101-elsewhere", Machine: result.Machine{CPU: "Other"}, Parts: []result.Part{
			{Name: "build", Of: "base debian", Figures: []result.Figure{result.Of("one change", result.Seconds, 1)}},
			{Name: "iso", Of: "base debian", Figures: []result.Figure{result.Of("total", result.Bytes, 300_000_000)}},
		}},
		{Version: "20261102-old", Machine: on, Parts: []result.Part{
			{Name: "build", Of: "base debian", Figures: []result.Figure{result.Of("no-op", result.Seconds, 4.2)}},
		}},
	}
	var got bytes.Buffer
	if err := Write(&got, now, h); err != nil {
		t.Fatal(err)
	}
	const file = "testdata/table.txt"
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("go test -update writes %s; got\n%s", file, got.Bytes())
	}
}

// What the programs that were measured had to say is printable.
func TestHostile(t *testing.T) {
	for _, text := range hostile.Strings {
		var got bytes.Buffer
		r := &result.Result{Parts: []result.Part{{Name: "build", Notes: []string{text}, Missing: text}}}
		if err := Write(&got, r, nil); err != nil || hostile.Unprintable(got.String()) != "" {
			t.Errorf("%.80q: error %v, it writes %s", text, err, hostile.Unprintable(got.String()))
		}
	}
}
