package resolve

import (
	"context"
	"slices"
	"strings"
	"testing"

	"bee/iso/alpine/apktest"
	"bee/iso/alpine/internal/keys"
	"bee/iso/alpine/internal/repository"

	"chainguard.dev/apko/pkg/apk/apk"
)

// indexes makes an index of each list of packages.
func indexes(t *testing.T, lists ...[]apktest.Package) []apk.NamedIndex {
	t.Helper()
	key, err := apktest.NewKey("test.rsa.pub")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := key.WritePublic(dir); err != nil {
		t.Fatal(err)
	}
	trusted, err := keys.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []apk.NamedIndex
	for _, list := range lists {
		var stanzas []string
		for _, p := range list {
			_, stanza, err := p.Build(key)
			if err != nil {
				t.Fatal(err)
			}
			stanzas = append(stanzas, stanza)
		}
		raw, err := apktest.Index(key, stanzas...)
		if err != nil {
			t.Fatal(err)
		}
		index, err := repository.ParseIndex("index", raw, trusted)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, index)
	}
	return all
}

func names(packages []*apk.RepositoryPackage) string {
	var all []string
	for _, p := range packages {
		all = append(all, p.Name+"-"+p.Version)
	}
	return strings.Join(all, " ")
}

func TestInstall(t *testing.T) {
	for name, c := range map[string]struct {
		packages []apktest.Package
		install  string
		want     string
	}{
		"dependencies": {
			[]apktest.Package{{Name: "a", Version: "1", Depends: []string{"so:b"}}, {Name: "b", Version: "2", Provides: []string{"so:b=3"}}, {Name: "c", Version: "1"}},
			"a", "a-1 b-2"},
		"install_if of two named": {
			[]apktest.Package{{Name: "a", Version: "1"}, {Name: "openrc", Version: "1"}, {Name: "a-openrc", Version: "1", InstallIf: []string{"openrc", "a=1"}}},
			"a openrc", "a-1 a-openrc-1 openrc-1"},
		"install_if of another version": {
			[]apktest.Package{{Name: "a", Version: "1"}, {Name: "openrc", Version: "1"}, {Name: "a-openrc", Version: "1", InstallIf: []string{"openrc", "a=2"}}},
			"a openrc", "a-1 openrc-1"},
		"install_if of what joined, with dependencies": {
			[]apktest.Package{{Name: "a", Version: "1"}, {Name: "b", Version: "1", InstallIf: []string{"a"}, Depends: []string{"c"}}, {Name: "c", Version: "1"},
				{Name: "d", Version: "1", InstallIf: []string{"c>0"}}},
			"a", "a-1 b-1 c-1 d-1"},
		"install_if of a provided name": {
			[]apktest.Package{{Name: "a", Version: "1", Provides: []string{"cmd:x=5"}}, {Name: "b", Version: "1", InstallIf: []string{"cmd:x=5"}}},
			"a", "a-1 b-1"},
		"install_if without": {
			[]apktest.Package{{Name: "a", Version: "1"}, {Name: "b", Version: "1", InstallIf: []string{"a", "!c"}}, {Name: "c", Version: "1"}},
			"a c", "a-1 c-1"},
		"install_if that cannot be met": {
			[]apktest.Package{{Name: "a", Version: "1"}, {Name: "b", Version: "1", InstallIf: []string{"a"}, Depends: []string{"none"}},
				{Name: "c", Version: "1", InstallIf: []string{"a"}}},
			"a", "a-1 c-1"},
		"priority counts, not origin": {
			[]apktest.Package{{Name: "a", Version: "1", Depends: []string{"busybox", "openrc"}}, {Name: "busybox", Version: "1", Origin: "busybox"},
				{Name: "busybox-x", Version: "1", Origin: "busybox", Provides: []string{"x"}, Priority: 200},
				{Name: "ng-x", Version: "1", Provides: []string{"x"}, Priority: 900}, {Name: "openrc", Version: "1", Depends: []string{"x"}}},
			"busybox a", "a-1 busybox-1 ng-x-1 openrc-1"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Install(context.Background(), indexes(t, c.packages), strings.Fields(c.install))
			if err != nil {
				t.Fatal(err)
			}
			if names(got) != c.want {
				t.Errorf("got %s, want %s", names(got), c.want)
			}
		})
	}
}

func TestInstallRefuses(t *testing.T) {
	all := indexes(t, []apktest.Package{{Name: "a", Version: "1", Depends: []string{"missing"}}, {Name: "b", Version: "1"}})
	for install, want := range map[string]string{"a": "missing", "b>1": "b>1", "none": "none"} {
		if got, err := Install(context.Background(), all, []string{install}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v, want %q", install, names(got), err, want)
		}
	}
}

// The higher version wins, wherever it is.
func TestHigherVersion(t *testing.T) {
	all := indexes(t,
		[]apktest.Package{{Name: "a", Version: "2"}, {Name: "b", Version: "1"}},
		[]apktest.Package{{Name: "a", Version: "1"}, {Name: "b", Version: "1.10"}})
	for range 20 { // apko goes over maps
		got, err := Install(context.Background(), all, []string{"a", "b"})
		if err != nil {
			t.Fatal(err)
		}
		if want := "a-2 b-1.10"; names(got) != want {
			t.Fatalf("got %s, want %s", names(got), want)
		}
	}
}

// Order of names does not count.
func TestInstallIsStable(t *testing.T) {
	all := indexes(t, []apktest.Package{{Name: "a", Version: "1", Depends: []string{"v"}}, {Name: "b", Version: "1", Depends: []string{"v"}},
		{Name: "p", Version: "1", Provides: []string{"v=1"}}, {Name: "q", Version: "1", Provides: []string{"v=2"}}})
	want, err := Install(context.Background(), all, []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		got, err := Install(context.Background(), all, []string{"b", "a"})
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%s, %s, %v", names(got), names(want), err)
		}
	}
}
