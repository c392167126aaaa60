package claim

import (
	"os"
	"path/filepath"
)

// CloneVariable names the clone of the repository for which a program works, where that is
// another one than it works in: tests make copies of their clone, and use the engine
// for many of them at a time.
const CloneVariable = "BEE_CLONE"

// Engine is the claim of whoever uses the Dagger engine at a host for a clone of the
// repository: an engine may hand what it has of one clone to another clone of the same
// commit, whose work then fails when the first one ends, or is gone. Within a clone,
// many may use it at a time.
func Engine(host, clone string) (Claim, error) {
	if outer := os.Getenv(CloneVariable); outer != "" {
		clone = outer
	}
	clone, err := filepath.Abs(clone)
	if err == nil {
		clone, err = filepath.EvalSymlinks(clone)
	}
	return Claim{Thing: "engine " + host, Group: clone, Does: "uses the engine for " + clone}, err
}
