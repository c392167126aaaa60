package compare

import (
	"crypto/sha256"
	"slices"
)

// Build stands for how a section of a machine is built.
type Build [sha256.Size]byte

// Builds returns how each section of a machine's hardware is built. Of two machines that have
// the same build of a section, [Reports] finds no difference there. A section of which nothing
// is known is left out.
func (all Inventory) Builds() map[string]Build {
	builds := map[string]Build{}
	for _, section := range Sections() {
		h := sha256.New()
		known := false
		for _, k := range kinds {
			if k.section != section || k.soft {
				continue
			}
			parts := all[k.name]
			known = known || parts != nil
			var signatures []string
			for _, p := range parts {
				signatures = append(signatures, p.signature())
			}
			slices.Sort(signatures)
			h.Write([]byte("\x00" + k.name + map[bool]Kind{true: " unknown"}[parts == nil]))
			for _, s := range signatures {
				h.Write([]byte("\x00" + s))
			}
		}
		if known {
			builds[section] = Build(h.Sum(nil))
		}
	}
	return builds
}
