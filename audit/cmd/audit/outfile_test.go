package main

import (
	"os"
	"path/filepath"
	"testing"

	"bee/audit/report/sample"
)

// As root, in a folder like /tmp, no command writes where a link of somebody else leads.
func TestStrangersLink(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a link of another user takes root to make")
	}
	const stranger = 65534
	dir, err := os.MkdirTemp("/tmp", "bee-audit-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"run", "--collectors", "cpu"}, {"capture"}, {"report", "--html", writeReport(t, sample.Server())}} {
		link := filepath.Join(dir, args[0])
		if err := os.Symlink(victim, link); err != nil {
			t.Fatal(err)
		}
		if err := os.Lchown(link, stranger, stranger); err != nil {
			t.Fatal(err)
		}
		if _, stderr, code := cli(t, t.Context(), map[string]string{"dmidecode": "exit 1"}, append(args, "--output", link)...); code != 0 {
			t.Errorf("audit %s: exit code %d, %s", args[0], code, stderr)
		}
		if info, err := os.Lstat(link); err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
			t.Errorf("audit %s: %v, error %v", args[0], info, err)
		}
		text, _ := os.ReadFile(victim)
		if info, err := os.Stat(victim); err != nil || info.Mode() != 0o600 || string(text) != "secret" {
			t.Errorf("audit %s: the victim is %v, error %v, and holds %.20q", args[0], info.Mode(), err, text)
		}
	}
}
