package release

import (
	"slices"
	"strings"
	"testing"
)

func TestCheckVersion(t *testing.T) {
	for _, version := range []string{"v0.1.0", "v1.2.3", "v10.20.30", "v1.2.3-rc.1", "v1.2.3-alpha"} {
		if err := CheckVersion(version); err != nil {
			t.Errorf("%s: %v", version, err)
		}
	}
	for _, version := range []string{"", "v", "1.2.3", "v1", "v1.2", "v1.2.3.4", "v01.2.3", "V1.2.3", "v1.2.3+build", "v1.2.3-", "v1.2.3-rc.01", "v1.2.3/", " v1.2.3"} {
		err := CheckVersion(version)
		if err == nil || !strings.Contains(err.Error(), `"`+version+`" has to look like v1.2.3`) {
			t.Errorf("%q: %v", version, err)
		}
	}
}

func TestLatest(t *testing.T) {
	for want, names := range map[string][]string{
		"":            {"nightly", "v2", ".git/"},
		"v1.10.0":     {"v1.9.0/", "v1.10.0/", "v1.2.0/", "v2/"},
		"v2.0.0":      {"v2.0.0-rc.2", "v2.0.0", "v1.9.9"},
		"v2.0.0-rc.2": {"v2.0.0-rc.2", "v2.0.0-rc.1", "v1.9.9"},
	} {
		if got := Latest(names); got != want {
			t.Errorf("of %q: got %q, want %q", names, got, want)
		}
	}
}

func TestCheckNew(t *testing.T) {
	tags := map[string]string{"v1.0.0": "aaa", "v1.1.0": "bbb"}
	earlier := []string{"v1.0.0/", "v1.2.0/", "v1.1.1/"}
	for name, c := range map[string]struct{ version, commit, want string }{
		"new":               {"v1.3.0", "ccc", ""},
		"tagged here":       {"v1.1.0", "bbb", ""},
		"before the newest": {"v0.9.0", "ccc", ""},
		"released":          {"v1.0.0", "aaa", "v1.0.0 is released already: take a version after v1.2.0, the newest"},
		"tagged elsewhere": {"v1.1.0", "ccc",
			"the tag v1.1.0 is on commit bbb, but ccc would be released: git checkout v1.1.0, or take another version"},
	} {
		if err := CheckNew(c.version, c.commit, tags, earlier); text(err) != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

func TestCheckClean(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	if err := CheckClean(commit); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"commit " + commit + " alone", "git status", "git stash"} {
		if err := CheckClean(commit + "-dirty"); !strings.Contains(text(err), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestCheckPins(t *testing.T) {
	if err := CheckPins(nil, false); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"DEBIAN_MIRROR, GOLANG_IMAGE,", "VERSIONS.local", "commit"} {
		if err := CheckPins([]string{"DEBIAN_MIRROR", "GOLANG_IMAGE"}, false); !strings.Contains(text(err), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for _, overrides := range [][]string{nil, {"DEBIAN_MIRROR"}} {
		want := strings.Join(append(slices.Clone(overrides), "DAGGER_IMAGE,"), ", ")
		if err := CheckPins(overrides, true); !strings.Contains(text(err), " overrides "+want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// text is what an error says.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
