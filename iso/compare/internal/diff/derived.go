package diff

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"bee/core/comparison"
	"bee/core/iso9660"
	"bee/core/sums"
	"bee/iso/compare/internal/layout"
	"bee/iso/compare/internal/reason"
)

// itself is what the rest of an ISO is called, which is in no file.
const itself = "the ISO itself"

// owned tells whether two contents are what each ISO has of its own key, and sets them aside.
func (c *comparing) owned(at string, a, b []byte) bool {
	var why [2]string
	for i, text := range [][]byte{a, b} {
		why[i] = c.media[i].keyOrSignature(at, text)
	}
	if why[0] == "" || why[0] != why[1] {
		return false
	}
	c.setAside(at, why[0])
	return true
}

// keyOrSignature says what a content is, where it is the ISO's key or a signature by it that holds.
func (m *medium) keyOrSignature(at string, text []byte) string {
	if m.key == nil {
		return ""
	}
	const inInitramfs = "/boot/initramfs-"
	within, file, found := strings.Cut(at, inside)
	switch {
	case at == "/keys/"+anyKey:
		return "public key, after whose digest it is named"
	case !found || !strings.HasPrefix(within, inInitramfs):
		return ""
	case file == "etc/apk/keys/"+anyKey && bytes.Equal(text, m.key.PEM):
		return "public key, that of /keys"
	}
	modloop := "/boot/modloop-" + strings.TrimPrefix(within, inInitramfs)
	if file == "var/cache/misc/"+path.Base(modloop)+".SIGN.RSA."+anyKey {
		if f, there := m.byPath[modloop]; there && f.Content != nil && m.key.VerifySHA1(section(f), text) == nil {
			return "signature of " + modloop + ", which holds by the key of each ISO"
		}
	}
	return ""
}

// section is the content of a file, from its beginning.
func section(f iso9660.File) *io.SectionReader {
	return io.NewSectionReader(f.Content, 0, f.Content.Size())
}

// derived takes out of a text what follows from other files of its ISO, and is right, and says what
// that is; "" where it is nothing. What differs of these files is told of there.
func (m *medium) derived(at string, text []byte, sameID bool) (without []byte, why string) {
	switch {
	case strings.HasSuffix(at, inside+"etc/bee/layers"):
		if list, right := m.layerDigests(text); right {
			return list, "digests of the layers, which are right on each ISO"
		}
	case strings.HasSuffix(at, "APKINDEX.tar.gz"+inside+"APKINDEX"):
		within, _, _ := strings.Cut(at, inside)
		return m.packageSizes(path.Dir(within), text), "sizes of packages, which are right on each ISO"
	case sameID && m.id != "" && bytes.Contains(text, []byte(m.id)):
		return bytes.ReplaceAll(text, []byte(m.id), []byte(anyID)), "name of the ISO, which follows from its layers"
	}
	if f, there := m.byPath[at]; there && f.Content != nil {
		return m.places(f, text)
	}
	return text, ""
}

// layerDigests takes the digests out of a list of all layers, as sha256sum prints it, where these are
// right.
func (m *medium) layerDigests(text []byte) (names []byte, right bool) {
	list, err := sums.Parse(string(text))
	if err != nil {
		return nil, false
	}
	var again strings.Builder
	for _, line := range list {
		f, there := m.byPath["/live/"+line.Name]
		if !there || f.Content == nil {
			return nil, false
		}
		if is, err := sums.Digest(section(f)); err != nil || is != line.Digest {
			return nil, false
		}
		names = append(names, line.Name+"\n"...)
		again.WriteString(line.String())
	}
	return names, again.String() == string(text)
}

// packageSizes takes the sizes out of an index of packages, where these are right: a package's
// signature counts in them.
func (m *medium) packageSizes(folder string, index []byte) []byte {
	var out bytes.Buffer
	for stanza := range strings.SplitSeq(string(index), "\n\n") {
		fields := map[string]string{}
		for line := range strings.Lines(stanza) {
			if key, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), ":"); found {
				fields[key] = value
			}
		}
		f, there := m.byPath[fmt.Sprintf("%s/%s-%s.apk", folder, fields["P"], fields["V"])]
		if size := fields["S"]; there && f.Content != nil && size == strconv.FormatInt(f.Content.Size(), 10) {
			stanza = strings.Replace("\n"+stanza, "\nS:"+size, "\nS:", 1)[1:]
		}
		out.WriteString(stanza + "\n\n")
	}
	return out.Bytes()
}

// places takes out of a boot loader, or of the boot catalog, where files lie.
func (m *medium) places(f iso9660.File, text []byte) (without []byte, why string) {
	image := m.layout(nil)
	at := placeOf(f)
	if catalog := image.CatalogSector(); catalog != 0 && at.Sector == catalog {
		without = image.BootCatalog(text)
	} else {
		without = image.BootInfo(at, text)
	}
	if bytes.Equal(without, text) {
		return text, ""
	}
	return without, "where files lie on the medium"
}

// placeOf tells where a file lies.
func placeOf(f iso9660.File) layout.File {
	_, at, size := f.Content.Outer()
	return layout.File{Sector: at / iso9660.SectorSize, Size: size}
}

// layout is the rest of the ISO; the sizes of some files do not count.
func (m *medium) layout(resized map[string]bool, words ...string) *layout.Image {
	var files []layout.File
	for _, f := range m.files {
		if f.Content == nil {
			continue
		}
		at := placeOf(f)
		at.Name = m.alike(f.Path)
		if f.Path == "/live/"+m.id {
			at.Name = "/live/" + anyID
		}
		at.Resized = resized[at.Name]
		files = append(files, at)
	}
	return layout.Open(m.file, m.size, files, words...)
}

// rest compares what two ISOs have besides the contents of their files.
func (c *comparing) rest() error {
	if len(c.result.Differences) > 0 {
		return nil // of which the rest follows
	}
	var parts [2][]layout.Part
	for i, m := range c.media {
		var words []string
		if m.key != nil {
			// the names of ISO 9660 have no hyphens
			words = append(words, strings.TrimSuffix(strings.TrimPrefix(m.key.Name, "bee-"), ".rsa.pub"))
		}
		if c.sameID && m.id != "" {
			words = append(words, strings.TrimPrefix(m.id, "bee-"))
		}
		var err error
		if parts[i], err = m.layout(c.asides, words...).Parts(); err != nil {
			return fmt.Errorf("%s: %w", m.file.Name(), err)
		}
	}
	c.parts(parts[0], parts[1])
	if len(c.result.Differences) > 0 {
		return nil
	}
	if len(c.result.SetAside) == 0 {
		c.differs(itself, comparison.Content, "where files lie, though all are the same")
		return nil
	}
	// what is left is how large files are, where they lie, and the digest of all
	for i, m := range c.media {
		if err := iso9660.Verify(m.file, func(int64, int64) {}); err != nil && err != iso9660.ErrNotSealed {
			c.differs(itself, comparison.Content, "that of the %s ISO is wrong: %v", []string{"published", "rebuilt"}[i], err)
			return nil
		}
	}
	c.setAside(itself, "the digest that each ISO has of itself, which is right, and where files lie")
	return nil
}

// parts compares what is not in files.
func (c *comparing) parts(a, b []layout.Part) {
	byName := map[string]layout.Part{}
	for _, p := range b {
		byName[p.What] = p
	}
	for _, p := range a {
		other, found := byName[p.What]
		delete(byName, p.What)
		at := itself + inside + p.What
		switch {
		case !found:
			c.differs(at, comparison.Missing, "only on the published ISO")
		case !bytes.Equal(p.Data, other.Data):
			_, detail := reason.Of(p.Data, other.Data)
			c.differs(at, comparison.Content, "%s", detail)
		case !bytes.Equal(p.Times, other.Times):
			c.differs(at, comparison.Time, "% x → % x", p.Times[:min(16, len(p.Times))], other.Times[:min(16, len(other.Times))])
		}
	}
	for _, p := range slices.SortedFunc(maps.Values(byName), func(a, b layout.Part) int { return cmp.Compare(a.What, b.What) }) {
		c.differs(itself+inside+p.What, comparison.Extra, "only on the rebuilt ISO")
	}
}
