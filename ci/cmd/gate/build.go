package main

import (
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"bee/core/manifest"
	"bee/gate/internal/module"
	"bee/gate/internal/summary"
)

// Names of what is shipped, as the module names them.
const (
	isoFile      = "bee.iso"
	manifestFile = "bee.iso.manifest.json"
)

func (g *gate) buildCommand() *cobra.Command {
	var contents contentsFlags
	var folder string
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Build the ISO, with its manifest and checksums",
		Long: `build writes bee.iso, its manifest and SHA256SUMS into a folder. Outputs: iso, the
file; sha256 and size of it; version, the release of bee that it is.`,
		Example: `  gate build --base debian --output dist`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			arguments, err := contents.arguments(g)
			if err != nil {
				return err
			}
			return g.withModule(cmd.Context(), arguments, func(m module.Module) error {
				g.out.Group("build")
				err := m.Directory(cmd.Context(), module.Call{Function: "build"}, folder)
				g.out.EndGroup()
				if err != nil {
					return g.failed("build", err)
				}
				return g.built(folder)
			})
		},
	}
	contents.add(cmd)
	cmd.Flags().StringVar(&folder, "output", "dist", "`folder` for what is built")
	cmd.MarkFlagDirname("output")
	return cmd
}

// built tells what was built.
func (g *gate) built(folder string) error {
	m, err := manifest.Read(filepath.Join(folder, manifestFile))
	if err != nil {
		return err
	}
	version := m.Release["BEE_VERSION"]
	g.out.Set("iso", filepath.Join(folder, isoFile))
	g.out.Set("sha256", m.ISO.SHA256)
	g.out.Set("size", strconv.FormatInt(m.ISO.SizeBytes, 10))
	g.out.Set("version", version)
	g.out.Summary(summary.Build(m.Release["BEE_BUILD_INFO"], summary.File{Name: isoFile, Size: m.ISO.SizeBytes, SHA256: m.ISO.SHA256}))
	return nil
}
