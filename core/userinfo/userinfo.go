// Package userinfo takes names and passwords out of URLs, as those of proxies have them.
package userinfo

import (
	"regexp"
	"strings"
)

// What stands between the scheme and the host, up to the last @: a password may hold others.
// In a list of URLs, as GOPROXY is, the slashes of the next one end it.
var userInfo = regexp.MustCompile(`://[^/\s]*@`)

// Names are the names that the URLs in text have without a password, as tokens are given: of
// all that an URL has, Go takes only passwords out of its errors.
func Names(text string) []string {
	var names []string
	for _, found := range userInfo.FindAllString(text, -1) {
		if name := strings.TrimSuffix(strings.TrimPrefix(found, "://"), "@"); name != "" && !strings.Contains(name, ":") {
			names = append(names, name)
		}
	}
	return names
}

// Remove returns text with all its URLs as they are without a name and password.
func Remove(text string) string { return userInfo.ReplaceAllLiteralString(text, "://") }
