package baseline

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"bee/audit/report"
)

// limit is what a value has to be.
type limit interface {
	// parse reads a limit as people write it. Parsing twice adds an alternative,
	// where there can be one.
	parse(text string) error
	// set makes it the limit that a value out of a report meets.
	set(value any)
	accepts(value any) bool
	// expected is the limit as it is shown.
	expected() any
}

// Text is what a text has to be: one of some patterns, in which * stands for any
// text and ? for one character. Case does not matter, nor how much space there is.
type Text []string

func (t *Text) parse(text string) error {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		return errors.New("it is empty: leave it out, or write \"*\" for any text")
	}
	*t = append(*t, text)
	return nil
}

func (t *Text) set(value any) { *t = Text{fmt.Sprint(value)} }

func (t *Text) accepts(value any) bool {
	s := []rune(strings.ToLower(fmt.Sprint(value)))
	return slices.ContainsFunc(*t, func(pattern string) bool { return match([]rune(strings.ToLower(pattern)), s) })
}

// match matches a pattern of *, ? and other characters. When the text after a *
// does not fit, that * takes one character more.
func match(pattern, s []rune) bool {
	p, i := 0, 0
	star, from := -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			from++
			p, i = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(string(pattern[p:]), "*") == ""
}

func (t *Text) expected() any { return strings.Join(*t, " or ") }

// MarshalYAML writes a single pattern without a list around it.
func (t Text) MarshalYAML() (any, error) {
	if len(t) == 1 {
		return t[0], nil
	}
	return []string(t), nil
}

// Bool is what a yes or no has to be.
type Bool bool

func (b *Bool) parse(text string) error {
	switch text {
	case "true", "false":
		*b = text == "true"
		return nil
	}
	return fmt.Errorf("%q is neither true nor false", text)
}

func (b *Bool) set(value any)          { *b = value == true }
func (b *Bool) accepts(value any) bool { return value == bool(*b) }
func (b *Bool) expected() any          { return bool(*b) }

// Number is what a number has to be: 2, or with a plus behind it at least that:
// 25000+.
type Number struct {
	value  float64
	orMore bool
}

func (n *Number) parse(text string) error {
	digits, orMore := strings.CutSuffix(text, "+")
	v, err := number(digits)
	if err != nil {
		return fmt.Errorf("%q is not a number, such as 2, or 2+ for two and more", text)
	}
	*n = Number{v, orMore}
	return nil
}

func (n *Number) set(value any) { n.value, _ = value.(float64) }

func (n *Number) accepts(value any) bool {
	v, ok := value.(float64)
	return ok && (v == n.value || n.orMore && v > n.value)
}

func (n *Number) expected() any {
	if n.orMore {
		return exact(n.value) + "+"
	}
	return n.value
}

// MarshalYAML writes a number as it is read: without an exponent.
func (n Number) MarshalYAML() (any, error) {
	text := exact(n.value)
	if n.orMore {
		text += "+"
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: text}, nil
}

// Count is how many of something there have to be: 2, or 2+.
type Count struct{ Number }

// maxCount is more than any machine has of anything.
const maxCount = 10_000

func (c *Count) parse(text string) error {
	if err := c.Number.parse(text); err != nil {
		return err
	}
	if c.value != math.Trunc(c.value) || c.value > maxCount {
		return fmt.Errorf("%q is not a whole number up to %d", text, maxCount)
	}
	return nil
}

// number reads a number without sign, exponent or anything else that is no digit.
func number(text string) (float64, error) {
	if strings.Trim(text, "0123456789.") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(text, 64)
}

func exact(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// size is a number of bytes between two limits, with the text that says so.
type size struct {
	text      string
	low, high float64
}

func (s *size) accepts(value any) bool {
	v, ok := value.(float64)
	return ok && s.low <= v && v <= s.high
}

func (s *size) expected() any { return s.text }

// MarshalYAML writes a size as it is read.
func (s size) MarshalYAML() (any, error) { return s.text, nil }

// MemorySize is the size of memory: 64 GiB. Memory is sold in powers of 1024, so
// 64 GB is the same. It has to be met exactly.
type MemorySize struct{ size }

func (s *MemorySize) parse(text string) error {
	return s.size.parse(text, func(_, binary float64, _ bool) (low, high float64) { return binary, binary })
}

func (s *MemorySize) set(value any) {
	n, _ := value.(float64)
	unit := 0
	for n >= 1024 && math.Mod(n, 1024) == 0 && unit < len(binaryUnits)-1 {
		n /= 1024
		unit++
	}
	_ = s.parse(exact(n) + " " + binaryUnits[unit])
}

// DriveSize is the size of a drive: 3.84 TB, in powers of 1000 as drives are
// sold. A drive may be 1 % larger or smaller: labels are rounded.
type DriveSize struct{ size }

func (s *DriveSize) parse(text string) error {
	return s.size.parse(text, func(decimal, binary float64, isBinary bool) (low, high float64) {
		if isBinary {
			decimal = binary
		}
		return decimal * 0.99, decimal * 1.01
	})
}

func (s *DriveSize) set(value any) { _ = s.parse(rounded(value, 1000, decimalUnits)) }

// GPUSize is the size of a GPU's memory: 80 GB. Vendors count in powers of 1000 or
// 1024 and leave out what is reserved: all between the two is right, and 2 % more
// or less.
type GPUSize struct{ size }

func (s *GPUSize) parse(text string) error {
	return s.size.parse(text, func(decimal, binary float64, isBinary bool) (low, high float64) {
		if isBinary {
			decimal = binary
		}
		return decimal * 0.98, binary * 1.02
	})
}

func (s *GPUSize) set(value any) { _ = s.parse(rounded(value, 1024, binaryUnits)) }

// rounded prints a size in three digits.
func rounded(value any, base float64, units []string) string {
	n, _ := value.(float64)
	unit := 0
	for n >= base && unit < len(units)-1 {
		n /= base
		unit++
	}
	n, _ = strconv.ParseFloat(strconv.FormatFloat(n, 'f', max(0, 3-len(exact(math.Trunc(n)))), 64), 64)
	return exact(n) + " " + units[unit]
}

var (
	decimalUnits = []string{"B", "kB", "MB", "GB", "TB", "PB"}
	binaryUnits  = []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
)

// parse reads a size with its unit. limits gets it as it is in powers of 1000 and
// of 1024, and whether the unit says 1024.
func (s *size) parse(text string, limits func(decimal, binary float64, isBinary bool) (low, high float64)) error {
	bad := fmt.Errorf("%q is not a size, such as 64 GiB or 3.84 TB", text)
	amount, orMore := strings.CutSuffix(text, "+")
	end := strings.LastIndexAny(amount, "0123456789.") + 1
	n, err := number(amount[:end])
	if err != nil {
		return bad
	}
	unit := strings.TrimSpace(amount[end:])
	power := slices.IndexFunc(decimalUnits, func(u string) bool { return strings.EqualFold(u, unit) })
	isBinary := false
	if power < 0 {
		power = slices.IndexFunc(binaryUnits, func(u string) bool { return strings.EqualFold(u, unit) })
		isBinary = true
	}
	if power < 0 {
		return bad
	}
	decimal, binary := n*math.Pow(1000, float64(power)), n*math.Pow(1024, float64(power))
	s.text = text
	s.low, s.high = decimal, decimal
	if power > 0 { // bytes are exact
		s.low, s.high = limits(decimal, binary, isBinary)
	}
	if orMore {
		s.high = math.Inf(1)
	}
	return nil
}

// Severity is the worst finding that is tolerated.
type Severity string

// severities are from good to bad.
var severities = []string{"none", string(report.Info), string(report.Warning), string(report.Critical)}

func (s *Severity) parse(text string) error {
	if !slices.Contains(severities, text) {
		return fmt.Errorf("%q is not one of %s", text, strings.Join(severities, ", "))
	}
	*s = Severity(text)
	return nil
}

func (s *Severity) set(value any) { *s = Severity(fmt.Sprint(value)) }

func (s *Severity) accepts(value any) bool {
	return slices.Index(severities, fmt.Sprint(value)) <= slices.Index(severities, string(*s))
}

func (s *Severity) expected() any { return string(*s) }
