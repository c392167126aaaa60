package module

import (
	"strings"
	"testing"

	"bee/nvidia/kmod"
)

// FuzzOrder is of what modules say that they need: a line for each, of its name and
// the names of the others.
func FuzzOrder(f *testing.F) {
	f.Add("nvidia drm\nnvidia_modeset nvidia\nnvidia_drm drm nvidia_modeset")
	f.Add("a b\nb a")
	f.Fuzz(func(t *testing.T, text string) {
		var all []Module
		for line := range strings.Lines(text) {
			if words := strings.Fields(line); len(words) > 0 && len(all) < 50 && Find(all, words[0]) < 0 {
				all = append(all, Module{Module: kmod.Module{Name: words[0], Depends: words[1:]}})
			}
		}
		ordered, err := Order(all)
		if err != nil {
			return
		}
		if len(ordered) != len(all) {
			t.Errorf("%d of %d modules", len(ordered), len(all))
		}
		for i, m := range ordered {
			for _, need := range m.Depends {
				if Find(all, need) >= 0 && Find(ordered[:i], need) < 0 {
					t.Errorf("%s comes before %s", m.Name, need)
				}
			}
		}
	})
}
