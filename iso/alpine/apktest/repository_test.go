package apktest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"chainguard.dev/apko/pkg/apk/apk"
)

func key(t *testing.T) *Key {
	t.Helper()
	k, err := NewKey("test.rsa.pub")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// apko reads the package back as it was meant, and its index entry is of its bytes.
func TestBuild(t *testing.T) {
	k := key(t)
	p := Package{Name: "a", Version: "1-r0", Depends: []string{"b>1", "!c"}, Provides: []string{"cmd:a=1"},
		InstallIf: []string{"d", "e=1"}, Priority: 7, Origin: "o", Files: map[string]string{"usr/bin/a": "text"}}
	file, stanza, err := p.Build(k)
	if err != nil {
		t.Fatal(err)
	}
	if again, _, _ := p.Build(k); !bytes.Equal(file, again) {
		t.Error("two builds differ")
	}
	got, err := apk.ParsePackage(context.Background(), bytes.NewReader(file), uint64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := apk.ParsePackageIndex(io.NopCloser(bytes.NewReader([]byte(stanza))))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v: %q", err, stanza)
	}
	for _, of := range []*apk.Package{got, entries[0]} {
		if of.Name != "a" || of.Version != "1-r0" || of.Arch != Arch || of.Origin != "o" || of.ProviderPriority != 7 ||
			!slices.Equal(of.Dependencies, p.Depends) || !slices.Equal(of.Provides, p.Provides) || of.Size != uint64(len(file)) ||
			!bytes.Equal(of.Checksum, got.Checksum) {
			t.Errorf("%+v", of)
		}
	}
	if !slices.Equal(entries[0].InstallIf, p.InstallIf) {
		t.Errorf("install_if of the index: %q", entries[0].InstallIf)
	}
}

// Signature and control have no blocks at the end, so that all members together
// are one archive, as apk reads them.
func TestMembersAreOneArchive(t *testing.T) {
	file, _, err := Package{Name: "a", Version: "1", Files: map[string]string{"etc/a": ""}}.Build(key(t))
	if err != nil {
		t.Fatal(err)
	}
	zip, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for archive := tar.NewReader(zip); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, header.Name)
	}
	if want := []string{".SIGN.RSA.test.rsa.pub", ".PKGINFO", "etc/", "etc/a"}; !slices.Equal(names, want) {
		t.Errorf("entries %q, want %q", names, want)
	}
}

// apko verifies the index that is written.
func TestWriteRepository(t *testing.T) {
	dir, k := t.TempDir(), key(t)
	if err := WriteRepository(dir, k, Package{Name: "a", Version: "1"}, Package{Name: "b", Version: "2", Arch: "noarch"}); err != nil {
		t.Fatal(err)
	}
	public, err := k.Public()
	if err != nil {
		t.Fatal(err)
	}
	indexes, err := apk.GetRepositoryIndexes(context.Background(), []string{dir}, map[string][]byte{k.Name: public}, Arch)
	if err != nil {
		t.Fatal(err)
	}
	if indexes[0].Count() != 2 || indexes[0].Packages()[1].Arch != "noarch" {
		t.Errorf("%v", indexes[0].Packages())
	}
	if info, err := os.Stat(filepath.Join(dir, Arch, "b-2.apk")); err != nil || info.Size() == 0 {
		t.Errorf("%v, %v", info, err)
	}
}
