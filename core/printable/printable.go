// Package printable turns text that comes from outside into text that is safe in JSON and
// on a terminal, without losing which bytes there were. It is done where text comes in: what
// writes it then only has to mind its own syntax.
//
// Serial numbers and names come from EEPROMs and may hold any byte; whoever sends a report
// may have put anything into it. Printable is what Unicode calls letters, marks, numbers,
// punctuation and symbols, and the space of ASCII. All else is written as \xNN (lower-case
// hexadecimal, one escape per byte): bytes that are not part of valid UTF-8, control
// characters, which command a terminal, and characters that nobody sees and that make text
// look like another one: those that turn the direction of writing (U+202E), blanks that are
// no space (U+00A0), and those without a width (U+200B).
//
// [Escape], [JSON] and [XML] are for what hardware and tools hand out. A backslash that would
// read as such an escape is written \x5c, so the original bytes can always be restored:
// replace each \xNN with its byte. [Again], [AgainJSON] and [Lines] are for what was made
// printable once, or should have been: an escape stays as it is.
package printable

import (
	"encoding/hex"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// Max is how many bytes of a text are kept; "…" stands for the rest. No hardware
	// has that much to say, but a broken tool may print without end.
	Max = 4096
	// maxAgain is how many are kept of what may be escaped already: all that Escape wrote.
	maxAgain = 4 * Max
)

// Escape returns b as printable UTF-8.
func Escape(b []byte) string { return escape(b, false) }

// Again returns a text as printable UTF-8 whose escapes are escapes. Of what [Escape]
// returned, or Again, it changes nothing.
func Again(s string) string { return escape([]byte(s), true) }

// Lines is [Again] for text of several lines, of any length: tabs and line ends stay, and
// those of other systems become this one's.
func Lines(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var out []byte
	copied := 0 // bytes of s that are in out
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r != '\n' && r != '\t' && !plain(r, n) {
			out = appendEscapes(append(out, s[copied:i]...), `\x`, []byte(s[i:i+n]))
			copied = i + n
		}
		i += n
	}
	if copied == 0 {
		return s
	}
	return string(append(out, s[copied:]...))
}

// JSON makes a JSON text decodable without loss: inside its strings, what is not printable
// (raw, or as a JSON escape) becomes the escapes of [Escape]. encoding/json would refuse raw
// control characters, and replace every stray byte with the same U+FFFD. Everything outside
// of strings is left alone, so text that is not JSON stays text that is not JSON. Where
// nothing has to change, it returns b itself.
func JSON(b []byte) []byte { return escapeJSON(b, false) }

// AgainJSON is [Again] for all strings of a JSON text, as [JSON] is [Escape].
func AgainJSON(b []byte) []byte { return escapeJSON(b, true) }

func escape(b []byte, again bool) string {
	var s []byte
	for size := 0; len(b) > 0; {
		r, n := utf8.DecodeRune(b)
		if size += n; size > limit(again) {
			s = append(s, "…"...)
			break
		}
		if plain(r, n) && (again || !looksEscaped(b)) {
			s = append(s, b[:n]...)
		} else {
			s = appendEscapes(s, `\x`, b[:n])
		}
		b = b[n:]
	}
	return string(s)
}

func escapeJSON(b []byte, again bool) []byte {
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
		means, change := n, false // how many bytes of the text it is
		if b[i] == '\\' {
			r, n = jsonEscape(b[i:])
			means = utf8.RuneLen(r)
			if change = !plain(r, means); change {
				instead = appendEscapes(instead[:0], `\\x`, utf8.AppendRune(nil, r))
			} else if change = !again && r == '\\' && looksEscaped(b[i+1:]); change {
				instead = append(instead[:0], `\\x5c`...)
			}
		} else if !plain(r, n) {
			instead, change = appendEscapes(instead[:0], `\\x`, b[i:i+n]), true
		}
		if size += means; size > limit(again) {
			instead, change = instead[:0], true
			if size-means <= limit(again) {
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

// jsonEscape returns what the JSON escape means that b begins with, and how long it is.
// Half a surrogate pair is what encoding/json makes of it; what is no escape is left to
// encoding/json, too, which refuses it.
func jsonEscape(b []byte) (rune, int) {
	if len(b) < 2 {
		return '\\', len(b)
	}
	if i := strings.IndexByte("bfnrt", b[1]); i >= 0 {
		return rune("\b\f\n\r\t"[i]), 2
	}
	r, ok := jsonUnit(b)
	if !ok {
		return rune(b[1] & 0x7f), 2
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	low, _ := jsonUnit(b[6:])
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return r, 6
	}
	return r, 12
}

// jsonUnit reads the UTF-16 code unit of an escape that begins with \u.
func jsonUnit(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(unit), err == nil
}

// XML makes an XML text decodable without loss: what is not printable becomes the escapes
// of [Escape], but for the white space that lays out the text. Numeric character references
// are kept as they are written, because they could bring such characters back.
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
		case (space || plain(r, n)) && !looksEscaped(b):
			out = append(out, b[:n]...)
		default:
			out = appendEscapes(out, `\x`, b[:n])
		}
		b = b[n:]
	}
	return out
}

// limit is how many bytes of a text are kept.
func limit(again bool) int {
	if again {
		return maxAgain
	}
	return Max
}

// appendEscapes appends an escape for each byte.
func appendEscapes(to []byte, prefix string, b []byte) []byte {
	for _, c := range b {
		to = append(to, prefix...)
		to = hex.AppendEncode(to, []byte{c})
	}
	return to
}

// plain reports whether a decoded rune can stand as it is.
func plain(r rune, size int) bool {
	if r < utf8.RuneSelf {
		return ' ' <= r && r <= '~'
	}
	return (r != utf8.RuneError || size > 1) && unicode.IsPrint(r) &&
		// letters and marks that are not seen
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// looksEscaped reports whether b begins with what Escape writes for a byte.
func looksEscaped(b []byte) bool {
	return len(b) >= 4 && b[0] == '\\' && b[1] == 'x' && isHex(b[2]) && isHex(b[3])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
