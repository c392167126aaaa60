// Package hostile has what a stranger's machine, or the sender of a report, may have put into
// any text, for tests of all that prints it.
package hostile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// Strings are one for each way to do harm.
var Strings = []string{
	"\x1b[31mred\x1b[2J\x1b[1;1H",                    // ESC: colours, clearing, the cursor
	"\x1b]0;title\a\x1b]52;c;ZXZpbA==\x1b\\",         // OSC: the window's title, the clipboard
	"\u009b31m\u009d0;title\u009c\u0085next",         // C1, in UTF-8
	"\x9b31m\xff\xfe\xc0\x80\xed\xa0\x80",            // and bytes that are none
	"a\x00b\ac\bd\rover\x7f\x0e",                     // NUL, BEL, BS, CR, DEL, SO
	"line\nPASS forged\n::add-mask::x\r\n##[error]x", // more lines
	"\u00a0::add-mask::x",                            // a runner of workflows passes over blanks
	"\u2003::set-output name=a::b",                   //
	"::add-mask::x",
	"##[command]x",
	"admin\u202egnp.exe\u2066x\u2069\u200e\u200f\u061c", // which turn the direction of writing
	"pay\u200bpal\ufeff\u2060\u00ad\u2028\u2029",        // which nobody sees
	"a|b`c`**d**[e](http://f)![g](h)@i #1 ~~j~~ \\",     // Markdown
	"<script>alert(1)</script><img src=x onerror=y>\"'&amp;&#x1b;",
	"]]></failure><testcase name=\"x\"/>&#0;",
	"{{.}}${HOME}$(id)`id`%s%n%x;'\"",
	`\x1b[31m \u001b \e \033`, // no harm as it stands
	strings.Repeat("long ", 1<<13),
}

// Unprintable is the first character of what a program wrote that is not printable, with what
// is around it; empty where there is none. Line ends are, and so are tabs.
func Unprintable(text string) string {
	for i, r := range text {
		_, n := utf8.DecodeRuneInString(text[i:])
		if r != '\n' && r != '\t' && (!unicode.IsPrint(r) || r == utf8.RuneError && n == 1) {
			return fmt.Sprintf("%q", text[max(0, i-20):min(len(text), i+20)])
		}
	}
	return ""
}

// command is what of a program's command line [Refused] needs, such as cobra's.
type command interface {
	SetArgs([]string)
	SetOut(io.Writer)
	SetErr(io.Writer)
	Execute() error
}

// Refused runs a program with arguments in which each of the strings is, all of which it has to
// refuse with exit status 1, and looks at what it writes: its command, and then what it makes of
// that command's error.
func Refused[C command](t *testing.T, program func() C, exitStatus func(error, io.Writer) int, arguments func(text string) [][]string) {
	t.Helper()
	for _, text := range Strings {
		for _, args := range arguments(text) {
			var output bytes.Buffer
			cmd := program()
			cmd.SetArgs(args)
			cmd.SetOut(&output)
			cmd.SetErr(&output)
			status := exitStatus(cmd.Execute(), &output)
			if found := Unprintable(output.String()); status != 1 || output.Len() == 0 || found != "" {
				t.Errorf("%.80q: exit status %d, it writes %s: %.500q", text, status, found, output.String())
			}
		}
	}
}

// Documents are a document, as JSON, with a hostile string in place of each text in it: one
// where words that decide what is shown (a status, a severity) are as they were, and one where
// they are not either. They have the bytes that are no UTF-8, too.
func Documents(document any, text string) [][]byte {
	return [][]byte{encode(document, text, false), encode(document, text, true)}
}

func encode(document any, text string, words bool) []byte {
	const stand = "HOSTILE"
	data, err := json.Marshal(fill(reflect.ValueOf(document), stand, words).Interface())
	if err != nil {
		panic(err) // of a document that no program could write
	}
	var quoted bytes.Buffer
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false)
	if utf8.ValidString(text) {
		if err := e.Encode(text); err != nil {
			panic(err)
		}
	} else {
		quoted.WriteString(`"` + text + `"`)
	}
	return bytes.ReplaceAll(data, []byte(`"`+stand+`"`), bytes.TrimSpace(quoted.Bytes()))
}

// fill is a copy of a value with a text in place of each that is not empty; words are those of
// a type of their own, and the keys of maps.
func fill(v reflect.Value, text string, words bool) reflect.Value {
	filled := reflect.New(v.Type()).Elem()
	filled.Set(v)
	switch v.Kind() {
	case reflect.String:
		if v.String() != "" && (words || v.Type() == reflect.TypeFor[string]()) {
			filled.SetString(text)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			filled.Set(reflect.New(v.Type().Elem()))
			filled.Elem().Set(fill(v.Elem(), text, words))
		}
	case reflect.Slice:
		if v.IsNil() {
			break
		}
		filled.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			filled.Index(i).Set(fill(v.Index(i), text, words))
		}
	case reflect.Map:
		if v.IsNil() {
			break
		}
		filled.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
		for key, value := range v.Seq2() {
			if words {
				key = fill(key, text, words)
			}
			filled.SetMapIndex(key, fill(value, text, words))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			break
		}
		for i := range v.NumField() {
			filled.Field(i).Set(fill(v.Field(i), text, words))
		}
	}
	return filled
}
