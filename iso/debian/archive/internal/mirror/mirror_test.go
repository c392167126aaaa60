package mirror

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/core/lock"
	"bee/iso/debian/archive/internal/apt"
)

func TestSources(t *testing.T) {
	got, err := sources("/saved", []apt.Index{
		{Archive: "http://deb.debian.org/debian", Suite: "trixie", Component: "main"},
		{Archive: "http://deb.debian.org/debian", Suite: "trixie", Component: "non-free"},
		{Archive: "http://deb.debian.org/debian-security", Suite: "trixie-security", Component: "main"},
		{Archive: "http://deb.debian.org/debian", Suite: "trixie", Component: "main"}, // of another architecture
	})
	want := `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg check-valid-until=no lang=none] copy:/saved/deb.debian.org/debian trixie main non-free
deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg check-valid-until=no lang=none] copy:/saved/deb.debian.org/debian-security trixie-security main
`
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
}

// apt has one package, with this content.
const content = "a package"

// archive puts an apt into PATH that says that the package has one digest, and fetches that which
// has this content.
func archive(t *testing.T, said string) Options {
	t.Helper()
	bin, lists := t.TempDir(), t.TempDir()
	list := filepath.Join(lists, "host_debian_dists_trixie_main_binary-amd64_Packages")
	for name, text := range map[string]string{list: "Package: a\n", filepath.Join(lists, "host_debian_dists_trixie_InRelease"): "signed\n"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	script := fmt.Sprintf(`#!/bin/sh
case " $* " in
*" indextargets "*) echo "http://host/debian/dists/trixie/ main main/binary-amd64/Packages %s" ;;
*" --print-uris "*) echo "'http://host/debian/pool/a_2.deb' a_1%%3a2_all.deb 9 SHA256:%s" ;;
*) printf '%s' >a_1%%3a2_all.deb ;;
esac
`, list, said, content)
	if err := os.WriteFile(filepath.Join(bin, "apt-get"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	return Options{
		Lock:   lock.Of(lock.Entry{Name: "a", Version: "1:2", Architecture: "all", Layers: lock.Base, SHA256: said}),
		Folder: filepath.Join(t.TempDir(), "copy"), At: "/saved", Progress: func(string) {},
	}
}

func TestPackages(t *testing.T) {
	digest := fmt.Sprintf("%x", sha256.Sum256([]byte(content)))
	o := archive(t, digest)
	for range 2 { // what is there is left alone
		if err := o.packages(t.Context()); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(filepath.Join(o.Folder, "host/debian/pool/a_2.deb")); err != nil || string(text) != content {
			t.Error(string(text), err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(o.Folder, ".part-*")); err != nil || len(left) > 0 {
		t.Error(left, err)
	}

	other := archive(t, strings.Repeat("0", 64))
	if err := other.packages(t.Context()); err == nil || !strings.Contains(err.Error(), "a_1%3a2_all.deb was fetched, and has the SHA-256 of no locked package") {
		t.Errorf("another file: %v", err)
	}
	other.Lock[0].SHA256 = strings.Repeat("1", 64)
	if err := other.packages(t.Context()); err == nil || !strings.Contains(err.Error(), "not the locked package: rebuilt a 1:2 1111") {
		t.Errorf("another digest: %v", err)
	}
	if files, err := filepath.Glob(filepath.Join(other.Folder, "host")); err != nil || len(files) > 0 {
		t.Error(files, err)
	}
}
