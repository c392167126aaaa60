package bridge

import (
	"regexp"
	"slices"
	"strings"
)

// What the plugins of the container network interface leave in the packet
// filter, as iptables-save prints it. For every container of the network
// "dagger": a chain CNI-<hash> in nat with a rule in POSTROUTING that leads
// there, and two rules with its address in CNI-FORWARD of filter.
var (
	masqueradeRule = regexp.MustCompile(`^-A POSTROUTING .*--comment "name: \\"dagger\\" id: .* -j (CNI-[0-9a-f]+)$`)
	forwardRule    = regexp.MustCompile(`^-A CNI-FORWARD -[sd] 10\.87\.`)
)

// Chains that all networks on the host share, and the rules that tie them in.
const (
	forwardChain = "CNI-FORWARD"
	adminChain   = "CNI-ADMIN"
	forwardLink  = `-A FORWARD -m comment --comment "CNI firewall plugin rules" -j ` + forwardChain
	adminLink    = `-A ` + forwardChain + ` -m comment --comment "CNI firewall plugin admin overrides" -j ` + adminChain
)

// removal reads the output of iptables-save and returns the input that makes
// `iptables-restore --noflush` take away what the engine brought, empty when
// there is nothing. The shared chains go only when nobody has a rule in them.
func removal(saved string) string {
	var script strings.Builder
	for _, table := range tables(saved) {
		var commands []string
		switch table.name {
		case "nat":
			commands = natRemoval(table.rules)
		case "filter":
			commands = filterRemoval(table.rules)
		}
		if len(commands) > 0 {
			script.WriteString("*" + table.name + "\n" + strings.Join(commands, "\n") + "\nCOMMIT\n")
		}
	}
	return script.String()
}

type table struct {
	name  string
	rules []string // lines -A ...
}

func tables(saved string) []table {
	var all []table
	for line := range strings.Lines(saved) {
		line = strings.TrimRight(line, "\r\n")
		if name, ok := strings.CutPrefix(line, "*"); ok {
			all = append(all, table{name: name})
		} else if strings.HasPrefix(line, "-A ") && len(all) > 0 {
			last := &all[len(all)-1]
			last.rules = append(last.rules, line)
		}
	}
	return all
}

func natRemoval(rules []string) []string {
	var links, chains []string
	for _, rule := range rules {
		if found := masqueradeRule.FindStringSubmatch(rule); found != nil {
			links = append(links, remove(rule))
			chains = append(chains, "-F "+found[1], "-X "+found[1])
		}
	}
	return append(links, chains...)
}

func filterRemoval(rules []string) []string {
	var commands []string
	others := false // someone else uses the shared chains
	for _, rule := range rules {
		switch {
		case forwardRule.MatchString(rule):
			commands = append(commands, remove(rule))
		case rule == forwardLink || rule == adminLink:
		case strings.Contains(rule, forwardChain) || strings.Contains(rule, adminChain):
			others = true
		}
	}
	if others || !slices.Contains(rules, forwardLink) || !slices.Contains(rules, adminLink) {
		return commands
	}
	return append(commands, remove(forwardLink), remove(adminLink), "-X "+forwardChain, "-X "+adminChain)
}

// remove turns the rule that appends into one that deletes.
func remove(rule string) string { return "-D" + strings.TrimPrefix(rule, "-A") }
