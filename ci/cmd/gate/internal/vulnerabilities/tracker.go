package vulnerabilities

import (
	"encoding/json"
	"fmt"

	"bee/core/jsonerror"
)

// codeNames of Debian's releases, by which its security tracker calls them.
var codeNames = map[string]string{"Debian:12": "bookworm", "Debian:13": "trixie", "Debian:14": "forky"}

// tracked is a vulnerability of a source package, by https://security-tracker.debian.org/tracker/data/json.
type tracked struct {
	Description string
	Releases    map[string]struct {
		Status       string
		FixedVersion string `json:"fixed_version"`
	}
}

// tracker reads an object of source packages, behind its first token.
func (s *search) tracker(decoder *json.Decoder) error {
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return jsonerror.Reword(err)
		}
		var all map[string]tracked
		if err := decoder.Decode(&all); err != nil {
			return fmt.Errorf("%v: no package of Debian's security tracker: %w", name, jsonerror.Reword(err))
		}
		s.records += len(all)
		for id, t := range all {
			for ecosystem, release := range codeNames {
				for _, p := range s.packages[key{ecosystem, fmt.Sprint(name)}] {
					s.tracked(p, id, t, release)
				}
			}
		}
	}
	return nil
}

// tracked looks at one vulnerability of a package. Fixed in version 0 is what the release never
// had.
func (s *search) tracked(p *Package, id string, t tracked, release string) {
	at, known := t.Releases[release]
	if !known {
		return
	}
	e := []event{{Introduced: "0"}}
	if at.Status == "resolved" {
		if at.FixedVersion == "0" {
			return
		}
		e = append(e, event{Fixed: at.FixedVersion})
	}
	vulnerable, fixed, err := p.within(e)
	if err != nil {
		s.found.add(p, []string{id}, "", err.Error())
	} else if vulnerable {
		s.found.add(p, []string{id}, fixed, t.Description)
	}
}
