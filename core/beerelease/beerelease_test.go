package beerelease

import (
	"maps"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"": {},
		"# made\nBEE_VERSION=\"1 2\"\nBEE_BASE=debian\nBEE_NVIDIA=\"\"\nno assignment\n": {
			"BEE_VERSION": "1 2", "BEE_BASE": "debian", "BEE_NVIDIA": ""},
		"A=\"\\$5 \\\\ \\` a=b \\\"x\\\"\"": {"A": "$5 \\ ` a=b \"x\""},
		"\x7fELF":                           {},
	} {
		if got := Parse(text); !maps.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("A=\"\\$5 \\\\ \\` a=b \\\"x\\\"\"\n# B=\n=\n\"=\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		for key := range Parse(text) {
			if strings.ContainsAny(key, "=\n") {
				t.Errorf("%q", key)
			}
		}
	})
}
