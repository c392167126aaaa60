package capture

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"bee/audit/collect/machine"
	"bee/core/jsonerror"
)

// A capture is far smaller; one that is not would fill the memory.
const (
	maxBytes   = 256 << 20
	maxEntries = 200_000
	maxPath    = 4096 // as the kernel's
)

// Capture is a captured machine that can be audited.
type Capture struct {
	Index
	files   *tree
	outputs map[string][]byte // by name in the capture

	mu   sync.Mutex
	runs map[string][]Command // that were not asked for yet, by command line
}

// Open reads a capture: a folder or a .tar.gz file. Nothing of it is written to
// disk, and none of its links leads out of it.
func Open(name string) (*Capture, error) {
	c, err := open(name)
	if err != nil {
		return nil, fmt.Errorf("%s is not a capture that can be replayed: %w", name, err)
	}
	return c, nil
}

func open(name string) (*Capture, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.IsDir() {
		return fromTarball(f)
	}
	return fromFolder(name)
}

func fromTarball(r io.Reader) (*Capture, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("it is neither a folder nor a .tar.gz file: %w", err)
	}
	stream := &bounded{r: z, left: maxBytes}
	l := newLoader()
	err = l.tarball(tar.NewReader(stream))
	if err == nil {
		// The checksum of the whole comes last.
		_, err = io.Copy(io.Discard, stream)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("it is cut off: %w", err)
	}
	if err != nil {
		return nil, err
	}
	return l.capture, l.capture.index()
}

func fromFolder(name string) (*Capture, error) {
	// No link leads out of it.
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	l := newLoader()
	if err := l.folder(root); err != nil {
		return nil, err
	}
	return l.capture, l.capture.index()
}

// index reads capture.json and ties it to the rest.
func (c *Capture) index() error {
	text, ok := c.outputs["capture.json"]
	if !ok {
		return errors.New("it has no capture.json at its top")
	}
	// First, because fields of a newer layout would only be called wrong below.
	var layout struct {
		Version int `json:"capture_version"`
	}
	if json.Unmarshal(text, &layout) == nil && layout.Version > Version {
		return fmt.Errorf("its layout has version %d, this program knows %d: use the audit program that made it, or a newer one",
			layout.Version, Version)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(&c.Index)
	if err == nil {
		err = c.check()
	}
	if err != nil {
		return fmt.Errorf("capture.json: %w", jsonerror.Reword(err))
	}
	for i, run := range c.Commands {
		if _, ok := c.outputs[run.Output+"/stdout"]; run.Output != "" && !ok {
			return fmt.Errorf("capture.json: command %d: there is no %s/stdout", i+1, run.Output)
		}
		c.runs[commandLine(run.Tool, run.Args)] = append(c.runs[commandLine(run.Tool, run.Args)], run)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Unread)) {
		if err := c.files.add(name, &node{read: true, err: errnoNamed(c.Unread[name])}); err != nil {
			return fmt.Errorf("capture.json: unread: %w", err)
		}
	}
	return nil
}

func commandLine(tool string, args []string) string {
	return strings.Join(append([]string{tool}, args...), "\x00")
}

// Has implements [machine.Machine].
func (c *Capture) Has(tool string) bool { return slices.Contains(c.Tools, tool) }

// Files implements [machine.Machine].
func (c *Capture) Files() fs.FS { return c.files }

// Run implements [machine.Machine]. It runs nothing. A newer program may ask
// what was not asked when the machine was captured: that cannot be answered, which is
// told as [machine.ErrNotCaptured].
func (c *Capture) Run(_ context.Context, command machine.Command) machine.Result {
	line := commandLine(command.Tool, command.Args)
	c.mu.Lock()
	if len(c.runs[line]) == 0 { // by an older program, which asked for less
		line = commandLine(command.Tool, olderArgs(command.Args))
	}
	runs := c.runs[line]
	if len(runs) > 1 {
		c.runs[line] = runs[1:]
	}
	c.mu.Unlock()
	if len(runs) == 0 {
		return machine.Result{Command: command, Err: machine.ErrNotCaptured}
	}
	run := runs[0]
	return machine.Result{
		Command:  command,
		Stdout:   slices.Clip(c.outputs[run.Output+"/stdout"]), // whoever appends gets a copy
		Stderr:   slices.Clip(c.outputs[run.Output+"/stderr"]),
		Duration: time.Duration(math.Round(run.DurationSeconds * float64(time.Second))),
		Err:      run.err(),
	}
}

// olderArgs are the arguments that a program asked by before those of now: it said -a to
// smartctl, which is a part of -x.
func olderArgs(args []string) []string {
	older := slices.Clone(args)
	if i := slices.Index(older, "-x"); i >= 0 {
		older[i] = "-a"
	}
	return older
}

// loader takes in the entries of a capture.
type loader struct {
	capture *Capture
	left    int64 // bytes of content that may still come
}

var (
	errTooLarge = fmt.Errorf("it holds more than %d MiB", maxBytes>>20)
	errTooMany  = fmt.Errorf("it holds more than %d files", maxEntries)
)

func newLoader() *loader {
	return &loader{left: maxBytes, capture: &Capture{
		files: newTree(nil), outputs: map[string][]byte{}, runs: map[string][]Command{},
	}}
}

func (l *loader) folder(root *os.Root) error {
	return fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		var target string
		var content io.Reader
		switch {
		case e.Type() == fs.ModeSymlink:
			target, err = root.Readlink(name)
		case e.Type().IsRegular():
			var f *os.File
			f, err = root.Open(name)
			defer f.Close()
			content = f
		}
		if err != nil {
			return err
		}
		return l.add(name, e.Type(), target, content)
	})
}

func (l *loader) tarball(t *tar.Reader) error {
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		typ := h.FileInfo().Mode().Type()
		if h.Typeflag == tar.TypeLink {
			typ = fs.ModeIrregular
		}
		if err := l.add(path.Clean(h.Name), typ, h.Linkname, t); err != nil {
			return err
		}
	}
}

// bounded ends what unpacks to more than there is room for.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// add takes in an entry.
func (l *loader) add(name string, typ fs.FileMode, target string, content io.Reader) error {
	if !fs.ValidPath(name) {
		return fmt.Errorf("%q is outside of it", name)
	}
	top, rest, _ := strings.Cut(name, "/")
	if top != "files" && top != "tools" && name != "capture.json" || top == "tools" && typ == fs.ModeDir {
		return nil
	}
	n := &node{typ: typ, target: target, read: true}
	switch {
	case typ == fs.ModeDir || typ == fs.ModeSymlink && top == "files":
	case typ == 0:
		var err error
		// Not more than the stream's bytes: a sparse file unpacks to any size.
		if n.data, err = io.ReadAll(&bounded{content, l.left}); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		l.left -= int64(len(n.data))
	default:
		return fmt.Errorf("%s is no plain file", name)
	}
	if top != "files" {
		if len(l.capture.outputs) >= maxEntries {
			return errTooMany
		}
		l.capture.outputs[name] = n.data
		return nil
	}
	return l.capture.files.add(cmp.Or(rest, "."), n)
}

// add adds a node of a capture, and the folders that it is in.
func (t *tree) add(name string, n *node) error {
	if !fs.ValidPath(name) || len(name) > maxPath || len(n.target) > maxPath {
		return fmt.Errorf("%.80q is no path of a machine", name)
	}
	if len(t.nodes) >= maxEntries {
		return errTooMany
	}
	switch old := t.nodes[name]; {
	case old == nil:
		dir := path.Dir(name)
		if t.nodes[dir] == nil {
			if err := t.add(dir, &node{typ: fs.ModeDir, read: true}); err != nil {
				return err
			}
		}
		if t.nodes[dir].typ != fs.ModeDir {
			return fmt.Errorf("%s is no folder, but %s is in it", dir, name)
		}
		t.put(name, n)
	case old.typ != fs.ModeDir || n.typ != fs.ModeDir && n.err == nil:
		return fmt.Errorf("%s is there twice", name)
	default:
		// A folder that was there by what is in it, or could not be listed.
		old.err = cmp.Or(old.err, n.err)
	}
	return nil
}
