// Package document reads bee.yaml, the document of package config.
//
// It may be wrong in part, and the machine that it is for goes on with what could be understood: of
// network and ssh each word counts by itself; burn and results count as a whole or not at all, so
// that none is burned in, or sent, in another way than somebody wrote.
package document

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the ISO has no names of time zones

	"go.yaml.in/yaml/v4"

	"bee/core/config"
	"bee/core/credential"
	"bee/core/link"
	"bee/core/yamldoc"
)

//go:generate go test . -run ^TestSchemaIsCurrent$ -update

// Max is how many bytes a document has at most, with the baseline that may be in it.
const Max = 1 << 20

// Parse returns what it understands of a document, and what is wrong with it: each error begins
// with the file, and the line. file is what they call the document.
func Parse(file string, text []byte) (config.Config, []error) {
	var c config.Config
	if len(text) > Max {
		return c, []error{fmt.Errorf("%s: it is larger than %d KiB, which no such document is", file, Max>>10)}
	}
	root, err := yamldoc.Read(file, text)
	if err != nil {
		return c, []error{err}
	}
	if root == nil || yamldoc.IsNull(root) {
		return c, []error{fmt.Errorf("%s: it says nothing; it may have: %s", file, strings.Join(keys(reflect.TypeFor[config.Config]()), ", "))}
	}
	d := decoder{yamldoc.Faults{File: file}}
	d.value(root, reflect.ValueOf(&c).Elem(), "")
	return c, d.Errors
}

// checks are those of single values, by where they are in the document.
var checks = map[string]func(string) error{
	"ssh.password_hash": func(hash string) error {
		return credential.CheckHash(hash, false) // it may be read on either base
	},
	"baseline": checkBaseline,
	"burn.time": func(text string) error {
		if d, err := time.ParseDuration(text); err != nil || d < time.Second || d%time.Second != 0 {
			return fmt.Errorf("%q is not a number of whole seconds above 0, such as 90s, 30m or 8h", text)
		}
		return nil
	},
	"results.partition": func(tag string) error {
		if kind, value, _ := strings.Cut(tag, "="); !slices.Contains([]string{"LABEL", "UUID", "PARTUUID"}, kind) || value == "" {
			return fmt.Errorf("%q names no partition: it has to be LABEL=NAME, UUID=NUMBER or PARTUUID=NUMBER", tag)
		}
		return nil
	},
	"results.url": func(url string) error {
		_, err := config.Results{URL: url}.Server()
		return err
	},
	"results.method": oneOf("PUT", "POST"),
	"results.token": func(token string) error {
		if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return errors.New("a token has no blanks, and nothing but ASCII")
		}
		return nil
	},
	"results.certificate": func(pem string) error {
		_, err := config.Results{Certificate: pem}.Certificates()
		return err
	},
	"then": oneOf("shell", "reboot", "poweroff"),
	"time_zone": func(name string) error {
		if _, err := time.LoadLocation(name); err != nil || name == "Local" {
			return fmt.Errorf("%q is no time zone; one is Europe/Berlin", name)
		}
		return nil
	},
}

// listChecks are those of lists, an error for each of the values.
var listChecks = map[string]func([]string) []error{
	"network": func(words []string) []error {
		_, errs := link.Parse(words)
		return errs
	},
	"ssh.authorized_keys": each(func(key string) error {
		if strings.ContainsAny(key, "\r\n") {
			return errors.New("a key is one line")
		}
		return credential.CheckKey(key)
	}),
	"burn.gpus": each(func(gpu string) error {
		if !gpuName.MatchString(gpu) {
			return fmt.Errorf("%q is no index, UUID or PCI address", gpu)
		}
		return nil
	}),
}

var gpuName = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z:.-]*$`)

func each(check func(string) error) func([]string) []error {
	return func(values []string) (errs []error) {
		for _, v := range values {
			errs = append(errs, check(v))
		}
		return errs
	}
}

func oneOf(words ...string) func(string) error {
	return func(text string) error {
		if !slices.Contains(words, text) {
			return fmt.Errorf("%q is none of %s", text, strings.Join(words, ", "))
		}
		return nil
	}
}

// baselineFile is the name of a file beside the document.
var baselineFile = regexp.MustCompile(`^[^/\n:{]+\.(yaml|yml|json)$`)

// BaselineFile tells whether a baseline is a file beside the document, by its name, and not the
// text of one.
func BaselineFile(baseline string) bool { return baselineFile.MatchString(baseline) }

func checkBaseline(text string) error {
	if !BaselineFile(text) && !strings.ContainsAny(text, ":{") {
		return fmt.Errorf("%.80q is neither a baseline nor a file beside the document, which ends in .yaml, .yml or .json", text)
	}
	return nil
}

// decoder fills in a configuration, and collects what is wrong.
type decoder struct{ yamldoc.Faults }

// value reads a value. path is where it is in the document.
func (d *decoder) value(n *yaml.Node, into reflect.Value, path string) {
	if !d.HasValue(n, path) {
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		whole := reflect.New(into.Type().Elem())
		before := len(d.Errors)
		d.value(n, whole.Elem(), path)
		if len(d.Errors) == before {
			into.Set(whole)
		}
	case reflect.Struct:
		d.mapping(n, into, path)
	case reflect.Slice:
		d.list(n, into, path)
	case reflect.Bool:
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" || n.Decode(into.Addr().Interface()) != nil {
			d.Add(n, path, "want true or false")
		}
	case reflect.String:
		if n.Kind != yaml.ScalarNode {
			d.Add(n, path, "want one text")
		} else if err := check(path, n.Value); err != nil {
			d.Add(n, path, "%w", err)
		} else {
			into.SetString(n.Value)
		}
	}
}

func check(path, text string) error {
	if text == "" {
		return errors.New("is empty: leave it out, or give it a value")
	}
	return checks[path](text)
}

func (d *decoder) list(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.Add(n, path, "want a list of texts: [first, second]")
		return
	}
	var items []*yaml.Node
	var texts []string
	for i, item := range n.Content {
		if item.Kind != yaml.ScalarNode || yamldoc.IsNull(item) {
			d.Add(item, fmt.Sprintf("%s[%d]", path, i), "want one text")
			continue
		}
		items, texts = append(items, item), append(texts, item.Value)
	}
	for i, err := range listChecks[path](texts) {
		if err != nil {
			d.Add(items[i], path, "%w", err)
			continue
		}
		into.Set(reflect.Append(into, reflect.ValueOf(texts[i])))
	}
}

func (d *decoder) mapping(n *yaml.Node, into reflect.Value, path string) {
	d.Mapping(n, path, keys(into.Type()), func(key int, value *yaml.Node, at string) { d.value(value, into.Field(key), at) })
}

// keys are the keys of a struct, in the order of its fields.
func keys(t reflect.Type) (all []string) {
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		all = append(all, name)
	}
	return all
}
