package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"bee/gate/internal/findings"
	"bee/gate/internal/module"
	"bee/gate/internal/output"
	"bee/gate/internal/summary"
)

func (g *gate) lintCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lint",
		Short: "Check all sources, and point at what the linters find",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			top, err := g.top()
			if err != nil {
				return err
			}
			return g.withModule(cmd.Context(), "lint.log", nil, func(ctx context.Context, m module.Module) error {
				g.out.Group("lint")
				_, err := m.Text(ctx, module.Call{Function: "lint"})
				g.out.EndGroup()
				if err == nil {
					g.out.Summary(summary.Line("PASS", "the sources are clean"))
					return nil
				}
				var found []findings.Finding
				var failed *module.Error
				if errors.As(err, &failed) {
					found = append(findings.Parse(os.DirFS(top), failed.Stdout), findings.Parse(os.DirFS(top), failed.Stderr)...)
				}
				for _, f := range found {
					g.out.Error(output.Annotation{File: f.File, Line: f.Line, Title: "lint", Message: f.Message})
				}
				if len(found) == 0 { // it failed for another reason
					return g.failed("lint", err)
				}
				g.out.Printf("%s\n", err)
				g.out.Summary(summary.Line("FAIL", fmt.Sprintf("findings: %d", len(found))))
				return errFailed
			})
		},
	}
}
