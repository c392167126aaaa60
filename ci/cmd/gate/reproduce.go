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
	var rebuild, against string
	cmd := &cobra.Command{
		Use:   "reproduce",
		Short: "Build the ISO twice, or a release again, and tell whether both are the same",
		Long: `reproduce builds the ISO twice, and compares every byte. With --against it builds a
release that was published again, from a checkout of the release's commit, and compares file by
file: what is on the ISO is taken from the release.`,
		Example: `  gate reproduce --base debian

  # is the ISO what its commit says?
  git checkout v1.2.3; gate reproduce --against release`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			constructor, err := contents.arguments(g)
			if err != nil {
				return err
			}
			arguments := module.Arguments{"rebuild": rebuild}
			if against != "" {
				if err := isFolder("against", against); err != nil {
					return err
				}
				arguments["against"] = module.Directory(against)
				if !cmd.Flags().Changed("base") {
					delete(constructor, "base") // that of VERSIONS need not be the release's
				}
			}
			return g.withModule(cmd.Context(), "reproduce.log", constructor, func(ctx context.Context, m module.Module) error {
				g.out.Group("reproduce")
				text, err := m.Text(ctx, module.Call{Function: "verifyReproducible", Arguments: arguments})
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
	cmd.Flags().StringVar(&against, "against", "", "`folder` with a release that was published, to build again")
	cmd.MarkFlagDirname("against")
	return cmd
}
