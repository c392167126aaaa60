package debian

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// host makes an /etc of the given files.
func host(t *testing.T, files map[string]string) string {
	t.Helper()
	etc := t.TempDir()
	for name, text := range files {
		path := filepath.Join(etc, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return etc
}

const debianRelease = "NAME=\"Debian GNU/Linux\"\nID=debian\n"

func TestHostMirror(t *testing.T) {
	const deb822 = `# a comment
Types: deb deb-src
URIs: http://mirror.example/debian/
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Enabled: no
Types: deb
URIs: http://disabled.example/debian
Suites: bookworm-updates

Types: deb
URIs: https://mirror.example/debian-security
Suites:
 bookworm-security
`
	const oneLine = `
deb cdrom:[Debian 12]/ bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] https://third.example/apt bookworm main
deb [trusted=yes] http://mirror.example/debian bookworm main contrib # ours
deb-src http://source.example/debian bookworm-updates main
deb https://mirror.example/debian-security bookworm-security main
`
	want := Mirror{Archive: "http://mirror.example/debian", Security: "https://mirror.example/debian-security"}
	for name, test := range map[string]struct {
		files map[string]string
		want  Mirror
	}{
		"deb822":          {map[string]string{"os-release": debianRelease, "apt/sources.list.d/debian.sources": deb822}, want},
		"one line":        {map[string]string{"os-release": debianRelease, "apt/sources.list": oneLine}, want},
		"switched off":    {map[string]string{"os-release": debianRelease, "apt/sources.list.d/x.list.disabled": oneLine}, Mirror{}},
		"another system":  {map[string]string{"os-release": "ID=ubuntu\nID_LIKE=debian\n", "apt/sources.list": oneLine}, Mirror{}},
		"with a password": {map[string]string{"os-release": debianRelease, "apt/sources.list": "deb http://me:s3cr3t@closed.example/debian trixie main\n" + oneLine}, want},
		"no such folders": {nil, Mirror{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := HostMirror(host(t, test.files)); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestSources(t *testing.T) {
	got := Mirror{Archive: "http://a/debian", Security: "http://a/security"}.Sources("trixie")
	want := []string{
		"deb http://a/debian trixie main contrib non-free non-free-firmware",
		"deb http://a/debian trixie-updates main contrib non-free non-free-firmware",
		"deb http://a/security trixie-security main contrib non-free non-free-firmware",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (Mirror{}).Sources("trixie"); got != nil {
		t.Errorf("without a mirror: %q, want mmdebstrap's default", got)
	}
}
