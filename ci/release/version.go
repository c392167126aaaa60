// Package release decides whether a release may be made, and writes what it says of
// itself.
package release

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// CheckVersion checks the form of a version: v1.2.3, or v1.2.3-rc.1 before a release.
func CheckVersion(version string) error {
	// Canonical completes v1.2, and cuts off what stands behind a plus sign.
	if !semver.IsValid(version) || semver.Canonical(version) != version {
		return fmt.Errorf("version %q has to look like v1.2.3, or like v1.2.3-rc.1 before a release", version)
	}
	return nil
}

// Latest is the newest version among the names of folders, each of an earlier release;
// empty where there is none. Other names are passed over, and a slash at a name's end.
func Latest(names []string) string {
	latest := ""
	for _, name := range names {
		name = strings.TrimSuffix(name, "/")
		if CheckVersion(name) == nil && semver.Compare(name, latest) > 0 {
			latest = name
		}
	}
	return latest
}

// CheckNew checks that a version may be given to a commit: that no folder of an earlier
// release is called so, and that no tag, of those to their commits, gives it to another
// commit. A tag on this commit is the one that asks for the release.
func CheckNew(version, commit string, tags map[string]string, earlier []string) error {
	for _, name := range earlier {
		if strings.TrimSuffix(name, "/") == version {
			return fmt.Errorf("%s is released already: take a version after %s, the newest", version, Latest(earlier))
		}
	}
	if tagged, ok := tags[version]; ok && tagged != commit {
		return fmt.Errorf("the tag %s is on commit %s, but %s would be released: git checkout %s, or take another version",
			version, tagged, commit, version)
	}
	return nil
}

// CheckClean checks that a commit, or the name of an ISO of it, is not -dirty.
func CheckClean(commit string) error {
	if clean, dirty := strings.CutSuffix(commit, "-dirty"); dirty {
		return fmt.Errorf("the work tree is not commit %s alone, and a release is made of nothing else: "+
			"commit the changes that git status shows, or put them away by git stash --include-untracked", clean)
	}
	return nil
}

// CheckPins checks that nothing overrides what VERSIONS pins: keys are those that do. The
// engine that a site keeps to, which is no override of an ISO, is one of a release.
func CheckPins(keys []string, keepsEngine bool) error {
	if keepsEngine {
		keys = append(slices.Clone(keys), "DAGGER_IMAGE")
	}
	if len(keys) == 0 {
		return nil
	}
	return fmt.Errorf("VERSIONS.local, or a flag, overrides %s, and a release is made of what its commit pins: "+
		"put these values into VERSIONS and commit it, or build where VERSIONS.local does without them", strings.Join(keys, ", "))
}
