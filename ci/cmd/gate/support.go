package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bee/core/versions"
	"bee/gate/internal/output"
	"bee/gate/internal/summary"
)

// soon is how long before its end a support is told of.
const soon = 60 * 24 * time.Hour

func (g *gate) supportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "support",
		Short: "Tell which pins get no security fixes any more, or soon will not",
		Long: `support looks up in a table which pins of VERSIONS are of a release whose security
fixes end within 60 days, or have ended: the bases' releases, the kernel, Go, NVIDIA's driver.
Each is a warning, and nothing fails. Output: ending, how many there are.`,
		Example: "  gate support",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			top, err := g.top()
			if err != nil {
				return err
			}
			return g.support(top, time.Now())
		},
	}
}

func (g *gate) support(top string, now time.Time) error {
	// the commit's pins: what a site has in their place is its own
	text, err := os.ReadFile(filepath.Join(top, versions.File))
	if err != nil {
		return err
	}
	pins, err := versions.Parse(string(text), "")
	if err != nil {
		return err
	}
	lines, err := versions.Lines(versions.File, string(text))
	if err != nil {
		return err
	}
	var list []string
	ending := 0
	for _, s := range pins.Support() {
		list = append(list, fmt.Sprintf("%s %s: %s", s.Key, s.Release, s.End.Format(time.DateOnly)))
		if s.End.Sub(now) > soon {
			continue
		}
		ending++
		line := slices.IndexFunc(lines, func(l versions.Line) bool { return l.Key == s.Key })
		g.warnOfEnd(s, lines[line].Number, now)
	}
	g.out.Set("ending", fmt.Sprint(ending))
	g.out.Summary("Security fixes end:\n\n" + summary.List(list))
	return nil
}

// warnOfEnd tells of a pin, on a line of VERSIONS, that gets no security fixes any more, or soon
// will not.
func (g *gate) warnOfEnd(s versions.Support, line int, now time.Time) {
	var others []string
	later := s.Later(now)
	for _, release := range slices.Sorted(maps.Keys(later)) {
		others = append(others, fmt.Sprintf("%s (until %s)", release, later[release].Format(time.DateOnly)))
	}
	end := "end"
	if !now.Before(s.End) {
		end = "ended"
	}
	message := fmt.Sprintf("the security fixes of %s %s %s on %s", s.Key, s.Release, end, s.End.Format(time.DateOnly))
	if len(others) > 0 {
		message += "; VERSIONS can name " + strings.Join(others, " or ")
	}
	g.out.Warning(output.Annotation{File: versions.File, Line: line, Title: "old release", Message: message})
}
