package apt

import (
	"slices"
	"strings"
	"testing"

	"bee/core/lock"
)

const digest = "e7f364ab275542ba9cfdf0c6bec9276fbac3ef6fe27d3a65674bd29ba3d32096"

const printed = `'http://deb.debian.org/debian-security/pool/updates/main/s/shadow/passwd_4.17.4-2%2bdeb13u1_amd64.deb' passwd_1%3a4.17.4-2+deb13u1_amd64.deb 1228272 SHA256:` + digest + "\n"

func TestParse(t *testing.T) {
	got, err := Parse(printed + "\n")
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	want := lock.Entry{Name: "passwd", Version: "1:4.17.4-2+deb13u1", Architecture: "amd64", SHA256: digest}
	if got[0].Entry != want || got[0].Bytes != 1228272 {
		t.Errorf("%+v", got[0])
	}
	if path, err := got[0].Path(); err != nil || path != "deb.debian.org/debian-security/pool/updates/main/s/shadow/passwd_4.17.4-2+deb13u1_amd64.deb" {
		t.Error(path, err)
	}
	for was, is := range map[string]string{
		"SHA256:": "MD5Sum:", " 1228272 ": " many ", "_amd64.deb 1": ".deb 1", "passwd_1%3a": "passwd_%zz", "'http://deb": "'deb", " 1228272": "",
	} {
		if got, err := Parse(strings.Replace(printed, was, is, 1)); err == nil {
			t.Errorf("%s for %s: %v", is, was, got)
		}
	}
}

func TestPath(t *testing.T) {
	for uri, want := range map[string]string{
		"http://127.0.0.1:3142/debian/":            "127.0.0.1_3142/debian",
		"http://a/../../etc/passwd":                "a/etc/passwd",
		"file:/srv/debian/pool/a.deb":              "srv/debian/pool/a.deb",
		"copy:/bee-packages/deb.debian.org/debian": "bee-packages/deb.debian.org/debian",
	} {
		if got, err := Path(uri); err != nil || got != want {
			t.Errorf("%s: %s, %v", uri, got, err)
		}
	}
}

func TestParseIndexes(t *testing.T) {
	got, err := ParseIndexes("http://deb.debian.org/debian/dists/trixie/ non-free main/binary-amd64/Packages /lists/deb.debian.org_debian_dists_trixie_main_binary-amd64_Packages.lz4\n")
	want := []Index{{"http://deb.debian.org/debian", "trixie", "non-free", "/lists/deb.debian.org_debian_dists_trixie_main_binary-amd64_Packages.lz4", "main/binary-amd64/Packages"}}
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("%+v, %v", got, err)
	}
	if release := got[0].Release(); release != "/lists/deb.debian.org_debian_dists_trixie_InRelease" {
		t.Error(release)
	}
	for _, text := range []string{"http://a/flat/ main Packages /lists/a\n", "http://a/dists/b main\n"} {
		if got, err := ParseIndexes(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(printed)
	f.Fuzz(func(t *testing.T, text string) {
		packages, err := Parse(text)
		if err != nil {
			return
		}
		for _, p := range packages {
			if path, err := p.Path(); err != nil || strings.HasPrefix(path, "/") || slices.Contains(strings.Split(path, "/"), "..") {
				t.Errorf("%q, %v", path, err)
			}
		}
	})
}
