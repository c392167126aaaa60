package golden

import (
	"strings"
	"testing"

	"bee/core/check"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "",
		"# comment\n\na PASS # why\n":       "",
		"a SKIP server=PASS bmc=absent\n":   "",
		"a PASS\n\na\n":                     "list:3: a has no outcome",
		"a FAIL\n":                          "list:1: outcome FAIL is none of [PASS SKIP absent]",
		"a PASS server=FAIL\n":              "list:1: outcome FAIL is none of",
		"a PASS server\n":                   "list:1: server is no fact=OUTCOME",
		"a PASS sunday=SKIP\n":              "list:1: fact sunday is none of [no-network server",
		"a PASS\nb PASS\na SKIP bmc=PASS\n": "list:3: check a is there already",
	} {
		_, err := parse("list", text)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestFind(t *testing.T) {
	for _, base := range []string{"alpine", "debian"} {
		if list, err := Find(base); err != nil || len(list.entries) == 0 {
			t.Errorf("%s: %v", base, err)
		}
	}
	for _, base := range []string{"", "fedora", "../golden/debian", "golden.go"} {
		if _, err := Find(base); err == nil || !strings.Contains(err.Error(), "base \""+base+"\"") {
			t.Errorf("%q: got %v", base, err)
		}
	}
}

func TestCompare(t *testing.T) {
	list, err := parse("list", "motd PASS\nburn PASS no-gpu-burn=SKIP no-driver=absent\nnetwork PASS no-network=absent\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		checks string
		facts  []Fact
		want   string
	}{
		"as it should be":          {"PASS motd, PASS burn, PASS network", nil, "PASS checks-complete: 3 as in list"},
		"where a fact holds":       {"PASS motd, SKIP burn: x, PASS network", []Fact{Server, NoGPUBurn}, "PASS checks-complete: 3 as in list"},
		"the first fact counts":    {"PASS motd, SKIP burn: x", []Fact{NoDriver, NoNetwork, NoGPUBurn}, "PASS checks-complete: 2 as in list"},
		"missing":                  {"PASS motd, PASS network", nil, "FAIL checks-complete: burn is absent, not PASS"},
		"all are named":            {"SKIP burn: x", nil, "FAIL checks-complete: motd is absent, not PASS; burn is SKIP, not PASS; network is absent, not PASS"},
		"one that must not be":     {"PASS motd, PASS burn, PASS network", []Fact{NoNetwork}, "FAIL checks-complete: network is PASS, not absent"},
		"not in the list":          {"PASS motd, PASS burn, PASS network, PASS new", nil, "FAIL checks-complete: new is not in list: add it there"},
		"a failure is not doubled": {"FAIL motd: x, PASS burn, PASS network", nil, "PASS checks-complete: 3 as in list"},
		"nor hides another":        {"FAIL motd: x, PASS network", nil, "FAIL checks-complete: burn is absent, not PASS"},
	} {
		t.Run(name, func(t *testing.T) {
			var checks []check.Check
			for line := range strings.SplitSeq(c.checks, ", ") {
				line, detail, _ := strings.Cut(line, ": ")
				status, name, _ := strings.Cut(line, " ")
				checks = append(checks, check.Check{Name: name, Status: check.Status(status), Detail: detail})
			}
			if got := list.Compare(checks, c.facts).String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
