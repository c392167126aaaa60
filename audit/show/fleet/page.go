package fleet

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"io"
	"strings"
	"sync"

	"bee/audit/judge/fleet"
	"bee/audit/show/page"
)

var (
	//go:embed page.html
	layout string
	//go:embed page.css
	style string
	//go:embed page.js
	script string
)

var parsed = sync.OnceValues(func() (*template.Template, error) {
	return template.New("fleet").Funcs(template.FuncMap{"join": func(s []string) string { return strings.Join(s, ", ") }}).Parse(layout)
})

// view is what the layout shows.
type view struct {
	Style  template.CSS
	Script template.JS
	// Digest of the script: the page's policy lets no other one run.
	Digest template.HTMLAttr
	Gist   string
	Rows   []row
	Groups []group
	*fleet.Fleet
	Duplicates []duplicate
}

// row is a machine.
type row struct {
	fleet.Machine
	// How bad the worst finding is, in a word, and as a number to sort by.
	Severity string
	Rank     int
	Found    string
	Model    string
	CPU      string
	Memory   string
	Storage  string
	Disks    int
	GPU      string
	Cards    int
}

type group struct {
	Alike                    bool // all of several machines
	Heading, Hardware, Split string
	Differences              []difference
	Unknown                  []unknown
}

type duplicate struct {
	What, Value, Component string
	Who                    []string
}

// WritePage writes a fleet as one HTML page that needs nothing else. Its only script searches
// and sorts; without it, everything is there.
func WritePage(w io.Writer, f *fleet.Fleet) error {
	t, err := parsed()
	if err != nil {
		return err
	}
	digest := sha256.Sum256([]byte(script))
	policy := "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'; base-uri 'none'; form-action 'none'"
	v := view{
		Style: template.CSS(page.Style + style), Script: template.JS(script),
		Digest: template.HTMLAttr(`content="` + policy + `"`), Gist: gist(f), Fleet: f,
	}
	rank := map[string]int{"critical": 4, "warning": 3, "unknown": 2, "info": 1}
	for _, m := range f.Machines {
		v.Rows = append(v.Rows, row{
			Machine: m, Severity: worst(m), Rank: rank[worst(m)], Found: found(m), Model: model(m.Manufacturer, m.ProductName), CPU: processors(m), Memory: memory(m),
			Storage: drives(m), Disks: count(m.Drives), GPU: gpus(m), Cards: count(m.GPUs),
		})
	}
	for _, g := range f.Groups {
		v.Groups = append(v.Groups, group{len(g.Machines) > 1 && len(g.Others) == 0, heading(g), hardware(f, g), split(g), differences(g), unknowns(g)})
	}
	for _, d := range f.Duplicates {
		v.Duplicates = append(v.Duplicates, duplicate{strings.ToUpper(what(d)[:1]) + what(d)[1:], d.Value, d.Component, holders(d)})
	}
	b := bufio.NewWriter(w)
	return errors.Join(t.Execute(b, v), b.Flush())
}
