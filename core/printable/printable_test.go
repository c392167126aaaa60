package printable

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"M393A2K40":            "M393A2K40",
		"Größe ±2 %":           "Größe ±2 %",
		"\xff\xfeAB\x00":       `\xff\xfeAB\x00`,
		"a\x1b[31mred":         `a\x1b[31mred`,
		`C:\dir`:               `C:\dir`,
		`already \xff here`:    `already \x5cxff here`,
		"\u0085":               `\xc2\x85`,
		"\u009b31m":            `\xc2\x9b31m`,
		"a\u00a0b":             `a\xc2\xa0b`,
		"\u202eabc\u2066":      `\xe2\x80\xaeabc\xe2\x81\xa6`,
		"\u061c\u200e":         `\xd8\x9c\xe2\x80\x8e`,
		"a\u200b\ufeffb":       `a\xe2\x80\x8b\xef\xbb\xbfb`,
		"\u3164\ufe0f":         `\xe3\x85\xa4\xef\xb8\x8f`,
		"\u2028":               `\xe2\x80\xa8`,
		"DIMM\u4e2d\U0001f41d": "DIMM\u4e2d\U0001f41d",
		"\uFFFD":               "\uFFFD",
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
		`{"sn": "\u202e\u00A0"}`:        `\xe2\x80\xae\xc2\xa0`,
		`{"sn": "\uD83D\uDC1D"}`:        "\U0001f41d",
		`{"sn": "\udb40\udc41"}`:        `\xf3\xa0\x81\x81`, // a tag that is not seen
		`{"sn": "\udb40\u0041\udb40"}`:  "\ufffdA\ufffd",
	} {
		var v struct{ SN string }
		if err := json.Unmarshal(JSON([]byte(in)), &v); err != nil {
			t.Errorf("%q: %v", in, err)
		} else if v.SN != want {
			t.Errorf("%q decodes to %q, want %q", in, v.SN, want)
		}
	}
}

// Text without end is cut, and what is around it stays.
func TestMax(t *testing.T) {
	for text, want := range map[string]int{
		strings.Repeat("x", Max):      Max,
		strings.Repeat("x", Max+1):    Max + len("…"),
		strings.Repeat("x", 1<<20):    Max + len("…"),
		strings.Repeat("é", Max):      Max + len("…"),
		strings.Repeat("\xff", 1<<20): 4*Max + len("…"),
	} {
		if got := Escape([]byte(text)); len(got) != want || !utf8.ValidString(got) {
			t.Errorf("Escape of %d bytes %.5q: %d bytes, want %d", len(text), text, len(got), want)
		}
		var v struct{ Before, SN, After string }
		in := JSON([]byte(`{"before": "a", "sn": "` + text + `", "after": "b"}`))
		if err := json.Unmarshal(in, &v); err != nil || len(v.SN) != want || v.Before+v.After != "ab" {
			t.Errorf("JSON of %d bytes %.5q: %d bytes, want %d, with %s, %s; error %v", len(text), text, len(v.SN), want, v.Before, v.After, err)
		}
	}
	in := `{"sn": "` + strings.Repeat(`\\\"`, Max) + `", "after": 5}`
	if out := JSON([]byte(in)); !json.Valid(out) || len(out) > 2*Max+50 {
		t.Errorf("cut among escapes: %d bytes, valid %t", len(out), json.Valid(out))
	}
}

// What was made printable stays as it is, and what was not, is made so.
func TestAgain(t *testing.T) {
	long := Escape(bytes.Repeat([]byte{0xff}, Max+1))
	for in, want := range map[string]string{
		`a\xff`:                    `a\xff`,
		`C:\dir \x5cxff`:           `C:\dir \x5cxff`,
		"a\x1b]0;b\a":              `a\x1b]0;b\x07`,
		"a\nb":                     `a\x0ab`,
		long:                       long,
		strings.Repeat("x", 1<<20): strings.Repeat("x", 4*Max) + "…",
	} {
		for _, in := range []string{in, want} {
			if got := Again(in); got != want {
				t.Errorf("Again(%.80q) = %.80q, want %.80q", in, got, want)
			}
			quoted, err := json.Marshal(in)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			if err := json.Unmarshal(AgainJSON(quoted), &got); err != nil || got != want {
				t.Errorf("AgainJSON(%.80q) = %.80q, want %.80q, error %v", in, got, want, err)
			}
		}
	}
}

func TestLines(t *testing.T) {
	for in, want := range map[string]string{
		"a\n\tb \\xff é\n":   "a\n\tb \\xff é\n",
		"a\r\n\r\xc3\u202eb": "a\n\\x0d\\xc3\\xe2\\x80\\xaeb",
		"\ufffd\x00":         "\ufffd\\x00",
		"":                   "",
	} {
		if got := Lines(in); got != want || Lines(got) != got {
			t.Errorf("Lines(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestJSONIsNotCopiedInVain(t *testing.T) {
	in := []byte(`{"sn": "plain é\u00e9 \"q\" \\\\"}` + "\n")
	if out := JSON(in); &out[0] != &in[0] {
		t.Error("it is another text, though nothing had to change")
	}
}

// What is JSON stays JSON; the texts in it come out as Escape writes them.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{"", "plain", "a\xffb", "\x00\n\x7f", `\x41`, "\"q\"\\", "\u2028é", "\u0085"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		quoted, _ := json.Marshal(s)
		raw := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)
		for _, in := range []string{`["` + raw + `"]`, `[` + string(quoted) + `]`} {
			var v []string
			if err := json.Unmarshal(JSON([]byte(in)), &v); err != nil || len(v) != 1 {
				t.Fatalf("%.200q becomes %.200q: error %v", in, JSON([]byte(in)), err)
			}
			if want := Escape([]byte(s)); v[0] != want && (utf8.ValidString(s) || in[2:len(in)-2] == raw) && len(s) <= Max/6 {
				t.Fatalf("%.200q decodes to %.200q, want %.200q", in, v[0], want)
			}
		}
		_ = JSON([]byte(s))
	})
}

func TestXML(t *testing.T) {
	for in, want := range map[string]string{
		"<a>plain é &lt;\t</a>":           "plain é <\t",
		"<a>a\xff\xc3b</a>":               `a\xff\xc3b`,
		"<a>nul\x00, \x1b[1m</a>":         `nul\x00, \x1b[1m`,
		"<a>\ufffe \ufffd</a>":            `\xef\xbf\xbe ` + "\ufffd",
		`<a>looks \xff escaped</a>`:       `looks \x5cxff escaped`,
		"<a>reference &#0; &#xe9;</a>":    "reference &#0; &#xe9;",
		"<a b='\xe9'>in an attribute</a>": "in an attribute",
	} {
		var got string
		if err := xml.Unmarshal(XML([]byte(in)), &got); err != nil {
			t.Errorf("%q: %v", in, err)
		} else if got != want {
			t.Errorf("%q decodes to %q, want %q", in, got, want)
		}
	}
	long := "<a><b>" + strings.Repeat("\xff", 1<<20) + "</b>after</a>"
	var got struct {
		B     string `xml:"b"`
		After string `xml:",chardata"`
	}
	if err := xml.Unmarshal(XML([]byte(long)), &got); err != nil || len(got.B) != 4*Max+len("…") || got.After != "after" {
		t.Errorf("a text without end: %d bytes, then %q, error %v", len(got.B), got.After, err)
	}
}

// What XML writes is UTF-8 and reads back to the same bytes.
func FuzzXML(f *testing.F) {
	for _, s := range []string{"", "<a>b</a>", "\xff\x00", `\xff`, "&#0;", "\ufffe\n"} {
		f.Add([]byte(s))
	}
	escape := regexp.MustCompile(`\\x[0-9a-fA-F]{2}`)
	f.Fuzz(func(t *testing.T, in []byte) {
		out := XML(in)
		if !utf8.Valid(out) {
			t.Fatalf("XML(%q) = %q is not UTF-8", in, out)
		}
		back := escape.ReplaceAllFunc(bytes.ReplaceAll(out, []byte("&amp;#"), []byte("&#")), func(e []byte) []byte {
			c, _ := strconv.ParseUint(string(e[2:]), 16, 8)
			return []byte{byte(c)}
		})
		if !bytes.Equal(back, in) && len(in) <= Max && !bytes.Contains(in, []byte("&amp;#")) {
			t.Fatalf("XML(%q) = %q reads back as %q", in, out, back)
		}
	})
}

// What Escape writes can be read back to exactly the bytes that went in.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "abc", "\xff\x00", `\xff`, `\x5cxff`, "\\x4\xff", "é\n"} {
		f.Add([]byte(s))
	}
	escape := regexp.MustCompile(`\\x[0-9a-fA-F]{2}`)
	f.Fuzz(func(t *testing.T, in []byte) {
		in = in[:min(len(in), Max)]
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
