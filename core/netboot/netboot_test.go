package netboot

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bee/core/sums"
)

// folder is one with these files, each of its own name.
func folder(t *testing.T, names ...string) string {
	t.Helper()
	dir, list := t.TempDir(), ""
	for _, name := range names {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		list += fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(name)), name)
	}
	if err := os.WriteFile(filepath.Join(dir, sums.File), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestCheck(t *testing.T) {
	all := []string{Script, Loader, GRUBConfig, Kernel, Initrd, "live/00-base.squashfs"}
	without := func(name string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(n string) bool { return n == name })
	}
	for _, name := range []string{"", Loader, GRUBConfig} {
		f, err := Check(folder(t, without(name)...))
		if err != nil || f.UEFI != (name == "") || f.SizeBytes != int64(len(strings.Join(without(name), ""))) || len(f.SHA256) != 64 {
			t.Errorf("without %q: %+v, %v", name, f, err)
		}
	}
	for _, name := range []string{Script, Kernel, Initrd, "live/00-base.squashfs"} {
		want := "no " + name + " in its SHA256SUMS"
		if name == "live/00-base.squashfs" {
			want = "no live/*.squashfs in its SHA256SUMS"
		}
		if _, err := Check(folder(t, without(name)...)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("without %s: %v", name, err)
		}
	}
	damaged := folder(t, all...)
	if err := os.WriteFile(filepath.Join(damaged, Kernel), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Check(damaged); err == nil || !strings.HasPrefix(err.Error(), damaged+": "+Kernel+" is not whole") {
		t.Errorf("damaged: %v", err)
	}
	if _, err := Check(t.TempDir()); err == nil || !strings.Contains(err.Error(), sums.File) {
		t.Errorf("no list: %v", err)
	}
}
