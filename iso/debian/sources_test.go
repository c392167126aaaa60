package debian

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sources runs sources.sh with a folder in place of /etc/apt, and returns the sources that
// it leaves and the arguments that it gives to apt-get.
func sources(t *testing.T, args ...string) (list, asked string) {
	t.Helper()
	etc, bin := t.TempDir(), t.TempDir()
	text, err := os.ReadFile("sources.sh")
	if err != nil {
		t.Fatal(err)
	}
	put := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	put(filepath.Join(etc, "sources.list.d/debian.sources"), "Types: deb\nURIs: http://deb.debian.org/debian\nSuites: trixie\nComponents: main\n")
	put(filepath.Join(bin, "apt-get"), "#!/bin/sh\necho \"apt-get $*\"\n")
	cmd := exec.Command("sh", append([]string{"-c", strings.ReplaceAll(string(text), "/etc/apt", etc), "sources.sh"}, args...)...)
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("sources.sh %q: %v: %s", args, err, out)
	}
	files, err := filepath.Glob(filepath.Join(etc, "sources.list*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, filepath.Join(etc, "sources.list")) {
		text, err := os.ReadFile(file)
		if err == nil {
			list += string(text)
		}
	}
	return list, string(out)
}

// Of the archive as it was, package lists are out of date, which is what is asked for. A
// mirror that hands out such lists hides the updates that came after them.
func TestOldListsAreTakenOfASnapshotOnly(t *testing.T) {
	const stamp = "20261105T000000Z"
	for mirror, old := range map[string]bool{
		"snapshot": true, "image": false,
		"http://mirror.example/debian": false, "https://mirror.example/debian/": false,
		"http://mirror.example/archive/debian/" + stamp: false,
	} {
		list, asked := sources(t, mirror, "trixie", stamp)
		if got := strings.Contains(list+asked, "check-valid-until=no"); got != old || strings.Contains(strings.ToLower(asked), "valid") {
			t.Errorf("%s: old lists are taken: %v, want %v:\n%s%s", mirror, got, old, list, asked)
		}
		if mirror != "image" && strings.Count(list, "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg") != 3 {
			t.Errorf("%s: not each source is signed by Debian:\n%s", mirror, list)
		}
		if strings.Contains(list, "//trixie") || mirror == "image" && !strings.Contains(list, "non-free-firmware") {
			t.Errorf("%s:\n%s", mirror, list)
		}
	}
}
