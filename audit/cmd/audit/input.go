package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bee/audit/judge/baseline"
	"bee/audit/report"
	"bee/core/bounded"
)

// inputs reads the files that a command is given; - is standard input. After an
// error it reads nothing more.
type inputs struct {
	stdin io.Reader // nil once it was read
	err   error
}

// read reads a file that has to be what is wanted.
func (in *inputs) read(name, wanted string) (text []byte) {
	switch {
	case in.err != nil:
	case name != "-":
		if text, in.err = bounded.ReadFile(name); in.err != nil {
			in.err = mistaken(in.err, wanted, name, nil)
		}
	case in.stdin == nil:
		in.err = usageError{errors.New("- stands for standard input, and can be given once")}
	default:
		text, in.err = bounded.ReadAll(in.stdin, called(name))
		in.stdin = nil
	}
	return text
}

// report reads a report out of the text of a file.
func (in *inputs) report(name string, text []byte) *report.Report {
	if in.err != nil {
		return nil
	}
	r, err := report.Decode(text, called(name))
	if err != nil {
		in.err = mistaken(err, auditReport, name, text)
	}
	return r
}

// readReport reads the report in a file; - is standard input.
func readReport(cmd *cobra.Command, name string) (*report.Report, error) {
	in := inputs{stdin: cmd.InOrStdin()}
	r := in.report(name, in.read(name, auditReport))
	return r, in.err
}

// called is what errors call a file.
func called(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// What commands want.
const (
	auditReport   = "an audit report"
	auditCapture  = "a capture"
	auditBaseline = "a baseline"
)

// mistaken says of a file that is not what was wanted, for which err is the reason,
// what it is, and which command takes it. It returns err where that is not known.
func mistaken(err error, wanted, name string, text []byte) error {
	is, use := kindOf(name, text)
	if is == "" || is == wanted {
		return err
	}
	return fmt.Errorf("%s is %s, not %s: %s", called(name), is, wanted, use)
}

// glance reads a file of which nothing more is wanted than to know what it is: nothing
// of a device, or of a file that is larger than any that is told apart by its text.
func glance(name string) []byte {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > 64<<20 {
		return nil
	}
	text, _ := bounded.ReadFile(name)
	return text
}

// kindOf says what a file is and what it is good for, "" where it is none of those
// that bee's programs write or read.
func kindOf(name string, text []byte) (is, use string) {
	file := name
	if name == "-" {
		file = "FILE"
	}
	audit := func(arguments, does string) string { return `"audit ` + arguments + `" ` + does }
	_, err := os.Stat(filepath.Join(name, "capture.json"))
	if err == nil || bytes.HasPrefix(text, []byte("\x1f\x8b")) { // as each gzip file begins
		return auditCapture, audit("run --root "+file, "makes its report")
	}
	var keys map[string]json.RawMessage
	_ = json.Unmarshal(text, &keys)
	switch {
	case keys["capture_version"] != nil:
		return "the index of a capture", audit("run --root "+filepath.Dir(file), "makes the report of the whole")
	case keys["bee_burn"] != nil:
		return "a report of bee-burn", `"bee-burn schema" describes it`
	case keys["collectors"] != nil:
		return auditReport, audit("show "+file, "prints it")
	case keys["not_compared"] != nil:
		return "a comparison", audit("schema comparison", "describes it")
	case keys["verdict"] != nil && keys["checks"] != nil:
		return "the report of a smoke test", "the audit's is bee-audit.json, beside it"
	}
	if _, err := baseline.Parse(name, text); err == nil {
		return auditBaseline, audit("check --baseline "+file, "compares a machine with it")
	}
	return "", ""
}
