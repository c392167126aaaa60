package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"bee/audit/collect"
	"bee/audit/collect/capture"
	"bee/audit/collect/machine"
	"bee/audit/judge/finding"
	"bee/audit/report"
	"bee/audit/report/schema"
)

// server is a made-up machine with every kind of hardware that is audited; see
// testdata/server/README.md.
func server(t testing.TB) *capture.Capture {
	t.Helper()
	c, err := capture.Open("testdata/server")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// scripts writes every tool of a captured machine as a shell script that gives
// the captured answers, after as many seconds as delay says.
func scripts(t testing.TB, c *capture.Capture, delay func(capture.Command) float64) (dir string) {
	t.Helper()
	dir = t.TempDir()
	cases := map[string]string{}
	for i, command := range c.Commands {
		r := c.Run(t.Context(), machine.Command{Tool: command.Tool, Args: command.Args})
		for name, b := range map[string][]byte{"out": r.Stdout, "err": r.Stderr} {
			write(t, filepath.Join(dir, fmt.Sprintf("%d.%s", i, name)), string(b))
		}
		cases[command.Tool] += fmt.Sprintf("'%s') sleep %v; cat %s/%d.out; cat %[3]s/%[4]d.err >&2; exit %d;;\n",
			strings.Join(command.Args, " "), delay(command), dir, i, command.ExitStatus)
	}
	for tool, cases := range cases {
		write(t, filepath.Join(dir, tool), sh("case \"$*\" in\n"+cases+"*) echo \"is not captured: $*\" >&2; exit 99;;\nesac\n"))
	}
	return dir
}

func atOnce(capture.Command) float64 { return 0 }

func sh(script string) string { return "#!/bin/sh\nPATH=/usr/bin:/bin\n" + script + "\n" }

// write makes a program. A process that is forked meanwhile would have it open, and it
// could not be run ("text file busy"): see https://go.dev/issue/22315.
func write(t testing.TB, name, content string) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(name, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

// scripted is a machine with the tools in a folder, and the files of a captured
// one.
type scripted struct {
	host  machine.Host
	dir   string
	files fs.FS
	ran   func(tool string) // nil is nobody who wants to know
}

func (s *scripted) Files() fs.FS { return s.files }

func (s *scripted) Has(tool string) bool { return s.host.Has(filepath.Join(s.dir, tool)) }

func (s *scripted) Run(ctx context.Context, c machine.Command) machine.Result {
	tool := c.Tool
	c.Tool = filepath.Join(s.dir, tool)
	r := s.host.Run(ctx, c)
	r.Tool = tool
	if s.ran != nil {
		s.ran(tool)
	}
	return r
}

// auditOf audits a machine and checks that the report is valid.
func auditOf(t testing.TB, ctx context.Context, m machine.Machine) *report.Report {
	t.Helper()
	r := collect.Audit(ctx, m, "test", collect.All(), func(report.CollectorRun) {})
	finding.Add(r)
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(b.Bytes()); err != nil {
		t.Errorf("the report is not valid:\n%v", err)
	}
	return r
}

// sections returns the sections of a report by the names of their collectors.
func sections(t testing.TB, r *report.Report) map[string]string {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	some := map[string]string{}
	for _, c := range r.Collectors {
		some[c.Name] = string(all[c.Name])
	}
	return some
}

// Whatever one tool does, the rest of the report is as good as ever, in bounded
// time.
func TestOneBrokenTool(t *testing.T) {
	c := server(t)
	well := auditOf(t, t.Context(), c)
	if len(well.Errors) != 0 {
		t.Fatalf("errors of the machine that all is well with: %+v", well.Errors)
	}
	want := sections(t, well)

	for _, tool := range c.Tools {
		for _, m := range []struct {
			what   string
			script string // good stands for the tool as it should be
			kind   report.Kind
			same   bool // nothing is lost
		}{
			{"hangs", `trap "" TERM INT HUP; while :; do sleep 1000; done`, report.Interrupted, false},
			{"hangs in the end", `good "$@"; trap "" TERM INT HUP; while :; do sleep 1000; done`, report.Interrupted, false},
			{"prints without end", `exec cat /dev/zero`, report.OutputLimit, false},
			{"repeats itself without end", `all=$(good "$@"); exec yes "$all"`, "", false},
			{"complains without end", `head -c 100000000 /dev/zero >&2; good "$@"`, "", true},
			{"exits with 255", `echo "no mood" >&2; exit 255`, report.ExitStatus, false},
			{"dies", `kill -SEGV $$`, report.ExitStatus, false},
			{"is not UTF-8", `good "$@" | LC_ALL=C tr aeiou0123 '\377\300\000\342\200\377\300\000\033'`, "", false},
			{"stops half-way", `all=$(good "$@"); printf %s "$all" | head -c $((${#all} / 2))`, "", false},
			{"prints nothing", `exit 0`, "", false},
			{"leaves a child", `sleep 1000 & good "$@"`, "", true},
			{"lets a child go", `setsid sleep 20 & good "$@"`, "", true},
		} {
			t.Run(tool+" "+m.what, func(t *testing.T) {
				t.Parallel()
				dir := scripts(t, c, atOnce)
				good := filepath.Join(dir, "good")
				if err := os.Rename(filepath.Join(dir, tool), good); err != nil {
					t.Fatal(err)
				}
				write(t, filepath.Join(dir, tool), sh("good() { "+good+" \"$@\"; }\n"+m.script))

				// A tool that hangs is waited for until all others have answered.
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				broken := &scripted{dir: dir, files: c.Files()}
				if m.kind == report.Interrupted {
					left := others(well, tool)
					time.AfterFunc(30*time.Second, cancel) // what the tool was to tell first
					broken.ran = func(ran string) {
						if ran != tool && left.Add(-1) == 0 {
							cancel()
						}
					}
				}
				r := auditOf(t, ctx, broken)
				if m.kind != report.Interrupted && ctx.Err() != nil {
					t.Error("takes too long")
				}
				got := sections(t, r)
				for i, c := range r.Collectors {
					uses := slices.ContainsFunc(well.Collectors[i].Tools, func(run report.ToolRun) bool { return run.Tool == tool })
					if c.Status != report.Done {
						t.Errorf("%s: %s", c.Name, c.Status)
					}
					if (m.same || !uses) && got[c.Name] != want[c.Name] {
						t.Errorf("%s: %s\nwant %s", c.Name, got[c.Name], want[c.Name])
					}
				}
				told := false
				for _, e := range r.Errors {
					// What comes after a tool that hangs is not reached in time.
					if e.Tool != tool && e.Kind != m.kind {
						t.Errorf("an error of another: %+v", e)
					}
					told = told || e.Kind == m.kind && e.Tool == tool
				}
				if m.kind != "" && !told || m.same && len(r.Errors) != 0 {
					t.Errorf("errors %+v, want %q", r.Errors, m.kind)
				}
			})
		}
	}
}

// others counts the runs of all tools but one.
func others(r *report.Report, tool string) *atomic.Int64 {
	var n atomic.Int64
	for _, c := range r.Collectors {
		for _, run := range c.Tools {
			if run.Tool != tool {
				n.Add(1)
			}
		}
	}
	return &n
}

// As many tools as possible do the same evil at once: the built program ends in
// time, in little memory, and with a report.
func TestAllToolsBroken(t *testing.T) {
	program := build(t)
	many := struct {
		Devices []map[string]any `json:"blockdevices"`
	}{}
	for i := range 24 {
		name, transport := fmt.Sprintf("sd%c%c", 'a'+i/26, 'a'+i%26), "sata"
		if i%2 == 1 {
			name, transport = fmt.Sprintf("nvme%dn1", i), "nvme"
		}
		many.Devices = append(many.Devices, map[string]any{
			"name": name, "kname": name, "type": "disk", "size": 4000787030016, "model": "ACME", "serial": strconv.Itoa(i), "tran": transport,
		})
	}
	drives, err := json.Marshal(many)
	if err != nil {
		t.Fatal(err)
	}

	for what, m := range map[string]struct {
		script  string
		timeout string
	}{
		"hang":                           {`trap "" TERM INT HUP; while :; do sleep 1000; done`, "3s"},
		"print zeros without end":        {`exec cat /dev/zero`, "1m"},
		"print what is no UTF-8":         {`printf '{"model_name": "'; exec tr '\0' '\377' </dev/zero`, "1m"},
		"print much that is no UTF-8":    {`printf '{"model_name": "'; tr '\0' '\377' </dev/zero | head -c 4000000; printf '"}'`, "1m"},
		"print many structures":          {`yes "$(printf 'Handle 0x0011, DMI type 17, 40 bytes\nMemory Device\n\tSize: 16 GB\n')" | head -c 4000000`, "1m"},
		"print many functions":           {`yes "$(printf 'Slot:\t0000:00:00.0\nClass:\tHost bridge [0600]\n\n')" | head -c 4000000`, "1m"},
		"print much JSON":                {`printf '{"smartctl": {"messages": [{"string": "x"}'; yes ',{"string":"abc"}' | head -c 4000000; printf ']}}'`, "1m"},
		"print much to standard error":   {`head -c 20000000 /dev/zero >&2`, "1m"},
		"exit with 255":                  {`exit 255`, "1m"},
		"leave children with the output": {`setsid sleep 20 & exit 0`, "1m"},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			for _, tool := range server(t).Tools {
				write(t, filepath.Join(dir, tool), sh(m.script))
			}
			// Else nobody would ask after the drives.
			write(t, filepath.Join(dir, "drives"), string(drives))
			write(t, filepath.Join(dir, "lsblk"), sh("cat "+filepath.Join(dir, "drives")))

			file := filepath.Join(dir, "report.json")
			start := time.Now()
			megabytes := peak(t, dir, program, "--output", file, "--timeout", m.timeout)
			took := time.Since(start)
			t.Logf("%.1f s, %d MB", took.Seconds(), megabytes)
			if limit, _ := time.ParseDuration(m.timeout); took > limit+5*time.Second {
				t.Errorf("took %v", took)
			}
			if megabytes > 120 {
				t.Errorf("took %d MB of memory", megabytes)
			}
			if err := schema.ValidateFile(file); err != nil {
				t.Error(err)
			}
			r, err := report.Read(file)
			if err != nil {
				t.Fatal(err)
			}
			if r.Storage == nil || len(r.Storage.Drives) < len(many.Devices) {
				t.Errorf("drives are lost: %+v", r.Storage)
			}
		})
	}
}

// The audit takes as long as the slowest tool plus 10 %: where all take the same
// time, two that were run one after the other would take double.
func TestToolsRunAtTheSameTime(t *testing.T) {
	c := server(t)
	dir := scripts(t, c, func(command capture.Command) float64 {
		if command.Tool == "lsblk" || slices.Contains(command.Args, "--scan") {
			return 0 // which drives there are has to be known before they can be asked
		}
		if command.Tool == "ip" {
			return 0 // it is asked late, as leases may still come
		}
		return 4
	})
	for range 5 { // the machine may be busy
		r := auditOf(t, t.Context(), &scripted{dir: dir, files: c.Files()})
		slowest := 0.0
		for _, c := range r.Collectors {
			for _, tool := range c.Tools {
				slowest = max(slowest, tool.DurationSeconds)
			}
		}
		took := r.FinishedAt.Sub(r.StartedAt).Seconds()
		if took <= slowest*1.1 {
			return
		}
		t.Logf("took %.3f s, the slowest tool %.3f s", took, slowest)
		for _, c := range r.Collectors {
			t.Logf("%s took %.3f s", c.Name, c.DurationSeconds)
		}
	}
	t.Error("tools were run one after the other")
}

// Every tool that a collector could ask for is in the tests above.
func TestNoToolIsForgotten(t *testing.T) {
	asked := &everything{Capture: server(t), tools: map[string]bool{}}
	auditOf(t, t.Context(), asked)
	for tool := range asked.tools {
		if !slices.Contains(asked.Tools, tool) {
			t.Errorf("testdata/server has no %s", tool)
		}
	}
}

// everything is a captured machine that has every tool.
type everything struct {
	*capture.Capture
	mu    sync.Mutex
	tools map[string]bool
}

func (e *everything) Has(tool string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tools[tool] = true
	return true
}
