package debian

import (
	"strings"
	"testing"
)

// FuzzSources: apt's sources of a host, in both formats, become lines of one archive
// each.
func FuzzSources(f *testing.F) {
	f.Add("Types: deb deb-src\nURIs: http://mirror.example/debian/\nSuites:\n bookworm bookworm-updates\n\nEnabled: no\nTypes: deb\nURIs: x\nSuites: y\n")
	f.Add("deb [arch=amd64] https://mirror.example/debian bookworm main # ours\ndeb cdrom:[Debian 12]/ bookworm main\n")
	f.Fuzz(func(t *testing.T, text string) {
		var mirror Mirror
		for _, s := range append(parseList(text), parseDeb822(text)...) {
			mirror.add(s)
		}
		for _, uri := range []string{mirror.Archive, mirror.Security} {
			if strings.ContainsAny(uri, " \t\n") || !strings.Contains(text, uri) {
				t.Errorf("%q", uri)
			}
		}
		if sources := mirror.Sources("trixie"); (len(sources) > 0) != (mirror.Archive != "") {
			t.Errorf("%q of %+v", sources, mirror)
		}
	})
}
