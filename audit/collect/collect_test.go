package collect

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"bee/audit/collect/machine"
	"bee/audit/report"
	"bee/audit/report/schema"
)

// script is a machine that answers from a table: the output of a command line,
// or how it fails. A tool is installed where a command line begins with it.
type script struct {
	out    map[string]string
	err    map[string]error
	stderr map[string]string
	files  fstest.MapFS
}

func (s script) Has(tool string) bool {
	for line := range s.out {
		if strings.HasPrefix(line, tool+" ") {
			return true
		}
	}
	return false
}

func (s script) Files() fs.FS { return s.files }

func (s script) Run(_ context.Context, c machine.Command) machine.Result {
	line := strings.Join(append([]string{c.Tool}, c.Args...), " ")
	out, known := s.out[line]
	err := s.err[line]
	if line == smiErrors && !known { // as it does for the links
		known, err = true, s.err[smiLinks]
	}
	if !known && err == nil {
		err = errors.New("not in the script: " + line)
	}
	return machine.Result{Command: c, Stdout: []byte(out), Stderr: []byte(s.stderr[line]), Err: err}
}

// audit runs collectors on a machine and checks that the report is valid.
func audit(t *testing.T, ctx context.Context, m machine.Machine, collectors ...Collector) *report.Report {
	t.Helper()
	r := Audit(ctx, m, "test", collectors, func(report.CollectorRun) {})
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(b.Bytes()); err != nil {
		t.Errorf("the report is not valid:\n%v\n%s", err, b.Bytes())
	}
	return r
}

// corpus returns the real tool outputs that match a pattern.
func corpus(t *testing.T, pattern ...string) []string {
	t.Helper()
	dir := os.Getenv("BEE_CORPUS")
	if dir == "" {
		t.Skip("BEE_CORPUS is unset: no real tool output to read")
	}
	files, err := filepath.Glob(filepath.Join(append([]string{dir}, pattern...)...))
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing like %v under %s: %v", pattern, dir, err)
	}
	return files
}

func TestOneCollectorsTroubleIsItsOwn(t *testing.T) {
	good := Collector{Name: "cpu", Collect: func(_ context.Context, t *Task) {
		t.Update(func(r *report.Report) { r.CPU = &report.CPU{Sockets: []report.Socket{}} })
	}}
	missing := Collector{Name: "board", Tools: []string{"no-such-tool"}, Collect: func(context.Context, *Task) { panic("unreachable") }}
	panics := Collector{Name: "memory", Collect: func(_ context.Context, t *Task) {
		t.Update(func(r *report.Report) {
			r.Memory = &report.Memory{Arrays: []report.MemoryArray{}, Slots: []report.MemorySlot{}}
		})
		t.Each(2, func(i int) { _ = []int{}[i] })
		panic("half-way\xff")
	}}
	var done []string
	r := Audit(t.Context(), script{}, "test", []Collector{missing, good, panics}, func(c report.CollectorRun) { done = append(done, c.Name) })

	if r.CPU == nil || r.Memory == nil {
		t.Error("what was found before the trouble is lost")
	}
	for i, want := range []report.Status{report.Skipped, report.Done, report.Done} {
		if got := r.Collectors[i].Status; got != want {
			t.Errorf("%s: status %s, want %s", r.Collectors[i].Name, got, want)
		}
	}
	if got := r.Collectors[0].MissingTools; !slices.Equal(got, []string{"no-such-tool"}) {
		t.Errorf("missing tools %v", got)
	}
	if len(r.Errors) != 3 || r.Errors[2].Kind != report.Internal || !strings.Contains(r.Errors[2].Message, `half-way\xff`) {
		t.Errorf("errors %+v, want three internal ones", r.Errors)
	}
	if len(done) != 3 {
		t.Errorf("progress told of %v", done)
	}
}

// A collector that hangs costs neither the others' work nor its own until then,
// and cannot touch the report when it wakes up later.
func TestHangingCollectorIsGivenUp(t *testing.T) {
	defer func(p time.Duration) { patience = p }(patience)
	patience = 10 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	wake, awake := make(chan bool), make(chan bool)
	hangs := Collector{Name: "cpu", Collect: func(_ context.Context, t *Task) {
		t.Update(func(r *report.Report) { r.CPU = &report.CPU{Sockets: []report.Socket{{Handle: "0x0001"}}} })
		cancel()
		<-wake
		t.Update(func(r *report.Report) { r.CPU = nil })
		t.Check(machine.Result{}, errors.New("too late"))
		close(awake)
	}}
	r := audit(t, ctx, script{}, hangs)
	close(wake)
	<-awake
	if r.CPU == nil || len(r.CPU.Sockets) != 1 {
		t.Error("what it had found is lost")
	}
	if r.Collectors[0].Status != report.GivenUp {
		t.Errorf("status %s", r.Collectors[0].Status)
	}
	if len(r.Errors) != 1 || r.Errors[0].Kind != report.Stuck {
		t.Errorf("errors %+v", r.Errors)
	}
}

func TestToolErrors(t *testing.T) {
	stderr := []byte("\none\n  two\xff \n" + strings.Repeat("x", 1000) + "\n4\n5\n6\n7\n")
	for _, c := range []struct {
		err    error
		bad    error
		kind   report.Kind
		status int // -1: absent
	}{
		{&machine.ExitError{Status: 3}, nil, report.ExitStatus, 3},
		{&machine.ExitError{Status: -1, Signal: 11}, nil, report.ExitStatus, -1},
		{machine.ErrTimeLimit, errors.New("as a consequence"), report.TimeLimit, -1},
		{machine.ErrOutputLimit, nil, report.OutputLimit, -1},
		{errors.Join(machine.ErrTimeLimit, machine.ErrStuck), nil, report.Stuck, -1},
		{machine.ErrInterrupted, nil, report.Interrupted, -1},
		{errors.New("no such file"), nil, report.NotStarted, -1},
		{nil, errors.New("rubbish"), report.BadOutput, 0},
	} {
		one := Collector{Name: "cpu", Collect: func(_ context.Context, task *Task) {
			task.Check(machine.Result{
				Command: machine.Command{Tool: "tool", Args: []string{"-a"}}, Duration: 1500 * time.Millisecond,
				Stderr: stderr, Err: c.err,
			}, c.bad)
		}}
		r := audit(t, t.Context(), script{}, one)
		if len(r.Errors) != 1 {
			t.Errorf("%s: %d errors", c.kind, len(r.Errors))
			continue
		}
		e := r.Errors[0]
		if e.Collector != "cpu" || e.Kind != c.kind || e.Tool != "tool" || !slices.Equal(e.Args, []string{"-a"}) || e.DurationSeconds != 1.5 {
			t.Errorf("%s: %+v", c.kind, e)
		}
		if (e.ExitStatus == nil) != (c.status < 0) || e.ExitStatus != nil && *e.ExitStatus != c.status {
			t.Errorf("%s: exit status %v, want %d", c.kind, e.ExitStatus, c.status)
		}
		if len(e.Stderr) != 5 || e.Stderr[1] != `two\xff` || len(e.Stderr[2]) != 200 {
			t.Errorf("%s: stderr %q", c.kind, e.Stderr)
		}
	}
}

// hostWith is this machine with other tools and other files.
type hostWith struct {
	machine.Host
	files fs.FS
}

func (h *hostWith) Files() fs.FS { return h.files }

// A BMC may be slow, or the machine busy: what takes longer than its limit is asked
// once more, and what does not answer then either is told of.
func TestSlowTool(t *testing.T) {
	bin := t.TempDir()
	for tool, script := range map[string]string{
		"dmidecode": `printf '%s' "$DMI"`,
		"ipmitool": `if [ "$ALWAYS" ] || [ ! -e "$0.asked" ]; then : >"$0.asked"; exec sleep 100; fi
echo 'Firmware Revision : 1.74'`,
	} {
		if err := os.WriteFile(filepath.Join(bin, tool), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("DMI", dmiSample)
	m := &hostWith{files: fstest.MapFS{"dev/ipmi0": {}}}
	defer func(d time.Duration) { limits["ipmitool"] = d }(limits["ipmitool"])
	limits["ipmitool"] = time.Second

	r := audit(t, t.Context(), m, board)
	if len(r.Errors) > 0 || r.Board == nil || r.Board.BMC == nil || r.Board.BMC.FirmwareVersion != "1.74" {
		t.Errorf("slow once: board %+v, errors %+v", r.Board, r.Errors)
	}
	for _, run := range r.Collectors[0].Tools {
		if run.Tool == "ipmitool" && (run.DurationSeconds < 0.9 || run.ExitStatus == nil) {
			t.Errorf("the run is told of as %+v", run)
		}
	}

	t.Setenv("ALWAYS", "yes")
	r = audit(t, t.Context(), m, board)
	if r.Board == nil || r.Board.BMC != nil || len(r.Board.Baseboards) != 1 || len(r.Errors) != 1 {
		t.Fatalf("always slow: board %+v, errors %+v", r.Board, r.Errors)
	}
	const want = "ipmitool reached its time limit of 1s; run once more, it reached its time limit of 2s"
	if e := r.Errors[0]; e.Kind != report.TimeLimit || e.Message != want || e.DurationSeconds < 3 {
		t.Errorf("error %+v", e)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	r = audit(t, ctx, m, board)
	if len(r.Errors) != 1 || r.Errors[0].Message != "ipmitool reached its time limit of 1s" {
		t.Errorf("the audit has no time for that: errors %+v", r.Errors)
	}
}

func TestSelect(t *testing.T) {
	some, err := Select([]string{"storage", "board"})
	if err != nil || len(some) != 2 || some[0].Name != "board" || some[1].Name != "storage" {
		t.Errorf("got %v, error %v", some, err)
	}
	if _, err := Select([]string{"nope"}); err == nil || !strings.Contains(err.Error(), "board, platform") {
		t.Errorf("error %v does not list the choice", err)
	}
}

func TestAboutTheSystem(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	files := fstest.MapFS{
		"etc/bee-release": file("# made at build time\nBEE_VERSION=\"1.2\"\nBEE_COMMIT=\"abc\"\nBEE_BASE=debian\n" +
			"BEE_RELEASE='trixie'\nBEE_SSH=\"random\"\nBEE_VENDOR=\"storcli64 mstflint\"\nBEE_OVERRIDES=\"DEBIAN_MIRROR GOLANG_IMAGE\"\nBEE_BUILD_INFO=\"one line\"\n"),
		"etc/bee/vendor":            file("sas3ircu - " + strings.Repeat("0f", 32) + "\nstorcli64 007.2705 " + strings.Repeat("1e", 32) + "\n"),
		"proc/sys/kernel/hostname":  file("bee\n"),
		"proc/sys/kernel/osrelease": file("6.12.1-amd64\n"),
	}
	r := audit(t, t.Context(), script{files: files})
	if b := r.BeeRelease; b == nil || b.Version != "1.2" || b.Commit != "abc" || b.Base != "debian" || b.Release != "trixie" ||
		b.SSH != "random" || !slices.Equal(b.Vendor, []string{"storcli64", "mstflint"}) ||
		!slices.Equal(b.Overrides, []string{"DEBIAN_MIRROR", "GOLANG_IMAGE"}) ||
		!slices.Equal(b.VendorPrograms, []report.VendorProgram{{Name: "sas3ircu", SHA256: strings.Repeat("0f", 32)}, {Name: "storcli64", Version: "007.2705", SHA256: strings.Repeat("1e", 32)}}) {
		t.Errorf("release %+v", b)
	}
	if r.Host != (report.Host{Hostname: "bee", KernelRelease: "6.12.1-amd64"}) {
		t.Errorf("host %+v", r.Host)
	}

	const key = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
	for content, want := range map[string]string{
		key + "\n": key, key: key,
		"": "", "SHA256:short\n": "", key + "=\n": "", key + "\n" + key + "\n": "", "MD5:" + key: "", "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hS\x1b[m\n": "",
	} {
		files["etc/bee/host-key"] = file(content)
		if got := audit(t, t.Context(), script{files: files}).Host.SSHHostKey; got != want {
			t.Errorf("the host key %q: %q, want %q", content, got, want)
		}
	}

	files["etc/bee/vendor"] = file("sas3ircu\n")
	if r = audit(t, t.Context(), script{files: files}); r.BeeRelease == nil || len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Message, "/etc/bee/vendor") {
		t.Errorf("a broken list of vendor programs: errors %+v", r.Errors)
	}
	files["etc/bee-release"] = file("BEE_VERSION=\"1.2\nthis is no assignment\n")
	r = audit(t, t.Context(), script{files: files})
	if len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Message, "/etc/bee-release") {
		t.Errorf("a broken release file: errors %+v", r.Errors)
	}
}

// The same reason is one error, with all the runs that met it, and one gap with the
// sections that lack something.
func TestSameErrors(t *testing.T) {
	failing := func(name string, runs ...machine.Result) Collector {
		return Collector{Name: name, Collect: func(_ context.Context, t *Task) {
			for _, r := range runs {
				t.Check(r, nil)
			}
		}}
	}
	run := func(stderr string, err error, args ...string) machine.Result {
		return machine.Result{Command: machine.Command{Tool: "ethtool", Args: args}, Stderr: []byte(stderr), Err: err}
	}
	one, two := &machine.ExitError{Status: 1}, &machine.ExitError{Status: 2}
	r := audit(t, t.Context(), script{},
		failing("network", run("", machine.ErrTimeLimit, "eth1"), run("busy", one, "eth0"), run("", machine.ErrTimeLimit, "eth0")),
		failing("pcie", run("", machine.ErrTimeLimit, "eth2"), run("gone", one, "eth0"), run("busy", two, "eth0")))
	var got []string
	for _, e := range r.Errors {
		var runs []string
		for _, run := range e.Runs() {
			runs = append(runs, run.Collector+" "+strings.Join(run.Args, " "))
		}
		got = append(got, strings.Join(runs, ", ")+": "+e.Message+strings.Join(e.Stderr, ""))
	}
	want := []string{
		"network eth0: ethtool exited with status 1busy",
		"network eth0, network eth1, pcie eth2: ethtool reached its time limit",
		"pcie eth0: ethtool exited with status 1gone",
		"pcie eth0: ethtool exited with status 2busy",
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	timedOut := slices.IndexFunc(r.NotExamined, func(g report.Gap) bool { return g.Count == 3 })
	if timedOut < 0 || !slices.Equal(r.NotExamined[timedOut].Sections, []string{"network", "pcie"}) || len(r.NotExamined) != 4 {
		t.Errorf("not examined: %+v", r.NotExamined)
	}
}

// What is not there is a gap without an error, but where nobody would look for it.
func TestLacks(t *testing.T) {
	r := audit(t, t.Context(), script{}, board, psu, nvidia)
	want := []report.Gap{{Reason: "no BMC", Sections: []string{"board", "psu"}}, {Reason: "no dmidecode", Sections: []string{"board", "psu"}}}
	if !reflect.DeepEqual(r.NotExamined, want) || len(r.Errors) != 0 {
		t.Errorf("%+v, errors %+v", r.NotExamined, r.Errors)
	}
	r = audit(t, t.Context(), script{files: pciBus("3a")}, nvidia)
	if want := []report.Gap{{Reason: "no nvidia-smi", Sections: []string{"nvidia"}}}; !reflect.DeepEqual(r.NotExamined, want) {
		t.Errorf("with a GPU: %+v", r.NotExamined)
	}
}

// What an older capture was not asked is no error, and one gap for each tool, however much it is.
func TestNotCaptured(t *testing.T) {
	older := script{files: pciBus(), out: map[string]string{"dmidecode -t 0,1,2,3": dmiSample}, err: map[string]error{}}
	for _, types := range []string{"43", "4", "16,17"} {
		older.err["dmidecode -t "+types] = machine.ErrNotCaptured
	}
	r := audit(t, t.Context(), older, board, platform, cpu, memory)
	gap := report.Gap{Reason: "the capture is of an older version, which asked dmidecode for less", Sections: []string{"platform", "cpu", "memory"}}
	if len(r.Errors) != 0 || !slices.ContainsFunc(r.NotExamined, func(g report.Gap) bool { return reflect.DeepEqual(g, gap) }) {
		t.Errorf("not examined %+v, errors %+v", r.NotExamined, r.Errors)
	}
}
