package main

import (
	"context"
	"maps"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bee/core/claim"
	"bee/core/manifest"
	"bee/core/report"
	"bee/core/versions"
	"bee/gate/internal/module"
	"bee/gate/internal/output"
	"bee/gate/internal/reports"
	"bee/gate/internal/summary"
	"bee/gate/internal/whole"
)

// Names of what is shipped, as the module names them.
const (
	isoFile      = "bee.iso"
	manifestFile = "bee.iso.manifest.json"
)

func (g *gate) buildCommand() *cobra.Command {
	var contents contentsFlags
	var access accessFlags
	var folder string
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Build the ISO, with its manifest, bill of materials and checksums",
		Long: `build writes bee.iso, its manifest, its bill of materials, bee.netboot.tar, which
machines boot it from over the network, and SHA256SUMS into a folder, and removes what
is in the folder smoke there of reports on another ISO. Outputs: iso, the file; sha256
and size of it; version, the release of bee that it is.`,
		Example: `  gate build --base debian --output dist`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			arguments, err := g.isoArguments(&contents, &access)
			if err != nil {
				return err
			}
			return g.withClaims(cmd.Context(), []claim.Claim{building(folder)}, func() error {
				return g.withModule(cmd.Context(), "build.log", arguments, func(ctx context.Context, m module.Module) error {
					return g.build(ctx, m, folder)
				})
			})
		},
	}
	contents.add(cmd)
	access.add(cmd)
	outputFlag(cmd, &folder)
	return cmd
}

func outputFlag(cmd *cobra.Command, folder *string) {
	cmd.Flags().StringVar(folder, "output", "dist", "`folder` for what is built")
	cmd.MarkFlagDirname("output")
}

// isoArguments are those of the module's constructor, for an ISO that is built.
func (g *gate) isoArguments(contents *contentsFlags, access *accessFlags) (module.Arguments, error) {
	arguments, err := contents.arguments(g)
	if err != nil {
		return nil, err
	}
	ways, err := access.arguments(g)
	maps.Copy(arguments, ways)
	return arguments, err
}

// building is the claim of whoever builds in a folder.
func building(folder string) claim.Claim {
	return claim.Claim{Thing: absolute(folder), Does: "builds in " + folder}
}

func absolute(path string) string {
	if absolute, err := filepath.Abs(path); err == nil {
		return absolute
	}
	return path
}

// build builds what is shipped.
func (g *gate) build(ctx context.Context, m module.Module, folder string) error {
	g.out.Group("build")
	tree, err := m.Directory(ctx, module.Call{Function: "build"})
	if err == nil {
		err = whole.Summed(ctx, folder, tree)
	}
	g.out.EndGroup()
	if err != nil {
		return g.failed("build", err)
	}
	return g.built(folder)
}

// export calls a function that returns a directory, and puts what is in it into a folder.
func export(ctx context.Context, m module.Module, call module.Call, folder string, checks ...func(string) error) error {
	tree, err := m.Directory(ctx, call)
	if err != nil {
		return err
	}
	return whole.Folder(ctx, folder, tree, checks...)
}

// smokeFolder is where the reports of a test of what is in a folder are.
func smokeFolder(folder string) string { return filepath.Join(folder, "smoke") }

// forget removes the reports in a folder that are not those of an ISO: they would be
// taken for what came out of its tests.
func forget(folder, sha256 string) error {
	results, err := reports.Find([]string{folder})
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Report != nil && (r.Report.ISO == nil || r.Report.ISO.SHA256 != sha256) {
			if err := report.Remove(r.Dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// built tells what was built.
func (g *gate) built(folder string) error {
	m, err := manifest.Read(filepath.Join(folder, manifestFile))
	if err != nil {
		return err
	}
	if err := forget(smokeFolder(folder), m.ISO.SHA256); err != nil {
		return err
	}
	iso, info := filepath.Join(folder, isoFile), m.Release["BEE_BUILD_INFO"]
	g.out.Set("iso", iso)
	g.out.Set("sha256", m.ISO.SHA256)
	g.out.Set("size", strconv.FormatInt(m.ISO.SizeBytes, 10))
	g.out.Set("version", m.Release["BEE_VERSION"])
	now := time.Now()
	if s, known := versions.SupportOf(strings.ToUpper(m.Release["BEE_BASE"])+"_RELEASE", m.Release["BEE_RELEASE"]); known && !now.Before(s.End) {
		g.warnOfEnd(s, 1, now)
	}
	if output.InActions(g.getenv) {
		g.out.Summary(summary.Build(info, summary.File{Name: isoFile, Size: m.ISO.SizeBytes, SHA256: m.ISO.SHA256}))
		return nil
	}
	g.out.Printf("%s\n%s\n", info, summary.File{Name: iso, Size: m.ISO.SizeBytes, SHA256: m.ISO.SHA256})
	return nil
}
