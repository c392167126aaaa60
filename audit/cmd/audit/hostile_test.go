package main

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"go.yaml.in/yaml/v4"
	"golang.org/x/net/html"

	"bee/audit/report"
	"bee/audit/report/sample"
	"bee/audit/show/qr"
	"bee/core/hostile"
	"bee/core/junit"
)

// Whatever a report holds, each output has nothing of it but printable text, and programs that
// read an output find as much as was meant.
func TestHostileReport(t *testing.T) {
	small := sample.Server() // of each kind some
	small.Storage.Drives, small.Memory.Slots, small.NVIDIA.GPUs, small.Network.Interfaces = small.Storage.Drives[:3], small.Memory.Slots[:3], small.NVIDIA.GPUs[:2], small.Network.Interfaces[:2]
	harmless := writeReport(t, small)
	want := shape(t, htmlPage(t, writeReport(t, sample.Server())))
	wantFleet := shape(t, string(readFile(t, "../../show/fleet/testdata/fleet.html")))
	for _, text := range hostile.Strings {
		for i, document := range hostile.Documents(*small, text) {
			// What decides how, and whether, a report is read stays.
			document = withField(t, document, "schema_version", report.SchemaVersion)
			file := filepath.Join(t.TempDir(), "report.json")
			if err := os.WriteFile(file, document, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, command := range []string{"show", "show -v", "show --overview", "show --qr", "report --html", "report --junit", "report --metrics", "baseline", "validate", "diff --json " + file, "diff --serials " + file, "diff " + harmless, "check --baseline " + file, "check --junit --baseline " + harmless,
				"fleet " + harmless, "fleet --json " + harmless, "fleet --csv - " + harmless, "fleet --html - " + harmless} {
				stdout, stderr, _ := cli(t, t.Context(), nil, append(strings.Fields(command), file)...)
				if found := hostile.Unprintable(stdout + stderr); found != "" {
					t.Errorf("%.80q: audit %s prints %s", text, command, found)
				}
				switch command, _, _ := strings.Cut(command, " /"); command {
				case "fleet":
					if !strings.HasPrefix(stdout, "2 machines") {
						t.Errorf("%.80q: the fleet: %.100q", text, stdout)
					}
				case "fleet --json":
					if f := valid(t, stdout); len(f.Machines) != 2 {
						t.Errorf("%.80q: the fleet has %d machines", text, len(f.Machines))
					}
				case "fleet --csv -":
					if lines, err := csv.NewReader(strings.NewReader(stdout)).ReadAll(); err != nil || len(lines) != 3 {
						t.Errorf("%.80q: the table has %d lines, error %v", text, len(lines), err)
					}
				case "fleet --html -":
					if got := shape(t, stdout); !subset(got, wantFleet) {
						t.Errorf("%.80q: the page has %v, want none but %v", text, got, wantFleet)
					}
				case "report --html":
					// A page of other words has other columns; elements and attributes are the same.
					if got := shape(t, stdout); i == 0 && len(text) < 1000 && !subset(got, want) {
						t.Errorf("%.80q: the page has %v, want none but %v", text, got, want)
					}
				case "report --junit":
					var suite junit.Suite
					if err := xml.Unmarshal([]byte(stdout), &suite); err != nil || suite.Tests != len(suite.Cases) || suite.Failures < 1-i {
						t.Errorf("%.80q: the JUnit file has %d tests, error %v", text, len(suite.Cases), err)
					}
				case "check --junit --baseline":
					var suite junit.Suite
					if err := xml.Unmarshal([]byte(stdout), &suite); err != nil || suite.Failures == 0 {
						t.Errorf("%.80q: the JUnit file of the comparison has %d failures, error %v", text, suite.Failures, err)
					}
				case "report --metrics":
					var parser expfmt.TextParser
					if families, err := parser.TextToMetricFamilies(strings.NewReader(stdout)); err != nil || families["bee_machine_info"] == nil || !strings.HasSuffix(stdout, "\n# EOF\n") {
						t.Errorf("%.80q: %d metrics, error %v", text, len(families), err)
					}
				case "baseline":
					var v any
					if err := yaml.Unmarshal([]byte(stdout), &v); err != nil {
						t.Errorf("%.80q: the baseline: %v", text, err)
					}
				case "diff --json":
					var v struct{ Expected struct{ Hostname string } }
					if err := json.Unmarshal([]byte(stdout), &v); err != nil || v.Expected.Hostname == "" {
						t.Errorf("%.80q: the comparison has %q, error %v", text, v.Expected.Hostname, err)
					}
				}
			}
			r, err := report.Read(file)
			if err != nil {
				t.Fatalf("%.80q: %v", text, err)
			}
			for _, payload := range qr.Payload(r) {
				if found := hostile.Unprintable(payload); found != "" || len(payload) > 134 {
					t.Errorf("%.80q: a QR code of %d bytes has %s", text, len(payload), found)
				}
			}
		}
		// A baseline is anybody's, too, and so is what is no report at all.
		for name, content := range map[string]string{
			"quoted": fmt.Sprintf("system: {product_name: %q}\n", text), "raw": "system: {" + text + "}\n", "key": fmt.Sprintf("%q: 1\n", text),
		} {
			file := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, command := range []string{"check --baseline " + file + " " + harmless, "check --junit --baseline " + file + " " + harmless, "show " + file, "validate " + file, "run --root " + file} {
				stdout, stderr, _ := cli(t, t.Context(), nil, strings.Fields(command)...)
				if found := hostile.Unprintable(stdout + stderr); found != "" {
					t.Errorf("%.80q, %s: audit %s prints %s", text, name, command, found)
				}
			}
		}
	}
}

func withField(t *testing.T, document []byte, name, value string) []byte {
	t.Helper()
	at := strings.Index(string(document), `"`+name+`":"`) + len(name) + 4
	end := strings.Index(string(document)[at:], `","audit"`)
	if end < 0 {
		return document
	}
	return append(append(append([]byte{}, document[:at]...), value...), document[at+end:]...)
}

func htmlPage(t *testing.T, file string) string {
	t.Helper()
	stdout, stderr, code := cli(t, t.Context(), nil, "report", "--html", file)
	if code != 0 {
		t.Fatal(stderr)
	}
	return stdout
}

// shape is which elements a page has, with which attributes.
func shape(t *testing.T, page string) map[string]bool {
	t.Helper()
	document, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for n := range document.Descendants() {
		if n.Type == html.ElementNode {
			all[n.Data] = true
			for _, a := range n.Attr {
				all[n.Data+" "+a.Key] = true
			}
		}
	}
	return all
}

func subset(a, b map[string]bool) bool {
	for k := range a {
		if !b[k] {
			return false
		}
	}
	return true
}
