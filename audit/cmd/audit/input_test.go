package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/audit/burn"
	"bee/audit/report/sample"
)

// A file of another kind than the command wants is told by its name, and the command
// that takes it.
func TestMistakenFiles(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{
		"capture.tar.gz": "\x1f\x8b\x08\x00", // damaged
		"order.yaml":     "memory: {total: 1 TiB}\n",
		"burn.json":      `{"schema_version": "` + burn.SchemaVersion + `", "bee_burn": {"version": "1"}, "verdict": "pass", "errors": []}`,
		"smoke.json":     `{"schema_version": 2, "verdict": "pass", "checks": []}`,
		"folder/x":       "x",
		"other.json":     `{"x": 1}`,
	} {
		if err := os.MkdirAll(filepath.Dir(file(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	good := reports(t, sample.Server())[0]
	comparison, _, _ := cli(t, t.Context(), nil, "diff", "--json", good, good)
	if err := os.WriteFile(file("comparison.json"), []byte(comparison), 0o644); err != nil {
		t.Fatal(err)
	}
	const folder = "testdata/server"

	is := map[string]string{ // and what it is not, for %
		file("capture.tar.gz"):   `a capture, not %: "audit run --root ` + file("capture.tar.gz") + `" makes its report`,
		folder:                   `a capture, not %: "audit run --root ` + folder + `" makes its report`,
		folder + "/capture.json": `the index of a capture, not %: "audit run --root ` + folder + `" makes the report of the whole`,
		file("order.yaml"):       `a baseline, not %: "audit check --baseline ` + file("order.yaml") + `" compares a machine with it`,
		file("burn.json"):        `a report of bee-burn, not %: "bee-burn schema" describes it`,
		file("smoke.json"):       `the report of a smoke test, not %: the audit's is bee-audit.json, beside it`,
		file("comparison.json"):  `a comparison, not %: "audit schema comparison" describes it`,
		good:                     `an audit report, not %: "audit show ` + good + `" prints it`,
	}
	expect := func(name, wanted string, args ...string) {
		t.Helper()
		stdout, stderr, code := cli(t, t.Context(), nil, args...)
		want := name + " is " + strings.Replace(is[name], "%", wanted, 1) + "\n"
		if code == 0 || stdout != "" || !strings.HasSuffix(stderr, want) {
			t.Errorf("audit %s: exit code %d, stderr %q, want %q; stdout %q", strings.Join(args, " "), code, stderr, want, stdout)
		}
	}
	for name := range is {
		if name != good {
			for _, args := range [][]string{{"show", name}, {"report", "--html", name}, {"baseline", name}, {"validate", name},
				{"diff", good, name}, {"diff", name, good}, {"check", "--baseline", good, name}} {
				expect(name, "an audit report", args...)
			}
		}
		switch name {
		case file("capture.tar.gz"), folder:
		default:
			expect(name, "a capture", "run", "--root", name)
		}
		switch name {
		case good, file("order.yaml"):
		case file("burn.json"): // which has a schema_version, as the report of a golden machine has
			expect(name, "an audit report", "check", "--baseline", name, good)
		default:
			expect(name, "a baseline", "check", "--baseline", name, good)
		}
	}
	for _, name := range []string{file("other.json"), file("folder"), file("nothing")} {
		for _, args := range [][]string{{"show", name}, {"check", "--baseline", name, good}, {"run", "--root", name}} {
			if _, stderr, code := cli(t, t.Context(), nil, args...); code == 0 || !strings.Contains(stderr, name) || strings.Contains(stderr, "audit show") {
				t.Errorf("audit %s: exit code %d, stderr %q", strings.Join(args, " "), code, stderr)
			}
		}
	}
}

func TestMistakenInput(t *testing.T) {
	for text, want := range map[string]string{
		"\x1f\x8b":                  `standard input is a capture, not an audit report: "audit run --root FILE" makes its report`,
		"memory: {total: 1 TiB}":    `standard input is a baseline, not an audit report: "audit check --baseline FILE" compares`,
		"":                          "standard input is not an audit report: it is empty",
		`{"schema_version": "1.0"}`: "standard input is not an audit report: it has no collectors",
	} {
		var stderr bytes.Buffer
		cmd := root()
		cmd.SetArgs([]string{"show", "-"})
		cmd.SetIn(strings.NewReader(text))
		cmd.SetErr(&stderr)
		if code := execute(t.Context(), cmd); code != 1 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%q: exit code %d, stderr %q, want %q", text, code, stderr.String(), want)
		}
	}
}

// No more of a device is read than the reader of captures takes.
func TestGlance(t *testing.T) {
	if text := glance("/dev/zero"); text != nil {
		t.Errorf("%d bytes of a device", len(text))
	}
	large := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(large, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 64<<20+1); err != nil {
		t.Fatal(err)
	}
	if text := glance(large); text != nil {
		t.Errorf("%d bytes of a large file", len(text))
	}
}

func FuzzKindOf(f *testing.F) {
	for _, text := range []string{"\x1f\x8b", `{"capture_version": 1}`, `{"bee_burn": {}, "collectors": []}`, "memory: {total: 1 TiB}", `{"verdict": 1}`, "a: &a [*a]"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if is, use := kindOf("FILE", text); (is == "") != (use == "") {
			t.Errorf("%q: is %q, use %q", text, is, use)
		}
	})
}

// What has no end is refused once it is larger than any report, by all commands that read one.
func TestEndless(t *testing.T) {
	for _, args := range []string{"show", "report --html", "diff " + writeReport(t, sample.Server()), "check --baseline /dev/zero", "baseline", "validate"} {
		_, stderr, code := cli(t, t.Context(), nil, append(strings.Fields(args), "/dev/zero")...)
		if code == 0 || !strings.Contains(stderr, "/dev/zero is larger than 256 MiB") {
			t.Errorf("audit %s: exit code %d, %s", args, code, stderr)
		}
	}
}
