package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"bee/gate/internal/module"
	"bee/gate/internal/summary"
)

func (g *gate) reproduceCommand() *cobra.Command {
	var contents contentsFlags
	var rebuild string
	cmd := &cobra.Command{
		Use:   "reproduce",
		Short: "Build the ISO twice, and tell whether both are the same",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			arguments, err := contents.arguments(g)
			if err != nil {
				return err
			}
			return g.withModule(cmd.Context(), "reproduce.log", arguments, func(ctx context.Context, m module.Module) error {
				g.out.Group("reproduce")
				text, err := m.Text(ctx, module.Call{
					Function: "verifyReproducible", Arguments: module.Arguments{"rebuild": rebuild},
				})
				g.out.EndGroup()
				if err != nil {
					g.out.Summary(summary.Line("FAIL", "no proof that the ISO is reproducible: "+err.Error()))
					return g.failed("reproduce", err)
				}
				g.out.Summary(summary.Line("PASS", strings.TrimSpace(text)))
				return nil
			})
		},
	}
	contents.add(cmd)
	rebuildFlag(cmd, &rebuild)
	return cmd
}
