package printable

import (
	"encoding/json"
	"regexp"
	"strconv"
	"testing"
	"unicode/utf8"
)

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"M393A2K40":         "M393A2K40",
		"Größe ±2 %":        "Größe ±2 %",
		"\xff\xfeAB\x00":    `\xff\xfeAB\x00`,
		"a\x1b[31mred":      `a\x1b[31mred`,
		`C:\dir`:            `C:\dir`,
		`already \xff here`: `already \x5cxff here`,
		"\u0085":            `\xc2\x85`,
		"\uFFFD":            "\uFFFD",
	} {
		if got := Escape([]byte(in)); got != want {
			t.Errorf("Escape(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{"sn": "plain \"q\" é"}`:       `plain "q" é`,
		"{\"sn\": \"a\xff\xc3b\"}":      `a\xff\xc3b`,
		"{\"sn\": \"tab\there\"}":       `tab\x09here`,
		`{"sn": "tab\there"}`:           `tab\x09here`,
		`{"sn": "nul\u0000, \u00e9"}`:   `nul\x00, é`,
		`{"sn": "C:\\dir\\x"}`:          `C:\dir\x`,
		`{"sn": "looks \\xff escaped"}`: `looks \x5cxff escaped`,
	} {
		var v struct{ SN string }
		if err := json.Unmarshal(JSON([]byte(in)), &v); err != nil {
			t.Errorf("%q: %v", in, err)
		} else if v.SN != want {
			t.Errorf("%q decodes to %q, want %q", in, v.SN, want)
		}
	}
}

// What Escape writes can be read back to exactly the bytes that went in.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "abc", "\xff\x00", `\xff`, `\x5cxff`, "\\x4\xff", "é\n"} {
		f.Add([]byte(s))
	}
	escape := regexp.MustCompile(`\\x[0-9a-fA-F]{2}`)
	f.Fuzz(func(t *testing.T, in []byte) {
		s := Escape(in)
		if !utf8.ValidString(s) {
			t.Fatalf("Escape(%q) = %q is not UTF-8", in, s)
		}
		back := escape.ReplaceAllFunc([]byte(s), func(e []byte) []byte {
			c, _ := strconv.ParseUint(string(e[2:]), 16, 8)
			return []byte{byte(c)}
		})
		if string(back) != string(in) {
			t.Fatalf("Escape(%q) = %q reads back as %q", in, s, back)
		}
	})
}
