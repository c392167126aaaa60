package versions

import "time"

// ends are the days on which the security fixes of a base's release end: Alpine's by
// https://alpinelinux.org/releases/, Debian's, without its long-term support, by
// https://wiki.debian.org/DebianReleases.
var ends = map[string]map[string]string{
	"alpine": {"3.21": "2026-11-01", "3.22": "2027-05-01", "3.23": "2027-11-01"},
	"debian": {"trixie": "2028-08-09"},
}

// SupportEnd is the day on which the security fixes of a base's release end; known tells
// whether that is known.
func SupportEnd(base, release string) (end time.Time, known bool) {
	day, known := ends[base][release]
	if !known {
		return time.Time{}, false
	}
	end, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err) // of the table
	}
	return end, true
}

// Supported are the releases of a base whose security fixes have not ended, by the day on
// which they will.
func Supported(base string, now time.Time) map[string]time.Time {
	supported := map[string]time.Time{}
	for release := range ends[base] {
		if end, _ := SupportEnd(base, release); end.After(now) {
			supported[release] = end
		}
	}
	return supported
}
