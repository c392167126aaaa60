package workflows

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const github = "../../.github/"

// commands are those of the gate.
var commands = []string{"plan", "lint", "modules", "build", "smoke", "verdict", "reproduce", "locks", "support", "vulnerabilities", "release"}

// all are the workflows by the names of their files.
func all(t *testing.T) map[string]*workflow {
	t.Helper()
	files, err := filepath.Glob(github + "workflows/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	workflows := map[string]*workflow{}
	for _, file := range files {
		w, err := read(file)
		if err != nil {
			t.Fatal(err)
		}
		workflows[filepath.Base(file)] = w
	}
	return workflows
}

func TestEachIsBounded(t *testing.T) {
	for name, w := range all(t) {
		if w.Permissions == nil {
			t.Errorf("%s: no permissions: its jobs would have those that the repository gives to all", name)
		}
		if w.Concurrency == nil || w.Concurrency.Group == "" {
			t.Errorf("%s: no concurrency group", name)
		}
		if w.Env["DO_NOT_TRACK"] != "1" {
			t.Errorf("%s: DO_NOT_TRACK is not 1", name)
		}
		if len(w.Jobs) == 0 {
			t.Errorf("%s: no jobs", name)
		}
		for key, job := range w.Jobs {
			if job.Timeout == 0 {
				t.Errorf("%s: %s: no timeout-minutes", name, key)
			}
		}
	}
}

// Nothing may write but the jobs that draft a release and that propose a lock, and those run no
// program of the repository.
func TestWhoMayWrite(t *testing.T) {
	writers := map[string][]string{
		"release.yml/draft": {"attestations", "contents", "id-token"},
		"locks.yml/propose": {"contents", "pull-requests"},
	}
	for name, w := range all(t) {
		for key, job := range w.Jobs {
			granted := job.Permissions
			if granted == nil {
				granted = w.Permissions
			}
			var scopes []string
			for _, scope := range slices.Sorted(maps.Keys(granted)) {
				if granted[scope] != "read" {
					scopes = append(scopes, scope)
				}
			}
			if !slices.Equal(scopes, writers[name+"/"+key]) {
				t.Errorf("%s: %s may write %q", name, key, scopes)
			}
			for _, s := range job.Steps {
				if len(scopes) > 0 && (strings.HasPrefix(s.Uses, "actions/checkout@") || strings.HasPrefix(s.Uses, "./")) {
					t.Errorf("%s: %s may write, and has %s", name, key, s.Uses)
				}
			}
		}
	}
}

// A tag may be moved after its commit was found to be on main: the draft asks, at once before.
func TestDraftIsOfTheCommit(t *testing.T) {
	drafts := 0
	for name, w := range all(t) {
		steps, err := Steps(github + "workflows/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range steps {
			if !strings.HasPrefix(s.Run, "gh release create ") {
				continue
			}
			drafts++
			if i == 0 || steps[i-1].Job != s.Job || !strings.HasPrefix(steps[i-1].Run, `gh api "repos/$GH_REPO/commits/tags/$VERSION" --jq 'if .sha == env.COMMIT `) {
				t.Errorf("%s: %s is not told where its tag is: %+v", name, s.Name, steps[max(0, i-1)])
			}
		}
		for _, s := range w.Jobs["draft"].Steps {
			if strings.HasPrefix(s.Run, "gh api ") && s.Env["COMMIT"] != "${{ github.sha }}" {
				t.Errorf("%s: %s compares with %q", name, s.Name, s.Env["COMMIT"])
			}
		}
	}
	if drafts != 1 {
		t.Errorf("%d steps draft a release", drafts)
	}
}

// Of a group, GitHub cancels those that wait, too: releases of several tags share none.
func TestReleasesAreNeverCancelled(t *testing.T) {
	w := all(t)["release.yml"]
	if w.Concurrency.Cancel != false || !strings.Contains(w.Concurrency.Group, "github.ref }}") {
		t.Errorf("got %+v", *w.Concurrency)
	}
}

// What a release is made of is a commit on main, which the gate tells by the history of all
// branches, and nothing that another run left behind.
func TestReleaseIsOfMainAlone(t *testing.T) {
	w := all(t)["release.yml"]
	checkouts := 0
	for _, s := range w.Jobs["release"].Steps {
		switch action, _, _ := strings.Cut(s.Uses, "@"); action {
		case "actions/checkout":
			checkouts++
			if s.With["fetch-depth"] != "0" || s.With["ref"] != "" {
				t.Errorf("the checkout has not all branches, or another commit than the tag's: %v", s.With)
			}
		case "actions/setup-go":
			if s.With["cache"] != "false" {
				t.Errorf("Go's cache is that of other runs: %v", s.With)
			}
		case "", "actions/upload-artifact":
		default:
			t.Errorf("a release is made with %s", s.Uses)
		}
	}
	if checkouts != 1 {
		t.Errorf("%d checkouts", checkouts)
	}
	if draft := w.Jobs["draft"]; draft.Needs != "release" || draft.If != "" {
		t.Errorf("the draft needs %v, and is made if %q", draft.Needs, draft.If)
	}
}

// Events of others than pushers start nothing that has more rights than they have, and
// no run has a secret of the repository but its own token.
func TestWhoStartsWhat(t *testing.T) {
	events := []string{"pull_request", "push", "schedule", "workflow_dispatch"}
	for name, w := range all(t) {
		on, ok := w.On.(map[string]any)
		if !ok {
			t.Errorf("%s: on is %v", name, w.On)
		}
		for event := range on {
			if !slices.Contains(events, event) {
				t.Errorf("%s: on %s", name, event)
			}
		}
		text, err := os.ReadFile(github + "workflows/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "secrets") {
			t.Errorf("%s: takes a secret", name)
		}
		if strings.Contains(string(text), "github.token") && !slices.Contains([]string{"release.yml", "locks.yml", "vulnerabilities.yml"}, name) {
			t.Errorf("%s: hands on its token", name)
		}
	}
}

// Actions of this repository run no scripts: those of workflows are looked at below.
func TestActionsRunNothing(t *testing.T) {
	files, err := filepath.Glob(github + "actions/*/action.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no actions: %v", err)
	}
	for _, file := range files {
		var action struct {
			Name, Description string
			Runs              struct {
				Using string
				Steps []step
			}
		}
		if err := decode(file, &action); err != nil {
			t.Fatal(err)
		}
		for _, s := range action.Runs.Steps {
			if s.Run != "" || action.Runs.Using != "composite" {
				t.Errorf("%s: runs %s", file, s.Run)
			}
		}
	}
}

var (
	used   = regexp.MustCompile(`(?m)^\s*(?:- )?uses: *(.*?) *$`)
	pinned = regexp.MustCompile(`^[\w-]+/[\w./-]+@([0-9a-f]{40}) # v\d+\.\d+\.\d+$`)
)

// A tag may be moved, a commit not. One action is at one commit everywhere.
func TestActionsArePinned(t *testing.T) {
	files, err := filepath.Glob(github + "workflows/*")
	if err != nil {
		t.Fatal(err)
	}
	actions, err := filepath.Glob(github + "actions/*/action.yml")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, file := range append(files, actions...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range used.FindAllStringSubmatch(string(text), -1) {
			uses := match[1]
			if local, ok := strings.CutPrefix(uses, "./.github/"); ok {
				if !slices.Contains(actions, github+local+"/action.yml") {
					t.Errorf("%s: there is no %s", file, uses)
				}
				continue
			}
			if !pinned.MatchString(uses) {
				t.Errorf("%s: %s: want a commit of 40 digits, and # v1.2.3", file, uses)
			}
			action, at, _ := strings.Cut(uses, "@")
			if before, ok := seen[action]; ok && before != at {
				t.Errorf("%s: %s is at %s, elsewhere at %s", file, action, at, before)
			}
			seen[action] = at
		}
	}
	if len(seen) == 0 {
		t.Error("no action was found")
	}
}

func TestCheckoutsKeepNoCredentials(t *testing.T) {
	for name, w := range all(t) {
		for key, job := range w.Jobs {
			for _, s := range job.Steps {
				if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != "false" {
					t.Errorf("%s: %s: a checkout keeps its credentials", name, key)
				}
			}
		}
	}
}

// Each step runs one command that a person could run, too, and takes values of GitHub's
// from the environment only: a name of a branch that is pasted into a script is a part
// of the script.
func TestRuns(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	var ran []string
	for name := range all(t) {
		steps, err := Steps(github + "workflows/" + name)
		if err != nil || len(steps) == 0 {
			t.Fatalf("%s: %d steps, %v", name, len(steps), err)
		}
		for _, s := range steps {
			where := name + ": " + s.Job + ": " + s.Name
			if s.Name == "" {
				t.Errorf("%s: a step without a name: %s", where, s.Run)
			}
			if strings.Contains(s.Run, "${{") {
				t.Errorf("%s: an expression in a script: %s", where, s.Run)
			}
			if strings.ContainsAny(s.Run, "\n;&|") {
				t.Errorf("%s: more than one command: %s", where, s.Run)
			}
			words := strings.Fields(s.Run)
			switch {
			case words[0] == "gh":
			case words[0] == "make" && len(words) > 1:
				if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(words[1]) + `:`).Match(makefile) {
					t.Errorf("%s: make has no %s", where, words[1])
				}
				if words[1] == "gate" {
					ran = append(ran, gate(t, where, words[2:]))
				}
			default:
				t.Errorf("%s: neither make nor gh: %s", where, s.Run)
			}
		}
	}
	for _, command := range commands {
		if !slices.Contains(ran, command) {
			t.Errorf("nothing runs gate %s", command)
		}
	}
}

// gate is the command in make's argument GATE.
func gate(t *testing.T, where string, words []string) string {
	t.Helper()
	argument, ok := strings.CutPrefix(strings.Join(words, " "), "GATE=")
	command, _, _ := strings.Cut(strings.Trim(argument, "'"), " ")
	if !ok || !slices.Contains(commands, command) {
		t.Errorf("%s: the gate has no command %q, but %q", where, command, commands)
	}
	return command
}

func TestSteps(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.yml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`
on: push
env: {A: '1', B: 1, C: 1}
jobs:
  second:
    steps:
      - run: make lint
  first:
    env: {B: '2', C: 2}
    steps:
      - uses: actions/checkout@v7
        with: {fetch-depth: 0}
      - name: Unit tests
        env:
          C: ${{ matrix.c }}
        run: make unit
`)
	steps, err := Steps(file)
	if err != nil || len(steps) != 2 {
		t.Fatalf("got %v, %v", steps, err)
	}
	s := steps[0]
	if s.Workflow != "x.yml" || s.Job != "first" || s.Name != "Unit tests" || s.Run != "make unit" ||
		!maps.Equal(s.Env, map[string]string{"A": "1", "B": "2", "C": "${{ matrix.c }}"}) {
		t.Errorf("got %+v", s)
	}
	if s := steps[1]; s.Job != "second" || s.Env["C"] != "1" {
		t.Errorf("got %+v", s)
	}

	write("on: push\npermissions: write-all\n")
	if _, err := Steps(file); err == nil || !strings.Contains(err.Error(), "write-all") {
		t.Errorf("permissions for all: %v", err)
	}
	write("on: push\njobs: {a: {container: debian}}\n")
	if _, err := Steps(file); err == nil || !strings.Contains(err.Error(), "x.yml: ") || !strings.Contains(err.Error(), "container") {
		t.Errorf("a key that is not known: %v", err)
	}
	if _, err := Steps(file + "x"); !os.IsNotExist(err) {
		t.Errorf("no file: %v", err)
	}
}
