package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bee/core/claim"
	"bee/gate/internal/module"
	"bee/gate/internal/output"
	"bee/gate/internal/reports"
	"bee/gate/internal/whole"
	"dagger/bee/matrix"
)

func (g *gate) releaseCommand() *cobra.Command {
	var version, releases, coverage, rebuild, attestationKey, folder string
	var names []string
	var contents contentsFlags
	var test testFlags
	cmd := &cobra.Command{
		Use:   "release --version VERSION --output FOLDER",
		Short: "Build a release, and test it on all machines of the plan",
		Long: `release puts a release into a folder, with the smoke reports of all machines,
notes on what changed since the release before, and statements about what it is made of
and how its tests went, by which ci/cmd/verify checks it. It tells what came out of the
tests, as verdict does. In GitHub Actions, the commit has to be on the branch main of origin.
Outputs: folder; notes, the file; verdict.`,
		Example: `  gate release --version v1.4.0 --releases releases --output releases/v1.4.0`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := emptyFolder("output", folder); err != nil {
				return err
			}
			if output.InActions(g.getenv) {
				top, err := g.top()
				if err != nil {
					return err
				}
				if err := onMain(cmd.Context(), top); err != nil {
					return err
				}
			}
			_, plan, err := g.plan(contents.base, coverage, names...)
			if err != nil {
				return err
			}
			if err := test.check(plan); err != nil {
				return err
			}
			constructor, err := contents.arguments(g)
			if err != nil {
				return err
			}
			constructor["kvm"] = test.kvm
			arguments := module.Arguments{
				"version": version, "coverage": coverage, "rebuild": rebuild, "jobs": test.jobs,
			}
			test.limit(arguments)
			if len(names) > 0 {
				arguments["machines"] = names
			}
			if attestationKey != "" {
				if arguments["attestationKey"], err = g.secret("attestation-key", attestationKey); err != nil {
					return err
				}
			}
			// The first release of all has none before it, and no folder of them.
			switch _, err := os.Stat(releases); {
			case releases == "":
			case os.IsNotExist(err):
				g.out.Notice(output.Annotation{Title: "release", Message: "there is no folder " + releases + ": the notes compare with nothing"})
			default:
				if err := isFolder("releases", releases); err != nil {
					return err
				}
				arguments["releases"] = module.Directory(releases)
			}
			return g.withClaims(cmd.Context(), []claim.Claim{building(folder)}, func() error {
				return g.withModule(cmd.Context(), "release.log", constructor, func(ctx context.Context, m module.Module) error {
					g.out.Group("release " + version)
					err := export(ctx, m, module.Call{Function: "release", Arguments: arguments}, folder, whole.Checked)
					g.out.EndGroup()
					if err != nil {
						return g.failed("release", err)
					}
					g.out.Set("folder", folder)
					g.out.Set("notes", filepath.Join(folder, "NOTES.md"))
					var results []reports.Result
					for _, machine := range plan {
						name := machine.Name()
						results = append(results, reports.Read(name, filepath.Join(folder, "smoke", name)))
					}
					return g.conclude(filepath.Join(folder, isoFile), results)
				})
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&version, "version", "", "`version` of the release")
	flags.StringVar(&releases, "releases", "", "`folder` with the releases before, if there is one")
	contents.add(cmd)
	coverageFlag(cmd, &coverage, matrix.Pairs)
	g.machineFlag(cmd, &names, &contents.base, "the plan's")
	rebuildFlag(cmd, &rebuild)
	test.add(cmd)
	secretFlag(cmd, &attestationKey, "attestation-key", "private key, ed25519 or ECDSA on P-256, in PEM, that signs the statements (default: nobody does)")
	flags.StringVar(&folder, "output", "", "`folder` for the release, which must not exist or be empty")
	cmd.MarkFlagRequired("version")
	cmd.MarkFlagRequired("output")
	cmd.MarkFlagDirname("releases")
	cmd.MarkFlagDirname("output")
	return cmd
}
