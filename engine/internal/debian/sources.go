// Package debian makes root file systems from Debian packages with mmdebstrap.
package debian

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bee/core/userinfo"
)

// Components that the images offer to apt: drivers are in the non-free ones.
const components = "main contrib non-free non-free-firmware"

// A Mirror is where a Debian host gets its packages.
type Mirror struct {
	Archive  string // URI of the archive: suites trixie and trixie-updates
	Security string // URI of the security archive, empty when unknown
}

// HostMirror reads a Debian host's own mirror from its apt sources below
// etcDir (/etc). It returns the zero Mirror on a host that is not Debian, or
// when no source is reached by HTTP. One that takes a name and password in its URI is none.
func HostMirror(etcDir string) Mirror {
	release, err := os.ReadFile(filepath.Join(etcDir, "os-release"))
	if err != nil || !slices.Contains(strings.Split(string(release), "\n"), "ID=debian") {
		return Mirror{}
	}
	files, _ := filepath.Glob(filepath.Join(etcDir, "apt/sources.list.d/*.sources"))
	lists, _ := filepath.Glob(filepath.Join(etcDir, "apt/sources.list.d/*.list"))
	files = append(append(files, filepath.Join(etcDir, "apt/sources.list")), lists...)
	var mirror Mirror
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		parse := parseList
		if strings.HasSuffix(file, ".sources") {
			parse = parseDeb822
		}
		for _, source := range parse(string(text)) {
			mirror.add(source)
		}
	}
	return mirror
}

// source is one archive that apt reads.
type source struct {
	uri    string
	suites []string
}

func (m *Mirror) add(s source) {
	if !strings.HasPrefix(s.uri, "http://") && !strings.HasPrefix(s.uri, "https://") {
		return
	}
	if userinfo.Remove(s.uri) != s.uri {
		return // images would have the password in them
	}
	uri := strings.TrimSuffix(s.uri, "/")
	for _, suite := range s.suites {
		switch {
		// Debian's own archive is recognised by the suites that it alone has:
		// third parties offer bookworm, but no bookworm-updates.
		case strings.HasSuffix(suite, "-security") || strings.HasSuffix(suite, "/updates"):
			if m.Security == "" {
				m.Security = uri
			}
		case strings.HasSuffix(suite, "-updates") || suite == "sid" || suite == "unstable" || suite == "testing":
			if m.Archive == "" {
				m.Archive = uri
			}
		case strings.HasSuffix(uri, "/debian") && m.Archive == "":
			m.Archive = uri
		}
	}
}

// parseList reads the one-line format: deb [options] URI suite component...
func parseList(text string) []source {
	var sources []source
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		line, ok := strings.CutPrefix(strings.TrimSpace(line), "deb ")
		if !ok {
			continue
		}
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			_, line, _ = strings.Cut(line, "]")
		}
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		sources = append(sources, source{uri: fields[0], suites: fields[1:2]})
	}
	return sources
}

// parseDeb822 reads stanzas of fields, see sources.list(5).
func parseDeb822(text string) []source {
	var sources []source
	for _, stanza := range strings.Split(text, "\n\n") {
		fields := map[string]string{}
		var name string
		for _, line := range strings.Split(stanza, "\n") {
			if strings.HasPrefix(line, "#") {
				continue
			}
			if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
				fields[name] += line
				continue
			}
			key, value, _ := strings.Cut(line, ":")
			name = strings.ToLower(strings.TrimSpace(key))
			fields[name] = value
		}
		enabled := strings.TrimSpace(fields["enabled"])
		if enabled == "no" || !slices.Contains(strings.Fields(fields["types"]), "deb") {
			continue
		}
		for _, uri := range strings.Fields(fields["uris"]) {
			sources = append(sources, source{uri: uri, suites: strings.Fields(fields["suites"])})
		}
	}
	return sources
}

// Sources returns the apt sources of release on this mirror, one line each.
// The zero Mirror has none: mmdebstrap then uses Debian's default.
func (m Mirror) Sources(release string) []string {
	if m.Archive == "" {
		return nil
	}
	sources := []string{
		"deb " + m.Archive + " " + release + " " + components,
		"deb " + m.Archive + " " + release + "-updates " + components,
	}
	if m.Security != "" {
		sources = append(sources, "deb "+m.Security+" "+release+"-security "+components)
	}
	return sources
}
