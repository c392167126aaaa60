package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/iso/alpine/apktest"
	"bee/iso/alpine/internal/keys"
	"bee/iso/alpine/internal/repository"
)

func run(t *testing.T, args ...string) error {
	t.Helper()
	c := command()
	c.SetArgs(args)
	return c.ExecuteContext(t.Context())
}

func TestAdd(t *testing.T) {
	tree := t.TempDir()
	for _, err := range []error{
		os.MkdirAll(filepath.Join(tree, "usr/bin"), 0o755),
		os.WriteFile(filepath.Join(tree, "usr/bin/a"), []byte("program"), 0o755),
		os.Chmod(filepath.Join(tree, "usr/bin/a"), 0o755|os.ModeSetuid),
		os.Symlink("usr/bin", filepath.Join(tree, "bin")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := apktest.NewKey("test.rsa.pub")
	if err != nil {
		t.Fatal(err)
	}
	mirror, root := t.TempDir(), t.TempDir()
	if err := apktest.WriteRepository(mirror, key,
		apktest.Package{Name: "a", Version: "1-r0", Depends: []string{"b"}, Tree: tree},
		apktest.Package{Name: "b", Version: "2-r0", Files: map[string]string{"etc/b": "text"}}); err != nil {
		t.Fatal(err)
	}
	if err := run(t, "add", "--root", root, "--initdb", "--quiet", "--repository", mirror, "a"); err == nil {
		t.Error("nothing is trusted, and it installs")
	}
	if err := key.WritePublic(filepath.Join(root, "etc/apk/keys")); err != nil {
		t.Fatal(err)
	}
	if err := run(t, "add", "--root", root, "--quiet", "--repository", mirror, "a"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(root, "bin/a")); err != nil || info.Mode() != 0o755|os.ModeSetuid || info.Size() != 7 {
		t.Errorf("%v, %v", info, err)
	}
	if text, err := os.ReadFile(filepath.Join(root, "etc/b")); err != nil || string(text) != "text" {
		t.Errorf("%q, %v", text, err)
	}
	if err := run(t, "add", "--root", root, "--quiet", "--repository", mirror, "nobody"); err == nil {
		t.Error("a package that nobody has is installed")
	}
	if err := run(t, "add", "--root", root, "--quiet", "--repository", mirror, "--initramfs-diskless-boot", "none", "b"); err != nil {
		t.Errorf("in an initramfs: %v", err)
	}
	if text, err := os.ReadFile(filepath.Join(root, world)); err != nil || string(text) != "a\nb\nnone\n" {
		t.Errorf("world: %q, %v", text, err)
	}
	there, err := installed(filepath.Join(root, database))
	if err != nil || len(there) != 2 || !there["a 1-r0"] || !there["b 2-r0"] {
		t.Errorf("%v, %v", there, err)
	}

	// what is fetched and indexed anew, as mkimage does, is a repository once it is signed
	medium := filepath.Join(t.TempDir(), repository.Arch)
	if err := os.Mkdir(medium, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := run(t, "fetch", "--root", root, "--repository", mirror, "--recursive", "--output", medium, "a"); err != nil {
		t.Fatal(err)
	}
	index := filepath.Join(medium, repository.IndexName)
	if err := run(t, "index", "--description", "test", "--output", index, filepath.Join(medium, "a-1-r0.apk"), filepath.Join(medium, "b-2-r0.apk")); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := keys.Folder(filepath.Join(root, "etc/apk/keys"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := repository.ParseIndex(index, raw, trusted); err == nil || !strings.Contains(err.Error(), index) {
		t.Errorf("an index that is not signed: %v", err)
	}
	if raw, err = apktest.Signed(key, raw); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(index, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(medium))))
	defer server.Close()
	for _, location := range []string{filepath.Dir(medium), server.URL} {
		again := t.TempDir()
		if err := key.WritePublic(filepath.Join(again, "etc/apk/keys")); err != nil {
			t.Fatal(err)
		}
		if err := run(t, "add", "--root", again, "--initdb", "--quiet", "--repository", location, "a"); err != nil {
			t.Error(err)
		}
	}
}
