package packages

import (
	"maps"
	"testing"

	"bee/core/manifest"
)

func TestOwners(t *testing.T) {
	lists := map[string]string{
		"base-files":  "/.\n/bin\n/etc\n/etc/ssl\n/usr/share/base-files\n/usr/share/base-files/profile\n",
		"base-passwd": "/.\n/etc\n/usr/share/base-passwd\n",
		"kmod":        "/.\n/bin\n/bin/kmod\n/etc\n/lib/drivers\n",
		"linux":       "/.\n/lib/drivers\n/lib/drivers/a.ko.xz\n/lib/modules/6.12\n/lib/modules\n",
		"openssl":     "/.\n/etc/ssl\n/etc/ssl/openssl.cnf\n",
	}
	want := map[string]string{
		"/usr/bin/kmod":                     "kmod",        // listed, by a link
		"/usr/lib/drivers/a.ko":             "linux",       // unpacked
		"/usr/lib/modules/6.12/modules.dep": "linux",       // in a folder that is its alone
		"/etc/passwd":                       "base-passwd", // written
		"/etc/profile":                      "base-files",
		"/etc/modules":                      "kmod",
		"/etc/ssl/openssl.cnf":              "openssl",
		"/etc/machine-id":                   "", // of the build
	}
	files := []manifest.File{
		{Path: "/bin", Type: "symlink", Target: "usr/bin"}, {Path: "/lib", Type: "symlink", Target: "usr/lib"}, {Path: "/usr/bin", Type: "directory"},
	}
	for _, name := range append([]string{"/etc/ssl/unknown", "/etc/shells", "/unknown"}, keys(want)...) {
		files = append(files, manifest.File{Path: name, Type: "file", SizeBytes: new(int64)})
	}
	if got := Owners(lists, files); !maps.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func keys(m map[string]string) (all []string) {
	for key := range m {
		all = append(all, key)
	}
	return all
}

func TestListOf(t *testing.T) {
	for name, want := range map[string]string{
		DpkgInfo + "/libc6:amd64.list": "libc6", DpkgInfo + "/zstd.list": "zstd", DpkgInfo + "/zstd.md5sums": "", "/etc/zstd.list": "",
	} {
		if of, found := ListOf(name); found != (want != "") || found && of != want {
			t.Errorf("%s: %q, %v", name, of, found)
		}
	}
}
