package vulnerabilities

import (
	"archive/zip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bee/core/hostile"
)

func readPackages(t testing.TB) Packages {
	t.Helper()
	p, err := ReadPackages("testdata/bom.cdx.json")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPackages(t *testing.T) {
	var got []string
	for _, versions := range readPackages(t) {
		for _, p := range versions {
			got = append(got, fmt.Sprint(p.Ecosystem, " ", p.Name, " ", p.Version, " ", p.Components))
		}
	}
	slices.Sort(got)
	want := []string{
		"Alpine:v3.21 zlib 1.3.1-r2 [zlib]",
		"Debian:13 busybox 1:1.37.0-6 [busybox-static]",
		"Debian:13 glibc 2.41-11 [busybox-static]",
		"Debian:13 glibc 2.41-12 [libc-bin libc6]",
		"Debian:13 linux 6.12.118-1 [linux-image-6.12]",
		"Debian:13 linux-signed-amd64 6.12.118+1 [linux-image-6.12]",
		"Go github.com/BurntSushi/toml 1.5.0 [github.com/BurntSushi/toml]",
		"Go stdlib 1.26.3 [stdlib]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestReadPackagesRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "no bill of materials",
		"{}":                          "no bill of materials",
		`{"bomFormat": "CycloneDX"}`:  "no bill of materials",
		`{"spdxVersion": "SPDX-2.3"}`: "no bill of materials",
		`{"bomFormat": "CycloneDX", "components": []}`:                                              "no component in it is of Debian",
		`{"bomFormat": "CycloneDX", "components": [{"type": "library", "name": "a", "purl": "a"}]}`: `component a: "a" is no package URL`,
	} {
		path := write(t, "bom.json", text)
		if _, err := ReadPackages(path); err == nil || !strings.HasPrefix(err.Error(), path+": "+want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// archive is a zip of the vulnerabilities in testdata/osv.json, a file for each.
func archive(t *testing.T, files map[string]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "all.zip")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w := zip.NewWriter(file)
	for name, text := range files {
		entry, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(entry, text)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func lines(found []Finding) (all []string) {
	for _, f := range found {
		all = append(all, f.String())
	}
	return all
}

const (
	oneOfGlibc = "CVE-2026-0001: glibc 2.41-11 (busybox-static), fixed in 2.41-12"
	advisory   = "DSA-1-1: glibc %s, fixed in 2.41-12+deb13u1: glibc - security update"
)

var ofOSV = []string{
	"CVE-2026-0006: zlib 1.3.1-r2 (zlib), fixed in 1.3.1-r10",
	oneOfGlibc + ": glibc reads behind the end.",
	fmt.Sprintf(advisory, "2.41-11 (busybox-static)"),
	fmt.Sprintf(advisory, "2.41-12 (libc-bin, libc6)"),
	"CVE-2026-0004: linux 6.12.118-1 (linux-image-6.12), not fixed",
	"GO-2026-0008: github.com/BurntSushi/toml 1.5.0 (github.com/BurntSushi/toml), not fixed: only what is listed",
	"CVE-2026-0007: stdlib 1.26.3 (stdlib), fixed in 1.26.4: net/http",
}

func TestSearch(t *testing.T) {
	single := `{"id": "GO-2026-0007", "aliases": ["CVE-2026-0007"], "summary": "net/http",
		"affected": [{"package": {"ecosystem": "Go", "name": "stdlib"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.26.4"}]}]}]}`
	for name, test := range map[string]struct {
		database string
		want     []string
	}{
		"array":   {"testdata/osv.json", ofOSV},
		"one":     {write(t, "one.json", single), ofOSV[6:]},
		"archive": {archive(t, map[string]string{"GO-2026-0007.json": single, "README": "no JSON"}), ofOSV[6:]},
		"tracker": {"testdata/tracker.json", []string{oneOfGlibc + ": of the tracker", "CVE-2026-0011: linux 6.12.118-1 (linux-image-6.12), not fixed: open"}},
	} {
		found, err := readPackages(t).Search(test.database)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := lines(found.Sorted()); !slices.Equal(got, test.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
		}
	}
}

func TestShorten(t *testing.T) {
	for text, want := range map[string]string{
		"short\nmore":                   "short",
		strings.Repeat("word ", 100):    strings.TrimSuffix(strings.Repeat("word ", maxSummary/5), " ") + " …",
		strings.Repeat("ü", maxSummary): strings.Repeat("ü", maxSummary/4) + " …",
	} {
		if got := shorten(text); got != want {
			t.Errorf("%.20q: %q, want %q", text, got, want)
		}
	}
}

// What several databases know is one finding.
func TestMerge(t *testing.T) {
	all := Findings{}
	for _, database := range []string{"testdata/tracker.json", "testdata/osv.json"} {
		found, err := readPackages(t).Search(database)
		if err != nil {
			t.Fatal(err)
		}
		all.Merge(found)
	}
	sorted := all.Sorted()
	if len(sorted) != len(ofOSV)+1 {
		t.Errorf("%d findings: %q", len(sorted), lines(sorted))
	}
	if f := sorted[1]; f.Summary != "of the tracker" || !slices.Equal(f.Names, []string{"CVE-2026-0001", "DEBIAN-CVE-2026-0001"}) {
		t.Errorf("got %+v", f)
	}
}

func TestSearchRefuses(t *testing.T) {
	for database, want := range map[string]string{
		filepath.Join(t.TempDir(), "none"):           "no such file",
		write(t, "empty", ""):                        "EOF",
		write(t, "text", "text"):                     "invalid character",
		write(t, "number", "1"):                      "neither an array nor an object of JSON",
		write(t, "nothing", "[]"):                    "no vulnerability in it",
		write(t, "object", "{}"):                     "no vulnerability in it",
		write(t, "none", "[{}]"):                     "no vulnerability in OSV's format: it has no id",
		write(t, "list", `{"glibc": []}`):            "glibc: no package of Debian's security tracker",
		archive(t, map[string]string{"a.json": "{"}): `"a.json": no vulnerability in OSV's format`,
		archive(t, map[string]string{"a.txt": "{"}):  "no vulnerability in it",
		archive(t, map[string]string{"a.json": strings.Repeat(" ", maxEntry+1)}): `"a.json" has 67108865 bytes; 67108864 are read`,
	} {
		if _, err := readPackages(t).Search(database); err == nil || !strings.HasPrefix(err.Error(), database+": ") && !os.IsNotExist(err) && !strings.Contains(err.Error(), "no such") || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// A range's events say from where on a version is vulnerable, and from where on it is not.
func TestRanges(t *testing.T) {
	introduced := func(v string) event { return event{Introduced: v} }
	fixed := func(v string) event { return event{Fixed: v} }
	last := func(v string) event { return event{LastAffected: v} }
	for _, test := range []struct {
		ecosystem, version string
		events             []event
		vulnerable         bool
		fixed              string
	}{
		{"Debian:13", "1:1.0-1", []event{introduced("0"), fixed("2.0-1")}, false, ""}, // an epoch is above
		{"Debian:13", "1.0~rc1-1", []event{introduced("0"), fixed("1.0-1")}, true, "1.0-1"},
		{"Debian:13", "1.0-1+deb13u2", []event{introduced("0"), fixed("1.0-1+deb13u10")}, true, "1.0-1+deb13u10"},
		{"Debian:13", "1.0-1", []event{introduced("0"), fixed("1.0-1")}, false, ""},
		{"Alpine:v3.21", "1.2.9-r9", []event{introduced("0"), fixed("1.2.10-r0")}, true, "1.2.10-r0"},
		{"Alpine:v3.21", "1.2_rc1-r0", []event{introduced("0"), fixed("1.2-r0")}, true, "1.2-r0"},
		{"Alpine:v3.21", "1.2-r0", []event{introduced("1.3-r0")}, false, ""},
		{"Go", "1.26.4", []event{introduced("0"), last("1.26.4")}, true, ""},
		{"Go", "1.26.5", []event{introduced("0"), last("1.26.4")}, false, ""},
		{"Go", "0.0.0-20250101000000-0123456789ab", []event{introduced("0"), fixed("0.0.0-20250201000000-0123456789ab")}, true, "0.0.0-20250201000000-0123456789ab"},
		{"Go", "1.5.0", []event{fixed("2.1.0"), introduced("2.0.0"), fixed("1.4.0"), introduced("1.0.0")}, false, "2.1.0"},
		{"Go", "1.5.0", []event{fixed("1.9.0"), fixed("1.6.0"), introduced("0")}, true, "1.6.0"},
		{"Go", "1.5.0", []event{introduced("1.2.0"), introduced("0"), fixed("1.1.0")}, true, ""},
		{"Go", "1.5.0", nil, false, ""},
	} {
		p := &Package{Ecosystem: test.ecosystem, Version: test.version}
		vulnerable, fixed, err := p.within(test.events)
		if err != nil || vulnerable != test.vulnerable || fixed != test.fixed {
			t.Errorf("%s %s, %+v: %v, %q, %v", test.ecosystem, test.version, test.events, vulnerable, fixed, err)
		}
	}
}

// What cannot be compared counts, and is told.
func TestIncomparable(t *testing.T) {
	for _, ecosystem := range []string{"Debian:13", "Alpine:v3.21", "Go"} {
		p := &Package{Ecosystem: ecosystem, Name: "a", Version: "1.0.0"}
		all := Packages{key{ecosystem, "a"}: {p}}
		database := write(t, "osv.json", `{"id": "X-1", "affected": [{"package": {"ecosystem": "`+ecosystem+`", "name": "a"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "not one"}]}]}]}`)
		found, err := all.Search(database)
		if err != nil || len(found) != 1 || !strings.Contains(found.Sorted()[0].String(), `version "not one" cannot be compared`) {
			t.Errorf("%s: %q, %v", ecosystem, lines(found.Sorted()), err)
		}
	}
}

const exceptionList = `# what does not count
exceptions:
  - id: CVE-2026-0001
    reason: nobody calls it
    until: 2026-06-30
  - package: linux
    reason: there is no other kernel
    until: 2026-12-31
  - id: DSA-1-1
    package: other
    reason: of another package
    until: 2026-12-31
  - package: glibc
    reason: what has a fix is not covered
    until: 2026-12-31
`

func TestExcept(t *testing.T) {
	exceptions, err := ReadExceptions(write(t, "exceptions.yaml", exceptionList))
	if err != nil {
		t.Fatal(err)
	}
	found, err := readPackages(t).Search("testdata/osv.json")
	if err != nil {
		t.Fatal(err)
	}
	names := func(all []Exception) (s []string) {
		for _, e := range all {
			s = append(s, fmt.Sprint(e.Line, " ", e))
		}
		return s
	}
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateTime, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	unused := []string{"9 DSA-1-1 of other", "13 what has no fix of glibc"}
	for at, test := range map[string]struct {
		excepted, ended []string
	}{
		"2026-06-30 23:59:59": {[]string{"CVE-2026-0001", "CVE-2026-0004"}, nil},
		"2026-07-01 00:00:00": {[]string{"CVE-2026-0004"}, []string{"3 CVE-2026-0001"}},
		"2027-01-01 00:00:00": {nil, []string{"3 CVE-2026-0001", "6 what has no fix of linux"}},
	} {
		r := Except(found.Sorted(), exceptions, day(at))
		var excepted []string
		for _, e := range r.Excepted {
			excepted = append(excepted, e.Names[0])
		}
		if !slices.Equal(excepted, test.excepted) || !slices.Equal(names(r.Ended), test.ended) || !slices.Equal(names(r.Unused), unused) ||
			len(r.Counting)+len(r.Excepted) != len(found) {
			t.Errorf("%s: %q, ended %q, unused %q, counting %q", at, excepted, names(r.Ended), names(r.Unused), lines(r.Counting))
		}
	}
}

func TestReadExceptionsRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"exceptions:\n  - id: CVE-1\n    until: 2026-01-01\n":                    ":2: exceptions[0]: an exception needs id",
		"exceptions:\n  - id: CVE-1\n    reason: none\n":                         ":2: exceptions[0]: an exception needs id",
		"exceptions:\n  - reason: none\n    until: 2026-01-01\n":                 ":2: exceptions[0]: an exception needs id",
		"exceptions:\n  - id: CVE-1\n    reason: none\n    until: tomorrow\n":    `:4: exceptions[0].until: "tomorrow" is no day`,
		"exceptions:\n  - id: CVE-1\n    reasons: none\n    until: 2026-01-01\n": ":3: exceptions[0].reasons: no such key; there are: id, package, reason, until",
		"exceptions:\n  - id: [CVE-1]\n":                                         ":2: exceptions[0].id: want one text",
		"exceptions:\n  - id:\n":                                                 ":2: exceptions[0].id: is empty",
		"exceptions: CVE-1\n":                                                    ":1: exceptions: want a list",
		"exception: []\n":                                                        ":1: exception: no such key; there are: exceptions",
		"[":                                                                      ":2: no YAML: ",
	} {
		path := write(t, "exceptions.yaml", text)
		if _, err := ReadExceptions(path); err == nil || !strings.HasPrefix(err.Error(), path+want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if all, err := ReadExceptions(write(t, "empty.yaml", "")); err != nil || len(all) != 0 {
		t.Errorf("an empty list: %v, %v", all, err)
	}
}

func TestFetch(t *testing.T) {
	const text = "[]"
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/all.zip" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, text)
	}))
	defer server.Close()
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
	for _, database := range []string{"/all.zip", "/all.zip@sha256:" + sum} {
		path, err := Fetch(t.Context(), server.Client(), server.URL+database, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%s: got %q, %v", database, got, err)
		}
	}
	file := write(t, "a@sha256:b", "")
	if path, err := Fetch(t.Context(), server.Client(), file, ""); err != nil || path != file {
		t.Errorf("a file: %s, %v", path, err)
	}
	for database, want := range map[string]string{
		"http://localhost/all.zip@sha256:" + sum:                        "a URL has to be https://…",
		server.URL + "/none@sha256:" + sum:                              "404",
		server.URL + "/all.zip@sha256:" + strings.Repeat("0", len(sum)): "has the SHA-256 " + sum,
		filepath.Join(t.TempDir(), "none"):                              "no such file",
	} {
		if _, err := Fetch(t.Context(), server.Client(), database, t.TempDir()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", database, err, want)
		}
	}
}

// Whatever a database, a bill of materials or a list of exceptions says, what comes of it is
// printable.
func FuzzSearch(f *testing.F) {
	for _, text := range hostile.Strings {
		f.Add(text, text, text)
	}
	f.Add("CVE-1", "1.2.3", "a\nb")
	all := readPackages(f)
	f.Fuzz(func(t *testing.T, id, fixed, summary string) {
		s := search{packages: all, found: Findings{}}
		if err := s.document(fmt.Appendf(nil, `[{"id": %q, "summary": %q, "affected": [{"package": {"ecosystem": "Go", "name": "stdlib"}, "ranges": [{"events": [{"introduced": "0"}, {"fixed": %q}]}]}]}]`, id, summary, fixed)); err != nil {
			return
		}
		for _, f := range s.found.Sorted() {
			if found := hostile.Unprintable(f.String()); found != "" {
				t.Errorf("%s in %q", found, f)
			}
		}
	})
}

func FuzzDatabase(f *testing.F) {
	for _, name := range []string{"osv.json", "tracker.json"} {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	all := readPackages(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		s := search{packages: all, found: Findings{}}
		_ = s.document(data)
		for _, f := range s.found.Sorted() {
			if len(f.Names) == 0 || f.Package == "" {
				t.Errorf("%+v", f)
			}
		}
	})
}

func FuzzExceptions(f *testing.F) {
	f.Add([]byte(exceptionList))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := parseExceptions("exceptions.yaml", data)
		if err != nil {
			return
		}
		for _, e := range all {
			if found := hostile.Unprintable(e.String() + e.Reason); found != "" || e.Until.IsZero() {
				t.Errorf("%s in %+v", found, e)
			}
		}
	})
}
