// Package alike gathers what is the same but for its place: a server has dozens
// of equal memory modules and drives, and a person wants to read them once.
package alike

// Group gathers the items of the same key. Groups come in the order of their
// first items, and items in the order of the list.
func Group[T any, K comparable](list []T, key func(T) K) [][]T {
	var groups [][]T
	at := map[K]int{}
	for _, item := range list {
		k := key(item)
		i, known := at[k]
		if !known {
			i = len(groups)
			at[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], item)
	}
	return groups
}
