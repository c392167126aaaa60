// Command manifest checks the NVIDIA layer of an ISO and says what is in it.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"bee/core/outfile"
	"bee/core/printable"
	"bee/nvidia/layer"
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
	var want layer.Expected
	var output string
	cmd := &cobra.Command{
		Use:   "manifest LAYER",
		Short: "Check the NVIDIA layer of an ISO, and say what is in it",
		Long: `manifest checks that a layer fits together: that all kernel modules are for the
ISO's kernel, that every symbol they need is there, of the type they were compiled
with, and that modules, libraries and nvidia-smi are of one version. Then it writes
the layer's manifest, as JSON: driver, kernel, and every file with its SHA-256.

Exit status: 0, or 1 where the layer does not fit together: all that is wrong is
named, and no manifest is written.`,
		Args:          cobra.ExactArgs(1),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(_ *cobra.Command, args []string) error {
			m, err := layer.Check(args[0], want)
			if err != nil {
				return err
			}
			text, err := json.MarshalIndent(m, "", "  ")
			if err != nil {
				return err
			}
			return outfile.WriteFile(output, append(text, '\n'))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&want.Driver, "driver", "", "version of the driver, such as 580.159.04")
	flags.StringVar(&want.Origin, "origin", "", "where the driver came from: debian or run")
	flags.StringVar(&want.Kernel, "kernel", "", "release of the ISO's kernel, as uname -r says it")
	flags.StringVar(&want.Symvers, "symvers", "", "folder that has, for each flavour, kernel.symvers and Module.symvers")
	flags.StringVarP(&output, "output", "o", "", "file to write the manifest to")
	for _, name := range []string{"driver", "origin", "kernel", "symvers", "output"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}
