package capture

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bee/audit/collect"
	"bee/audit/collect/machine"
	"bee/audit/report"
)

// A replay gives the report that was made while the machine was captured, but
// for the times of the audit itself.
func TestReplayGivesTheSameReport(t *testing.T) {
	t.Run("this machine", func(t *testing.T) {
		compareReplay(t, time.Minute)
	})
	t.Run("much goes wrong", func(t *testing.T) {
		bin := t.TempDir()
		for tool, script := range map[string]string{
			"dmidecode": `case "$*" in
"-t 4") printf 'SMBIOS 3.0 present.\nHandle 0x0004, DMI type 4, 48 bytes\n\tStatus: Populated, Enabled\n\tVersion: Fast \377\n';;
*) echo "no memory" >&2; exit 3;;
esac`,
			"lsblk":    `echo '{"blockdevices": [{"kname": "sda", "type": "disk", "size": 5}, {"kname": "sdb", "type": "disk", "size": 5}]}'`,
			"smartctl": `case "$*" in *sda) kill -SEGV $$;; *sdb) exec sleep 100;; *) echo rubbish;; esac`,
			"lspci":    `exec cat /dev/zero`,
		} {
			if err := os.WriteFile(filepath.Join(bin, tool), []byte("#!/bin/sh\nPATH=/usr/bin:/bin\n"+script+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
		r := compareReplay(t, 2*time.Second)
		var kinds []string
		for _, e := range r.Errors {
			kinds = append(kinds, string(e.Kind))
		}
		slices.Sort(kinds)
		for _, want := range []report.Kind{report.BadOutput, report.ExitStatus, report.Interrupted, report.OutputLimit} {
			if !slices.Contains(kinds, string(want)) {
				t.Errorf("errors %v: no %s", kinds, want)
			}
		}
	})
}

func compareReplay(t *testing.T, timeout time.Duration) *report.Report {
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	r := Record(new(machine.Host))
	want := collect.Audit(ctx, r, "test", collect.All(), func(report.CollectorRun) {})
	for what, c := range record(t, r) {
		got := collect.Audit(t.Context(), c, "test", collect.All(), func(report.CollectorRun) {})
		if got, want := timeless(t, got), timeless(t, want); got != want {
			t.Errorf("%s: %s", what, firstDifference(got, want))
		}
	}
	return want
}

// timeless is a report without the times of the audit, and without the order in
// which tools happened to end.
func timeless(t *testing.T, r *report.Report) string {
	t.Helper()
	rest := *r
	rest.StartedAt, rest.FinishedAt = time.Time{}, time.Time{}
	rest.Collectors = slices.Clone(r.Collectors)
	for i := range rest.Collectors {
		c := &rest.Collectors[i]
		c.DurationSeconds = 0
		c.Tools = slices.SortedFunc(slices.Values(c.Tools), func(a, b report.ToolRun) int {
			return cmp.Or(cmp.Compare(a.Tool, b.Tool), slices.Compare(a.Args, b.Args))
		})
	}
	rest.Errors = slices.SortedStableFunc(slices.Values(r.Errors), func(a, b report.Error) int {
		return cmp.Or(cmp.Compare(a.Collector, b.Collector), slices.Compare(a.Args, b.Args))
	})
	b, err := json.MarshalIndent(rest, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func firstDifference(a, b string) string {
	linesA, linesB := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(linesA), len(linesB)) {
		if linesA[i] != linesB[i] {
			return fmt.Sprintf("line %d: %s, want %s", i+1, linesA[i], linesB[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(linesA), len(linesB))
}
