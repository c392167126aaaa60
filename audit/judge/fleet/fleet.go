// Package fleet looks at the audit reports of many machines together: what each of them is,
// which are of one model and who of these is not built as most are, and which serial numbers
// are there more than once.
//
// Of each report only the gist is kept. Those of machines that are not like most of their
// group, or have a number that others have, are read once more.
package fleet

import (
	"cmp"
	_ "embed"
	"errors"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"bee/audit/judge/compare"
	"bee/audit/report"
	"bee/core/printable"
)

//go:generate go test . -run ^TestSchemaIsCurrent$ -update

// Schema is the JSON Schema of fleets, draft 2020-12, made from the types below.
//
//go:embed fleet.schema.json
var Schema []byte

// Fleet is what reports of many machines say.
type Fleet struct {
	// The machines, those with the worst findings first.
	Machines []Machine `json:"machines"`
	// Machines of the same model, compared with each other.
	Groups []Group `json:"groups"`
	// Serial numbers and other marks, of machines and parts, that several machines have.
	Duplicates []Duplicate `json:"duplicates"`
	// Reports of a machine of which there is a newer one. They do not count.
	Earlier []Earlier `json:"earlier"`
	// Files that could not be read as a report, and why.
	Unread []Unread `json:"unread"`
	// How many files in folders were passed over, since they are something else that bee
	// writes.
	PassedOver int `json:"passed_over"`
}

// Machine is the gist of a machine's report.
type Machine struct {
	// What it is called here, each machine by a name of its own: its serial number; where
	// nobody knows that, its host name, or the file. The file stands behind it where others
	// have the same.
	Name string `json:"name"`
	// File of the report.
	File         string `json:"file"`
	Hostname     string `json:"hostname,omitempty"`
	Manufacturer string `json:"manufacturer,omitempty"`
	ProductName  string `json:"product_name,omitempty"`
	SerialNumber string `json:"serial_number,omitempty"`
	// When the audit began, in UTC.
	StartedAt time.Time `json:"started_at"`
	// Processors by their model. Absent where nobody knows them.
	Processors []Parts `json:"processors,omitempty"`
	// Size of all memory modules. Absent where nobody knows it.
	MemoryBytes   uint64 `json:"memory_bytes,omitempty"`
	MemoryModules int    `json:"memory_modules,omitempty"`
	// Drives by size and by how they are attached, without removable ones. Absent where nobody
	// knows them.
	Drives []Parts `json:"drives,omitzero"`
	// GPUs of NVIDIA by their name; those that the driver does not know, or could not be asked
	// about, have none. Absent where nobody knows.
	GPUs []Parts `json:"gpus,omitzero"`
	// How many findings there are, and the first of the worst ones. Absent where the program
	// that made the report did not look for any, or has found none.
	Findings *Findings       `json:"findings,omitempty"`
	Worst    *report.Finding `json:"worst,omitempty"`
	// Sections of the report that lack something.
	NotExamined []string `json:"not_examined,omitempty"`
	// In how many ways it is not as most of its group are.
	Differences int `json:"differences"`
}

// Parts are a number of parts that are alike.
type Parts struct {
	Count int `json:"count"`
	// What they are called. Absent where nobody says.
	Name string `json:"name,omitempty"`
	// The size of each drive.
	SizeBytes uint64 `json:"size_bytes,omitempty"`
}

// Findings counts findings.
type Findings struct {
	Critical int `json:"critical"`
	Warning  int `json:"warning"`
	Info     int `json:"info"`
}

// Earlier is a report of a machine of which there is a newer one.
type Earlier struct {
	File string `json:"file"`
	// Name of the machine.
	Machine string `json:"machine"`
}

// Unread is a file that could not be read as a report.
type Unread struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

// NotRead is a file that could not be read, made printable: whoever filled a folder chose the
// names in it.
func NotRead(file string, err error) Unread {
	return Unread{printable.Again(file), printable.Lines(err.Error())}
}

// ErrOther is the error of reading a file that is to be passed over.
var ErrOther = errors.New("another file of bee's")

// entry is what is kept of a report.
type entry struct {
	Machine
	path   string // the file, which may have a name that is not printable
	uuid   string
	builds map[string]compare.Build
	marks  []markID
	macs   []string
	// Those of its marks that others have, too; known when it was read once more.
	shared []mark
}

// Of looks at the reports in files; read reads one, and may be called again for the same file,
// and at once for several.
func Of(files []string, read func(file string) (*report.Report, error)) *Fleet {
	f := &Fleet{Machines: []Machine{}, Groups: []Group{}, Duplicates: []Duplicate{}, Earlier: []Earlier{}, Unread: []Unread{}}
	entries, errs := make([]*entry, len(files)), make([]error, len(files))
	each(len(files), func(i int) {
		r, err := read(files[i])
		if err != nil {
			errs[i] = err
			return
		}
		entries[i] = gist(files[i], r)
	})
	for i, err := range errs {
		switch {
		case errors.Is(err, ErrOther):
			f.PassedOver++
		case err != nil:
			f.Unread = append(f.Unread, NotRead(files[i], err))
		}
	}
	entries = slices.DeleteFunc(entries, func(e *entry) bool { return e == nil })
	entries, earlier := newest(entries)
	slices.SortStableFunc(entries, func(a, b *entry) int {
		return cmp.Or(worse(a.Findings, b.Findings), cmp.Compare(a.Name, b.Name), cmp.Compare(a.File, b.File))
	})
	name(entries)
	for _, pair := range earlier {
		f.Earlier = append(f.Earlier, Earlier{pair[0].File, pair[1].Name})
	}
	shared := shared(entries)
	f.group(entries, shared, read)
	f.Duplicates = append(f.Duplicates, duplicates(entries)...)
	for _, e := range entries {
		f.Machines = append(f.Machines, e.Machine)
	}
	return f
}

// each does something for each of n things, on all processors.
func each(n int, do func(int)) {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		g.Go(func() error { do(i); return nil })
	}
	_ = g.Wait()
}

// worse sorts what has worse findings first, and then what has more of them. What nobody looked
// at comes before what is good.
func worse(a, b *Findings) int {
	counts := func(f *Findings) (int, int, int, int) {
		if f == nil {
			return 0, 0, 1, 0
		}
		return f.Critical, f.Warning, 0, f.Info
	}
	ac, aw, au, ai := counts(a)
	bc, bw, bu, bi := counts(b)
	return cmp.Or(bc-ac, bw-aw, bu-au, bi-ai)
}

// newest drops reports of a machine of which there is a newer one, and says which those are.
//
// It is the same machine where serial number and UUID are the same and a MAC address is; or
// where it is the same audit. Without a MAC address in common they are two machines of which
// one has a wrong serial number.
func newest(entries []*entry) (newest []*entry, earlier [][2]*entry) {
	type key struct{ serial, uuid, more string }
	latest := map[key]*entry{}
	keys := func(e *entry) []key {
		var all []key
		for _, mac := range e.macs {
			// Some that are not worldwide are the same in many machines, of which then nothing
			// else may tell that they are others.
			if e.SerialNumber != "" || e.uuid != "" || worldwide(mac) {
				all = append(all, key{e.SerialNumber, e.uuid, mac})
			}
		}
		if !e.StartedAt.IsZero() {
			all = append(all, key{e.SerialNumber, e.uuid, e.Hostname + " " + e.StartedAt.String()})
		}
		return all
	}
	// The newest first, so that each meets the newer ones.
	sorted := slices.Clone(entries)
	slices.SortStableFunc(sorted, func(a, b *entry) int { return b.StartedAt.Compare(a.StartedAt) })
	newer := map[*entry]*entry{}
	for _, e := range sorted {
		is := e
		for _, k := range keys(e) {
			if other := latest[k]; other != nil {
				is = other
				break
			}
		}
		if is != e {
			newer[e] = is
		}
		for _, k := range keys(e) {
			if latest[k] == nil {
				latest[k] = is
			}
		}
	}
	for _, e := range entries {
		if is := newer[e]; is != nil {
			earlier = append(earlier, [2]*entry{e, is})
		} else {
			newest = append(newest, e)
		}
	}
	return newest, earlier
}

// name gives each machine a name of its own.
func name(entries []*entry) {
	seen := map[string]int{}
	for _, e := range entries {
		seen[e.Name]++
	}
	for _, e := range entries {
		if seen[e.Name] > 1 && e.Name != e.File {
			e.Name += " (" + e.File + ")"
		}
	}
}
