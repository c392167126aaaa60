package release

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bee/core/manifest"
)

// at is the file of a path, in a list of files.
func at(t *testing.T, files any, path string) map[string]any {
	t.Helper()
	for _, f := range files.([]any) {
		if f := f.(map[string]any); f["path"] == path {
			return f
		}
	}
	t.Fatalf("no %s", path)
	return nil
}

func TestDifferences(t *testing.T) {
	layer := func(m map[string]any, i int) map[string]any { return m["layers"].([]any)[i].(map[string]any) }
	for name, c := range map[string]struct {
		base   string
		change func(map[string]any)
		want   []string
	}{
		"nothing": {"debian", func(map[string]any) {}, nil},
		"the ISO alone": {"alpine", func(m map[string]any) {
			m["iso"] = map[string]any{"size_bytes": 402653184, "sha256": strings.Repeat("0", 64)}
		}, []string{"the ISO alone, in no file: size 402653184 → 402653184, sha256 54c5b3dd459d → 000000000000"}},
		"a file of a layer": {"debian", func(m map[string]any) {
			m["iso"].(map[string]any)["sha256"] = strings.Repeat("0", 64)
			f := at(t, layer(m, 2)["files"], "/usr/local/bin/audit")
			f["sha256"], f["size_bytes"] = strings.Repeat("1", 64), 7
			at(t, m["medium"], "/live/90-bee.squashfs")["sha256"] = strings.Repeat("2", 64)
		}, []string{
			"/live/90-bee.squashfs: /usr/local/bin/audit: size 9416866 → 7, sha256 a25a5e46c1e4 → 111111111111",
			"/live/90-bee.squashfs: sha256 0f5910444b12 → 222222222222",
		}},
		"mode, owner, target": {"debian", func(m map[string]any) {
			at(t, layer(m, 0)["files"], "/etc/shadow")["mode"] = "0644"
			at(t, layer(m, 0)["files"], "/etc")["gid"] = 42
			at(t, layer(m, 0)["files"], "/bin")["target"] = "sbin"
		}, []string{
			"/live/00-base.squashfs: /bin: target usr/bin → sbin",
			"/live/00-base.squashfs: /etc: owner 0:0 → 0:42",
			"/live/00-base.squashfs: /etc/shadow: mode 0640 → 0644",
		}},
		"a file that is another type": {"alpine", func(m map[string]any) {
			f := at(t, layer(m, 1)["files"], "/etc/hostname")
			delete(f, "sha256")
			delete(f, "size_bytes")
			f["type"], f["target"] = "symlink", "/proc/hostname"
		}, []string{"/bee.apkovl.tar.gz: /etc/hostname: type file → symlink, size 4 → 0, sha256 c150e5a8a604 → none, target none → /proc/hostname"}},
		"packages and release": {"alpine", func(m map[string]any) {
			packages := m["packages"].([]any)
			packages[0].(map[string]any)["version"] = "3.21.9-r0"
			packages[1].(map[string]any)["architecture"] = "noarch"
			m["packages"] = append(packages[:2], append(packages[3:], map[string]any{"name": "zlib", "version": "1.3.1-r2", "architecture": "x86_64"})...)
			m["release"].(map[string]any)["BEE_VENDOR"] = ""
		}, []string{
			"/etc/bee-release: BEE_VENDOR: gpu_burn → none",
			"package alpine-base: 3.21.8-r0 x86_64 → 3.21.9-r0 x86_64",
			"package busybox: 1.37.0-r14 x86_64 → 1.37.0-r14 noarch",
			"package dropbear: only in the first build",
			"package zlib: only in the second build",
		}},
		"a layer": {"debian", func(m map[string]any) {
			layer(m, 1)["path"] = "/live/60-nvidia.squashfs"
			at(t, m["medium"], "/live/50-nvidia.squashfs")["path"] = "/live/60-nvidia.squashfs"
		}, []string{
			"/live/50-nvidia.squashfs: only in the first build",
			"/live/60-nvidia.squashfs: only in the second build",
		}},
	} {
		first := example(t, c.base+".json")
		got, err := Differences(first, edit(t, first, c.change))
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v; got\n%s\nwant\n%s", name, err, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

func TestDifferencesAreCut(t *testing.T) {
	first := example(t, "alpine.json")
	for files, last := range map[int]string{
		20: "/19: only in the second build",
		21: "… and 1 more",
		33: "… and 13 more",
	} {
		got, err := Differences(first, edit(t, first, func(m map[string]any) {
			for i := range files {
				m["medium"] = append(m["medium"].([]any), map[string]any{"path": fmt.Sprintf("/%02d", i), "type": "file"})
			}
		}))
		if err != nil || len(got) != min(files, 21) || got[19] != "/19: only in the second build" || got[len(got)-1] != last {
			t.Errorf("%d files: %v; got %q", files, err, got)
		}
	}
}

// Two packages of one name are two, and one that is there twice is one.
func TestPackagesOfOneName(t *testing.T) {
	one := func(name, version, architecture string) manifest.Package {
		return manifest.Package{Name: name, Version: version, Architecture: architecture}
	}
	m := content{&manifest.Manifest{Packages: []manifest.Package{one("a", "1", "x86_64"), one("a", "2", "x86_64"), one("b", "1", "amd64"), one("b", "1", "i386")}}}
	if got := m.packages(version); got["a"] != "1, 2" || got["b"] != "1" {
		t.Errorf("got %v", got)
	}
	if got := m.packages(versionAndArchitecture); got["b"] != "1 amd64, 1 i386" {
		t.Errorf("got %v", got)
	}
}

func TestDifferencesOfNoManifest(t *testing.T) {
	good := example(t, "debian.json")
	for want, pair := range map[string][2][]byte{
		"the manifest of the first build: ":  {nil, good},
		"the manifest of the second build: ": {good, nil},
	} {
		if _, err := Differences(pair[0], pair[1]); !strings.HasPrefix(text(err), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
