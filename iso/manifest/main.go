// Command manifest reads an ISO of bee back and tells what is on it.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"bee/core/printable"
	"bee/iso/manifest/internal/image"
	"bee/iso/manifest/internal/memory"
)

func main() {
	os.Exit(exitStatus(command().Execute(), os.Stderr))
}

func exitStatus(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "manifest: %s\n", printable.Lines(err.Error()))
	return 1
}

func command() *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use:   "manifest ISO",
		Short: "Tell what is in an ISO, read back from the finished file",
		Long: `manifest prints, as JSON, what is in an ISO of bee: size and SHA-256 of the whole,
the values of /etc/bee-release, every package with its version, and every file of
the medium and of each layer with type, mode, owner, size, SHA-256 or link target.
What packages and layers are depends on the base, which the medium tells:

  debian  /live/*.squashfs
          packages: what dpkg has installed
          layers: the squashfs images, the lowest first
  alpine  /apks/x86_64/APKINDEX.tar.gz
          packages: those on the medium, which the system installs as it starts
          layers: the modloop, which has the kernel's modules, then the squashfs images
          /live/*.squashfs, the lowest first; all other files of the running system come
          from the packages

Each package and file is one line, and equal ISOs give equal manifests: diff shows
what changed. It needs xorriso and unsquashfs in PATH, and room for the unpacked
ISO in the folder for temporary files (TMPDIR). Exit status: 0, or 1 where the
file is no ISO of bee or cannot be read.`,
		Example: `  manifest bee.iso >bee.iso.manifest.json

  # what changed between two ISOs
  manifest old.iso >old.json; manifest new.iso >new.json; diff old.json new.json

  # version of a package
  jq -r '.packages[] | select(.name == "smartmontools").version' bee.iso.manifest.json`,
		Args:          cobra.ExactArgs(1),
		SilenceErrors: true,
		SilenceUsage:  true,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"iso"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var known memory.Memory
			if folder != "" {
				var err error
				if known, err = memory.In(folder); err != nil {
					return fmt.Errorf("--memory: %w", err)
				}
			}
			m, err := image.Read(args[0], known, func(step string) { fmt.Fprintln(cmd.ErrOrStderr(), printable.Lines(step)) })
			if err != nil {
				return err
			}
			return m.Write(cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&folder, "memory", "", "`folder` to keep what was read of a layer, by its SHA-256: the same layer on another ISO is not read again")
	cmd.MarkFlagDirname("memory")
	return cmd
}
