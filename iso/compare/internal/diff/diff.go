// Package diff compares two ISOs of bee, which are to be builds of one commit, file by file, also in
// layers, initramfs and packages. What a private key makes is set aside, where it is that and nothing
// else; all else has to be the same.
package diff

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"bee/core/comparison"
	"bee/core/iso9660"
	"bee/core/printable"
	"bee/core/sums"
	"bee/iso/compare/internal/reason"
	"bee/iso/compare/internal/signature"
)

// Files compares the ISOs at two paths. The error is about one that cannot be read.
func Files(published, rebuilt string) (*comparison.Result, error) {
	c := &comparing{result: &comparison.Result{SchemaVersion: comparison.SchemaVersion, Differences: []comparison.Difference{}, SetAside: []comparison.SetAside{}}}
	for i, name := range []string{published, rebuilt} {
		m, err := open(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		defer m.file.Close()
		c.media[i] = m
	}
	c.result.Published, c.result.Rebuilt = c.media[0].digest, c.media[1].digest
	c.result.Files = len(c.media[0].files)
	if c.result.Published != c.result.Rebuilt {
		if err := c.compare(); err != nil {
			return nil, err
		}
	}
	c.result.Equal = len(c.result.Differences) == 0
	return c.result, nil
}

// comparing is a comparison that goes on.
type comparing struct {
	media  [2]*medium // published and rebuilt
	result *comparison.Result
	// sameID tells that the names by which ISOs find their layers may differ: layers do, by signatures.
	sameID bool
	// asides are the medium's files in which something was set aside: their size may be another.
	asides map[string]bool
}

// differs adds a difference. Names of files, and what is in them, are made printable.
func (c *comparing) differs(path string, why comparison.Reason, format string, args ...any) {
	c.result.Differences = append(c.result.Differences, comparison.Difference{Path: printable.Again(path), Reason: why, Detail: printable.Again(fmt.Sprintf(format, args...))})
}

// setAside adds what need not be the same.
func (c *comparing) setAside(path, why string) {
	c.result.SetAside = append(c.result.SetAside, comparison.SetAside{Path: printable.Again(path), Why: why})
}

// told is how much was said of what differs.
func (c *comparing) told() (differences, asides int) {
	return len(c.result.Differences), len(c.result.SetAside)
}

// medium is an ISO that is read.
type medium struct {
	file   *os.File
	size   int64
	digest string
	files  []iso9660.File
	byPath map[string]iso9660.File
	// key is the one that signatures on it are of; nil where there is none that can be checked.
	key *signature.Key
	// id is what the ISO finds its layers by, a file on it; "" where there is none.
	id string
}

func open(name string) (*medium, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	m := &medium{file: file, byPath: map[string]iso9660.File{}}
	if err := m.read(); err != nil {
		file.Close()
		return nil, err
	}
	return m, nil
}

func (m *medium) read() error {
	info, err := m.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a file")
	}
	m.size = info.Size()
	if m.digest, err = sums.Digest(m.file); err != nil {
		return err
	}
	if m.files, err = iso9660.Files(m.file); err != nil {
		return err
	}
	var keys, ids []iso9660.File
	for _, f := range m.files {
		m.byPath[f.Path] = f
		switch folder, name := path.Split(f.Path); {
		case f.Content == nil:
		case folder == "/keys/":
			keys = append(keys, f)
		case folder == "/live/" && strings.HasPrefix(name, "bee-") && f.Content.Size() == 0:
			ids = append(ids, f)
		}
	}
	if len(ids) == 1 {
		m.id = path.Base(ids[0].Path)
	}
	if len(keys) != 1 || keys[0].Content.Size() > maxText {
		return nil
	}
	text, err := io.ReadAll(keys[0].Content)
	if err != nil {
		return err
	}
	// a key that is not as bee makes it is a file as any other
	m.key, _ = signature.ParseKey(path.Base(keys[0].Path), text)
	return nil
}

// maxText is more than keys and lists have.
const maxText = 1 << 20

// Words in place of what is an ISO's own.
const (
	anyKey = "<key>"
	anyID  = "<id>"
)

// alike is a name in which the name of the ISO's own key does not count.
func (m *medium) alike(name string) string {
	if m.key == nil {
		return name
	}
	return strings.ReplaceAll(name, m.key.Name, anyKey)
}

// compare compares two ISOs that are not the same bytes.
func (c *comparing) compare() error {
	c.asides = map[string]bool{}
	var layers, others [2][]node
	for i, m := range c.media {
		for _, f := range m.files {
			n := node{name: m.alike(f.Path), attributes: fmt.Sprintf("mode %04o", f.Mode.Perm()), kind: f.Mode.Type().String(), target: f.Target, content: f.Content}
			if isLayer(f.Path) {
				layers[i] = append(layers[i], n)
			} else {
				others[i] = append(others[i], n)
			}
		}
	}
	// layers first: what else may differ depends on them
	if err := c.trees("", layers[0], layers[1], unordered); err != nil {
		return err
	}
	for i, m := range c.media {
		for n := range others[i] {
			if c.sameID && m.id != "" && others[i][n].name == "/live/"+m.id {
				others[i][n].name = "/live/" + anyID
			}
		}
	}
	if err := c.trees("", others[0], others[1], unordered); err != nil {
		return err
	}
	if err := c.rest(); err != nil {
		return err
	}
	slices.SortStableFunc(c.result.Differences, func(a, b comparison.Difference) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortStableFunc(c.result.SetAside, func(a, b comparison.SetAside) int { return cmp.Compare(a.Path, b.Path) })
	return nil
}

func isLayer(name string) bool {
	return strings.HasPrefix(name, "/live/") && strings.HasSuffix(name, ".squashfs")
}

// node is a file in a medium, a layer or an archive.
type node struct {
	name             string
	kind, attributes string
	target           string
	time             int64
	content          *io.SectionReader // of regular files
}

// inMemory is a content that was read.
func inMemory(data []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data)))
}

// Whether the order of a tree counts.
const (
	ordered   = true
	unordered = false
)

// trees compares the files in two places of one path.
func (c *comparing) trees(prefix string, a, b []node, order bool) error {
	before, after := named(a), named(b)
	var missing, extra []string
	for _, name := range before.names {
		n := before.nodes[name]
		o, found := after.nodes[name]
		if !found {
			missing = append(missing, name)
			continue
		}
		at := prefix + name
		switch {
		case n.kind != o.kind:
			c.differs(at, comparison.Content, "%s → %s", n.kind, o.kind)
			continue
		case n.target != o.target:
			c.differs(at, comparison.Content, "a link to %s → to %s", n.target, o.target)
		}
		if n.attributes != o.attributes {
			c.differs(at, comparison.Mode, "%s → %s", n.attributes, o.attributes)
		}
		if n.time != o.time {
			c.differs(at, comparison.Time, "changed at %d → %d", n.time, o.time)
		}
		if n.content != nil && o.content != nil {
			if err := c.contents(at, n.content, o.content); err != nil {
				return err
			}
		}
	}
	for _, name := range after.names {
		if _, found := before.nodes[name]; !found {
			extra = append(extra, name)
		}
	}
	c.unmatched(prefix, missing, extra)
	if order && len(missing)+len(extra) == 0 && !slices.Equal(before.names, after.names) {
		c.differs(strings.TrimSuffix(prefix, ": "), comparison.Order, "the same entries in another order")
	}
	return nil
}

// tree is nodes by their names, and these in their order.
type tree struct {
	names []string
	nodes map[string]node
}

// named gives each node a name of its own: archives may have several of one.
func named(nodes []node) tree {
	t := tree{nodes: map[string]node{}}
	for _, n := range nodes {
		name := n.name
		for again := 2; ; again++ {
			if _, taken := t.nodes[name]; !taken {
				break
			}
			name = fmt.Sprintf("%s (%d)", n.name, again)
		}
		t.names = append(t.names, name)
		t.nodes[name] = n
	}
	return t
}

// unmatched tells of the files that one of two trees has; one in each that are the same but for a
// version are told together.
func (c *comparing) unmatched(prefix string, missing, extra []string) {
	byName := map[string][2][]string{}
	for i, names := range [][]string{missing, extra} {
		for _, name := range names {
			without := reason.WithoutVersion(name)
			both := byName[without]
			both[i] = append(both[i], name)
			byName[without] = both
		}
	}
	for _, without := range slices.Sorted(maps.Keys(byName)) {
		both := byName[without]
		if len(both[0]) == 1 && len(both[1]) == 1 {
			c.differs(prefix+both[0][0], comparison.Version, "%s → %s", path.Base(both[0][0]), path.Base(both[1][0]))
			continue
		}
		for _, name := range both[0] {
			c.differs(prefix+name, comparison.Missing, "only on the published ISO")
		}
		for _, name := range both[1] {
			c.differs(prefix+name, comparison.Extra, "only on the rebuilt ISO")
		}
	}
}

// contents compares two files.
func (c *comparing) contents(at string, a, b *io.SectionReader) error {
	same, err := equal(a, b)
	if err != nil || same {
		return err
	}
	differences, asides := c.told()
	if err := c.unlike(at, a, b); err != nil {
		return err
	}
	d, s := c.told()
	if d == differences && s == asides {
		c.differs(at, comparison.Content, "what is in it is the same, but packed in another way")
	}
	if s > asides && !strings.Contains(at, inside) {
		c.asides[at] = true
	}
	if isLayer(at) && d == differences && s > asides {
		c.sameID = true
	}
	return nil
}

// equal tells whether two contents are the same bytes.
func equal(a, b *io.SectionReader) (bool, error) {
	if a.Size() != b.Size() {
		return false, nil
	}
	const size = 1 << 20
	var buffers [2][size]byte
	for at := int64(0); at < a.Size(); at += size {
		part := min(size, a.Size()-at)
		for i, r := range []*io.SectionReader{a, b} {
			if n, err := r.ReadAt(buffers[i][:part], at); int64(n) < part {
				return false, err
			}
		}
		if !bytes.Equal(buffers[0][:part], buffers[1][:part]) {
			return false, nil
		}
	}
	return true, nil
}
