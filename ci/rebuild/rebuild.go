// Package rebuild decides whether a checkout can build a published release again, says of what, and
// reads what came out.
package rebuild

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"bee/core/comparison"
	"bee/core/manifest"
	"dagger/bee/attestation"
)

// Files of a release that are read.
const (
	ISOFile      = attestation.ISOFile
	ManifestFile = ISOFile + ".manifest.json"
)

// StatementsFile is which of the names of files in a folder is that with the statements.
func StatementsFile(names []string) (string, error) {
	for _, name := range []string{attestation.SignedFile, attestation.UnsignedFile} {
		if slices.Contains(names, name) {
			return name, nil
		}
	}
	return "", fmt.Errorf("the folder is none of a release: there is neither %s nor %s, which say what it was made of", attestation.SignedFile, attestation.UnsignedFile)
}

// Release is a published one, as it says of itself. Nobody checks here who signed that.
type Release struct {
	attestation.Parameters
	Commit string
	ISO    string // SHA-256 of the ISO
}

// Read reads the statements of a release, in the file of a name, and its manifest, which have to
// agree.
func Read(name string, statements, manifestText []byte) (*Release, error) {
	all, err := attestation.Read(name, statements)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var r *Release
	for i, s := range all {
		if s.GetPredicateType() != attestation.ProvenanceType {
			continue
		}
		p, err := attestation.ReadProvenance(s)
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", name, i+1, err)
		}
		if r != nil {
			return nil, fmt.Errorf("%s: line %d: a second provenance", name, i+1)
		}
		r = &Release{Parameters: p.Parameters, Commit: p.Commit}
		for _, file := range p.Files {
			if file.Name == ISOFile {
				r.ISO = file.Digest
			}
		}
	}
	if r == nil {
		return nil, fmt.Errorf("%s: it has no provenance, which says what the release was made of", name)
	}
	m, err := manifest.Parse(manifestText)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ManifestFile, err)
	}
	for _, said := range []struct{ what, provenance, manifest string }{
		{"commit", r.Commit, m.Release["BEE_COMMIT"]},
		{"base", r.Base, m.Release["BEE_BASE"]},
		{"SHA-256 of " + ISOFile, r.ISO, m.ISO.SHA256},
	} {
		if said.provenance != said.manifest {
			return nil, fmt.Errorf("%s and %s are not of one release: the %s is %q in one, %q in the other", name, ManifestFile, said.what, said.provenance, said.manifest)
		}
	}
	return r, nil
}

// Checkout is where a release is to be built again, with what the caller said is to be on the ISO.
type Checkout struct {
	Commit  string // with -dirty, where the work tree has changes
	Base    string // "" where none was said
	Nvidia  bool   // the default is true, so that only false is known to be said
	GpuBurn bool
	// Keys of VERSIONS that are overridden.
	Overrides []string
}

// Check refuses a checkout that cannot come to the release's ISO, and says what to do.
func (r *Release) Check(c Checkout) error {
	if commit, dirty := strings.CutSuffix(c.Commit, "-dirty"); commit != r.Commit {
		return fmt.Errorf("%s was made of commit %s, and this checkout is of %s: git checkout %s", r.Version, r.Commit, commit, r.Commit)
	} else if dirty {
		return fmt.Errorf("this checkout has changes, and %s was made of commit %s alone: put them away by git stash --include-untracked", r.Version, commit)
	}
	var wrong []error
	refuse := func(flag, has string) {
		wrong = append(wrong, fmt.Errorf("%s: %s has %s; leave the flag away, what is on the ISO is taken from the release", flag, r.Version, has))
	}
	if c.Base != "" && c.Base != r.Base {
		refuse("--base "+c.Base, "the base "+r.Base)
	}
	if !c.Nvidia && r.Nvidia {
		refuse("--nvidia=false", "the NVIDIA driver")
	}
	if c.GpuBurn && !r.GpuBurn {
		refuse("--gpu-burn", "no gpu_burn")
	}
	if len(c.Overrides) > 0 {
		wrong = append(wrong, fmt.Errorf("VERSIONS.local, or a flag, overrides %s, which an ISO tells, and %s has what its commit pins: build where VERSIONS.local does without them", strings.Join(c.Overrides, ", "), r.Version))
	}
	return errors.Join(wrong...)
}

// most is how many lines of one kind are shown.
const most = 20

// Answer says what came out of a comparison, as JSON, of the release's ISO and the one that was built
// again, or is the error that says what differs.
func (r *Release) Answer(text []byte) (string, error) {
	result, err := comparison.Parse(text)
	if err != nil {
		return "", err
	}
	if result.Published != r.ISO {
		return "", fmt.Errorf("the %s in the folder is not the one of %s: its SHA-256 is %s, but the statements say %s", ISOFile, r.Version, result.Published, r.ISO)
	}
	if !result.Equal {
		return "", fmt.Errorf("%s is not what commit %s builds here: its %s is %s, the one that was built again %s\n  %s", r.Version, r.Commit, ISOFile, result.Published, result.Rebuilt,
			strings.Join(shown(result.Differences), "\n  "))
	}
	if result.Published == result.Rebuilt {
		return fmt.Sprintf("%s is what commit %s builds here, to the byte: %s is %s", r.Version, r.Commit, ISOFile, result.Published), nil
	}
	return fmt.Sprintf("%s is what commit %s builds here: all %d files of the medium, and what is in them, but for what takes the private key to make, which was set aside:\n  %s",
		r.Version, r.Commit, result.Files, strings.Join(shown(result.SetAside), "\n  ")), nil
}

// shown are lines, and how many more there are.
func shown[T fmt.Stringer](all []T) []string {
	var lines []string
	for _, one := range all[:min(most, len(all))] {
		lines = append(lines, one.String())
	}
	if more := len(all) - most; more > 0 {
		lines = append(lines, fmt.Sprintf("… and %d more", more))
	}
	return lines
}
