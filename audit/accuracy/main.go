// Command accuracy says how much of what audit reports is right, as a number: it audits
// every machine that has a label, and compares. See README.md.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bee/audit/accuracy/score"
	"bee/audit/collect"
	"bee/audit/collect/capture"
	"bee/audit/collect/machine"
	"bee/audit/judge/finding"
	"bee/audit/report"
)

func main() {
	asJSON := flag.Bool("json", false, "")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), `usage: accuracy [--json] CAPTURES LABELS

It audits every captured machine below CAPTURES with a label.yaml in its folder, and
every file below the folder BEE_CORPUS with a label of its name below LABELS, and
prints how much of it is right: as a table, or as JSON.
Exit codes: 0 good enough, 1 not good enough, 2 a label or an argument is wrong.
`)
	}
	flag.Parse()
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	os.Exit(run(flag.Arg(0), flag.Arg(1), os.Getenv("BEE_CORPUS"), *asJSON, os.Stdout, os.Stderr))
}

func run(captures, labels, corpus string, asJSON bool, stdout, stderr io.Writer) int {
	all, err := labelled(captures, labels, corpus)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	if corpus == "" {
		fmt.Fprintln(stderr, "BEE_CORPUS is unset: the labels of real tool output are skipped")
	}
	s, err := measure(all)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	show := table
	if asJSON {
		show = func(w io.Writer, s *score.Score) error {
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			return e.Encode(struct {
				*score.Score
				Unreached []string `json:"unreached"`
			}{s, s.Unreached()})
		}
	}
	if err := show(stdout, s); err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	failures := s.Failures()
	for _, why := range failures {
		fmt.Fprintln(stderr, "not accurate enough:", why)
	}
	return min(len(failures), 1)
}

// subject is a machine with a label.
type subject struct {
	label string // file
	open  func() (machine.Machine, error)
}

// labelled finds the labels: those of captures, and of the corpus where there is one.
func labelled(captures, labels, corpus string) ([]subject, error) {
	var all []subject
	err := eachFile(captures, func(file string) {
		if filepath.Base(file) == "label.yaml" {
			all = append(all, subject{file, func() (machine.Machine, error) { return openCapture(filepath.Dir(file)) }})
		}
	})
	if err != nil || corpus == "" {
		return all, err
	}
	err = eachFile(labels, func(file string) {
		if name, ok := strings.CutSuffix(strings.TrimPrefix(file, filepath.Clean(labels)+"/"), ".yaml"); ok {
			all = append(all, subject{file, func() (machine.Machine, error) { return openOutput(corpus, name) }})
		}
	})
	return all, err
}

// openCapture opens the capture that a folder is, or the archive in it.
func openCapture(folder string) (*capture.Capture, error) {
	archive := filepath.Join(folder, "capture.tar.gz")
	if _, err := os.Stat(archive); err == nil {
		return capture.Open(archive)
	}
	return capture.Open(folder)
}

func eachFile(folder string, do func(file string)) error {
	return filepath.WalkDir(folder, func(file string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			do(file)
		}
		return err
	})
}

// measure audits each machine, and compares.
func measure(all []subject) (*score.Score, error) {
	s := &score.Score{Sections: []score.Values{}, Rules: []score.Findings{}, Faults: []score.Fault{}}
	var wrong []error
	for _, one := range all {
		text, err := os.ReadFile(one.label)
		if err != nil {
			return nil, err
		}
		l, err := score.Parse(one.label, text, finding.Rules())
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		m, err := one.open()
		if err != nil {
			s.Unreadable(one.label, err)
			continue
		}
		r := collect.Audit(context.Background(), m, "accuracy", collect.All(), func(report.CollectorRun) {})
		if c, replayed := m.(*capture.Capture); replayed {
			r.Replay = &report.Replay{CapturedAt: c.CapturedAt, AuditVersion: c.AuditVersion}
		}
		finding.Add(r)
		if err := s.Add(l, r); err != nil {
			return nil, err
		}
	}
	return s, errors.Join(wrong...)
}
