// Package machine is what the console knows of the machine, from files that bee's services
// write and the kernel has. It changes nothing.
package machine

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bee/audit/report"
	"bee/core/beerelease"
	"bee/core/bounded"
	"bee/core/delivery"
	"bee/core/printable"
	"bee/core/steps"
)

// State is what is known at one time. What is absent is not known, or not there.
type State struct {
	// Report of the audit; nil where there is none, and why.
	Report      *report.Report
	ReportError string
	// Release is what /etc/bee-release says.
	Release map[string]string
	// Programs of vendors that the ISO was built with.
	Programs   []Program
	Access     Access
	Network    Network
	Services   []Service
	Logs       []Log
	Burn       Burn
	Results    delivery.List
	Unattended steps.Progress
}

// Reader reads the state, again and again.
type Reader struct {
	// Root is the folder of the file system.
	Root string
	// Addresses of an interface. Nil is as the kernel has them.
	Addresses func(name string) []string

	report file[*report.Report]
	burn   burnFile
}

// Read returns the state as it is now. What was not read anew is the same as before.
func (r *Reader) Read() State {
	var s State
	var err error
	s.Report, err = r.report.read(r.path("var/log/bee-audit.json"), report.Read)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.ReportError = printable.Again(err.Error())
	}
	s.Release = beerelease.Parse(r.text(beerelease.File))
	s.Programs = r.programs(s.Release["BEE_VENDOR"])
	s.Access = r.access()
	s.Network = r.network()
	s.Services = r.services()
	s.Logs = r.logs()
	s.Burn = r.burn.read(r)
	r.decode(delivery.File, &s.Results)
	r.decode(steps.File, &s.Unattended)
	return s
}

// Program is one of a vendor.
type Program struct {
	// Name, and version, "" where nobody said it.
	Name, Version string
	// Path on the machine, "" where it is not there.
	Path  string
	Bytes int64
}

// programs are those of the names. /etc/bee/vendor has lines of name, version or "-", digest.
func (r *Reader) programs(names string) []Program {
	versions := map[string]string{}
	for line := range strings.Lines(r.text("etc/bee/vendor")) {
		if words := strings.Fields(line); len(words) > 1 && words[1] != "-" {
			versions[words[0]] = words[1]
		}
	}
	var all []Program
	for name := range strings.FieldsSeq(names) {
		p := Program{Name: name, Version: versions[name]}
		path := filepath.Join("/usr/local/bin", filepath.Base(name))
		if info, err := os.Stat(r.path(path)); err == nil {
			p.Path, p.Bytes = path, info.Size()
		}
		all = append(all, p)
	}
	return all
}

func (r *Reader) path(name string) string { return filepath.Join(r.Root, name) }

// text is that of a small file, printable; "" where it cannot be read.
func (r *Reader) text(name string) string {
	text, err := bounded.ReadFile(r.path(name))
	if err != nil {
		return ""
	}
	return printable.Lines(string(text))
}

// decode reads JSON. What is none leaves value as it is: the next time it is read, it may be.
func (r *Reader) decode(name string, value any) {
	if text, err := bounded.ReadFile(r.path(name)); err == nil {
		_ = json.Unmarshal(printable.AgainJSON(text), value)
	}
}

// file is one that is read when it has changed.
type file[T any] struct {
	modified time.Time
	size     int64
	value    T
	err      error
}

func (f *file[T]) read(path string, read func(string) (T, error)) (T, error) {
	info, err := os.Stat(path)
	if err != nil {
		*f = file[T]{}
		return f.value, err
	}
	if !info.ModTime().Equal(f.modified) || info.Size() != f.size {
		f.modified, f.size = info.ModTime(), info.Size()
		f.value, f.err = read(path)
	}
	return f.value, f.err
}
