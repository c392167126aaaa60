package terminal

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/clipperhouse/displaywidth"
)

var rows = [][]Cell{
	{{"CRITICAL", Red}, {"/dev/sda", Plain}, {"the drive says that it will fail within a day", Bold}},
	Cells("", "", "Replace it now."),
	Cells("内存条", "", "Größe", "e\u0301", "ends"),
	Cells("", "a component with a name that takes half a line", "", "a last cell"),
	Cells("only"),
	Cells("bell\aand\nnewline", ""),
	Cells("admin\u202egnp\u00a0exe\u200b"),
}

func TestTable(t *testing.T) {
	const file = `  CRITICAL          /dev/sda                                        the drive says that it will fail within a day
                                                                    Replace it now.
  内存条                                                            Größe                                          é            ends
                    a component with a name that takes half a line                                                 a last cell
  only
  bell?and?newline
  admin?gnp?exe?
`
	const narrow = `  CRITICAL          /dev/sda
      the drive says that it will
      fail within a day
      Replace it now.
  内存条
      Größe  é  ends
      a component with a name that
      takes half a line  a last cell
  only
  bell?and?newline
  admin?gnp?exe?
`
	for columns, want := range map[int]string{0: file, 36: narrow} {
		// the editor's é is one character, that of rows is two
		if got := strings.ReplaceAll(Terminal{Columns: columns}.Table(rows), "e\u0301", "é"); got != want {
			t.Errorf("in %d columns:\n%s", columns, got)
		}
	}
}

// The last cell stays below itself where there is room for that.
func TestTableLastCell(t *testing.T) {
	got := Terminal{Columns: 40}.Table([][]Cell{
		Cells("WARNING", "PSU2", "absent, and nobody knows where it went"),
		Cells("INFO", "", "0123456789012345678901234567890123456789"),
	})
	const want = `  WARNING  PSU2  absent, and nobody
                 knows where it went
  INFO           01234567890123456789012
                 34567890123456789
`
	if got != want {
		t.Errorf("got:\n%s", got)
	}
}

var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Colours change nothing but colours, and each ends in its line.
func TestColourKeepsAlignment(t *testing.T) {
	for _, columns := range []int{0, 20, 36, 80} {
		plain := Terminal{Columns: columns}.Table(rows) + Terminal{Columns: columns}.Wrap(Bold, "a title that may need several lines")
		coloured := Terminal{Columns: columns, Colour: true}.Table(rows) + Terminal{Columns: columns, Colour: true}.Wrap(Bold, "a title that may need several lines")
		if plain == coloured || sgr.ReplaceAllString(coloured, "") != plain {
			t.Errorf("%d columns:\n%s\n%s", columns, plain, coloured)
		}
		for line := range strings.Lines(coloured) {
			if codes := sgr.FindAllString(line, -1); len(codes) > 0 && codes[len(codes)-1] != "\x1b[0m" {
				t.Errorf("%d columns: the colour does not end in %q", columns, line)
			}
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add("CRITICAL", "/dev/sda", "the drive says that it fails", 40)
	f.Add("内存", "\x1b[2J\u202e", "a\u0301 \xff  b", 1)
	f.Fuzz(func(t *testing.T, a, b, c string, columns int) {
		terminal := Terminal{Columns: columns % 200}
		text := terminal.Table([][]Cell{Cells(a, b, c), Cells(c), Cells("", a)}) + terminal.Wrap(Plain, b)
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			// one wide character always has to find a place
			if width := displaywidth.String(line); terminal.Columns > 0 && width > max(terminal.Columns, hanging+2) {
				t.Errorf("%q is %d wide in %d columns", line, width, terminal.Columns)
			}
			if strings.ContainsAny(line, "\x1b\a\r\n") {
				t.Errorf("control characters in %q", line)
			}
		}
		// nothing is lost but spaces
		want := ""
		for _, s := range []string{a, b, c, c, a, b} {
			want += letters(visible(s))
		}
		if got := letters(text); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestOf(t *testing.T) {
	if got := Of(&strings.Builder{}); got != (Terminal{}) {
		t.Errorf("a buffer: %+v", got)
	}
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if got := Of(file); got != (Terminal{}) {
		t.Errorf("a file: %+v", got)
	}
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}
