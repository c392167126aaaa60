package main

import (
	"context"
	"os"
	"strings"

	"bee/audit/collect"
	"bee/audit/collect/machine"
	"bee/audit/report"
	"bee/core/printable"
)

// here puts the addresses that this machine has at this moment into its report, as leases come
// and go, and returns how it lets people in, by its own words. Of a report that is another
// machine's, there is nothing to be said here.
func here(ctx context.Context, r *report.Report) []string {
	if r.Replay != nil {
		return nil
	}
	if now, err := collect.Addresses(ctx, new(machine.Host)); err == nil {
		if r.Network == nil {
			r.Network = new(report.Network)
		}
		r.Network.IPAddresses = now
	}
	issue, _ := os.ReadFile("/etc/issue") // of other systems, it says nothing of that
	return ways(string(issue))
}

// ways are the lines by which the live system says how SSH lets people in, and by which key
// they know it (ssh-access).
func ways(issue string) []string {
	var all []string
	for line := range strings.Lines(issue) {
		if strings.HasPrefix(line, "bee: SSH ") {
			all = append(all, printable.Escape([]byte(strings.TrimSpace(line))))
		}
	}
	return all
}
