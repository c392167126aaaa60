// Package userinfo takes names and passwords out of URLs, as those of proxies have them.
package userinfo

import "regexp"

// What stands between the scheme and the host, up to the last @: a password may hold others.
// In a list of URLs, as GOPROXY is, the slashes of the next one end it.
var userInfo = regexp.MustCompile(`://[^/\s]*@`)

// token is the beginning of a URL that has a name and no password.
var token = regexp.MustCompile(`[a-z][a-z0-9+.-]*://[^/\s:@]+@`)

// Tokens are the beginnings, up to the host, of the URLs in text that have a name and no
// password, as tokens are given: Go takes only passwords out of its errors.
func Tokens(text string) []string { return token.FindAllString(text, -1) }

// Remove returns text with all its URLs as they are without a name and password.
func Remove(text string) string { return userInfo.ReplaceAllLiteralString(text, "://") }
