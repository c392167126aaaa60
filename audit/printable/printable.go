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
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape returns b as printable UTF-8.
func Escape(b []byte) string {
	var s strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if plain(r, n) && !looksEscaped(b) {
			s.Write(b[:n])
		} else {
			for _, c := range b[:n] {
				fmt.Fprintf(&s, `\x%02x`, c)
			}
		}
		b = b[n:]
	}
	return s.String()
}

// JSON makes a JSON text decodable without loss: inside its strings, bytes that
// are not UTF-8 and control characters (raw, or as a JSON escape) become the
// escapes of [Escape]. encoding/json would refuse raw control characters, and
// replace every stray byte with the same U+FFFD. Everything outside of strings
// is left alone, so text that is not JSON stays text that is not JSON.
func JSON(b []byte) []byte {
	var out bytes.Buffer
	inString := false
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case b[0] == '"':
			inString = !inString
			out.WriteByte('"')
		case !inString:
			out.Write(b[:n])
		case b[0] == '\\':
			n = jsonEscape(&out, b)
		case plain(r, n):
			out.Write(b[:n])
		default:
			for _, c := range b[:n] {
				fmt.Fprintf(&out, `\\x%02x`, c)
			}
		}
		b = b[n:]
	}
	return out.Bytes()
}

// jsonEscape copies the JSON escape that b begins with and returns its length.
func jsonEscape(out *bytes.Buffer, b []byte) int {
	if len(b) < 2 {
		out.Write(b)
		return len(b)
	}
	if i := strings.IndexByte("bfnrt", b[1]); i >= 0 {
		fmt.Fprintf(out, `\\x%02x`, "\b\f\n\r\t"[i])
		return 2
	}
	if b[1] == '\\' && looksEscaped(b[1:]) {
		out.WriteString(`\\x5c`)
		return 2
	}
	var c rune
	if b[1] == 'u' && len(b) >= 6 {
		if _, err := fmt.Sscanf(string(b[2:6]), "%04x", &c); err == nil && unicode.IsControl(c) {
			for _, c := range []byte(string(c)) {
				fmt.Fprintf(out, `\\x%02x`, c)
			}
			return 6
		}
	}
	out.Write(b[:2])
	return 2
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
