// Package reason tells in which way two contents of a file differ, where that can be seen: what
// differs is taken out of both, and the rest compared.
package reason

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"

	"bee/core/comparison"
)

// limit is how large a content is looked into.
const limit = 64 << 20

var (
	times = regexp.MustCompile(`\b(19|20)\d\d-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|[+-]\d\d:?\d\d))?)?` +
		`|\b((Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +)?(\d\d? +)?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)( +\d\d?)?( +\d\d:\d\d(:\d\d)?)?( +[A-Z]{3,4})?( +(19|20)\d\d)?( +\d\d:\d\d:\d\d)?` +
		`|\b(19|20)\d{6}(T?\d{4,6}Z?)?\b` +
		`|\b\d\d:\d\d:\d\d\b` +
		`|\b1[4-9]\d{8}\b|\b2\d{9}\b`)
	paths    = regexp.MustCompile(`(/[\w.+@~-]+){2,}`)
	versions = regexp.MustCompile(`\d+(\.\d+)+([.+~-]?[A-Za-z]*\d+)*(-r\d+)?|-r\d+\b`)
)

// Of tells how two contents that are not equal differ, and where that begins.
func Of(a, b []byte) (comparison.Reason, string) {
	if len(a) <= limit && len(b) <= limit {
		if sameLines(a, b) {
			return comparison.Order, "the same lines in another order"
		}
		for _, known := range []struct {
			reason  comparison.Reason
			pattern *regexp.Regexp
			keep    func([]byte) []byte
		}{
			{comparison.Time, times, nothing},
			{comparison.Path, paths, func(match []byte) []byte { return []byte(path.Base(string(match))) }},
			{comparison.Version, versions, nothing},
		} {
			without := func(data []byte) []byte { return known.pattern.ReplaceAllFunc(data, known.keep) }
			if bytes.Equal(without(a), without(b)) {
				return known.reason, firstPair(known.pattern, a, b)
			}
		}
	}
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	if len(a) == len(b) {
		return comparison.Content, fmt.Sprintf("both have %d bytes, which differ from byte %d on", len(a), at)
	}
	return comparison.Content, fmt.Sprintf("%d bytes → %d bytes, which differ from byte %d on", len(a), len(b), at)
}

func nothing([]byte) []byte { return nil }

// WithoutVersion is a name in which a version does not count.
func WithoutVersion(name string) string { return versions.ReplaceAllString(name, "*") }

// sameLines tells whether two texts are the same lines.
func sameLines(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	sorted := func(text []byte) [][]byte {
		lines := bytes.Split(text, []byte("\n"))
		slices.SortFunc(lines, bytes.Compare)
		return lines
	}
	return slices.EqualFunc(sorted(a), sorted(b), bytes.Equal)
}

// firstPair names the first match that differs.
func firstPair(pattern *regexp.Regexp, a, b []byte) string {
	before, after := pattern.FindAll(a, -1), pattern.FindAll(b, -1)
	for i := range min(len(before), len(after)) {
		if !bytes.Equal(before[i], after[i]) {
			return fmt.Sprintf("%s → %s", before[i], after[i])
		}
	}
	return fmt.Sprintf("%d → %d of them", len(before), len(after))
}
