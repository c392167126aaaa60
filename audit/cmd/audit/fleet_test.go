package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"bee/audit/judge/fleet"
	"bee/audit/report"
	"bee/audit/report/sample"
	"bee/core/hostile"
)

// captured are the reports of all captured machines in testdata, the largest first.
func captured(t testing.TB) [][]byte {
	t.Helper()
	all, err := capturedOnce()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var capturedOnce = sync.OnceValues(func() (all [][]byte, err error) {
	captures, err := filepath.Glob("testdata/*/capture.json")
	if err != nil {
		return nil, err
	}
	cases, err := filepath.Glob("testdata/cases/*/capture.json")
	if err != nil {
		return nil, err
	}
	for _, index := range append(captures, cases...) {
		var out, stderr bytes.Buffer
		cmd := root()
		cmd.SetArgs([]string{"run", "--root", filepath.Dir(index), "--output", "-"})
		cmd.SetOut(&out)
		cmd.SetErr(&stderr)
		if code := execute(context.Background(), cmd); code != 0 {
			return nil, errors.New(stderr.String())
		}
		all = append(all, out.Bytes())
	}
	slices.SortStableFunc(all, func(a, b []byte) int { return len(b) - len(a) })
	return all, nil
})

// large are reports of large machines.
func large(t testing.TB) [][]byte {
	var b bytes.Buffer
	if err := sample.Server().Write(&b); err != nil {
		t.Fatal(err)
	}
	return append(captured(t)[:1:1], b.Bytes())
}

// numbers are what tells a machine and its parts from others, in the JSON of a report.
var numbers = regexp.MustCompile(`("(?:serial_number|uuid|hostname|wwn)": ")([^"]*)"`)
var addresses = regexp.MustCompile(`("(?:permanent_)?mac_address": ")..:..:..:..:([^"]*)"`)

// another is the report of a machine of the same model.
func another(text []byte, i int) []byte {
	text = numbers.ReplaceAll(text, fmt.Appendf(nil, `${1}${2}-%d"`, i))
	return addresses.ReplaceAll(text, fmt.Appendf(nil, `${1}00:10:%02x:%02x:${2}"`, i>>8, i&255))
}

// folder writes n reports into a folder, of these machines in turns.
func folder(t testing.TB, n int, all [][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		rack := filepath.Join(dir, fmt.Sprintf("rack%d", i/100))
		if err := os.MkdirAll(rack, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(rack, fmt.Sprintf("node%d.json", i)), another(all[i%len(all)], i), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFleet(t *testing.T) {
	dir := folder(t, 2*len(captured(t)), captured(t))
	files := t.TempDir()
	sheet, web := filepath.Join(files, "fleet.csv"), filepath.Join(files, "fleet.html")
	text, stderr, code := cli(t, t.Context(), nil, "fleet", dir, "--csv", sheet, "--html", web)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	stdout, stderr, code := cli(t, t.Context(), nil, "fleet", "--json", dir)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	f := valid(t, stdout)
	lines, err := csv.NewReader(bytes.NewReader(readFile(t, sheet))).ReadAll()
	if err != nil || len(lines) != len(f.Machines)+1 {
		t.Errorf("%d lines of %d machines, error %v", len(lines), len(f.Machines), err)
	}
	page := string(readFile(t, web))
	for _, m := range f.Machines {
		if !strings.Contains(text, m.Name) || !strings.Contains(page, m.Name) {
			t.Errorf("%s is missing", m.Name)
		}
	}
	// Each is there twice, and has numbers of its own.
	for _, d := range f.Duplicates {
		t.Errorf("%+v", d)
	}
	if len(f.Machines) != 2*len(captured(t)) || len(f.Unread)+len(f.Earlier)+f.PassedOver > 0 {
		t.Errorf("%d machines, %v, %v", len(f.Machines), f.Unread, f.Earlier)
	}
	// To standard output, it is alone there.
	if stdout, _, code := cli(t, t.Context(), nil, "fleet", dir, "--csv", "-"); code != 0 || stdout != string(readFile(t, sheet)) {
		t.Errorf("exit code %d:\n%.300s", code, stdout)
	}
}

// valid is a fleet as programs get it, as the schema describes it.
func valid(t *testing.T, text string) *fleet.Fleet {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(fleet.Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("fleet.json", schema); err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.MustCompile("fleet.json").Validate(document); err != nil {
		t.Error(err)
	}
	var f fleet.Fleet
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Fatal(err)
	}
	return &f
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// One file that is no report does not keep the others from being shown; what else bee writes is
// none of its business where it was not named.
func TestFleetUnread(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var good bytes.Buffer
	if err := sample.Server().Write(&good); err != nil {
		t.Fatal(err)
	}
	write("a/report.json", good.String())
	write("b/bad.json", "{")
	newer := write("b/newer.json", strings.Replace(good.String(), `"schema_version": "`+report.SchemaVersion, `"schema_version": "2.0`, 1))
	burn := write("a/bee-burn.json", `{"schema_version": "1.0", "bee_burn": {}}`)
	write("a/.report.json.tmp.json", "not yet whole")
	write("a/console.log", "text")
	write("a/SHA256SUMS", "text")

	stdout, stderr, code := cli(t, t.Context(), nil, "fleet", dir)
	if code != 1 || !strings.Contains(stdout, "S937425X4C19233") || strings.Count(stderr, "\n") != 3 || !strings.Contains(stderr, "bad.json") || !strings.Contains(stderr, newer+" has schema version 2.0") {
		t.Errorf("exit code %d: %s\n%s", code, stderr, stdout)
	}
	if !strings.Contains(stdout, "Passed over: 1 file") {
		t.Errorf("a report of bee-burn is not passed over:\n%s", stdout)
	}
	// One that was named is told of.
	if _, stderr, code := cli(t, t.Context(), nil, "fleet", filepath.Join(dir, "a", "report.json"), burn); code != 1 || !strings.Contains(stderr, burn+" is a report of bee-burn") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	// A link to a folder is followed where it was named, and each file is read once.
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(dir, "a"), link); err != nil {
		t.Fatal(err)
	}
	if stdout, stderr, code := cli(t, t.Context(), nil, "fleet", link, filepath.Join(link, "report.json")); code != 0 || !strings.HasPrefix(stdout, "1 machine: 1 critical\n") {
		t.Errorf("exit code %d: %s\n%s", code, stderr, stdout)
	}
	for _, c := range []struct {
		args string
		code int
		say  string
	}{
		{"fleet", 2, "fleet --help"},
		{"fleet -", 2, "not standard input"},
		{"fleet --json --csv - " + dir, 2, "standard output"},
		{"fleet /dev/null", 1, "/dev/null"},
		{"fleet /no/such/folder", 1, "/no/such/folder"},
		{"fleet " + filepath.Join(dir, "b") + " --csv " + filepath.Join(dir, "out.csv"), 1, "2 files not read"},
		{"fleet " + t.TempDir(), 1, "no file whose name ends in .json"},
		{"fleet " + dir + " --html /no/such/folder/page.html", 1, "give another file with --html"},
	} {
		stdout, stderr, code := cli(t, t.Context(), nil, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(stderr, c.say) || stdout != "" {
			t.Errorf("audit %s: exit code %d, want %d; stdout %q, stderr %q", c.args, code, c.code, stdout, stderr)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "out.csv")); err == nil {
		t.Error("a table of nothing was written")
	}
}

// Of a thousand reports no more is kept than their gist: less than they are themselves.
func TestFleetMemory(t *testing.T) {
	dir := folder(t, 1000, large(t))
	var size int64
	if err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		size += info.Size()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	took := peak(t, t.TempDir(), build(t), "fleet", dir)
	t.Logf("1000 reports of %d MB take %d MB of memory", size>>20, took)
	if took > 50 || size>>20 < 50 {
		t.Errorf("1000 reports of %d MB take %d MB of memory", size>>20, took)
	}
}

// Whoever filled a folder chose the names in it.
func TestFleetHostileNames(t *testing.T) {
	for _, text := range hostile.Strings {
		name := strings.NewReplacer("/", "", "\x00", "").Replace(text[:min(len(text), 200)])
		dir := t.TempDir()
		for i, file := range []string{"good" + name, "bad" + name} {
			var b bytes.Buffer
			r := sample.Server()
			r.Board, r.Host.Hostname = nil, "" // so that the file is its name
			if err := r.Write(&b); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, file+".json"), b.Bytes()[i:], 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, flags := range []string{"", "--json", "--csv -", "--html -"} {
			stdout, stderr, code := cli(t, t.Context(), nil, append([]string{"fleet", dir}, strings.Fields(flags)...)...)
			if found := hostile.Unprintable(stdout + stderr); found != "" || code != 1 || !strings.Contains(stdout, "good") || !strings.Contains(stderr, "bad") {
				t.Errorf("%.80q: audit fleet %s: exit code %d, it prints %s: %.300s", text, flags, code, found, stderr)
			}
		}
	}
}

// The whole command, of a thousand reports, has to take five seconds at most on two processors.
func BenchmarkFleet(b *testing.B) {
	dir := folder(b, 1000, large(b))
	web := filepath.Join(b.TempDir(), "fleet.html")
	for b.Loop() {
		var out, stderr bytes.Buffer
		cmd := root()
		cmd.SetArgs([]string{"fleet", dir, "--html", web, "--csv", web + ".csv"})
		cmd.SetOut(&out)
		cmd.SetErr(&stderr)
		if code := execute(b.Context(), cmd); code != 0 {
			b.Fatal(stderr.String())
		}
	}
}
