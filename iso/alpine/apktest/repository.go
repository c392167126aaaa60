package apktest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Arch is the architecture of repositories, and of packages that name none.
const Arch = "x86_64"

// Package is what a package is made of.
type Package struct {
	Name, Version string
	// Arch is x86_64 where it is empty.
	Arch                         string   `json:",omitempty"`
	Depends, Provides, InstallIf []string `json:",omitempty"`
	// Origin is the name where it is empty.
	Origin string `json:",omitempty"`
	// Priority among the packages that provide a name.
	Priority int `json:",omitempty"`
	// Files by path, without a slash in front.
	Files map[string]string `json:",omitempty"`
	// Tree is a folder whose files it has, too, with their modes and links; all belong to root.
	Tree string `json:",omitempty"`
}

// Filename is the name of the package's file in a repository.
func (p Package) Filename() string { return p.Name + "-" + p.Version + ".apk" }

func (p Package) arch() string {
	if p.Arch == "" {
		return Arch
	}
	return p.Arch
}

func (p Package) origin() string {
	if p.Origin == "" {
		return p.Name
	}
	return p.Origin
}

// installedSize is what its files come to, in bytes.
func (p Package) installedSize() (size int64, err error) {
	for _, text := range p.Files {
		size += int64(len(text))
	}
	err = p.walk(func(_ string, info fs.FileInfo) error {
		if info.Mode().IsRegular() {
			size += info.Size()
		}
		return nil
	})
	return size, err
}

// walk goes through what is below Tree, in order; paths are relative to it.
func (p Package) walk(visit func(name string, info fs.FileInfo) error) error {
	if p.Tree == "" {
		return nil
	}
	return filepath.Walk(p.Tree, func(path string, info fs.FileInfo, err error) error {
		if err != nil || path == p.Tree {
			return err
		}
		name, err := filepath.Rel(p.Tree, path)
		if err != nil {
			return err
		}
		return visit(filepath.ToSlash(name), info)
	})
}

// Build returns the package's file, signed, and its stanza for an index. Equal
// packages and keys give equal bytes.
func (p Package) Build(key *Key) (file []byte, stanza string, err error) {
	data, err := p.data()
	if err != nil {
		return nil, "", err
	}
	size, err := p.installedSize()
	if err != nil {
		return nil, "", err
	}
	dataHash := sha256.Sum256(data)
	var info strings.Builder
	fmt.Fprintf(&info, "pkgname = %s\npkgver = %s\npkgdesc = test\nurl = http://localhost/\nbuilddate = 1\nsize = %d\narch = %s\norigin = %s\nlicense = MIT\n",
		p.Name, p.Version, size, p.arch(), p.origin())
	for _, list := range []struct {
		key    string
		values []string
	}{{"depend", p.Depends}, {"provides", p.Provides}} {
		for _, value := range list.values {
			fmt.Fprintf(&info, "%s = %s\n", list.key, value)
		}
	}
	if len(p.InstallIf) > 0 {
		fmt.Fprintf(&info, "install_if = %s\n", strings.Join(p.InstallIf, " "))
	}
	if p.Priority > 0 {
		fmt.Fprintf(&info, "provider_priority = %d\n", p.Priority)
	}
	fmt.Fprintf(&info, "datahash = %s\n", hex.EncodeToString(dataHash[:]))
	control, err := member(true, entry{".PKGINFO", info.String()})
	if err != nil {
		return nil, "", err
	}
	if file, err = Signed(key, control); err != nil {
		return nil, "", err
	}
	file = append(file, data...)

	sum := sha1.Sum(control)
	var b strings.Builder
	fmt.Fprintf(&b, "C:Q1%s\nP:%s\nV:%s\nA:%s\nS:%d\nI:%d\nT:test\nU:http://localhost/\nL:MIT\no:%s\nt:1\n",
		base64.StdEncoding.EncodeToString(sum[:]), p.Name, p.Version, p.arch(), len(file), size, p.origin())
	if p.Priority > 0 {
		fmt.Fprintf(&b, "k:%d\n", p.Priority)
	}
	for _, list := range []struct {
		letter string
		values []string
	}{{"D", p.Depends}, {"p", p.Provides}, {"i", p.InstallIf}} {
		if len(list.values) > 0 {
			fmt.Fprintf(&b, "%s:%s\n", list.letter, strings.Join(list.values, " "))
		}
	}
	return file, b.String() + "\n", nil
}

// data is the member with the files, and the folders that they are in.
func (p Package) data() ([]byte, error) {
	var b bytes.Buffer
	zip, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(zip)
	folders := map[string]bool{".": true}
	var add func(dir string) error
	add = func(dir string) error {
		if folders[dir] {
			return nil
		}
		folders[dir] = true
		if err := add(path.Dir(dir)); err != nil {
			return err
		}
		return archive.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755})
	}
	for _, name := range slices.Sorted(maps.Keys(p.Files)) {
		if err := add(path.Dir(name)); err != nil {
			return nil, err
		}
		text := p.Files[name]
		if err := addFile(archive, &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755}, []byte(text)); err != nil {
			return nil, err
		}
	}
	err = p.walk(func(name string, info fs.FileInfo) error {
		path := filepath.Join(p.Tree, name)
		target := ""
		if info.Mode()&fs.ModeSymlink != 0 {
			if target, err = os.Readlink(path); err != nil {
				return err
			}
		}
		whole, err := tar.FileInfoHeader(info, target)
		if err != nil {
			return err
		}
		header := &tar.Header{Typeflag: whole.Typeflag, Name: name, Mode: whole.Mode, Linkname: target}
		switch {
		case info.IsDir():
			header.Name += "/"
			return archive.WriteHeader(header)
		case target != "":
			return addFile(archive, header, nil)
		case info.Mode().IsRegular():
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return addFile(archive, header, content)
		}
		return fmt.Errorf("%s is no file, folder or link", path)
	})
	if err != nil {
		return nil, err
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	err = zip.Close()
	return b.Bytes(), err
}

// addFile adds a file or a link with the sum that apk has for it: of the content, or of the
// link's target.
func addFile(archive *tar.Writer, header *tar.Header, content []byte) error {
	header.Size = int64(len(content))
	sum := sha1.Sum(append([]byte(header.Linkname), content...))
	header.PAXRecords = map[string]string{"APK-TOOLS.checksum.SHA1": hex.EncodeToString(sum[:])}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err := archive.Write(content)
	return err
}

// Index returns a signed index of stanzas. Where key is nil it is not signed.
func Index(key *Key, stanzas ...string) ([]byte, error) {
	index, err := member(false, entry{"DESCRIPTION", "test"}, entry{"APKINDEX", strings.Join(stanzas, "")})
	if err != nil || key == nil {
		return index, err
	}
	return Signed(key, index)
}

// WriteRepository writes packages and their index, all signed, into dir/x86_64.
func WriteRepository(dir string, key *Key, packages ...Package) error {
	dir = filepath.Join(dir, Arch)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var stanzas []string
	for _, p := range packages {
		file, stanza, err := p.Build(key)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, p.Filename()), file, 0o644); err != nil {
			return err
		}
		stanzas = append(stanzas, stanza)
	}
	index, err := Index(key, stanzas...)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "APKINDEX.tar.gz"), index, 0o644)
}

// Signed puts a signature in front of a gzip member.
func Signed(key *Key, content []byte) ([]byte, error) {
	signature, err := key.Sign(content)
	if err != nil {
		return nil, err
	}
	head, err := member(true, entry{".SIGN.RSA." + key.Name, string(signature)})
	return append(head, content...), err
}

type entry struct{ name, text string }

// member returns a gzip member with a tar archive. A cut one lacks the blocks that
// end an archive, so that the next member's goes on where it stops.
func member(cut bool, entries ...entry) ([]byte, error) {
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	archive := tar.NewWriter(zip)
	for _, e := range entries {
		if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: e.name, Mode: 0o644, Size: int64(len(e.text)), Format: tar.FormatUSTAR}); err != nil {
			return nil, err
		}
		if _, err := archive.Write([]byte(e.text)); err != nil {
			return nil, err
		}
	}
	end := archive.Close
	if cut {
		end = archive.Flush
	}
	if err := end(); err != nil {
		return nil, err
	}
	err := zip.Close()
	return b.Bytes(), err
}
