package packages

import "bee/core/manifest"

// Package is a package with what a bill of materials says of it, beside its name.
type Package struct {
	manifest.Package
	// Sources that it was made of: its own first, then those of others that are built into it.
	// Databases of vulnerabilities know these, not the package.
	Sources []Source
	// License as the package manager has it; dpkg has none.
	License string
}

// Source is a source package.
type Source struct{ Name, Version string }

// Names are the packages as a manifest has them.
func Names(all []Package) []manifest.Package {
	names := make([]manifest.Package, len(all))
	for i, p := range all {
		names[i] = p.Package
	}
	return names
}
