package locked

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"chainguard.dev/apko/pkg/apk/apk"

	"bee/core/lock"
)

// pkg has a checksum that is made of sum.
func pkg(name, version string, sum byte) *apk.Package {
	return &apk.Package{Name: name, Version: version, Checksum: bytes.Repeat([]byte{sum}, 20)}
}

func index(packages ...*apk.Package) apk.NamedIndex {
	place := apk.Repository{}
	return apk.NewNamedRepositoryWithIndex("", place.WithIndex(&apk.APKIndex{Packages: packages}))
}

// of locks packages of one layer.
func of(t *testing.T, packages []*apk.RepositoryPackage) lock.Lock {
	t.Helper()
	l, err := Of(map[string][]*apk.RepositoryPackage{lock.Base: packages})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func lines(differences []lock.Difference) string {
	var b strings.Builder
	for _, d := range differences {
		b.WriteString(d.String() + "\n")
	}
	return b.String()
}

func TestCompare(t *testing.T) {
	was := of(t, index(pkg("same", "1", 1), pkg("gone", "1", 1), pkg("changed", "1-r12", 1), pkg("rebuilt", "1", 1), pkg("unneeded", "1", 1)).Packages())
	now := index(pkg("same", "1", 1), pkg("changed", "1-r13", 2), pkg("rebuilt", "1", 2), pkg("unneeded", "2", 1), pkg("new", "1", 1))
	needed := slices.DeleteFunc(slices.Clone(now.Packages()), func(p *apk.RepositoryPackage) bool { return p.Name == "unneeded" })
	want := `changed changed 1-r12 -> 1-r13
gone gone 1
new new 1
rebuilt rebuilt 1 Q1AQEBAQEBAQEBAQEBAQEBAQEBAQE= -> Q1AgICAgICAgICAgICAgICAgICAgI=
unneeded unneeded 1
`
	if got := lines(Compare(was, of(t, needed), []apk.NamedIndex{now})); got != want {
		t.Errorf("got\n%s", got)
	}
	if got := Compare(of(t, needed), of(t, needed), []apk.NamedIndex{now}); got != nil {
		t.Errorf("of the same: %v", got)
	}
}

// A copy needs the packages, but not that all of them are installed, and any
// repository will do.
func TestMissing(t *testing.T) {
	was := of(t, index(pkg("same", "1", 1), pkg("gone", "1", 1), pkg("changed", "1", 1)).Packages())
	got := lines(Missing(was, []apk.NamedIndex{index(pkg("same", "1", 1), pkg("changed", "2", 1)), index(pkg("same", "2", 1), pkg("new", "1", 1))}))
	if want := "changed changed 1 -> 2\ngone gone 1\n"; got != want {
		t.Errorf("got\n%s", got)
	}
}
