// Package commit tells which commit a work tree is of.
package commit

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Script tells it, in the words that Parse reads, of the git repository that it runs in. It
// changes that repository's index, and git's settings of who runs it: it is for a container.
//
//go:embed commit.sh
var Script string

// Commit is what was built, or is to be.
type Commit struct {
	Name string // its hash, and -dirty where the work tree is not that commit alone
	Date time.Time
}

// Parse reads what Script says.
func Parse(text string) (Commit, error) {
	head, changes, _ := strings.Cut(text, "\n")
	name, date, _ := strings.Cut(head, " ")
	seconds, err := strconv.ParseInt(date, 10, 64)
	if err != nil {
		return Commit{}, fmt.Errorf("time of commit %s: %w", name, err)
	}
	if changes != "" {
		name += "-dirty"
	}
	return Commit{name, time.Unix(seconds, 0)}, nil
}
