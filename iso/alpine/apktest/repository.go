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

func (p Package) installedSize() (size int) {
	for _, text := range p.Files {
		size += len(text)
	}
	return size
}

// Build returns the package's file, signed, and its stanza for an index. Equal
// packages and keys give equal bytes.
func (p Package) Build(key *Key) (file []byte, stanza string, err error) {
	data, err := p.data()
	if err != nil {
		return nil, "", err
	}
	dataHash := sha256.Sum256(data)
	var info strings.Builder
	fmt.Fprintf(&info, "pkgname = %s\npkgver = %s\npkgdesc = test\nurl = http://localhost/\nbuilddate = 1\nsize = %d\narch = %s\norigin = %s\nlicense = MIT\n",
		p.Name, p.Version, p.installedSize(), p.arch(), p.origin())
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
	if file, err = signed(key, control); err != nil {
		return nil, "", err
	}
	file = append(file, data...)

	sum := sha1.Sum(control)
	var b strings.Builder
	fmt.Fprintf(&b, "C:Q1%s\nP:%s\nV:%s\nA:%s\nS:%d\nI:%d\nT:test\nU:http://localhost/\nL:MIT\no:%s\nt:1\n",
		base64.StdEncoding.EncodeToString(sum[:]), p.Name, p.Version, p.arch(), len(file), p.installedSize(), p.origin())
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
	zip := gzip.NewWriter(&b)
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
		sum := sha1.Sum([]byte(text))
		header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: int64(len(text)),
			PAXRecords: map[string]string{"APK-TOOLS.checksum.SHA1": hex.EncodeToString(sum[:])}}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write([]byte(text)); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	err := zip.Close()
	return b.Bytes(), err
}

// Index returns a signed index of stanzas. Where key is nil it is not signed.
func Index(key *Key, stanzas ...string) ([]byte, error) {
	index, err := member(false, entry{"DESCRIPTION", "test"}, entry{"APKINDEX", strings.Join(stanzas, "")})
	if err != nil || key == nil {
		return index, err
	}
	return signed(key, index)
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

// signed puts a signature in front of a gzip member.
func signed(key *Key, content []byte) ([]byte, error) {
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
