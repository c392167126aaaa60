// Command manifest reads an ISO of bee back and tells what is on it.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bee/core/outfile"
	"bee/core/printable"
	"bee/core/sums"
	"bee/iso/manifest/internal/image"
	"bee/iso/manifest/internal/memory"
	"bee/iso/manifest/internal/sbom"
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
	var folder, output string
	cmd := &cobra.Command{
		Use:   "manifest ISO",
		Short: "Tell what is in an ISO, and what it is made of, read back from the finished file",
		Long: `manifest prints, as JSON, what is in an ISO of bee: size and SHA-256 of the whole,
the values of /etc/bee-release, every package with its version, the vendor programs
with version, size and SHA-256, and every file of
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
what changed.

With --output it also writes the bill of materials, as SPDX 2.3 and as CycloneDX 1.6:
packages, the Go modules of each program, NVIDIA's driver, boot loaders, and which of
them each file belongs to, by the lists of the packages, and the places of all else.
Files that belong to none are listed, too. It needs xorriso and unsquashfs in PATH, and room for the unpacked
ISO in the folder for temporary files (TMPDIR). Exit status: 0, or 1 where the
file is no ISO of bee or cannot be read.`,
		Example: `  manifest bee.iso >bee.iso.manifest.json

  # bee.iso.manifest.json, bee.iso.spdx.json, bee.iso.cdx.json, and SHA256SUMS of these and
  # the ISO, in a folder
  manifest --output dist dist/bee.iso

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
			contents, err := image.Read(args[0], known, func(step string) { fmt.Fprintln(cmd.ErrOrStderr(), printable.Lines(step)) })
			if err != nil {
				return err
			}
			if output == "" {
				return contents.Manifest.Write(cmd.OutOrStdout())
			}
			return write(contents, filepath.Base(args[0]), output, cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&folder, "memory", "", "`folder` to keep what was read of a layer, by its SHA-256: the same layer on another ISO is not read again")
	cmd.Flags().StringVarP(&output, "output", "o", "", "`folder` for manifest, bill of materials and SHA256SUMS")
	cmd.MarkFlagDirname("memory")
	cmd.MarkFlagDirname("output")
	return cmd
}

// write writes all that is told of an ISO of a name into a folder.
func write(contents *image.Contents, name, folder string, progress io.Writer) error {
	bom, err := sbom.New(contents)
	if err != nil {
		return err
	}
	list := sums.Sum{Digest: contents.Manifest.ISO.SHA256, Name: name}.String()
	for _, document := range []struct {
		suffix string
		write  func(io.Writer) error
	}{
		{".manifest.json", contents.Manifest.Write},
		{".spdx.json", bom.WriteSPDX},
		{".cdx.json", bom.WriteCycloneDX},
	} {
		var text bytes.Buffer
		if err := document.write(&text); err != nil {
			return err
		}
		if err := outfile.WriteFile(filepath.Join(folder, name+document.suffix), text.Bytes()); err != nil {
			return err
		}
		digest, err := sums.Digest(&text)
		if err != nil {
			return err
		}
		list += sums.Sum{Digest: digest, Name: name + document.suffix}.String()
	}
	owned, all := bom.Coverage()
	fmt.Fprintf(progress, "%d of %d files belong to one of %d components\n", owned, all, len(bom.Components))
	const few = 10 // the documents have all
	for _, f := range bom.Rest[:min(few, len(bom.Rest))] {
		fmt.Fprintf(progress, "belongs to none: %s\n", printable.Lines(f.Path))
	}
	return outfile.WriteFile(filepath.Join(folder, sums.File), []byte(list))
}
