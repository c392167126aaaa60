package main

import (
	"os"
	"path/filepath"
	"testing"

	"bee/audit/burn/fakegpu"
)

// As root, in a folder like /tmp, the report is not written where a link of somebody else leads.
func TestStrangersLink(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a link of another user takes root to make")
	}
	const stranger = 65534
	dir, err := os.MkdirTemp("/tmp", "bee-burn-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	victim, link := filepath.Join(t.TempDir(), "victim"), filepath.Join(dir, "report.json")
	if err := os.WriteFile(victim, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Lchown(link, stranger, stranger); err != nil {
		t.Fatal(err)
	}
	fakegpu.New(t, healthy, good)
	cmd, _, stderr := command(t, "--time", "1s", "--interval", "20ms", "--output", link)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, stderr)
	}
	if info, err := os.Lstat(link); err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		t.Errorf("%v, error %v", info, err)
	}
	text, err := os.ReadFile(victim)
	if err != nil || string(text) != "secret" {
		t.Errorf("the victim holds %.20q, error %v", text, err)
	}
	if info, err := os.Stat(victim); err != nil || info.Mode() != 0o600 {
		t.Errorf("the victim is %v, error %v", info, err)
	}
}
