package summary

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"

	"bee/audit/report"
	"bee/audit/report/sample"
	"bee/audit/show/terminal"
)

var update = flag.Bool("update", false, "write what comes out as what is wanted")

func TestGolden(t *testing.T) {
	console := terminal.Terminal{Columns: 80}
	for _, c := range []struct {
		file string
		r    *report.Report
		o    Options
	}{
		{"server-console.txt", sample.Server(), Options{Terminal: console}},
		{"server-file.txt", sample.Server(), Options{}},
		{"server-verbose.txt", sample.Server(), Options{Terminal: console, Verbose: true}},
		{"empty.txt", &report.Report{}, Options{}},
	} {
		var b strings.Builder
		if err := Write(&b, c.r, c.o); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", c.file)
		if *update {
			if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if b.String() != string(want) {
			t.Errorf("%s: go test ./summary -update shows the difference; got:\n%s", path, b.String())
		}
		for line := range strings.Lines(b.String()) {
			if width := displaywidth.String(strings.TrimSuffix(line, "\n")); c.o.Terminal.Columns > 0 && width > 80 {
				t.Errorf("%s: %d columns: %q", path, width, line)
			}
			// what the font of the console has; the rest is the hardware's text
			if i := strings.IndexFunc(strings.NewReplacer("Größe", "", "内存", "").Replace(line), func(r rune) bool { return r > 0x7e && r != '×' && r != '°' }); i >= 0 {
				t.Errorf("%s: a character in %q that the console cannot show", path, line)
			}
			if strings.HasSuffix(line, " \n") {
				t.Errorf("%s: blanks at the end of %q", path, line)
			}
		}
	}
}
