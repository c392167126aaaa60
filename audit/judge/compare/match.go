package compare

import (
	"cmp"
	"slices"
)

// Want is one thing that is asked of a part.
type Want struct {
	// Fact that it is about.
	Fact string
	// Accepts reports whether a value is as wanted. Nil where nobody knows what to
	// want: a part that has the fact cannot be compared by it then.
	Accepts func(value any) bool
	// Expected is what is wanted, as it is shown.
	Expected any
}

// wanted is one part that should be in the machine.
type wanted struct {
	wants []Want
	// group is the index of the group that it belongs to.
	group int
	// optional is set where it may be missing.
	optional bool
	// model is the part that it should be like. Nil where wants are all there is.
	model *Part
}

// candidate is a part for something wanted, with the wants that it fails.
type candidate struct {
	wanted, part   int
	wrong, unknown []Want
	// itself is set where it is the very part that is wanted, and not one like it.
	itself bool
	// other is set where it is another product, and so no candidate.
	other bool
}

func judge(w wanted, p Part) candidate {
	c := candidate{itself: w.model != nil && len(w.model.Identity) > 0 && len(p.Identity) > 0 && w.model.Identity[0] == p.Identity[0]}
	for _, want := range w.wants {
		have := p.Fact(want.Fact)
		switch {
		case want.Accepts == nil && have.Value == nil:
		case want.Accepts == nil || have.Value == nil:
			c.unknown = append(c.unknown, want)
		case !want.Accepts(have.Value):
			c.wrong = append(c.wrong, want)
			if have.Key && !c.itself {
				c.other = true
				return c
			}
		}
	}
	return c
}

func (c candidate) fits() bool { return len(c.wrong) == 0 && len(c.unknown) == 0 }

// matching gives parts to what is wanted.
type matching struct {
	want  []wanted
	parts []Part
	// taken has for everything wanted the part that it got, if any.
	taken []*candidate
	used  []bool // by part
}

// assign finds parts for what is wanted: the same ones, then as many as possible
// that fit, then those that may fit for all that is known, then those of the same
// product.
func assign(want []wanted, parts []Part) *matching {
	m := &matching{want: want, parts: parts, taken: make([]*candidate, len(want)), used: make([]bool, len(parts))}
	// By place first, so that what is missing is missing at its place.
	byLabel, byPlace := func(p Part) string { return p.Label }, func(p Part) string { return p.Place }
	anywhere := func(Part) string { return "" }
	m.alike(Part.signature, byLabel)
	m.alike(Part.signature, byPlace)
	m.alike(Part.signature, anywhere)
	if m.left() > maxPairs {
		m.alike(Part.product, byLabel)
		m.alike(Part.product, byPlace)
		m.alike(Part.product, anywhere)
		m.first()
		return m
	}

	candidates := make([][]candidate, len(parts))
	for i := range parts {
		for j := range want {
			if m.used[i] || m.taken[j] != nil {
				continue
			}
			if c := m.candidate(j, i); !c.other {
				candidates[i] = append(candidates[i], c)
			}
		}
	}
	m.fitting(candidates)
	m.nearest(slices.Concat(candidates...))
	return m
}

// maxPairs is how many pairs of something wanted and a part are judged to find the best ones:
// no machine has more, and each takes memory.
const maxPairs = 1 << 20

// left is how many such pairs there are of what has found nothing yet.
func (m *matching) left() int {
	parts, want := 0, 0
	for _, used := range m.used {
		if !used {
			parts++
		}
	}
	for _, taken := range m.taken {
		if taken == nil {
			want++
		}
	}
	return parts * want
}

// alike takes, for each model, the first part that is the same by what and by where.
func (m *matching) alike(what, where func(Part) string) {
	type kind struct{ what, where string }
	free := map[kind][]int{}
	for i, p := range m.parts {
		if !m.used[i] {
			k := kind{what(p), where(p)}
			free[k] = append(free[k], i)
		}
	}
	for j, w := range m.want {
		if w.model == nil || m.taken[j] != nil {
			continue
		}
		k := kind{what(*w.model), where(*w.model)}
		if same := free[k]; len(same) > 0 {
			free[k] = same[1:]
			m.take(m.candidate(j, same[0]))
		}
	}
}

// first gives what has no model the first parts that fit: all of a group are wanted alike.
func (m *matching) first() {
	next := map[int]int{} // the part that a group looks at next
	for j, w := range m.want {
		if w.model != nil || m.taken[j] != nil {
			continue
		}
		for ; next[w.group] < len(m.parts); next[w.group]++ {
			i := next[w.group]
			if c := m.candidate(j, i); !m.used[i] && c.fits() {
				m.take(c)
				break
			}
		}
	}
}

func (m *matching) candidate(j, i int) candidate {
	c := judge(m.want[j], m.parts[i])
	c.wanted, c.part = j, i
	return c
}

func (m *matching) take(c candidate) { m.taken[c.wanted], m.used[c.part] = &c, true }

// fitting gives as many parts as possible to something wanted that they fit, by
// augmenting paths (Kuhn's algorithm). What must be there is served before what
// may be, and keeps a part then.
func (m *matching) fitting(candidates [][]candidate) {
	var place func(part int, optional bool, tried []bool) bool
	place = func(part int, optional bool, tried []bool) bool {
		for _, c := range candidates[part] {
			if tried[c.wanted] || !c.fits() || m.want[c.wanted].optional && !optional {
				continue
			}
			tried[c.wanted] = true
			if had := m.taken[c.wanted]; had == nil || place(had.part, optional, tried) {
				m.take(c)
				return true
			}
		}
		return false
	}
	for _, optional := range []bool{false, true} {
		for part := range candidates {
			if !m.used[part] {
				place(part, optional, make([]bool, len(m.want)))
			}
		}
	}
}

// nearest gives out the other parts, those first that may fit and then those that
// fail least.
func (m *matching) nearest(candidates []candidate) {
	slices.SortStableFunc(candidates, func(a, b candidate) int {
		return cmp.Or(
			later(!a.itself, !b.itself),
			later(len(a.wrong) > 0, len(b.wrong) > 0),
			later(m.want[a.wanted].optional, m.want[b.wanted].optional),
			len(a.wrong)-len(b.wrong),
			len(a.unknown)-len(b.unknown),
			later(!m.samePlace(a), !m.samePlace(b)),
		)
	})
	for _, c := range candidates {
		if !m.used[c.part] && m.taken[c.wanted] == nil {
			m.take(c)
		}
	}
}

func (m *matching) samePlace(c candidate) bool {
	model, part := m.want[c.wanted].model, m.parts[c.part]
	return model != nil && cmp.Or(model.Place, model.Label) == cmp.Or(part.Place, part.Label)
}

// later sorts what is so behind what is not.
func later(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
