package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/core/hostile"
)

const billOfMaterials = `{"bomFormat": "CycloneDX", "components": [{"type": "library", "name": "openssl", "version": "3.5.9-1", "purl": "pkg:deb/debian/openssl@3.5.9-1?distro=debian-13"}]}`

// known is a database in which openssl has vulnerabilities of these names.
func known(t *testing.T, names ...string) string {
	t.Helper()
	var all []string
	for _, name := range names {
		text, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf(`{"id": %s, "summary": %[1]s, "affected": [{"package": {"ecosystem": "Debian:13", "name": "openssl"}, "ranges": [{"events": [{"introduced": "0"}]}]}]}`, text))
	}
	return write(t, filepath.Join(t.TempDir(), "osv.json"), "["+strings.Join(all, ",")+"]")
}

func TestVulnerabilities(t *testing.T) {
	_, env := repository(t)
	folder := t.TempDir()
	bom := write(t, filepath.Join(folder, "bee.iso.cdx.json"), billOfMaterials)
	exceptions := write(t, filepath.Join(folder, "exceptions.yaml"), "exceptions:\n"+
		"  - {id: CVE-1, reason: never called, until: 2999-12-31}\n  - {id: CVE-2, reason: until it is fixed, until: 2001-12-31}\n  - {id: CVE-9, reason: gone, until: 2999-12-31}\n")
	report := filepath.Join(folder, "report.json")
	args := []string{"vulnerabilities", bom, "--exceptions", exceptions, "--json", report, "--database"}

	o := run(t, nil, true, env, append(args, known(t, "CVE-1", "CVE-2"))...)
	if o.status != exitFailed {
		t.Errorf("status %d", o.status)
	}
	contains(t, "annotations", o.text, "::error title=CVE-2::openssl 3.5.9-1 (openssl), not fixed: CVE-2",
		"::warning file="+exceptions+",line=3,title=exception::CVE-2: it ended on 2001-12-31, and counts again (until it is fixed)",
		"::warning file="+exceptions+",line=4,title=exception::CVE-9: no database has it of this ISO: take the exception away")
	contains(t, "summary", o.summary, "## FAIL: known vulnerabilities: 1, and 1 that do not count", "- CVE-2: openssl")
	contains(t, "outputs", o.outputs, set("vulnerabilities", "1"))
	contains(t, "JSON", read(report), `"schema_version": 1`, `"CVE-2"`, `"reason": "never called"`, `"until": "2999-12-31"`)

	o = run(t, nil, false, env, append(args, known(t, "CVE-2"))...)
	contains(t, "text", o.text, "error: CVE-2: openssl 3.5.9-1 (openssl), not fixed", "## FAIL: known vulnerabilities: 1")
	o = run(t, nil, false, env, append(args, known(t, "CVE-1"))...)
	if o.status != 0 || !strings.Contains(o.text, "## PASS: known vulnerabilities: 0, and 1 that do not count") {
		t.Errorf("status %d: %s", o.status, o.text)
	}

	var many []string
	for i := range shownVulnerabilities + 7 {
		many = append(many, fmt.Sprint("CVE-1000-", i))
	}
	o = run(t, nil, true, env, "vulnerabilities", bom, "--database", known(t, many[:20]...), "--database", known(t, many...))
	if got := strings.Count(o.text, "::error "); got != shownVulnerabilities {
		t.Errorf("%d annotations", got)
	}
	if got := strings.Count(o.summary, "- CVE-1000-"); got != len(many) {
		t.Errorf("%d in the summary", got)
	}
}

func TestVulnerabilitiesInput(t *testing.T) {
	_, env := repository(t)
	folder := t.TempDir()
	bom := write(t, filepath.Join(folder, "bom.json"), billOfMaterials)
	for want, args := range map[string][]string{
		"required flag(s)":     {bom},
		"no bill of materials": {known(t, "CVE-1"), "--database", known(t, "CVE-1")},
		"--database: http://example.org/all.zip: a URL has to be": {bom, "--database", "http://example.org/all.zip"},
		"--exceptions: ": {bom, "--database", known(t, "CVE-1"), "--exceptions", bom},
		"--json: ":       {bom, "--database", known(t, "CVE-1"), "--json", folder + "/none/report.json"},
	} {
		if o := run(t, nil, false, env, append([]string{"vulnerabilities"}, args...)...); o.status != exitInput || !strings.Contains(o.stderr, want) {
			t.Errorf("%q: status %d, %s", args, o.status, o.stderr)
		}
	}
}

// What a database, a bill of materials and a list of exceptions say is text.
func TestVulnerabilitiesHostile(t *testing.T) {
	_, env := repository(t)
	for _, text := range hostile.Strings {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		folder := t.TempDir()
		bom := write(t, filepath.Join(folder, "bom.json"), strings.ReplaceAll(billOfMaterials, `"name": "openssl"`, `"name": `+string(quoted)))
		bom = write(t, bom, strings.ReplaceAll(read(bom), "distro=debian-13", "distro=debian-13&upstream=openssl"))
		exceptions := write(t, filepath.Join(folder, "exceptions.yaml"), fmt.Sprintf("exceptions: [{id: %s, reason: %[1]s, until: 2001-01-01}, {package: %[1]s, reason: a, until: 2001-01-01}]", quoted))
		for _, actions := range []bool{true, false} {
			o := run(t, nil, actions, env, "vulnerabilities", bom, "--database", known(t, text, "CVE-1"), "--exceptions", exceptions, "--json", filepath.Join(folder, "out.json"))
			json, err := os.ReadFile(filepath.Join(folder, "out.json"))
			if found := hostile.Unprintable(o.text + o.stderr + o.summary + o.outputs + string(json)); err == nil && found != "" {
				t.Errorf("%.80q: printed %s", text, found)
			}
			if actions {
				commands(t, "vulnerabilities", o.text)
			}
		}
	}
}
