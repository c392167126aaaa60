// Package score says how accurate reports are: it compares what a report says of a
// machine with a label, which says what is right.
//
// A label is YAML:
//
//	source: dmidecode of an HP ProLiant DL380p Gen8
//	how: read from the raw text
//	values:
//	  board.system.product_name: ProLiant DL380p Gen8
//	  memory.slots.count: 24
//	  memory.slots{handle=0x1100}:
//	    locator: PROC 1 DIMM 1
//	    size_bytes: 8589934592
//	absent:
//	  - board.system.sku_number
//	findings:
//	  - {rule: memory-slow, severity: info}
//	  - {rule: drive-failing, severity: critical, component: /dev/sda}
//	not_findings: [memory-unused]
//	unjudged: [board-no-serial]
//
// See [path] for how a value is named. All warnings and critical findings that are right
// stand under findings: any other is false, unless its rule is unjudged. Of the rest, info,
// only those are wanted that stand there, and those false that stand under not_findings.
package score

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"bee/audit/report"
)

// Label is what is right for a machine.
type Label struct {
	file     string
	values   []value
	findings []wanted
	not      []string
	unjudged []string
}

// value is a value that a report has to have, or, without want, must not have.
type value struct {
	path path
	want *yaml.Node
	line int
}

// wanted is a finding that has to be there.
type wanted struct {
	rule, component string
	severity        report.Severity
	line            int
}

// document is a label's file.
type document struct {
	Source      string      `yaml:"source"`
	How         string      `yaml:"how"`
	Values      yaml.Node   `yaml:"values"`
	Absent      []yaml.Node `yaml:"absent"`
	Findings    []yaml.Node `yaml:"findings"`
	NotFindings []yaml.Node `yaml:"not_findings"`
	Unjudged    []yaml.Node `yaml:"unjudged"`
}

// Parse reads a label. The error names every place that is wrong, by line, and what may
// stand there; file is what it calls the file, rules are those that there are.
func Parse(file string, text []byte, rules []string) (*Label, error) {
	var d document
	if err := yaml.Load(text, &d, yaml.WithKnownFields()); err != nil {
		return nil, notALabel(file, err)
	}
	p := parser{label: &Label{file: file}, rules: rules, seen: map[string]bool{}}
	if d.Source == "" || d.How == "" {
		p.fail(1, "source and how are missing: say what it was labelled from, and how it was read")
	}
	if d.Values.Kind != 0 {
		p.values(&d.Values, reflect.TypeFor[report.Report](), "")
	}
	for _, n := range d.Absent {
		p.add(&n, n.Value, nil)
	}
	for _, n := range d.Findings {
		p.finding(&n)
	}
	p.label.not = p.ruleNames(d.NotFindings)
	p.label.unjudged = p.ruleNames(d.Unjudged)
	if len(p.label.values) == 0 && len(p.errors) == 0 {
		p.fail(1, "there is nothing under values or absent to check a report by")
	}
	if err := errors.Join(p.errors...); err != nil {
		return nil, err
	}
	return p.label, nil
}

// notALabel words what the YAML library has against a file.
func notALabel(file string, err error) error {
	var keys []string
	for f := range reflect.TypeFor[document]().Fields() {
		keys = append(keys, f.Tag.Get("yaml"))
	}
	place := file
	var at *yaml.LoadError
	if errors.As(err, &at) {
		place, err = fmt.Sprintf("%s:%d", file, at.Mark.Line), errors.New(at.Message)
	}
	return fmt.Errorf("%s: %w; a label has: %s", place, err, strings.Join(keys, ", "))
}

// parser makes a label of a document, and collects what is wrong.
type parser struct {
	label  *Label
	rules  []string
	seen   map[string]bool
	errors []error
}

func (p *parser) fail(line int, format string, args ...any) {
	p.errors = append(p.errors, fmt.Errorf("%s:%d: %w", p.label.file, line, fmt.Errorf(format, args...)))
}

// values reads what stands under a place in the report, whose type is in.
func (p *parser) values(n *yaml.Node, in reflect.Type, at string) {
	if in.Kind() != reflect.Struct {
		p.fail(n.Line, "%s is no part of the machine with values of its own", at)
		return
	}
	if n.Kind != yaml.MappingNode {
		p.fail(n.Line, "values: want paths, each with a value: %s", strings.Join(fieldNames(in), ", "))
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i], n.Content[i+1]
		full := strings.TrimPrefix(at+"."+key.Value, ".")
		if v.Kind != yaml.MappingNode {
			p.add(key, full, v)
			continue
		}
		if inner, err := parsePath(full); err != nil {
			p.fail(key.Line, "%w", err)
		} else if t, err := inner.typ(); err != nil {
			p.fail(key.Line, "%w", err)
		} else {
			p.values(v, t, full)
		}
	}
}

// add takes a value in; without want, it must not be there.
func (p *parser) add(at *yaml.Node, text string, want *yaml.Node) {
	full, err := parsePath(text)
	if err != nil {
		p.fail(at.Line, "%w", err)
		return
	}
	t, err := full.typ()
	if err == nil && want != nil {
		err = fits(text, want, t)
	}
	switch {
	case err != nil:
		p.fail(at.Line, "%w", err)
	case p.seen[text]:
		p.fail(at.Line, "%s is there twice: leave one", text)
	default:
		p.seen[text] = true
		p.label.values = append(p.label.values, value{full, want, at.Line})
	}
}

// fits reports whether a report can have such a value at all.
func fits(text string, want *yaml.Node, t reflect.Type) error {
	if want.Kind == yaml.SequenceNode && t.Kind() == reflect.Slice {
		for _, item := range want.Content {
			if err := fits(text, item, deref(t.Elem())); err != nil {
				return err
			}
		}
		return nil
	}
	if want.Kind != yaml.ScalarNode || want.ShortTag() == "!!null" {
		return fmt.Errorf("%s: want a value; what must not be there stands under absent", text)
	}
	switch kind := t.Kind(); {
	case kind == reflect.Struct:
		return fmt.Errorf("%s is no value; it has: %s", text, strings.Join(fieldNames(t), ", "))
	case kind == reflect.Slice && deref(t.Elem()).Kind() == reflect.Struct:
		return fmt.Errorf("%s is a list: name an entry by what it has, as %s{%s=…}, or their number, as %s.count", text, text, fieldNames(deref(t.Elem()))[0], text)
	case kind == reflect.Slice:
		return fmt.Errorf("%s is a list: want [a, b]", text)
	case kind == reflect.Bool && want.Value != "true" && want.Value != "false":
		return fmt.Errorf("%s: want true or false", text)
	case kind >= reflect.Int && kind <= reflect.Float64:
		if _, ok := new(big.Rat).SetString(want.Value); !ok {
			return fmt.Errorf("%s: want a number", text)
		}
	}
	return nil
}

// finding reads one that is wanted.
func (p *parser) finding(n *yaml.Node) {
	w := wanted{line: n.Line}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i], n.Content[i+1]
		switch key.Value {
		case "rule":
			w.rule = v.Value
		case "severity":
			w.severity = report.Severity(v.Value)
		case "component":
			w.component = v.Value
		default:
			p.fail(key.Line, "%s: a finding has: rule, severity, component", key.Value)
		}
	}
	severities := []report.Severity{report.Critical, report.Warning, report.Info}
	if !slices.Contains(severities, w.severity) {
		p.fail(n.Line, "severity %q: want one of %q", w.severity, severities)
	}
	p.checkRule(n.Line, w.rule)
	p.label.findings = append(p.label.findings, w)
}

func (p *parser) ruleNames(nodes []yaml.Node) []string {
	var all []string
	for _, n := range nodes {
		p.checkRule(n.Line, n.Value)
		all = append(all, n.Value)
	}
	return all
}

func (p *parser) checkRule(line int, rule string) {
	if !slices.Contains(p.rules, rule) {
		p.fail(line, "there is no rule %q; there are: %s", rule, strings.Join(p.rules, ", "))
	}
}
