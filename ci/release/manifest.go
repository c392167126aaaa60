package release

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bee/core/manifest"
)

// content is what is asked of the manifest of an ISO.
type content struct{ *manifest.Manifest }

func readManifest(data []byte) (content, error) {
	m, err := manifest.Parse(data)
	if err != nil {
		return content{}, err
	}
	if len(m.Layers) == 0 {
		return content{}, errors.New("no layer in it")
	}
	return content{m}, nil
}

// packages are what is asked of each package, by name. Where there are several of one
// name, all that they say is listed.
func (c content) packages(ask func(manifest.Package) string) map[string]string {
	answers := map[string][]string{}
	for _, p := range c.Packages {
		answers[p.Name] = append(answers[p.Name], ask(p))
	}
	all := map[string]string{}
	for name, said := range answers {
		slices.Sort(said)
		all[name] = strings.Join(slices.Compact(said), ", ")
	}
	return all
}

func version(p manifest.Package) string { return p.Version }

func versionAndArchitecture(p manifest.Package) string { return p.Version + " " + p.Architecture }

// medium are the files of the medium, by path, as those of a layer.
func (c content) medium() map[string]file {
	all := map[string]file{}
	for _, f := range c.Medium {
		all[f.Path] = fileOf(manifest.File{Path: f.Path, Type: f.Type, Mode: f.Mode, SizeBytes: f.SizeBytes, SHA256: f.SHA256, Target: f.Target})
	}
	return all
}

// layers are the files of each layer, by the layer's path.
func (c content) layers() map[string]map[string]file {
	all := map[string]map[string]file{}
	for _, layer := range c.Layers {
		all[layer.Path] = byPath(layer.Files)
	}
	return all
}

// own are the files of bee's own layer, the highest on both bases.
func (c content) own() map[string]file { return byPath(c.Layers[len(c.Layers)-1].Files) }

func byPath(files []manifest.File) map[string]file {
	all := map[string]file{}
	for _, f := range files {
		all[f.Path] = fileOf(f)
	}
	return all
}

// file is a file whose size is its own, so that equal ones are ==.
type file struct {
	manifest.File
	size int64
}

func fileOf(f manifest.File) file {
	var size int64
	if f.SizeBytes != nil {
		size = *f.SizeBytes
	}
	f.SizeBytes = nil
	return file{f, size}
}

// change is something that one of two manifests lacks, or has otherwise.
type change[T any] struct {
	name          string
	before, after *T // nil where it is not there
}

// compare returns what differs, sorted by name.
func compare[T comparable](before, after map[string]T) []change[T] {
	var changes []change[T]
	for name, b := range before {
		if a, ok := after[name]; !ok {
			changes = append(changes, change[T]{name, &b, nil})
		} else if a != b {
			changes = append(changes, change[T]{name, &b, &a})
		}
	}
	for name, a := range after {
		if _, ok := before[name]; !ok {
			changes = append(changes, change[T]{name, nil, &a})
		}
	}
	slices.SortFunc(changes, func(a, b change[T]) int { return cmp.Compare(a.name, b.name) })
	return changes
}

// most is how many names or lines of a list are shown.
const most = 20

// Differences says in lines, the likely causes first, what differs between the
// manifests of two builds of one commit. It says nothing where they are equal.
func Differences(a, b []byte) ([]string, error) {
	first, err := readManifest(a)
	if err != nil {
		return nil, fmt.Errorf("the manifest of the first build: %w", err)
	}
	second, err := readManifest(b)
	if err != nil {
		return nil, fmt.Errorf("the manifest of the second build: %w", err)
	}
	lines := describe("/etc/bee-release: ", compare(first.Release, second.Release), value)
	lines = append(lines, describe("package ", compare(first.packages(versionAndArchitecture), second.packages(versionAndArchitecture)), value)...)
	lines = append(lines, layerDifferences(first, second)...)
	lines = append(lines, describe("", compare(first.medium(), second.medium()), attributes)...)
	if len(lines) == 0 && first.ISO != second.ISO {
		// no file differs, but their order, their times or the boot loader's sectors do
		lines = []string{fmt.Sprintf("the ISO alone, in no file: size %d → %d, sha256 %.12s → %.12s",
			first.ISO.SizeBytes, second.ISO.SizeBytes, first.ISO.SHA256, second.ISO.SHA256)}
	}
	if more := len(lines) - most; more > 0 {
		lines = append(lines[:most], fmt.Sprintf("… and %d more", more))
	}
	return lines, nil
}

func layerDifferences(first, second content) (lines []string) {
	before, after := first.layers(), second.layers()
	for _, layer := range first.Layers {
		if files, ok := after[layer.Path]; ok { // else the medium's files tell
			lines = append(lines, describe(layer.Path+": ", compare(before[layer.Path], files), attributes)...)
		}
	}
	return lines
}

// attribute is one of the values that make up a thing.
type attribute struct{ name, value string }

func value(v string) []attribute { return []attribute{{"", v}} }

func attributes(f file) []attribute {
	return []attribute{
		{"type ", f.Type}, {"mode ", f.Mode}, {"owner ", fmt.Sprintf("%d:%d", f.UID, f.GID)},
		{"size ", strconv.FormatInt(f.size, 10)}, {"sha256 ", fmt.Sprintf("%.12s", f.SHA256)},
		{"target ", f.Target}, {"device ", f.Device},
	}
}

// describe says in one line for each change which attributes differ.
func describe[T any](prefix string, changes []change[T], of func(T) []attribute) []string {
	var lines []string
	for _, c := range changes {
		line := prefix + c.name + ": "
		switch {
		case c.after == nil:
			line += "only in the first build"
		case c.before == nil:
			line += "only in the second build"
		default:
			var parts []string
			after := of(*c.after)
			for i, b := range of(*c.before) {
				if b != after[i] {
					parts = append(parts, b.name+cmp.Or(b.value, "none")+" → "+cmp.Or(after[i].value, "none"))
				}
			}
			line += strings.Join(parts, ", ")
		}
		lines = append(lines, line)
	}
	return lines
}
