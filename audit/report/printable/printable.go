// Package printable turns bytes that hardware and tools hand out into text that
// is safe in JSON and on a terminal, without losing which bytes there were.
//
// Serial numbers and names come from EEPROMs and may hold any byte. A byte that
// is not part of valid UTF-8, and every control character, is written as \xNN
// (lower-case hexadecimal, one escape per byte). A backslash that would read as
// such an escape is written \x5c, so the original bytes can always be restored:
// replace each \xNN with its byte.
package printable

import (
	"encoding/hex"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Max is how many bytes of a text are kept; "…" stands for the rest. No hardware
// has that much to say, but a broken tool may print without end.
const Max = 4096

// Escape returns b as printable UTF-8.
func Escape(b []byte) string {
	var s []byte
	for size := 0; len(b) > 0; {
		r, n := utf8.DecodeRune(b)
		if size += n; size > Max {
			s = append(s, "…"...)
			break
		}
		if plain(r, n) && !looksEscaped(b) {
			s = append(s, b[:n]...)
		} else {
			s = appendEscapes(s, `\x`, b[:n])
		}
		b = b[n:]
	}
	return string(s)
}

// JSON makes a JSON text decodable without loss: inside its strings, bytes that
// are not UTF-8 and control characters (raw, or as a JSON escape) become the
// escapes of [Escape]. encoding/json would refuse raw control characters, and
// replace every stray byte with the same U+FFFD. Everything outside of strings
// is left alone, so text that is not JSON stays text that is not JSON. Where
// nothing has to change, it returns b itself.
func JSON(b []byte) []byte {
	var out, instead []byte
	copied := 0 // bytes of b that are in out
	inString, size := false, 0
	for i := 0; i < len(b); {
		if b[i] == '"' {
			inString, size = !inString, 0
		}
		if b[i] == '"' || !inString {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		change := false
		if b[i] == '\\' {
			instead, n, change = jsonEscape(instead[:0], b[i:])
		} else if !plain(r, n) {
			instead, change = appendEscapes(instead[:0], `\\x`, b[i:i+n]), true
		}
		if size += n; size > Max {
			instead, change = instead[:0], true
			if size-n <= Max {
				instead = append(instead, "…"...)
			}
		}
		if change {
			out = append(append(out, b[copied:i]...), instead...)
			copied = i + n
		}
		i += n
	}
	if copied == 0 {
		return b
	}
	return append(out, b[copied:]...)
}

// jsonEscape looks at the JSON escape that b begins with. It returns how long
// that is, whether something has to stand there instead, and that something,
// appended to instead.
func jsonEscape(instead, b []byte) ([]byte, int, bool) {
	if len(b) < 2 {
		return instead, len(b), false
	}
	if i := strings.IndexByte("bfnrt", b[1]); i >= 0 {
		return appendEscapes(instead, `\\x`, []byte{"\b\f\n\r\t"[i]}), 2, true
	}
	if b[1] == '\\' && looksEscaped(b[1:]) {
		return append(instead, `\\x5c`...), 2, true
	}
	if b[1] == 'u' && len(b) >= 6 {
		if c, err := strconv.ParseUint(string(b[2:6]), 16, 16); err == nil {
			if unicode.IsControl(rune(c)) {
				return appendEscapes(instead, `\\x`, []byte(string(rune(c)))), 6, true
			}
			return instead, 6, false
		}
	}
	return instead, 2, false
}

// appendEscapes appends an escape for each byte.
func appendEscapes(to []byte, prefix string, b []byte) []byte {
	for _, c := range b {
		to = append(to, prefix...)
		to = hex.AppendEncode(to, []byte{c})
	}
	return to
}

// XML makes an XML text decodable without loss: bytes that are not UTF-8, and
// characters that XML does not allow, become the escapes of [Escape], but for the
// white space that lays out the text. Numeric character references are kept as
// they are written, because they could bring such characters back.
func XML(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for size := 0; len(b) > 0; {
		r, n := utf8.DecodeRune(b)
		if size += n; r == '<' || r == '>' {
			size = 0
		}
		space := r == '\n' || r == '\r' || r == '\t'
		switch {
		case size > Max:
			if size-n <= Max {
				out = append(out, "…"...)
			}
		case r == '&' && len(b) > 1 && b[1] == '#':
			out = append(out, "&amp;"...)
		case (space || plain(r, n) && r != 0xfffe && r != 0xffff) && !looksEscaped(b):
			out = append(out, b[:n]...)
		default:
			out = appendEscapes(out, `\x`, b[:n])
		}
		b = b[n:]
	}
	return out
}

// plain reports whether a decoded rune can stand as it is.
func plain(r rune, size int) bool {
	return (r != utf8.RuneError || size > 1) && !unicode.IsControl(r)
}

// looksEscaped reports whether b begins with what Escape writes for a byte.
func looksEscaped(b []byte) bool {
	return len(b) >= 4 && b[0] == '\\' && b[1] == 'x' && isHex(b[2]) && isHex(b[3])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
