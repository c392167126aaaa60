package packages

import (
	"fmt"
	"slices"
	"strings"
	"testing"
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
		if got, err := Dpkg([]byte(again.String())); err != nil || !slices.Equal(got, installed) {
			t.Errorf("%+v, %v after %+v", got, err, installed)
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
