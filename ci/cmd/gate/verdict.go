package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bee/core/report"
	"bee/gate/internal/blame"
	"bee/gate/internal/output"
	"bee/gate/internal/reports"
	"bee/gate/internal/summary"
)

func (g *gate) verdictCommand() *cobra.Command {
	var plan string
	cmd := &cobra.Command{
		Use:   "verdict FOLDER...",
		Short: "Tell what came out of smoke tests that were run before",
		Long: `verdict reads the smoke reports in the folders, or up to two folders below them, and
tells what smoke would: an annotation for each check that failed and each machine
whose checks did not run to their end, the summary, the output "verdict", and the
exit status. A folder without any report counts as a report that is missing; so does,
with --plan, each machine of the plan that has none.`,
		Example: `  gate verdict dist/smoke
  gate verdict dist/smoke --plan "$(gate plan --coverage pairs)"`,
		Args: cobra.MinimumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(_ *cobra.Command, dirs []string) error {
			results, err := reports.Find(dirs)
			if err != nil {
				return err
			}
			if plan != "" {
				machines, err := planned(plan)
				if err != nil {
					return err
				}
				results = reports.Of(machines, results)
			}
			return g.conclude("", results)
		},
	}
	cmd.Flags().StringVar(&plan, "plan", "", "`plan`, as the command of that name prints it, whose machines have to have reports")
	return cmd
}

// conclude tells what came out of all machines that booted an ISO, whose path may be known.
func (g *gate) conclude(iso string, results []reports.Result) error {
	top, err := g.top()
	if err != nil {
		return err
	}
	repository := os.DirFS(top)
	for _, r := range results {
		for _, c := range r.Failed() {
			at := blame.Find(repository, c.Name)
			g.out.Error(output.Annotation{File: at.File, Line: at.Line, Title: r.Name + ": " + c.Name, Message: c.Detail})
		}
		if reason := r.Reason(); reason != "" {
			g.out.Error(output.Annotation{Title: r.Name, Message: reason})
		}
	}
	if output.InActions(g.getenv) {
		g.out.Summary(summary.Smoke(results, g.artifacts()))
	} else {
		g.out.Printf("\n%s%s", summary.Text(iso, results), where(results))
	}
	verdict := reports.Verdict(results)
	g.out.Set("verdict", string(verdict))
	switch verdict {
	case report.Pass:
		return nil
	case report.Fail:
		return errFailed
	}
	return errBroken
}

// where says, for people, in which files there is more.
func where(results []reports.Result) string {
	var folders []string
	for _, r := range results {
		if folder := filepath.Dir(r.Dir); r.Report != nil && !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	var b strings.Builder
	for _, folder := range folders {
		fmt.Fprintf(&b, "reports: %s\n", filepath.Join(shown(absolute(folder)), "*", report.SummaryFile))
	}
	return b.String()
}

// artifacts is the address of what this run of a workflow keeps; empty where there is
// no such run.
func (g *gate) artifacts() string {
	run := g.getenv("GITHUB_RUN_ID")
	if !output.InActions(g.getenv) || run == "" {
		return ""
	}
	return g.getenv("GITHUB_SERVER_URL") + "/" + g.getenv("GITHUB_REPOSITORY") + "/actions/runs/" + run + "#artifacts"
}
