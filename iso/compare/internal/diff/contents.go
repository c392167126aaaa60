package diff

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strings"

	"bee/core/comparison"
	"bee/iso/compare/internal/reason"
	"bee/iso/compare/internal/signature"
	"bee/iso/internal/compressed"
	"bee/iso/internal/initramfs"
	"bee/iso/internal/squashfs"
)

// inside is between the path of a file and that of what is in it.
const inside = ": "

// inMemoryLimit is how large a file is that is looked into, but for layers.
const inMemoryLimit = 1 << 30

// unlike tells how two contents differ that are not the same.
func (c *comparing) unlike(at string, a, b *io.SectionReader) error {
	squash := [2]bool{begins(a, squashfsMagic), begins(b, squashfsMagic)}
	if squash[0] && squash[1] {
		return c.layers(at, a, b)
	}
	if a.Size() > inMemoryLimit || b.Size() > inMemoryLimit {
		c.differs(at, comparison.Content, "%d bytes → %d bytes", a.Size(), b.Size())
		return nil
	}
	var data [2][]byte
	for i, r := range []*io.SectionReader{a, b} {
		data[i] = make([]byte, r.Size())
		if n, err := r.ReadAt(data[i], 0); n < len(data[i]) {
			return err
		}
	}
	return c.texts(at, data[0], data[1])
}

func begins(r *io.SectionReader, magic string) bool {
	head := make([]byte, len(magic))
	_, err := r.ReadAt(head, 0)
	return err == nil && string(head) == magic
}

// texts tells how two contents in memory differ.
func (c *comparing) texts(at string, a, b []byte) error {
	if c.owned(at, a, b) {
		return nil
	}
	if initramfs.Begins(a) && initramfs.Begins(b) {
		return c.archives(at, a, b)
	}
	if codec := compressed.Codec(a); codec != "" && codec == compressed.Codec(b) {
		return c.packed(at, a, b)
	}
	if strings.HasSuffix(moduleName(at), ".ko") && c.modules(at, a, b) {
		return nil
	}
	x, why := c.media[0].derived(at, a, c.sameID)
	y, other := c.media[1].derived(at, b, c.sameID)
	if why == "" || why != other {
		x, y = a, b // one that is not right is told as it is
	}
	if bytes.Equal(x, y) {
		c.setAside(at, why)
		return nil
	}
	what, detail := reason.Of(x, y)
	c.differs(at, what, "%s", detail)
	return nil
}

// moduleName is the name of a module without that of what packed it.
func moduleName(at string) string {
	name := path.Base(at)
	for _, suffix := range []string{".gz", ".xz", ".zst"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

// packed compares what two contents hold that are packed by the same.
func (c *comparing) packed(at string, a, b []byte) error {
	index, isPackage := strings.HasSuffix(at, "APKINDEX.tar.gz"), strings.HasSuffix(at, ".apk")
	if index || isPackage {
		return c.signed(at, a, b, isPackage)
	}
	var first [2][]byte
	for i, data := range [][]byte{a, b} {
		unpacked, _, err := compressed.Next(data)
		if err != nil {
			c.unreadable(at, i, err)
			return nil
		}
		first[i] = unpacked
	}
	if initramfs.Begins(first[0]) && initramfs.Begins(first[1]) {
		return c.archives(at, a, b)
	}
	var all [2][]byte
	for i, data := range [][]byte{a, b} {
		unpacked, err := compressed.All(data)
		if err != nil {
			c.unreadable(at, i, err)
			return nil
		}
		all[i] = unpacked
	}
	if bytes.Equal(all[0], all[1]) {
		if a, b := packedAt(a), packedAt(b); a != b {
			c.differs(at, comparison.Time, "packed at %d → %d", a, b)
		}
		return nil // else whoever asks says so
	}
	if isTar(all[0]) && isTar(all[1]) {
		return c.tars(at, all[0], all[1])
	}
	return c.texts(at, all[0], all[1])
}

// packedAt is the time that gzip has of what it packed, RFC 1952, 2.3.1.
func packedAt(data []byte) uint32 {
	if compressed.Codec(data) != compressed.Gzip || len(data) < 8 {
		return 0
	}
	return binary.LittleEndian.Uint32(data[4:])
}

// unreadable tells of a file that is not what it seems, on one of the ISOs or both.
func (c *comparing) unreadable(at string, i int, err error) {
	c.differs(at, comparison.Content, "that of the %s ISO cannot be read: %v", []string{"published", "rebuilt"}[i], err)
}

// archives compares two initramfs.
func (c *comparing) archives(at string, a, b []byte) error {
	var all [2][]initramfs.Archive
	for i, data := range [][]byte{a, b} {
		archives, err := initramfs.Read(data)
		if err != nil {
			c.unreadable(at, i, err)
			return nil
		}
		all[i] = archives
	}
	if len(all[0]) != len(all[1]) {
		c.differs(at, comparison.Content, "%d archives → %d archives", len(all[0]), len(all[1]))
		return nil
	}
	for number := range all[0] {
		x, y := all[0][number], all[1][number]
		if x.Codec != y.Codec {
			c.differs(at, comparison.Content, "packed by %q → by %q", x.Codec, y.Codec)
			continue
		}
		if x.End != y.End || x.Zeros%4 != y.Zeros%4 && x.Codec == "" {
			c.differs(at, comparison.Content, "archive %d does not end in the same way", number+1)
		}
		var nodes [2][]node
		for i, archive := range []initramfs.Archive{x, y} {
			for _, e := range archive.Entries {
				nodes[i] = append(nodes[i], c.media[i].cpioNode(e))
			}
		}
		if err := c.trees(at+inside, nodes[0], nodes[1], ordered); err != nil {
			return err
		}
	}
	return nil
}

func (m *medium) cpioNode(e initramfs.Entry) node {
	h := e.Head
	n := node{name: m.alike(e.Name), kind: fmt.Sprintf("type %o", h.Mode&initramfs.TypeMask), time: int64(h.Time)}
	n.attributes = fmt.Sprintf("mode %04o, owner %d:%d, inode %d, %d links, device %d:%d, node %d:%d, checksum %d, magic %s",
		h.Mode&^initramfs.TypeMask, h.UID, h.GID, h.Inode, h.Links, h.DeviceMajor, h.DeviceMinor, h.NodeMajor, h.NodeMinor, h.Checksum, h.Magic)
	if h.Mode&initramfs.TypeMask == initramfs.Symlink {
		n.target = string(e.Content)
	} else {
		n.content = inMemory(e.Content)
	}
	return n
}

// isTar tells whether data begins as a tar archive does.
func isTar(data []byte) bool {
	const at, magic = 257, "ustar"
	return len(data) > at+len(magic) && string(data[at:at+len(magic)]) == magic
}

// tars compares two tar archives.
func (c *comparing) tars(at string, a, b []byte) error {
	var nodes [2][]node
	for i, data := range [][]byte{a, b} {
		var err error
		if nodes[i], err = tarNodes(data); err != nil {
			c.unreadable(at, i, err)
			return nil
		}
	}
	return c.trees(at+inside, nodes[0], nodes[1], ordered)
}

// tarNodes reads an archive that ends with its blocks of zeros, or without.
func tarNodes(data []byte) ([]node, error) {
	var nodes []node
	for files := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := files.Next()
		if err == io.EOF {
			return nodes, nil
		}
		if err != nil {
			return nil, err
		}
		n := node{name: h.Name, kind: fmt.Sprintf("type %q", h.Typeflag), target: h.Linkname, time: h.ModTime.UnixNano()}
		n.attributes = fmt.Sprintf("mode %04o, owner %d:%d %s:%s, device %d:%d, format %s, attributes %q", h.Mode, h.Uid, h.Gid, h.Uname, h.Gname, h.Devmajor, h.Devminor, h.Format, h.PAXRecords)
		if h.Typeflag == tar.TypeReg {
			content, err := io.ReadAll(files)
			if err != nil {
				return nil, err
			}
			n.content = inMemory(content)
		}
		nodes = append(nodes, n)
	}
}

// signed compares two archives of apk's, which begin with a signature each, or do not.
func (c *comparing) signed(at string, a, b []byte, isPackage bool) error {
	var parts [2]*signature.Signed
	rest := [2][]byte{a, b}
	for i, data := range rest {
		var err error
		if parts[i], err = signature.Split(data, isPackage); err != nil {
			c.unreadable(at, i, err)
			return nil
		}
		if parts[i] != nil {
			rest[i] = parts[i].Rest
		}
	}
	if (parts[0] == nil) != (parts[1] == nil) {
		c.differs(at, comparison.Content, "one is signed, the other is not")
	} else if parts[0] != nil {
		c.signatures(at, *parts[0], *parts[1])
	}
	if bytes.Equal(rest[0], rest[1]) {
		return nil
	}
	differences, asides := c.told()
	var all [2][]byte
	for i, data := range rest {
		var err error
		if all[i], err = compressed.All(data); err != nil {
			c.unreadable(at, i, err)
			return nil
		}
	}
	if err := c.tars(at, all[0], all[1]); err != nil {
		return err
	}
	if d, s := c.told(); d == differences && s == asides {
		c.differs(at, comparison.Content, "behind its signature, what is in it is the same, but packed in another way")
	}
	return nil
}

// signatures compares those of two archives.
func (c *comparing) signatures(at string, a, b signature.Signed) {
	if a.Header.Name == b.Header.Name && bytes.Equal(a.Signature, b.Signature) {
		return // what else differs of it is in how it is packed
	}
	for i, s := range []signature.Signed{a, b} {
		err := errors.New("there is no key of bee's on the medium")
		if key := c.media[i].key; key != nil {
			err = s.Verify(key)
		}
		if err != nil {
			c.differs(at, comparison.Content, "the signature on the %s ISO does not hold: %v", []string{"published", "rebuilt"}[i], err)
			return
		}
	}
	x, y := a.Header, b.Header
	if !x.ModTime.Equal(y.ModTime) {
		c.differs(at, comparison.Time, "its signature is of %d → %d", x.ModTime.Unix(), y.ModTime.Unix())
		return
	}
	if x.Mode != y.Mode || x.Uid != y.Uid || x.Gid != y.Gid || x.Uname != y.Uname || x.Gname != y.Gname {
		c.differs(at, comparison.Mode, "its signature has another mode or owner")
		return
	}
	c.setAside(at, "signature, which holds by the key of each ISO")
}

// modules compares two kernel modules that are signed; false where they are not, or more differs.
func (c *comparing) modules(at string, a, b []byte) bool {
	var without [2][]byte
	for i, data := range [][]byte{a, b} {
		var ok bool
		if without[i], ok = signature.Module(data); !ok || c.media[i].key == nil {
			return false
		}
	}
	if !bytes.Equal(without[0], without[1]) {
		return false
	}
	c.setAside(at, "signature appended to a kernel module, which is the same before it")
	return true
}

const squashfsMagic = "hsqs"

// superblock are fields of squashfs's, which say how an image is made: the kernel's
// Documentation/filesystems/squashfs.rst, and fs/squashfs/squashfs_fs.h.
var superblock = []struct {
	what     string
	at, size int
}{
	{"number of files", 4, 4}, {"size of blocks", 12, 4}, {"compression", 20, 2}, {"flags", 24, 2}, {"number of owners", 26, 2}, {"version", 28, 4},
}

// Fields of the superblock that are not told by their names.
const (
	superblockSize = 96
	imageTime      = 8
	bytesUsed      = 40
)

// layers compares two squashfs images.
func (c *comparing) layers(at string, a, b *io.SectionReader) error {
	heads := [2][superblockSize]byte{}
	var nodes [2][]node
	var tails [2]*io.SectionReader
	for i, r := range []*io.SectionReader{a, b} {
		if n, err := r.ReadAt(heads[i][:], 0); n < superblockSize {
			c.unreadable(at, i, err)
			return nil
		}
		image, err := unsquash(r)
		if errors.Is(err, exec.ErrNotFound) {
			return errors.New("unsquashfs is not in PATH; the Debian package is squashfs-tools")
		}
		if err != nil {
			c.unreadable(at, i, err)
			return nil
		}
		defer image.Close()
		for _, f := range image.Files {
			n := node{name: strings.TrimPrefix(f.Path, "/"), kind: f.Type, target: f.Target, time: image.Times[f.Path]}
			n.attributes = fmt.Sprintf("mode %s, owner %d:%d, device %s, attributes %q", f.Mode, f.UID, f.GID, f.Device, image.Attributes[f.Path])
			if f.SizeBytes != nil {
				n.content = image.Section(f)
			}
			nodes[i] = append(nodes[i], n)
		}
		used := min(binary.LittleEndian.Uint64(heads[i][bytesUsed:]), uint64(r.Size()))
		tails[i] = io.NewSectionReader(r, int64(used), r.Size()-int64(used))
	}
	if a, b := binary.LittleEndian.Uint32(heads[0][imageTime:]), binary.LittleEndian.Uint32(heads[1][imageTime:]); a != b {
		c.differs(at, comparison.Time, "made at %d → %d", a, b)
	}
	for _, field := range superblock {
		if a, b := heads[0][field.at:field.at+field.size], heads[1][field.at:field.at+field.size]; !bytes.Equal(a, b) {
			c.differs(at, comparison.Content, "%s: % x → % x", field.what, a, b)
		}
	}
	differences, _ := c.told()
	if err := c.trees(at+inside, nodes[0], nodes[1], unordered); err != nil {
		return err
	}
	// a hash tree, which nobody can tell to be right without its layer
	if d, _ := c.told(); d == differences {
		if same, err := equal(tails[0], tails[1]); err != nil || !same && !(zeros(tails[0]) && zeros(tails[1])) {
			c.differs(at, comparison.Content, "what follows the file system differs")
			return err
		}
	}
	return nil
}

// zeros tells whether a content is nothing else: squashfs images are filled up.
func zeros(r *io.SectionReader) bool {
	const most = 1 << 16
	if r.Size() > most {
		return false
	}
	data := make([]byte, r.Size())
	n, _ := r.ReadAt(data, 0)
	return n == len(data) && len(bytes.Trim(data, "\x00")) == 0
}

// unsquash reads an image of squashfs's in another file.
func unsquash(r *io.SectionReader) (*squashfs.Image, error) {
	file, err := os.CreateTemp("", "compare-*.squashfs")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if _, err := io.Copy(file, io.NewSectionReader(r, 0, r.Size())); err != nil {
		return nil, err
	}
	return squashfs.Open(file.Name())
}
