package verify

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"bee/core/iso9660"
	"bee/core/manifest"
	"bee/core/sums"
)

// list returns the files below a folder, and what is neither a file nor a folder, by their paths
// there.
func list(folder string) (files, others []string, err error) {
	if _, err := os.ReadDir(folder); err != nil {
		return nil, nil, err // with the folder's name in it
	}
	err = fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Type().IsRegular():
			files = append(files, path)
		case !entry.IsDir():
			others = append(others, path)
		}
		return nil
	})
	return files, others, err
}

// hash takes the digests of files, and of the files on the ISO among them: mediumErr is about one
// that cannot be read.
func hash(folder string, names []string) (digests map[string]string, medium []manifest.MediumFile, mediumErr, err error) {
	found := make([]string, len(names))
	var hashing errgroup.Group
	hashing.SetLimit(max(2, runtime.NumCPU())) // the ISO twice at once: it is read from its disk once
	if slices.Contains(names, isoFile) {
		hashing.Go(func() error {
			medium, mediumErr = readMedium(filepath.Join(folder, isoFile))
			return nil
		})
	}
	for i, name := range names {
		hashing.Go(func() (err error) {
			found[i], err = sums.DigestFile(filepath.Join(folder, name))
			return err
		})
	}
	if err := hashing.Wait(); err != nil {
		return nil, nil, nil, err
	}
	digests = map[string]string{}
	for i, name := range names {
		digests[name] = found[i]
	}
	return digests, medium, mediumErr, nil
}

// readMedium reads the files of an ISO as its manifest tells of them.
func readMedium(iso string) ([]manifest.MediumFile, error) {
	image, err := os.Open(iso)
	if err != nil {
		return nil, err
	}
	defer image.Close()
	info, err := image.Stat()
	if err != nil {
		return nil, err
	}
	files, err := iso9660.Files(image)
	if err != nil {
		return nil, err
	}
	var medium []manifest.MediumFile
	var total int64
	for _, f := range files {
		m := manifest.MediumFile{Path: f.Path, Mode: fmt.Sprintf("%04o", f.Mode.Perm())}
		switch f.Mode.Type() {
		case fs.ModeDir:
			m.Type = "directory"
		case fs.ModeSymlink:
			m.Type, m.Target = "symlink", f.Target
		case 0:
			size := f.Content.Size()
			if total += size; total > 2*info.Size() { // links are files, too, but few
				return nil, errors.New("the files on it are larger than it is")
			}
			m.Type, m.SizeBytes = "file", &size
			if m.SHA256, err = sums.Digest(f.Content); err != nil {
				return nil, fmt.Errorf("%s: %w", f.Path, err)
			}
		}
		medium = append(medium, m)
	}
	return medium, nil
}

// files compares the files that are there with those that SHA256SUMS and the provenance tell of.
func (c *check) files() {
	foreign := func(name string) bool {
		is := c.digests[name]
		return is != "" && c.listed[name] == is && c.stated[name] != is
	}
	if c.stated != nil && foreign(isoFile) && foreign(manifestFile) {
		c.refuse(c.statementsFile, "the provenance is of another ISO: sha256 %s, not %s", c.stated[isoFile], c.digests[isoFile])
		c.provenance, c.stated = nil, nil // nor is anything else in it of this release
	}
	// GitHub's releases have no folders.
	c.reportless = !slices.ContainsFunc(slices.Collect(maps.Keys(c.digests)), inFolder)
	names := map[string]bool{}
	for _, known := range []map[string]string{c.digests, c.listed, c.stated} {
		for name := range known {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !c.reportless || !inFolder(name) {
			c.file(name)
		}
	}
}

// file compares one file. SHA256SUMS tells of those at the top of the folder but itself; the
// provenance of all but SHA256SUMS and the file that it is in, and it is right where the two
// disagree: it is what a signature holds for.
func (c *check) file(name string) {
	const nothing = "" // the digest of what is not there, or not told of
	is, listed, stated := c.digests[name], c.listed[name], c.stated[name]
	isListed := c.listed != nil && !inFolder(name) && name != sums.File
	isStated := c.stated != nil && name != sums.File && name != c.statementsFile
	// whether the file is what it has to be, whatever SHA256SUMS says
	confirmed := isStated && is == stated || name == c.statementsFile && c.result.SignedBy != "" && c.provenance != nil
	switch {
	case listed != nothing && (!isListed || isStated && stated == nothing && is == nothing):
		c.refuse(sums.File, "it has %s, which it is not to have", name)
	case is == nothing:
		c.refuse(name, "is not there")
	case isStated && stated == nothing:
		c.refuse(name, "does not belong to the release: the provenance lacks it")
	case isStated && stated != is:
		c.refuse(name, "was changed: its SHA-256 is %s%s, but the provenance says %s", is, c.whose(is), stated)
	case isListed && listed == is, !isListed:
	case confirmed && listed == nothing:
		c.refuse(sums.File, "it lacks %s", name)
	case confirmed:
		c.refuse(sums.File, "the SHA-256 of %s is %s, not %s", name, is, listed)
	case listed == nothing:
		c.refuse(name, "does not belong to the release: %s lacks it", sums.File)
	default:
		c.refuse(name, "was changed: its SHA-256 is %s%s, but %s says %s", is, c.whose(is), sums.File, listed)
	}
}

// whose names the file that a digest belongs to, where it does.
func (c *check) whose(digest string) string {
	for _, known := range []map[string]string{c.listed, c.stated} {
		for _, name := range slices.Sorted(maps.Keys(known)) {
			if known[name] == digest {
				return ", that of " + name
			}
		}
	}
	return ""
}

// manifest compares the manifest with the ISO and with the provenance, where these are what they
// have to be: all else is told already. A release has both, whatever it tells of.
func (c *check) manifest() {
	for _, name := range []string{isoFile, manifestFile} {
		if c.digests[name] == "" {
			c.refuse(name, "is not there")
		}
	}
	if c.wrong[manifestFile] || c.wrong[isoFile] {
		return
	}
	data, ok := c.contents(manifestFile)
	if !ok {
		return
	}
	m, err := manifest.Parse(data)
	if err != nil {
		c.refuse(manifestFile, "%v", err)
		return
	}
	if m.ISO.SHA256 != c.digests[isoFile] {
		c.refuse(manifestFile, "is that of another ISO: sha256 %s, not %s", m.ISO.SHA256, c.digests[isoFile])
		return
	}
	if c.provenance != nil {
		for _, said := range []struct{ key, value string }{{"BEE_COMMIT", c.provenance.Commit}, {"BEE_BASE", c.provenance.Parameters.Base}} {
			if m.Release[said.key] != said.value {
				c.refuse(c.statementsFile, "the provenance says %q, but the manifest says %s=%q", said.value, said.key, m.Release[said.key])
			}
		}
	}
	if c.mediumErr != nil {
		c.refuse(isoFile, "its files cannot be read: %v", c.mediumErr)
		return
	}
	c.compareMedium(m.Medium)
}

// compareMedium compares the files that a manifest tells of with those of the ISO. The mode of the
// root is not compared: a manifest has that of the folder that the ISO was unpacked into.
func (c *check) compareMedium(told []manifest.MediumFile) {
	const root = "/"
	described := map[string]string{}
	for _, f := range told {
		if f.Path != root {
			described[f.Path] = describe(f)
		}
	}
	for _, f := range c.medium {
		if f.Path == root {
			continue
		}
		switch is, said := describe(f), described[f.Path]; {
		case said == "":
			c.refuse(manifestFile, "it lacks %s, which is on the ISO", f.Path)
		case said != is:
			c.refuse(manifestFile, "%s is %s on the ISO, not %s", f.Path, is, said)
		default:
			c.result.MediumFiles++
		}
		delete(described, f.Path)
	}
	for _, name := range slices.Sorted(maps.Keys(described)) {
		c.refuse(manifestFile, "it has %s, which is not on the ISO", name)
	}
}

// describe is all that a manifest has of a file. The mode of a link means nothing, and no manifest has
// that of the ISO.
func describe(f manifest.MediumFile) string {
	if f.Target != "" {
		return "a " + f.Type + " to " + f.Target
	}
	if f.SizeBytes == nil {
		return "a " + f.Type + " of mode " + f.Mode
	}
	return fmt.Sprintf("a %s of mode %s, %d bytes, SHA-256 %s", f.Type, f.Mode, *f.SizeBytes, f.SHA256)
}
