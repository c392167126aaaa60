package history

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/bench/internal/result"
)

var here = result.Machine{CPU: "a", Cores: 2}

// run is a result of one figure.
func run(version string, on result.Machine, part result.Part, value float64) *result.Result {
	part.Figures = []result.Figure{result.Of("figure", result.Seconds, value)}
	return &result.Result{SchemaVersion: result.SchemaVersion, Version: version, Machine: on, Parts: []result.Part{part}}
}

func TestAppend(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.jsonl")
	if h, err := Read(file); err != nil || len(h) != 0 {
		t.Fatalf("without a file: %v, %v", h, err)
	}
	for _, version := range []string{"1-a", "2-b"} {
		if err := Append(file, run(version, here, result.Part{Name: "build"}, 1)); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// an editor took the newline away
	if err := os.WriteFile(file, []byte(strings.TrimSuffix(string(text), "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Append(file, run("3-c", here, result.Part{Name: "build"}, 1)); err != nil {
		t.Fatal(err)
	}
	h, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	var versions []string
	for _, r := range h {
		versions = append(versions, r.Version)
	}
	if got := strings.Join(versions, " "); got != "1-a 2-b 3-c" {
		t.Errorf("got %q", got)
	}
}

func TestReadError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.jsonl")
	if err := Append(file, run("1-a", here, result.Part{}, 1)); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(file)
	if err := os.WriteFile(file, append(text, "<<<<<<< HEAD\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(file); err == nil || !strings.Contains(err.Error(), file+":2: ") || !strings.Contains(err.Error(), "take it out") {
		t.Errorf("got %v", err)
	}
}

func TestRecordable(t *testing.T) {
	h := History{run("1-a", here, result.Part{}, 1)}
	for version, want := range map[string]string{"2-b": "", "1-a": "recorded already", "2-b-dirty": "commit what has changed"} {
		if err := h.Recordable(version); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", version, err, want)
		}
	}
}

func TestBefore(t *testing.T) {
	there := result.Machine{CPU: "b", Cores: 2}
	build := result.Part{Name: "build", Of: "base debian"}
	iso := result.Part{Name: "iso", Of: "base debian", AnyMachine: true}
	h := History{
		run("1", here, build, 1),
		run("2", here, build, 2),
		run("3", there, build, 3),
		run("4", here, result.Part{Name: "build", Of: "base alpine"}, 4),
		run("5", there, iso, 5),
		run("6", here, result.Part{Name: "audit", Of: "base debian"}, 6),
	}
	for _, c := range []struct {
		part   result.Part
		figure string
		want   string
	}{
		{build, "figure", "2"},
		{iso, "figure", "5"},
		{build, "other", ""},
		{result.Part{Name: "boot", Of: "base debian"}, "figure", ""},
	} {
		if _, version, found := h.Before(here, c.part, c.figure); version != c.want || found != (c.want != "") {
			t.Errorf("%s %s: got %q, want %q", c.part.Name, c.figure, version, c.want)
		}
	}
}
