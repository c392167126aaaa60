package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"bee/core/versions"
	"bee/gate/internal/output"
)

// Who keeps a release that gets no security fixes any more, or soon will not, is told, and of what does.
func TestSupport(t *testing.T) {
	top := t.TempDir()
	text, err := os.ReadFile("../../../VERSIONS")
	if err != nil {
		t.Fatal(err)
	}
	was := regexp.MustCompile(`(?m)^(ALPINE_RELEASE|GO_VERSION|NVIDIA_VERSION|KERNEL_VERSION)=.*`)
	for _, c := range []struct{ pins, now, want string }{
		{"GO_VERSION=1.27.0", "2026-09-01", ""},
		{"GO_VERSION=1.27.0", "2026-09-02", "the security fixes of ALPINE_RELEASE 3.21 end on 2026-11-01; VERSIONS can name 3.22 (until 2027-05-01) or 3.23 (until 2027-11-01)"},
		{"GO_VERSION=1.27.0", "2026-11-01", "the security fixes of ALPINE_RELEASE 3.21 ended on 2026-11-01; VERSIONS can name 3.22 (until 2027-05-01) or 3.23 (until 2027-11-01)"},
		{"ALPINE_RELEASE=3.23 GO_VERSION=1.26.8", "2026-12-31", "the security fixes of GO_VERSION 1.26 end on 2027-02-01; VERSIONS can name 1.27 (until 2027-08-01)"},
		{"ALPINE_RELEASE=4.0 GO_VERSION=1.99.0 KERNEL_VERSION=7.1 NVIDIA_VERSION=999.1", "2028-01-01", ""},
	} {
		now, err := time.Parse(time.DateOnly, c.now)
		if err != nil {
			t.Fatal(err)
		}
		pins := was.ReplaceAllStringFunc(string(text), func(line string) string {
			key, _, _ := strings.Cut(line, "=")
			for _, pin := range strings.Fields(c.pins) {
				if strings.HasPrefix(pin, key+"=") {
					return pin
				}
			}
			return line
		})
		write(t, filepath.Join(top, versions.File), pins)
		var out bytes.Buffer
		g := &gate{out: output.New(func(string) string { return "" }, &out)}
		if err := g.support(top, now); err != nil {
			t.Fatal(err)
		}
		want := ""
		if c.want != "" {
			key, _, _ := strings.Cut(strings.TrimPrefix(c.want, "the security fixes of "), " ")
			before, _, _ := strings.Cut(pins, key+"=")
			want = fmt.Sprintf("VERSIONS:%d: warning: old release: %s\n", strings.Count(before, "\n")+1, c.want)
		}
		warnings, _, _ := strings.Cut(out.String(), "\nSecurity fixes end:")
		equal(t, c.pins+" on "+c.now, warnings, want)
	}
}
