package versions

import "strings"

// Input is a thing that is pinned by its digest.
type Input struct {
	// Key in VERSIONS, and behind it the version where there is a digest for each of several.
	Name string
	// The image, NAME:TAG; empty for what is none.
	Image string
	// Digest in lower-case hex: the hash of a Git commit, or else SHA-256.
	Digest string
	Commit bool
}

// Inputs are all things that are pinned by a digest, by the names of their keys. An ISO is made of
// a part of them, by its base and by what else is on it.
func (v *Versions) Inputs() []Input {
	var inputs []Input
	fields := v.fields()
	for _, key := range sortedKeys(fields) {
		switch value := *fields[key].value; fields[key].kind {
		case "image", "engine":
			if image, digest, ok := strings.Cut(value, "@sha256:"); ok {
				inputs = append(inputs, Input{Name: key, Image: image, Digest: digest})
			}
		case "sha256":
			inputs = append(inputs, Input{Name: key, Digest: value})
		case "digests":
			for _, of := range strings.Fields(value) {
				version, digest, _ := strings.Cut(of, ":")
				inputs = append(inputs, Input{Name: key + " " + version, Digest: digest})
			}
		case "commit":
			inputs = append(inputs, Input{Name: key, Digest: value, Commit: true})
		}
	}
	return inputs
}
