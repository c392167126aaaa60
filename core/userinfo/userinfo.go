// Package userinfo takes names and passwords out of URLs, as those of proxies have them.
package userinfo

import "regexp"

// What stands between the scheme and the host, up to the last @: a password may hold others.
// In a list of URLs, as GOPROXY is, the slashes of the next one end it.
var userInfo = regexp.MustCompile(`://[^/\s]*@`)

// Remove returns text with all its URLs as they are without a name and password.
func Remove(text string) string { return userInfo.ReplaceAllLiteralString(text, "://") }
