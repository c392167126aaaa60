// Package partnumber reads from a part number which model it is. Makers put the
// revision of a part behind its model, and what only differs in that is the same
// to whoever orders it.
package partnumber

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// revisions are the forms of part numbers that end in a revision, each with the
// model as its group.
var revisions = sync.OnceValue(func() []*regexp.Regexp {
	var all []*regexp.Regexp
	for _, form := range []string{
		`^(.*?)[ ,;._-]*\bREV(?:ISION)?[ .:_-]*[0-9A-Z]{1,3}$`,    // "PWR-750 REV 02"
		`^([0-9A-Z]{6})[AX][0-9]{2}$`,                             // Dell: 0Y26KXA02
		`^([A-Z][0-9]{5})-[0-9]{3}$`,                              // Intel: G84027-009
		`^([0-9]{3}-[0-9]{4})-[0-9]{2}$`,                          // Cisco: 341-0591-02
		`^([0-9]{1,2}[A-Z]{3}[0-9A-Z]*-[0-9]G[0-9])[A-Z][0-9]$`,   // Micron: 18ASF2G72PDZ-2G6D1
		`^([0-9]{7}-[0-9]{3})\.[A-Z][0-9]{2}[A-Z]{0,2}$`,          // Kingston: 9965516-128.A00LF
		`^(M[0-9]{3}[0-9A-Z]{8,}-[A-Z][0-9A-Z]{2})[0-9A-Z]{1,3}$`, // Samsung: M393A2G40DB0-CPB0Q
	} {
		all = append(all, regexp.MustCompile(`(?i)`+form))
	}
	return all
})

// Model returns the part number without its revision, and without the rubbish of
// firmware that does not end its strings where they end.
func Model(part string) string {
	part = strings.TrimFunc(part, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
	for _, r := range revisions() {
		if m := r.FindStringSubmatch(part); m != nil && m[1] != "" {
			return m[1]
		}
	}
	return part
}
