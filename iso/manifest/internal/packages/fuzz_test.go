package packages

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"bee/core/manifest"
)

func FuzzDpkg(f *testing.F) {
	f.Add([]byte(status))
	f.Fuzz(func(t *testing.T, data []byte) {
		installed, err := Dpkg(data)
		if err != nil {
			return
		}
		var again strings.Builder
		for _, p := range installed {
			if p.Name == "" || p.Version == "" || p.Architecture == "" {
				t.Errorf("%+v", p)
			}
			fmt.Fprintf(&again, "Package: %s\nStatus: install ok installed\nVersion: %s\nArchitecture: %s\n\n", p.Name, p.Version, p.Architecture)
		}
		if got, err := Dpkg([]byte(again.String())); err != nil || !slices.Equal(Names(got), Names(installed)) {
			t.Errorf("%+v, %v after %+v", got, err, installed)
		}
	})
}

func FuzzOwners(f *testing.F) {
	f.Add("/bin/a\n/usr\n\n//\n/", "/usr/bin/a", "bin")
	f.Fuzz(func(t *testing.T, list, name, target string) {
		files := []manifest.File{{Path: "/bin", Type: "symlink", Target: target}, {Path: path.Join("/", name), SizeBytes: new(int64)}}
		for file, of := range Owners(map[string]string{"one": list}, files) {
			if file != files[1].Path || of != "one" && of != "" {
				t.Errorf("%q belongs to %q", file, of)
			}
		}
	})
}

func FuzzAPKIndex(f *testing.F) {
	for _, stanzas := range []string{"P:zlib\nV:1.3.1-r0\nA:x86_64\nS:7\nD:musl so:x\n\nP:musl\nV:1\nA:noarch\n\n", "zlib\n\n", ""} {
		f.Add(archive(f, "APKINDEX", stanzas))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := APKIndex(data)
		if (err == nil) != (len(all) > 0) {
			t.Fatalf("%+v, %v", all, err)
		}
		for _, p := range all {
			if p.Name == "" || p.Version == "" || p.Architecture == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}
