package main

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"bee/core/claim"
	"bee/core/machine"
	"bee/gate/internal/module"
	"bee/gate/internal/output"
	"dagger/bee/matrix"
)

func (g *gate) isoCommand() *cobra.Command {
	var contents contentsFlags
	var access accessFlags
	var t smokeTest
	var folder string
	cmd := &cobra.Command{
		Use:   "iso",
		Short: "Build the ISO, and boot it on a few machines: build and smoke in one",
		Long: `iso builds the ISO as build does, and tests it as smoke does, with the reports in the
folder smoke beside it. Its outputs are those of both.

An ISO that lets in SSH keys is tested over the serial console, on machines without a
network card, unless --identity has the private key.

--machine takes the ` + machine.Words,
		Example: `  gate iso --nvidia=false --authorized-keys ~/.ssh/id_ed25519.pub`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			arguments, err := g.isoArguments(&contents, &access)
			if err != nil {
				return err
			}
			if len(t.names) == 0 {
				t.names = []string{"bios", "uefi"}
				if access.authorizedKeys != "" && t.identityFile == "" {
					t.names = []string{"bios-none", "uefi-none"}
					g.out.Notice(output.Annotation{Title: "smoke", Message: "without --identity, nobody can log in by SSH: the ISO is tested over the serial console"})
				}
			}
			t.base, t.coverage = contents.base, string(matrix.Each)
			t.iso, t.folder = filepath.Join(folder, isoFile), smokeFolder(folder)
			if err := g.prepare(&t); err != nil {
				return err
			}
			arguments["kvm"] = t.kvm
			claims := append([]claim.Claim{building(folder)}, t.testing()...)
			return g.withClaims(cmd.Context(), claims, func() error {
				return g.withModule(cmd.Context(), "build.log", arguments, func(ctx context.Context, m module.Module) error {
					if err := g.build(ctx, m, folder); err != nil {
						return err
					}
					return g.conclude(t.iso, g.run(ctx, m, &t))
				})
			})
		},
	}
	contents.add(cmd)
	access.add(cmd)
	outputFlag(cmd, &folder)
	g.machineFlag(cmd, &t.names, &contents.base, "bios and uefi")
	t.testFlags.add(cmd)
	t.identityFlag(cmd)
	return cmd
}
