package matrix

// value is a value of a factor; the two values of a pair are of different factors.
type (
	value struct {
		factor string
		value  any
	}
	pair [2]value
)

func (m Machine) values() []value {
	return []value{
		{"firmware", m.Firmware}, {"media", m.Media}, {"memory", m.MemoryMiB},
		{"network", m.Network}, {"disk", m.Disk}, {"bmc", m.BMC},
	}
}

// pairs are those of a machine; with single, also each value with itself, and
// nothing else.
func (m Machine) pairs(single bool) []pair {
	var pairs []pair
	values := m.values()
	for i, a := range values {
		if single {
			pairs = append(pairs, pair{a, a})
			continue
		}
		for _, b := range values[i+1:] {
			pairs = append(pairs, pair{a, b})
		}
	}
	return pairs
}

// cover chooses, again and again, the machine with the most pairs that no chosen one
// has, and of several the one whose values were chosen least, until the coverage is
// reached. With so few machines, all are looked at each time, and no cleverer search
// is needed.
func cover(all []Machine, coverage Coverage) []Machine {
	pairs, wanted, used := map[pair]bool{}, map[pair]bool{}, map[value]int{}
	for _, m := range all {
		for _, p := range m.pairs(false) {
			pairs[p] = true
		}
		for _, p := range m.pairs(coverage == Each) {
			wanted[p] = true
		}
	}
	score := func(m Machine) (covered, uses int) {
		for _, p := range m.pairs(false) {
			if pairs[p] {
				covered++
			}
		}
		for _, v := range m.values() {
			uses += used[v]
		}
		return covered, uses
	}
	var chosen []Machine
	for len(wanted) > 0 {
		best := all[0]
		most, least := score(best)
		for _, m := range all[1:] {
			if covered, uses := score(m); covered > most || covered == most && uses < least {
				best, most, least = m, covered, uses
			}
		}
		for _, p := range best.pairs(false) {
			delete(pairs, p)
		}
		for _, p := range best.pairs(coverage == Each) {
			delete(wanted, p)
		}
		for _, v := range best.values() {
			used[v]++
		}
		chosen = append(chosen, best)
	}
	return chosen
}
