package bridge

import (
	"strings"
	"testing"
)

// FuzzRemoval: no rule is taken away that is not there, as it is there.
func FuzzRemoval(f *testing.F) {
	f.Add(saved)
	f.Add("*nat\n-A POSTROUTING --comment \"name: \\\"dagger\\\" id: \\\"\" -j CNI-0 -j CNI-1\n*filter\n" + forwardLink + "\n" + adminLink)
	f.Fuzz(func(t *testing.T, saved string) {
		for line := range strings.Lines(removal(saved)) {
			line = strings.TrimSuffix(line, "\n")
			words := strings.Fields(line)
			switch {
			case line == "COMMIT" || line == "*nat" || line == "*filter" || line == "-X "+forwardChain || line == "-X "+adminChain:
			case strings.HasPrefix(line, "-D "):
				if rule := "-A " + strings.TrimPrefix(line, "-D "); !strings.Contains("\n"+saved, "\n"+rule) {
					t.Errorf("rule %q", rule)
				}
			case len(words) == 2 && (words[0] == "-F" || words[0] == "-X"):
				if !strings.HasPrefix(words[1], "CNI-") || !strings.Contains(saved, "-j "+words[1]) {
					t.Errorf("chain %q", words[1])
				}
			default:
				t.Errorf("command %q", line)
			}
		}
	})
}
