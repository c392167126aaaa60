// Package collect asks a machine about its hardware and puts the answers into a
// report.
//
// Each collector owns one section of the report and runs beside the others.
// Whatever fails is recorded as an error in the report, and the rest stands. To
// add a collector, write a [Collector] in a file of its own and list it in All.
package collect

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"bee/audit/collect/machine"
	"bee/audit/report"
	"bee/audit/report/alike"
	"bee/audit/tool/lldp"
	"bee/core/printable"
)

// Collector finds out one section of the report.
type Collector struct {
	// Name of the collector and of its section.
	Name string
	// About is what it collects, for the help text.
	About string
	// Tools that it cannot do without. Where one is missing, it is skipped, which
	// is no error.
	Tools []string
	// Present reports whether the machine has what the section is about; nil where every
	// machine does. Where it does not, nothing is lacking without the tools.
	Present func(fs.FS) bool
	// Collect does the work. It stores what it finds, as it finds it, by
	// [Task.Update].
	Collect func(ctx context.Context, t *Task)
}

// All returns every collector, in the order of the report.
func All() []Collector {
	return []Collector{board, platform, kernel, cpu, memory, storage, pcie, network, psu, bmc, nvidia}
}

// Select returns the collectors with the given names, in the order of All.
func Select(names []string) ([]Collector, error) {
	all := All()
	var known []string
	for _, c := range all {
		known = append(known, c.Name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("no collector %q: choose from %s", name, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(all, func(c Collector) bool { return !slices.Contains(names, c.Name) }), nil
}

// usualLimit is how long a tool may take at first. Most only read a few kilobytes.
const usualLimit = 15 * time.Second

// limits are those of tools that may take longer.
var limits = map[string]time.Duration{
	"lspci": 30 * time.Second,
	// It waits for what switches say, of themselves, every 30 seconds.
	"audit": lldp.Interval + 15*time.Second,
	// Without persistence mode, the driver sets up every GPU anew for every run:
	// more than half a minute with eight of them.
	"nvidia-smi": time.Minute,
	// A BMC takes a minute to find out that a dozen inventories are not there.
	"ipmitool": 90 * time.Second,
	// A bad drive keeps smartctl busy for a minute.
	"smartctl": 90 * time.Second, "nvme": 90 * time.Second, "lsblk": 90 * time.Second,
	// So does it the program of its controller's maker.
	"storcli64": 90 * time.Second, "storcli": 90 * time.Second, "perccli64": 90 * time.Second, "perccli": 90 * time.Second,
	"ssacli": 90 * time.Second, "hpssacli": 90 * time.Second, "arcconf": 90 * time.Second,
	"sas3ircu": 90 * time.Second, "sas2ircu": 90 * time.Second,
}

// Limits returns the shortest and the longest time that a tool may take at first.
func Limits() (shortest, longest time.Duration) {
	return usualLimit, slices.Max(slices.Collect(maps.Values(limits)))
}

// longer is how many times as long as at first what has not answered in time gets a
// second time, where the whole audit's time has as much left: a machine under load
// needs longer than one at rest.
const longer = 2

// patience (a variable for tests) is how long collectors may take to wind up after ctx has ended; what
// they started is killed by then.
var patience = 10 * time.Second

// Run runs collectors at the same time and stores what they find in the report,
// until all are done or ctx ends. It returns soon after ctx ends, even where a
// collector hangs. Each collector that ends is given to progress.
func Run(ctx context.Context, m machine.Machine, collectors []Collector, into *report.Report, progress func(report.CollectorRun)) {
	r := &run{report: into, errors: map[string][]report.Error{}, tools: map[string][]report.ToolRun{}, lacks: map[string][]string{}}
	start := time.Now()
	fates := make(chan int, len(collectors))
	into.Collectors = make([]report.CollectorRun, len(collectors))
	for i, c := range collectors {
		into.Collectors[i] = report.CollectorRun{Name: c.Name, Status: report.GivenUp}
		go func() {
			t := &Task{Machine: m, collector: c, run: r}
			fate := t.collect(ctx)
			r.update(func(rep *report.Report) { rep.Collectors[i] = fate })
			fates <- i
		}()
	}

	var tooLate <-chan time.Time
	ended := ctx.Done()
	for pending := len(collectors); pending > 0; {
		select {
		case i := <-fates:
			pending--
			progress(into.Collectors[i])
		case <-ended:
			ended = nil
			tooLate = time.After(patience)
		case <-tooLate:
			pending = 0
		}
	}

	// From here on, a collector that was given up on talks to nobody.
	r.close()
	var failed []report.Error
	for i, c := range collectors {
		fate := &into.Collectors[i]
		if fate.Status == report.GivenUp {
			fate.DurationSeconds = seconds(time.Since(start))
			r.errors[c.Name] = append(r.errors[c.Name], report.Error{
				Collector: c.Name, Kind: report.Stuck,
				Message:         "the collector hangs and was given up on; what it had found until then is in the report",
				DurationSeconds: fate.DurationSeconds,
			})
			progress(*fate)
		}
		fate.Tools = r.tools[c.Name]
		// The order in which tools ended says nothing.
		slices.SortStableFunc(r.errors[c.Name], func(a, b report.Error) int {
			return cmp.Or(cmp.Compare(a.Tool, b.Tool), slices.Compare(a.Args, b.Args))
		})
		slices.Sort(r.lacks[c.Name])
		failed = append(failed, r.errors[c.Name]...)
	}
	into.Errors = together(failed)
	into.NotExamined = r.gaps(collectors, into)
}

// together makes one error of those that say the same: a machine without SMBIOS is one
// thing, however often it is asked.
func together(all []report.Error) []report.Error {
	type same struct {
		kind                  report.Kind
		tool, message, stderr string
		exited                bool
		status                int
	}
	groups := alike.Group(all, func(e report.Error) same {
		s := same{kind: e.Kind, tool: e.Tool, message: e.Message, stderr: strings.Join(e.Stderr, "\n")}
		if e.ExitStatus != nil {
			s.exited, s.status = true, *e.ExitStatus
		}
		return s
	})
	merged := []report.Error{}
	for _, group := range groups {
		e := group[0]
		for _, other := range group[1:] {
			e.Again = append(e.Again, other.Runs()...)
		}
		merged = append(merged, e)
	}
	return merged
}

// gaps says what could not be examined, what concerns most sections first: what collectors
// lacked, then what failed.
func (r *run) gaps(collectors []Collector, made *report.Report) []report.Gap {
	all := []report.Gap{}
	add := func(reason, section string) {
		i := slices.IndexFunc(all, func(g report.Gap) bool { return g.Reason == reason })
		if i < 0 {
			i = len(all)
			all = append(all, report.Gap{Reason: reason})
		}
		all[i].Sections = append(all[i].Sections, section)
	}
	for _, c := range collectors {
		for _, reason := range r.lacks[c.Name] {
			add(reason, c.Name)
		}
	}
	var arrays []string
	for _, d := range made.Storage.UnexaminedArrays() {
		arrays = append(arrays, d.Path)
	}
	if len(arrays) > 0 {
		add("the drives behind "+strings.Join(arrays, ", ")+" do not show", "storage")
	}
	for _, e := range made.Errors {
		g := report.Gap{Reason: e.Message, Sections: e.Sections()}
		if n := len(e.Runs()); n > 1 {
			g.Count = n
		}
		all = append(all, g)
	}
	slices.SortStableFunc(all, func(a, b report.Gap) int { return cmp.Compare(len(b.Sections), len(a.Sections)) })
	return all
}

// run is the report in the making. Collectors reach it through a lock, and no
// more once it is closed.
type run struct {
	mu     sync.Mutex
	closed bool
	report *report.Report
	// By collector, in the order they came.
	errors map[string][]report.Error
	tools  map[string][]report.ToolRun
	// What was not there to be asked, or to ask with.
	lacks map[string][]string
}

func (r *run) update(f func(*report.Report)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		f(r.report)
	}
}

func (r *run) fail(e report.Error) {
	r.update(func(*report.Report) { r.errors[e.Collector] = append(r.errors[e.Collector], e) })
}

func (r *run) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

// Task is one run of a collector: what it works with.
type Task struct {
	// Machine is the machine to collect from. Use Run to run tools.
	machine.Machine

	collector Collector
	run       *run
}

// collect runs the collector and returns its fate.
func (t *Task) collect(ctx context.Context) (fate report.CollectorRun) {
	fate = report.CollectorRun{Name: t.collector.Name, Status: report.Done}
	for _, tool := range t.collector.Tools {
		if !t.Machine.Has(tool) {
			fate.MissingTools = append(fate.MissingTools, tool)
		}
	}
	if len(fate.MissingTools) > 0 {
		fate.Status = report.Skipped
		if t.collector.Present == nil || t.collector.Present(t.Files()) {
			for _, tool := range fate.MissingTools {
				t.lack("no " + tool)
			}
		}
		return fate
	}
	start := time.Now()
	t.guard(func() { t.collector.Collect(ctx, t) })
	fate.DurationSeconds = seconds(time.Since(start))
	return fate
}

// guard turns a panic into an error in the report: a fault in one parser must
// not cost the other collectors' work.
func (t *Task) guard(f func()) {
	defer func() {
		if p := recover(); p != nil {
			t.run.fail(report.Error{
				Collector: t.collector.Name, Kind: report.Internal,
				Message: printable.Escape(fmt.Appendf(nil, "fault in the collector: %v", p)),
			})
		}
	}()
	f()
}

// Update changes the report. f must not block, and must not keep the report.
func (t *Task) Update(f func(*report.Report)) { t.run.update(f) }

// Has implements [machine.Machine]. A tool that is not there is told in the report.
func (t *Task) Has(tool string) bool {
	if t.Machine.Has(tool) {
		return true
	}
	t.lack("no " + tool)
	return false
}

// lack tells in the report what is not there, for which the section lacks something.
func (t *Task) lack(reason string) {
	t.run.update(func(*report.Report) {
		if name := t.collector.Name; !slices.Contains(t.run.lacks[name], reason) {
			t.run.lacks[name] = append(t.run.lacks[name], reason)
		}
	})
}

// Run runs a tool with its time limit. It records that the tool ran, not whether
// that went well: hand the result to Check.
func (t *Task) Run(ctx context.Context, tool string, args ...string) machine.Result {
	limit := cmp.Or(limits[tool], usualLimit)
	result := t.Machine.Run(ctx, machine.Command{Tool: tool, Args: args, Limit: limit, SecondLimit: longer * limit})
	t.run.update(func(*report.Report) {
		t.run.tools[t.collector.Name] = append(t.run.tools[t.collector.Name], report.ToolRun{
			Tool: tool, Args: printableArgs(args), DurationSeconds: seconds(result.Duration), ExitStatus: exitStatus(result),
		})
	})
	return result
}

// printableArgs makes arguments fit for the report: names of devices are among them.
func printableArgs(args []string) []string {
	var all []string
	for _, arg := range args {
		all = append(all, printable.Escape([]byte(arg)))
	}
	return all
}

// exitStatus returns a tool's exit status, nil where it did not exit by itself.
func exitStatus(r machine.Result) *int {
	var exit *machine.ExitError
	if r.Err == nil {
		return new(int)
	}
	if errors.As(r.Err, &exit) && exit.Signal == 0 {
		return &exit.Status
	}
	return nil
}

// Check records an error where the tool failed, else where its output could not
// be understood. What a capture does not have is no fault of the machine's, but lacks.
func (t *Task) Check(r machine.Result, bad error) {
	if errors.Is(r.Err, machine.ErrNotCaptured) {
		t.lack("the capture is of an older version, which asked " + r.Tool + " for less")
		return
	}
	kind, err := report.BadOutput, bad
	if r.Err != nil {
		kind, err = kindOf(r.Err), r.Err
	}
	if err == nil {
		return
	}
	message := err.Error()
	if r.Err != nil {
		message = r.Tool + " " + message
	}
	t.failed(r, kind, message)
}

// Explain records an error of a tool whose failure says something about the machine.
func (t *Task) Explain(r machine.Result, reason string) {
	kind := report.BadOutput
	if r.Err != nil {
		kind = kindOf(r.Err)
	}
	t.failed(r, kind, reason)
}

func (t *Task) failed(r machine.Result, kind report.Kind, message string) {
	t.run.fail(report.Error{
		Collector:       t.collector.Name,
		Kind:            kind,
		Message:         printable.Escape([]byte(message)),
		Tool:            r.Tool,
		Args:            printableArgs(r.Args),
		DurationSeconds: seconds(r.Duration),
		ExitStatus:      exitStatus(r),
		Stderr:          firstLines(r.Stderr),
	})
}

// sideBySide is how many calls Each makes at the same time.
const sideBySide = 16

// Each runs f for 0 to n-1, some at the same time.
func (t *Task) Each(n int, f func(i int)) {
	var g errgroup.Group
	g.SetLimit(sideBySide)
	for i := range n {
		g.Go(func() error {
			t.guard(func() { f(i) })
			return nil
		})
	}
	_ = g.Wait()
}

func kindOf(err error) report.Kind {
	var exit *machine.ExitError
	switch {
	case errors.Is(err, machine.ErrStuck):
		return report.Stuck
	case errors.Is(err, machine.ErrTimeLimit):
		return report.TimeLimit
	case errors.Is(err, machine.ErrOutputLimit):
		return report.OutputLimit
	case errors.Is(err, machine.ErrInterrupted):
		return report.Interrupted
	case errors.As(err, &exit):
		return report.ExitStatus
	}
	return report.NotStarted
}

// firstLines returns the first lines of a tool's standard error, shortened.
func firstLines(stderr []byte) []string {
	const lines, length = 5, 200
	var first []string
	for line := range bytes.Lines(stderr) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if len(first) == lines {
			break
		}
		first = append(first, printable.Escape(line[:min(len(line), length)]))
	}
	return first
}

// seconds is a duration to the millisecond.
func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }
