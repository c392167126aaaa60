package lock

import "fmt"

// Kind says how a package differs from the lock.
type Kind string

// Kinds of differences.
const (
	Gone     Kind = "gone"     // locked, but not there
	Changed  Kind = "changed"  // there in another version
	Rebuilt  Kind = "rebuilt"  // there in its version, but with another checksum
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
		return fmt.Sprintf("%s %s %s %s -> %s", d.Kind, d.Name, d.Locked.Version, d.Locked.Checksum, d.Now.Checksum)
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

// Differs tells how what is there of the same name differs from the entry, if it does.
func (e Entry) Differs(now Entry) (d Difference, differs bool) {
	d = Difference{Kind: Changed, Name: e.Name, Locked: e, Now: now}
	if now.Version == e.Version {
		d.Kind = Rebuilt
	}
	return d, now != e
}
