package vulnerabilities

import (
	"fmt"
	"strings"

	apk "github.com/knqyf263/go-apk-version"
	deb "github.com/knqyf263/go-deb-version"
	"golang.org/x/mod/semver"
)

// compare compares two versions by the rules of the package's ecosystem. The library that has
// those of all ecosystems, osv-scalibr, comes with newer releases of what the engine's client is
// made of.
func (p *Package) compare(a, b string) (int, error) {
	invalid := func(version string) error { return fmt.Errorf("version %q cannot be compared", version) }
	switch ecosystem, _, _ := strings.Cut(p.Ecosystem, ":"); ecosystem {
	case "Debian":
		first, err := deb.NewVersion(a)
		if err != nil {
			return 0, invalid(a)
		}
		second, err := deb.NewVersion(b)
		if err != nil {
			return 0, invalid(b)
		}
		return first.Compare(second), nil
	case "Alpine":
		first, err := apk.NewVersion(a)
		if err != nil {
			return 0, invalid(a)
		}
		second, err := apk.NewVersion(b)
		if err != nil {
			return 0, invalid(b)
		}
		return first.Compare(second), nil
	}
	for _, version := range []string{a, b} {
		if !semver.IsValid("v" + version) {
			return 0, invalid(version)
		}
	}
	return semver.Compare("v"+a, "v"+b), nil
}
