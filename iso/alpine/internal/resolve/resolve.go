// Package resolve tells which packages apk would install.
package resolve

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"chainguard.dev/apko/pkg/apk/apk"
)

// Install returns what one install of the names takes from the indexes: the
// packages, all that they depend on, and those that join by install_if; sorted by
// name. Where two indexes have a package, the higher version is taken, as apk does.
// The error names what cannot be had, and who needs it.
func Install(ctx context.Context, indexes []apk.NamedIndex, names []string) ([]*apk.RepositoryPackage, error) {
	names = slices.Clone(names)
	excluded := map[string]bool{} // join, but cannot be installed
	var installed []*apk.RepositoryPackage
	for joined := ""; ; {
		packages, err := closure(ctx, indexes, names)
		switch {
		case err == nil:
			installed = packages
		case joined == "":
			return nil, err
		default:
			// apk leaves out what would join where its own needs cannot be met
			excluded[joined] = true
			names = names[:len(names)-1]
		}
		if joined = joining(indexes, installed, excluded); joined == "" {
			slices.SortFunc(installed, func(a, b *apk.RepositoryPackage) int { return strings.Compare(a.Name, b.Name) })
			return installed, nil
		}
		names = append(names, joined)
	}
}

// closure is what names need, without most of what joins by install_if: apko's
// resolver looks only into the dependencies of one package at a time for that.
func closure(ctx context.Context, indexes []apk.NamedIndex, names []string) ([]*apk.RepositoryPackage, error) {
	packages, _, err := apk.NewPkgResolver(ctx, indexes).GetPackagesWithDependencies(ctx, names, nil)
	if err != nil {
		return nil, fmt.Errorf("cannot be installed: %w", err)
	}
	return packages, nil
}

// joining returns a package, as name=version, that is not among the installed ones,
// but whose install_if they fulfil, or "".
func joining(indexes []apk.NamedIndex, installed []*apk.RepositoryPackage, excluded map[string]bool) string {
	there := map[string]bool{}
	provided := map[string][]string{} // versions by name
	for _, p := range installed {
		there[p.Name] = true
		provided[p.Name] = append(provided[p.Name], p.Version)
		for _, text := range p.Provides {
			c := apk.ResolvePackageNameVersionPin(text)
			provided[c.Name] = append(provided[c.Name], c.Version)
		}
	}
	for _, index := range indexes {
		for _, p := range index.Packages() {
			exact := p.Name + "=" + p.Version
			if len(p.InstallIf) == 0 || there[p.Name] || excluded[exact] {
				continue
			}
			if !slices.ContainsFunc(p.InstallIf, func(condition string) bool { return !fulfilled(condition, provided) }) {
				return exact
			}
		}
	}
	return ""
}

// fulfilled tells whether what is provided meets a condition of an install_if.
func fulfilled(condition string, provided map[string][]string) bool {
	if name, negated := strings.CutPrefix(condition, "!"); negated {
		return !fulfilled(name, provided)
	}
	c := apk.ResolvePackageNameVersionPin(condition)
	return slices.ContainsFunc(provided[c.Name], func(version string) bool {
		if c.Version == "" || version == "" {
			return c.Version == "" // a name that is provided without a version is no version
		}
		parsed, err := apk.ParseVersion(version)
		if err != nil {
			return false
		}
		satisfied, err := c.SatisfiedBy(parsed)
		return err == nil && satisfied
	})
}
