// Package beerelease writes and reads /etc/bee-release, the file by which an ISO says what it was
// made of. It is a shell fragment of KEY="value" lines, as os-release(5) is.
package beerelease

import "strings"

// File is where a live system has it.
const File = "/etc/bee-release"

// Parse reads the variables of a bee-release. What is no assignment is left out.
func Parse(text string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, found := strings.Cut(strings.TrimSpace(line), "=")
		if !found || strings.HasPrefix(key, "#") {
			continue
		}
		value = strings.TrimSuffix(strings.TrimPrefix(value, `"`), `"`)
		values[key] = unescape.Replace(value)
	}
	return values
}

// unescape takes away what keeps a character from meaning something between double
// quotes of a POSIX shell.
var unescape = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, "\\`", "`")
