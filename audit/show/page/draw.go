package page

import (
	"math"
	"slices"
	"strings"
	"unicode"
)

// part is something in the machine that is drawn: a box in the shape of its
// kind, with a few lines and bars in it.
type part struct {
	// Kind of part: a key of shapes, and the name of what draws it in the layout.
	Kind string
	Name string
	// State in a word or two, and how it looks.
	State string
	Level level
	Lines []string
	Bars  []bar
	// About is what there is no room for; it is seen when a mouse rests on the
	// drawing, and read out to who cannot see it.
	About []string
}

// bar is a value on a scale.
type bar struct {
	Name  string
	Value string
	// Percent of the scale.
	Percent float64
}

// shape is the width of a kind of part, the margins around the text in it, and
// the line that the state is on. All sizes are CSS pixels.
type shape struct {
	width, left, top, right, bottom float64
	state                           int
}

var shapes = map[string]shape{
	"cpu":  {296, 20, 12, 20, 20, 0},
	"dimm": {156, 8, 3, 8, 17, 1},
	"bay":  {228, 24, 4, 10, 11, 0},
	"gpu":  {296, 25, 4, 12, 19, 0},
	"port": {228, 40, 4, 10, 12, 0},
	"psu":  {228, 12, 4, 12, 12, 0},
}

const (
	fontSize   = 12
	lineHeight = 17
	barHeight  = 19
	// How much room the name of a bar has.
	barName = 44
	// How much wider bold letters are.
	bold = 1.12
)

// drawing is a part with everything in its place.
type drawing struct {
	part
	Width, Height float64
	// The name, the state, and the lines.
	Label, Mark text
	Body        []text
	Tracks      []track
}

// text is a line of text. Y is its base line.
type text struct {
	X, Y float64
	Text string
}

// track is a bar in its place: the whole scale, and the part that is filled.
type track struct {
	Name, Value         text
	X, Y, Width, Filled float64
}

// Title is everything that is known about the part, in a line.
func (d drawing) Title() string {
	return strings.Join(present(slices.Concat([]string{d.Name, d.State}, d.Lines, d.About)...), ", ")
}

// Right is the place that is so far from the right edge.
func (d drawing) Right(n float64) float64 { return d.Width - n }

// Bottom is the place that is so far from the bottom edge.
func (d drawing) Bottom(n float64) float64 { return d.Height - n }

// draw draws parts, all of the same height.
func draw(parts []part) []drawing {
	lines, bars, barValue := 0, 0, 0.0
	for _, p := range parts {
		lines = max(lines, len(p.Lines))
		bars = max(bars, len(p.Bars))
		for _, b := range p.Bars {
			barValue = min(max(barValue, width(b.Value)+8), 120)
		}
	}
	drawings := make([]drawing, len(parts))
	for i, p := range parts {
		s := shapes[p.Kind]
		room, right := s.width-s.left-s.right, s.width-s.right
		d := drawing{part: p, Width: s.width}
		state := fit(p.State, room/bold/2)
		line := func(i int, words string, boldness float64) text {
			left := room
			if i == s.state && state != "" {
				left -= width(state)*bold + 4
			}
			return text{s.left, s.top + float64((i+1)*lineHeight), fit(words, left/boldness)}
		}
		d.Label = line(0, p.Name, bold)
		d.Mark = text{right, s.top + float64((s.state+1)*lineHeight), state}
		for i, words := range p.Lines {
			d.Body = append(d.Body, line(i+1, words, 1))
		}
		scale := math.Round(room - barName - barValue)
		y := s.top + float64((lines+1)*lineHeight)
		for _, b := range p.Bars {
			y += barHeight
			d.Tracks = append(d.Tracks, track{
				Name:  text{s.left, y, fit(b.Name, barName)},
				Value: text{right, y, fit(b.Value, barValue)},
				X:     s.left + barName, Y: y - 9,
				Width:  scale,
				Filled: math.Round(scale*min(max(b.Percent, 0), 100)) / 100,
			})
		}
		d.Height = s.top + float64((lines+1)*lineHeight+bars*barHeight) + s.bottom
		drawings[i] = d
	}
	return drawings
}

// fit shortens text to a width: SVG breaks no lines. The tables have it whole.
func fit(s string, room float64) string {
	if width(s) <= room {
		return s
	}
	room -= width("…")
	for i, r := range s {
		if room -= advance(r); room < 0 {
			return s[:i] + "…"
		}
	}
	return s
}

// width estimates how wide text is, rather too wide than too narrow: which font
// the browser has is not known.
func width(s string) float64 {
	w := 0.0
	for _, r := range s {
		w += advance(r)
	}
	return w
}

// advance is the width of a character in DejaVu Sans, one of the widest fonts.
func advance(r rune) float64 {
	em := 0.64
	switch {
	case unicode.Is(unicode.Mn, r):
		em = 0
	case r >= 0x1100 || strings.ContainsRune("MWm%@…", r): // East Asian, emoji
		em = 1
	case strings.ContainsRune("ijlIJ·. ", r):
		em = 0.32
	case unicode.IsPunct(r) || strings.ContainsRune("frt", r):
		em = 0.42
	case unicode.IsUpper(r):
		em = 0.73
	case r == 'w' || unicode.IsSymbol(r):
		em = 0.84
	}
	return em * fontSize
}
