package kmsg

import (
	"strings"
	"testing"

	"bee/core/hostile"
)

// Whatever is said is one record, of printable text.
func TestRecord(t *testing.T) {
	if got := record("eth0: no such card\nsee ip link"); got != "<2>bee: eth0: no such card; see ip link\n" {
		t.Errorf("got %q", got)
	}
	for _, text := range hostile.Strings {
		got := record(text)
		if line, more, _ := strings.Cut(got, "\n"); more != "" || !strings.HasPrefix(line, "<2>bee: ") || hostile.Unprintable(line) != "" {
			t.Errorf("%q", got)
		}
	}
}
