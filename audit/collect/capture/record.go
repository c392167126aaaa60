package capture

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"sync"
	"time"

	"bee/audit/collect/machine"
)

// Recorder is a machine that remembers what it answers.
type Recorder struct {
	machine machine.Machine
	files   *tree
	start   time.Time

	mu    sync.Mutex
	tools map[string]bool
	runs  []machine.Result
}

// Record returns a machine that answers as m does and remembers it. What was
// read of a file once is what it holds from then on.
func Record(m machine.Machine) *Recorder {
	return &Recorder{machine: m, files: newTree(m.Files()), start: time.Now(), tools: map[string]bool{}}
}

// Has implements [machine.Machine].
func (r *Recorder) Has(tool string) bool {
	has := r.machine.Has(tool)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tools[tool] = has
	return has
}

// Run implements [machine.Machine].
func (r *Recorder) Run(ctx context.Context, c machine.Command) machine.Result {
	result := r.machine.Run(ctx, c)
	r.Has(c.Tool)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runs = append(r.runs, result)
	return result
}

// Files implements [machine.Machine].
func (r *Recorder) Files() fs.FS { return r.files }

// Write writes what was recorded until now as a .tar.gz file. The same recording
// gives the same bytes. version is the version of the program.
func (r *Recorder) Write(w io.Writer, version string) error {
	z := gzip.NewWriter(w)
	t := &archive{Writer: tar.NewWriter(z), time: r.start.UTC().Truncate(time.Second)}
	r.write(t, version)
	if t.err == nil {
		t.err = t.Close()
	}
	if t.err == nil {
		t.err = z.Close()
	}
	return t.err
}

func (r *Recorder) write(t *archive, version string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files.mu.Lock()
	defer r.files.mu.Unlock()

	index := Index{
		CaptureVersion: Version, AuditVersion: version, CapturedAt: t.time,
		Tools: []string{}, Commands: []Command{}, Unread: map[string]string{},
	}
	for _, tool := range slices.Sorted(maps.Keys(r.tools)) {
		if r.tools[tool] {
			index.Tools = append(index.Tools, tool)
		}
	}
	// The order in which tools ended is a matter of luck, but for those that were
	// run again.
	runs := slices.Clone(r.runs)
	slices.SortStableFunc(runs, func(a, b machine.Result) int {
		return cmp.Or(cmp.Compare(a.Tool, b.Tool), slices.Compare(a.Args, b.Args))
	})
	for i, run := range runs {
		c := Command{Tool: run.Tool, Args: run.Args, DurationSeconds: float64(run.Duration.Milliseconds()) / 1000}
		if len(run.Stdout)+len(run.Stderr) > 0 {
			c.Output = fmt.Sprintf("tools/%03d-%s", i+1, path.Base(run.Tool))
		}
		c.setErr(run.Err)
		index.Commands = append(index.Commands, c)
	}
	names := slices.Sorted(maps.Keys(r.files.nodes))
	for _, name := range names {
		n := r.files.nodes[name]
		if n.err != nil {
			index.Unread[name] = errnoName(n.err)
		} else if n.typ == 0 && !n.read {
			index.Unread[name] = "not captured"
		}
	}

	text, err := json.MarshalIndent(index, "", "  ")
	if err != nil {
		t.err = err
		return
	}
	t.file("capture.json", append(text, '\n'))
	for i, run := range runs {
		if dir := index.Commands[i].Output; dir != "" {
			t.file(dir+"/stdout", run.Stdout)
			if len(run.Stderr) > 0 {
				t.file(dir+"/stderr", run.Stderr)
			}
		}
	}
	for _, name := range names {
		n, in := r.files.nodes[name], path.Join("files", name)
		switch {
		case n.typ == fs.ModeDir:
			t.add(&tar.Header{Typeflag: tar.TypeDir, Name: in + "/", Mode: 0o755}, nil)
		case n.typ == fs.ModeSymlink:
			t.add(&tar.Header{Typeflag: tar.TypeSymlink, Name: in, Linkname: n.target, Mode: 0o777}, nil)
		case index.Unread[name] == "":
			t.file(in, n.data)
		}
	}
}

// archive is a tar file in the making, up to the first error.
type archive struct {
	*tar.Writer
	time time.Time // of every entry
	err  error
}

func (t *archive) file(name string, content []byte) {
	t.add(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o644}, content)
}

func (t *archive) add(h *tar.Header, content []byte) {
	h.ModTime = t.time
	if t.err == nil {
		t.err = t.WriteHeader(h)
	}
	if t.err == nil {
		_, t.err = t.Writer.Write(content)
	}
}
