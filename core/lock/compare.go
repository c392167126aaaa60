package lock

import "fmt"

// Kind says how a package differs from the lock.
type Kind string

// Kinds of differences.
const (
	Gone     Kind = "gone"     // locked, but not there
	Changed  Kind = "changed"  // there in another version
	Rebuilt  Kind = "rebuilt"  // there in its version, but with another digest
	Moved    Kind = "moved"    // the same, but in other layers
	New      Kind = "new"      // needed, but not locked
	Unneeded Kind = "unneeded" // locked and there, but not needed
)

// Difference is one package that is not as the lock has it.
type Difference struct {
	Kind Kind
	Name string
	// Locked is what the lock has, Now what is there in its place. Either is empty where
	// there is none.
	Locked, Now Entry
}

// String returns the difference as one line: changed busybox 1-r0 -> 1-r1.
func (d Difference) String() string {
	switch d.Kind {
	case Changed:
		return fmt.Sprintf("%s %s %s -> %s", d.Kind, d.Name, d.Locked.Version, d.Now.Version)
	case Rebuilt:
		return fmt.Sprintf("%s %s %s %s -> %s", d.Kind, d.Name, d.Locked.Version, d.Locked.digest(d.Now), d.Now.digest(d.Locked))
	case Moved:
		return fmt.Sprintf("%s %s %s %s -> %s", d.Kind, d.Name, d.Locked.Version, d.Locked.Layers, d.Now.Layers)
	case New:
		return fmt.Sprintf("%s %s %s", d.Kind, d.Name, d.Now.Version)
	default:
		return fmt.Sprintf("%s %s %s", d.Kind, d.Name, d.Locked.Version)
	}
}

// Compare tells how two locks differ, sorted by name. A package that now lacks is Gone.
func Compare(locked, now Lock) []Difference {
	var differences []Difference
	for len(locked) > 0 || len(now) > 0 {
		switch {
		case len(now) == 0 || len(locked) > 0 && locked[0].Name < now[0].Name:
			differences = append(differences, locked[0].Gone())
			locked = locked[1:]
		case len(locked) == 0 || now[0].Name < locked[0].Name:
			differences = append(differences, Difference{Kind: New, Name: now[0].Name, Now: now[0]})
			now = now[1:]
		default:
			if d, differs := locked[0].Differs(now[0]); differs {
				differences = append(differences, d)
			}
			locked, now = locked[1:], now[1:]
		}
	}
	return differences
}

// Gone is the difference of an entry that is not there.
func (e Entry) Gone() Difference { return Difference{Kind: Gone, Name: e.Name, Locked: e} }

// Differs tells how what is there of the same name differs from the entry, if it does. A SHA-256
// that is not known differs from none.
func (e Entry) Differs(now Entry) (d Difference, differs bool) {
	d = Difference{Name: e.Name, Locked: e, Now: now}
	switch {
	case now.Version != e.Version:
		d.Kind = Changed
	case !e.Same(now):
		d.Kind = Rebuilt
	case now.Layers != e.Layers:
		d.Kind = Moved
	default:
		return Difference{}, false
	}
	return d, true
}

// Same tells whether both are one package, as far as their digests are known.
func (e Entry) Same(other Entry) bool {
	return e.Name == other.Name && e.Version == other.Version && e.Architecture == other.Architecture && e.Checksum == other.Checksum &&
		(e.SHA256 == other.SHA256 || e.SHA256 == "" || other.SHA256 == "")
}

// digest is what tells the entry from another one of its name and version.
func (e Entry) digest(other Entry) string {
	switch {
	case e.Architecture != other.Architecture:
		return e.Architecture
	case e.Checksum != other.Checksum:
		return e.Checksum
	}
	return e.SHA256
}
