package packages

import (
	"reflect"
	"strings"
	"testing"

	"bee/core/manifest"
)

const status = `Package: zstd
Status: install ok installed
Priority: optional
Architecture: amd64
Version: 1.5.7+dfsg-1
Source: libzstd
Built-Using: glibc (= 2.41-12), gcc-14 (= 14.2.0-19)
Static-Built-Using: glibc (= 2.41-12)
Description: fast lossless compression
 Package: not this
 Version: nor this

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: adduser
Status: hold ok installed
Architecture: all
Version: 3.152
Source: adduser-signed (3.152+1)
`

func TestDpkg(t *testing.T) {
	got, err := Dpkg([]byte(status))
	want := []Package{
		{Package: manifest.Package{Name: "adduser", Version: "3.152", Architecture: "all"}, Sources: []Source{{"adduser-signed", "3.152+1"}}},
		{Package: manifest.Package{Name: "zstd", Version: "1.5.7+dfsg-1", Architecture: "amd64"}, Sources: []Source{{"libzstd", "1.5.7+dfsg-1"}, {"glibc", "2.41-12"}, {"gcc-14", "14.2.0-19"}}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := Dpkg([]byte(strings.Replace(status, "Version: 3.152\n", "", 1))); err == nil || !strings.Contains(err.Error(), "adduser") {
		t.Errorf("no version: %v", err)
	}
}
