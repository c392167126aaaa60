// Package metrics writes an audit report as OpenMetrics text, which Prometheus and the textfile
// collector of its node_exporter read, too.
//
// Own code: github.com/prometheus/common/expfmt writes the same, but makes the program, which
// is on every ISO, larger by a third, for the sake of Protocol Buffers. It reads what this
// writes in the tests.
package metrics

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// kind is the type of a family.
type kind string

const (
	gauge kind = "gauge"
	// counter is for what only grows until it begins anew, such as errors. The names of its
	// samples end in _total.
	counter kind = "counter"
)

// family is the samples of one name.
type family struct {
	name string
	kind kind
	help string
	// labels are the names of the samples' labels, in order.
	labels  []string
	samples []point
	// seen counts samples by their labels.
	seen map[string]int
}

// point is a value, with those of the labels.
type point struct {
	labels []string
	value  float64
	// number tells from others with the same labels, 0 for the first of them: no two samples
	// of a family may have the same, or whoever reads the text refuses all of it.
	number int
}

// add adds a sample.
func (f *family) add(value float64, labels ...string) {
	if f.seen == nil {
		f.seen = map[string]int{}
	}
	key := strings.Join(labels, "\x00")
	f.samples = append(f.samples, point{labels, value, f.seen[key]})
	f.seen[key]++
}

// some adds a sample where its value is known.
func some[T int64 | uint64 | float64](f *family, value *T, labels ...string) {
	if value != nil {
		f.add(float64(*value), labels...)
	}
}

// yes adds a sample that is 1 for true, where it is known.
func yes(f *family, value *bool, labels ...string) {
	if value != nil {
		f.add(map[bool]float64{true: 1}[*value], labels...)
	}
}

// families are written in the order in which they were made.
type families []*family

func (all *families) new(name string, k kind, help string, labels ...string) *family {
	f := &family{name: "bee_" + name, kind: k, help: help, labels: labels}
	*all = append(*all, f)
	return f
}

// write writes the families that have samples.
func (all families) write(w io.Writer) error {
	b := bufio.NewWriter(w)
	for _, f := range all {
		if len(f.samples) == 0 {
			continue
		}
		name := f.name
		if f.kind == counter {
			name += "_total"
		}
		// The type is that of the family. For node_exporter, which looks for it under the name of
		// the samples, counters are therefore untyped, which Prometheus takes as well.
		fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", f.name, quote(f.help), f.name, f.kind)
		for _, s := range f.samples {
			names, values := f.labels, s.labels
			if s.number > 0 {
				names, values = append(slices.Clone(names), "number"), append(slices.Clone(values), strconv.Itoa(s.number+1))
			}
			b.WriteString(name)
			for i := range names {
				fmt.Fprintf(b, `%c%s="%s"`, map[bool]rune{true: '{', false: ','}[i == 0], names[i], quote(values[i]))
			}
			if len(names) > 0 {
				b.WriteByte('}')
			}
			b.WriteString(" " + strconv.FormatFloat(s.value, 'g', -1, 64) + "\n")
		}
	}
	b.WriteString("# EOF\n")
	return b.Flush()
}

// quote escapes what has a meaning in the text of a label, or of help.
func quote(s string) string { return quotes.Replace(s) }

var quotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
