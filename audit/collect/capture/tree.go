package capture

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// maxFile is far above what files of sysfs and procfs hold.
const maxFile = 16 << 20

// tree is a file system in memory. A recording fills it from a machine's files
// as collectors ask for them, a replay from a capture. Both answer from here, so
// that a replay cannot differ from what the recording saw.
//
// Links lead where they lead on the machine, whose root they cannot leave.
type tree struct {
	source fs.FS // the machine's files; nil in a replay

	mu    sync.Mutex
	nodes map[string]*node // by path with no link in it; the root is "."
}

// node is a file, folder or link. Once it is in a tree, only its children change.
type node struct {
	typ    fs.FileMode // fs.ModeDir, fs.ModeSymlink, or 0 for all others
	target string      // of a link
	// read: data and err, or children, are what the machine says.
	read     bool
	data     []byte
	err      error // why it cannot be read
	children map[string]bool
}

func newTree(source fs.FS) *tree {
	return &tree{source: source, nodes: map[string]*node{".": {typ: fs.ModeDir, children: map[string]bool{}}}}
}

// put adds a node, or what was read of one, and returns the node that is then
// in the tree: what is known already stays. Its folder must be in the tree.
func (t *tree) put(name string, n *node) *node {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.nodes[name]
	if old != nil && (old.read || !n.read || old.typ != n.typ) {
		return old
	}
	if old != nil {
		n.children = old.children
	} else if n.typ == fs.ModeDir {
		n.children = map[string]bool{}
	}
	t.nodes[name] = n
	if name != "." {
		t.nodes[path.Dir(name)].children[path.Base(name)] = true
	}
	return n
}

func (t *tree) get(name string) *node {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.nodes[name]
}

// node returns what is at a path with no link in it, but for its end.
func (t *tree) node(name string) (*node, error) {
	if n := t.get(name); n != nil {
		return n, nil
	}
	if t.source == nil {
		return nil, syscall.ENOENT
	}
	info, err := fs.Lstat(t.source, name)
	if err != nil {
		return nil, err
	}
	return t.put(name, t.look(name, info.Mode().Type())), nil
}

// look makes a node of what the machine has at a path, without reading it.
func (t *tree) look(name string, typ fs.FileMode) *node {
	switch typ {
	case fs.ModeDir:
		return &node{typ: fs.ModeDir}
	case fs.ModeSymlink:
		if target, err := fs.ReadLink(t.source, name); err == nil {
			return &node{typ: fs.ModeSymlink, target: target}
		}
	}
	return &node{}
}

// load reads a file, or lists a folder, of the machine.
func (t *tree) load(name string) *node {
	n := t.get(name)
	if n.read || t.source == nil {
		return n
	}
	loaded := &node{typ: n.typ, read: true}
	if n.typ == fs.ModeDir {
		var entries []fs.DirEntry
		entries, loaded.err = fs.ReadDir(t.source, name)
		for _, e := range entries {
			child := path.Join(name, e.Name())
			t.put(child, t.look(child, e.Type()))
		}
	} else {
		loaded.data, loaded.err = readFile(t.source, name)
	}
	return t.put(name, loaded)
}

func readFile(files fs.FS, name string) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if len(b) > maxFile {
		return nil, syscall.EFBIG
	}
	return b, err
}

// resolve returns the path with no link in it that a path leads to, and what is
// there. A link at the very end is followed only if follow is set.
func (t *tree) resolve(name string, follow bool) (string, *node, error) {
	at, todo, links := ".", strings.Split(name, "/"), 0
	n := t.get(at)
	for len(todo) > 0 {
		var part string
		part, todo = todo[0], todo[1:]
		if n.typ != fs.ModeDir {
			return "", nil, syscall.ENOTDIR
		}
		next := path.Join(at, part)
		if part == ".." {
			next = path.Dir(at)
		}
		there, err := t.node(next)
		if err != nil {
			return "", nil, err
		}
		if there.typ != fs.ModeSymlink || !follow && len(todo) == 0 {
			at, n = next, there
			continue
		}
		if links++; links > 40 { // as the kernel counts
			return "", nil, syscall.ELOOP
		}
		if path.IsAbs(there.target) {
			at, n = ".", t.get(".")
		}
		todo = append(strings.Split(there.target, "/"), todo...)
	}
	return at, n, nil
}

func (t *tree) open(op, name string, follow bool) (*handle, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	at, n, err := t.resolve(name, follow)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: reason(err)}
	}
	return &handle{tree: t, at: at, info: info{path.Base(name), n}}, nil
}

// Open implements [fs.FS]. What is opened is read once it is needed: opening a
// device could do something.
func (t *tree) Open(name string) (fs.File, error) {
	h, err := t.open("open", name, true)
	if err != nil {
		return nil, err
	}
	return h, nil
}

// Stat implements [fs.StatFS].
func (t *tree) Stat(name string) (fs.FileInfo, error) {
	h, err := t.open("stat", name, true)
	if err != nil {
		return nil, err
	}
	return h.info, nil
}

// Lstat implements [fs.ReadLinkFS].
func (t *tree) Lstat(name string) (fs.FileInfo, error) {
	h, err := t.open("lstat", name, false)
	if err != nil {
		return nil, err
	}
	return h.info, nil
}

// ReadLink implements [fs.ReadLinkFS].
func (t *tree) ReadLink(name string) (string, error) {
	h, err := t.open("readlink", name, false)
	if err != nil {
		return "", err
	}
	if h.node.typ != fs.ModeSymlink {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	return h.node.target, nil
}

// handle is an open file or folder.
type handle struct {
	info
	tree    *tree
	at      string
	content *bytes.Reader
	entries []fs.DirEntry // that are not handed out yet
	listed  bool
}

// Stat implements [fs.File].
func (h *handle) Stat() (fs.FileInfo, error) { return h.info, nil }

// Close implements [fs.File].
func (h *handle) Close() error { return nil }

// Read implements [fs.File].
func (h *handle) Read(b []byte) (int, error) {
	if h.node.typ == fs.ModeDir {
		return 0, &fs.PathError{Op: "read", Path: h.at, Err: syscall.EISDIR}
	}
	if h.content == nil {
		n := h.tree.load(h.at)
		if n.err != nil {
			return 0, &fs.PathError{Op: "read", Path: h.at, Err: reason(n.err)}
		}
		h.content = bytes.NewReader(n.data)
	}
	return h.content.Read(b)
}

// ReadDir implements [fs.ReadDirFile].
func (h *handle) ReadDir(limit int) ([]fs.DirEntry, error) {
	if !h.listed {
		n := h.tree.load(h.at)
		if n.err == nil && n.typ != fs.ModeDir {
			n = &node{err: syscall.ENOTDIR}
		}
		if n.err != nil {
			return nil, &fs.PathError{Op: "readdir", Path: h.at, Err: reason(n.err)}
		}
		h.entries, h.listed = h.tree.list(h.at), true
	}
	give := len(h.entries)
	if limit > 0 {
		if give == 0 {
			return nil, io.EOF
		}
		give = min(give, limit)
	}
	entries := h.entries[:give]
	h.entries = h.entries[give:]
	return entries, nil
}

// list returns what the tree has in a folder.
func (t *tree) list(dir string) []fs.DirEntry {
	t.mu.Lock()
	defer t.mu.Unlock()
	entries := []fs.DirEntry{}
	for _, name := range slices.Sorted(maps.Keys(t.nodes[dir].children)) {
		entries = append(entries, fs.FileInfoToDirEntry(info{name, t.nodes[path.Join(dir, name)]}))
	}
	return entries
}

// reason strips what another file system has said about where an error was met.
func reason(err error) error {
	if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
		return inner.Err
	}
	return err
}

// info describes a node: nothing but its name, its type, and the size of what
// was read.
type info struct {
	name string
	node *node
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return int64(len(i.node.data)) }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.node.typ == fs.ModeDir }
func (i info) Sys() any           { return nil }

func (i info) Mode() fs.FileMode {
	if i.node.typ == fs.ModeDir {
		return fs.ModeDir | 0o555
	}
	return i.node.typ | 0o444
}
