package main

import "bee/audit/report"

// rules are the rules of a report's findings, in their order.
func rules(r *report.Report) []string {
	var all []string
	for _, f := range r.Findings {
		all = append(all, f.Rule)
	}
	return all
}
