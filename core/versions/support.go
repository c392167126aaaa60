package versions

import (
	"strings"
	"time"
)

// ends are the days on which the security fixes of a release end, by the key of the pin. Alpine's
// are those of https://alpinelinux.org/releases/, Debian's, without its long-term support, of
// https://wiki.debian.org/DebianReleases, the kernel's of https://kernel.org/category/releases.html
// and NVIDIA's of https://docs.nvidia.com/datacenter/tesla/drivers/, of which the last two name
// a month. Go has fixes for two releases, and a new one each February and August.
var ends = map[string]map[string]string{
	"ALPINE_RELEASE": {"3.21": "2026-11-01", "3.22": "2027-05-01", "3.23": "2027-11-01"},
	"DEBIAN_RELEASE": {"trixie": "2028-08-09"},
	"GO_VERSION":     {"1.26": "2027-02-01", "1.27": "2027-08-01"},
	"KERNEL_VERSION": {"6.12": "2028-12-01", "6.18": "2028-12-01"},
	"NVIDIA_VERSION": {"580": "2028-06-01", "595": "2027-03-01", "620": "2029-09-01"},
}

// Support is how long a pin's release has security fixes.
type Support struct {
	// Key is that of the pin, Release the one that its value belongs to: 1.26 of 1.26.8.
	Key, Release string
	// End is the day on which they end.
	End time.Time
}

// SupportOf is the support of a pin's value; known tells whether its end is known.
func SupportOf(key, value string) (s Support, known bool) {
	for release, day := range ends[key] {
		if value == release || strings.HasPrefix(value, release+".") {
			return Support{key, release, date(day)}, true
		}
	}
	return Support{}, false
}

// Support is that of all pins whose end is known, by key.
func (v *Versions) Support() []Support {
	var all []Support
	fields := v.fields()
	for _, key := range sortedKeys(fields) {
		if s, known := SupportOf(key, *fields[key].value); known {
			all = append(all, s)
		}
	}
	return all
}

// Later are the releases that a pin may have in place of this one: their support ends later, and
// has not ended.
func (s Support) Later(now time.Time) map[string]time.Time {
	later := map[string]time.Time{}
	for release, day := range ends[s.Key] {
		if end := date(day); end.After(now) && end.After(s.End) {
			later[release] = end
		}
	}
	return later
}

func date(day string) time.Time {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err) // of the table
	}
	return t
}
