package license

import (
	"maps"
	"strings"
	"testing"

	"github.com/github/go-spdx/v2/spdxexp"
)

func TestCopyright(t *testing.T) {
	text := `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
License: GPL-2+

Files: lib/*
License: LGPL-2.1 or Expat

Files: linux.h
License: GPL-2 with Linux-syscall-note exception

Files: a
License: bsd-3-clause, and Artistic

Files: b
License: GFDL-NIV-1.3+

Files: c
License: binary-redist-Intel
 License: not this

License:
`
	got := Copyright(text)
	want := "(LGPL-2.1-only OR MIT) AND Artistic-1.0 AND BSD-3-Clause AND GFDL-1.3-no-invariants-or-later AND " +
		"GPL-2.0-only WITH Linux-syscall-note AND GPL-2.0-or-later AND LicenseRef-binary-redist-Intel"
	if got.Text != want || !maps.Equal(got.References, map[string]string{"LicenseRef-binary-redist-Intel": "binary-redist-Intel"}) {
		t.Errorf("got %+v,\nwant %s", got, want)
	}
	if got := Copyright("This is free software.\nLicense: MIT\n"); got.Text != "" {
		t.Errorf("a file for people: %+v", got)
	}
	if got := Copyright("Format: 1\nLicense: GPL-2 or Beerware or (own)\n"); got.Text != "LicenseRef-GPL-2-or-Beerware-or-own" {
		t.Errorf("a name that SPDX does not know: %+v", got)
	}
}

func TestOf(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		"MIT AND BSD-2-Clause":       "MIT AND BSD-2-Clause",
		"custom":                     "LicenseRef-custom",
		"GPL-2.0-only WITH nothing?": "LicenseRef-GPL-2.0-only-WITH-nothing",
	} {
		if got := Of(text); got.Text != want || (len(got.References) == 1) != strings.HasPrefix(want, prefix) {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestCopyrightOf(t *testing.T) {
	for name, want := range map[string]string{"/usr/share/doc/libc6/copyright": "libc6", "/usr/share/doc/copyright": "", "/usr/share/doc/a/b/copyright": "", "/usr/share/doc/libc6/README": ""} {
		if of, found := CopyrightOf(name); found != (want != "") || found && of != want {
			t.Errorf("%s: %q, %v", name, of, found)
		}
	}
}

// FuzzCopyright: whatever a file holds, what comes of it is an expression that SPDX has.
func FuzzCopyright(f *testing.F) {
	f.Add("GPL-2+ or Artistic, and ISC")
	f.Add("GPL-2 with a exception or (b) and Ü")
	f.Fuzz(func(t *testing.T, names string) {
		got := Copyright("Format: 1\nLicense: " + names)
		if got.Text == "" {
			return
		}
		if valid, _ := spdxexp.ValidateLicenses([]string{got.Text}); !valid {
			t.Errorf("%q: %q", names, got.Text)
		}
	})
}
