// Package license reads licences as distributions write them, as expressions of SPDX's.
package license

import (
	"cmp"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/github/go-spdx/v2/spdxexp"
)

// Expression is licences in SPDX's form. SPDX has no names for many that distributions have:
// such a one is a LicenseRef-.
type Expression struct {
	// Text is "" where nothing is known.
	Text string
	// References are the names, as the distribution has them, of what Text refers to.
	References map[string]string
}

// prefix is that of references.
const prefix = "LicenseRef-"

// Reference is the expression of a licence that SPDX does not know.
func Reference(name string) Expression {
	reference := prefix + cmp.Or(strings.Trim(unreferable.ReplaceAllString(name, "-"), "-"), "unnamed")
	return Expression{reference, map[string]string{reference: name}}
}

var unreferable = regexp.MustCompile(`[^A-Za-z0-9.]+`)

// Of is an expression as apk has it, which may be anything else, too.
func Of(text string) Expression {
	if valid, _ := spdxexp.ValidateLicenses([]string{text}); text != "" && !valid {
		return Reference(text)
	}
	return Expression{Text: text}
}

// Documents is where Debian's packages have a folder each, or a link to that of another package
// of one source.
const Documents = "/usr/share/doc"

// CopyrightOf tells whether a path is that of a package's copyright file on Debian, and of
// which package's.
func CopyrightOf(name string) (of string, found bool) {
	folder, file := path.Split(name)
	return path.Base(folder), file == "copyright" && path.Dir(path.Clean(folder)) == Documents
}

// Copyright is all licences that a copyright file of Debian's names, where it is one for machines:
// https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
func Copyright(text string) Expression {
	if !strings.HasPrefix(strings.TrimSpace(text), "Format:") {
		return Expression{}
	}
	all := map[string]bool{}
	references := map[string]string{}
	for line := range strings.Lines(text) {
		names, found := strings.CutPrefix(line, "License:")
		if names = strings.TrimSpace(names); !found || names == "" {
			continue
		}
		for names := range strings.SplitSeq(names, ", and ") {
			e := alternatives(names)
			all[e.Text] = true
			maps.Copy(references, e.References)
		}
	}
	return Expression{strings.Join(slices.Sorted(maps.Keys(all)), " AND "), references}
}

// alternatives reads such as GPL-1+ or Artistic.
func alternatives(names string) Expression {
	var texts []string
	for name := range strings.SplitSeq(names, " or ") {
		id, known := spdx(strings.TrimSpace(name))
		if !known {
			return Reference(names)
		}
		texts = append(texts, id)
	}
	text := strings.Join(texts, " OR ")
	if len(texts) > 1 {
		text = "(" + text + ")"
	}
	return Expression{Text: text}
}

var (
	gnu = regexp.MustCompile(`^(A?GPL|LGPL|GFDL)(-NIV)?-([1-9])(\.[0-9])?(\+?)$`)
	// short are names of the format that are other licences' in SPDX's list, or none.
	short = map[string]string{"Expat": "MIT", "Artistic": "Artistic-1.0", "CC0": "CC0-1.0"}
)

// spdx is what SPDX calls a licence that the format has a name for.
func spdx(name string) (id string, known bool) {
	if name, exception, found := strings.Cut(name, " with "); found {
		id, _ := spdx(name)
		id += " WITH " + strings.TrimSuffix(exception, " exception")
		valid, _ := spdxexp.ValidateLicenses([]string{id})
		return id, valid
	}
	if m := gnu.FindStringSubmatch(name); m != nil {
		name = m[1] + "-" + m[3] + cmp.Or(m[4], ".0")
		if m[2] != "" {
			name += "-no-invariants"
		}
		name += map[string]string{"": "-only", "+": "-or-later"}[m[5]]
	}
	known, id = spdxexp.ActiveLicense(cmp.Or(short[name], name))
	return id, known
}
