package matrix

import "bee/core/machine"

// value is a value of a factor; the two values of a pair are of different factors.
type (
	value struct {
		factor string
		value  any
	}
	pair [2]value
)

func valuesOf(m machine.Machine) []value {
	return []value{
		{"firmware", m.Firmware}, {"media", m.Media}, {"memory", m.MemoryMiB},
		{"network", m.Network}, {"disk", m.Disk}, {"bmc", m.BMC},
	}
}

// pairsOf are the pairs of a machine; with single, also each value with itself, and
// nothing else.
func pairsOf(m machine.Machine, single bool) []pair {
	var pairs []pair
	values := valuesOf(m)
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
func cover(all []machine.Machine, coverage Coverage) []machine.Machine {
	pairs, wanted, used := map[pair]bool{}, map[pair]bool{}, map[value]int{}
	for _, m := range all {
		for _, p := range pairsOf(m, false) {
			pairs[p] = true
		}
		for _, p := range pairsOf(m, coverage == Each) {
			wanted[p] = true
		}
	}
	score := func(m machine.Machine) (covered, uses int) {
		for _, p := range pairsOf(m, false) {
			if pairs[p] {
				covered++
			}
		}
		for _, v := range valuesOf(m) {
			uses += used[v]
		}
		return covered, uses
	}
	var chosen []machine.Machine
	for len(wanted) > 0 {
		best := all[0]
		most, least := score(best)
		for _, m := range all[1:] {
			if covered, uses := score(m); covered > most || covered == most && uses < least {
				best, most, least = m, covered, uses
			}
		}
		for _, p := range pairsOf(best, false) {
			delete(pairs, p)
		}
		for _, p := range pairsOf(best, coverage == Each) {
			delete(wanted, p)
		}
		for _, v := range valuesOf(best) {
			used[v]++
		}
		chosen = append(chosen, best)
	}
	return chosen
}
