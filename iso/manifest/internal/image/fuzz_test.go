package image

import (
	"strings"
	"testing"
)

// FuzzRelease writes a value as ci/beerelease does, which is read back.
func FuzzRelease(f *testing.F) {
	f.Add("bee 20261105-0123456789ab on debian trixie, Linux 6.12.107+deb13-amd64")
	f.Add("a$(false)`false`\"b\\c\\")
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`")
	f.Fuzz(func(t *testing.T, value string) {
		release(value) // whatever it is
		if strings.ContainsAny(value, "\n\r") {
			return
		}
		if got := release("# a comment\nKEY=\"" + escape.Replace(value) + "\"\n"); len(got) != 1 || got["KEY"] != value {
			t.Errorf("%q is read as %q", value, got)
		}
	})
}
