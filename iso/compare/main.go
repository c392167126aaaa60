// Command compare compares two ISOs of bee that are to be the same: one that was published, and one
// that was built anew of the same commit.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"bee/core/printable"
	"bee/iso/compare/internal/diff"
)

func main() {
	os.Exit(exitStatus(command().Execute(), os.Stderr))
}

// errDifferent is that the ISOs differ, which is told already.
var errDifferent = errors.New("the ISOs differ")

// Exit statuses.
const (
	different  = 1
	unreadable = 2
)

func exitStatus(err error, stderr io.Writer) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errDifferent):
		return different
	}
	fmt.Fprintf(stderr, "compare: %s\n", printable.Lines(err.Error()))
	return unreadable
}

func command() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "compare PUBLISHED.iso REBUILT.iso",
		Short: "Tell whether two ISOs are builds of the same, file by file",
		Long: `compare compares two ISOs of bee, file by file: those of the medium, and what is in squashfs
layers and the modloop, in initramfs, in packages and their index. What differs is told by its path, through
what it is in, and with a reason:

  time      only times differ: of files, or written into them
  order     the same lines or entries, in another order
  path      the same but for the folder that it was built in
  version   a package or program of another version
  missing   only on the published ISO
  extra     only on the rebuilt ISO
  mode      mode, owner, link count or another attribute
  content   anything else

An ISO of the base alpine has signatures, which nobody makes again who lacks the private key. They are set
aside, and listed, where each holds by the public key of its own ISO, with that key; so is what follows from them,
where it is right: digests of layers, sizes of packages, the ISO's digest of itself, and places on the
medium. A signature appended to a kernel module cannot be checked: it is one by its form, and all before
it is the same. On the base debian everything has to be the same.

It needs unsquashfs in PATH where a layer differs, and room for the files of two such layers in the folder
for temporary files (TMPDIR).
Exit status: 0, equal but for what is set aside; 1, different; 2, one of the two cannot be read.`,
		Example: `  compare release/bee.iso dist/bee.iso

  # which files differ for no reason that is known
  compare --json release/bee.iso dist/bee.iso | jq -r '.differences[] | select(.reason == "content").path'`,
		Args:          cobra.ExactArgs(2),
		SilenceErrors: true,
		SilenceUsage:  true,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"iso"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			result, err := diff.Files(args[0], args[1])
			if err != nil {
				return err
			}
			if asJSON {
				err = result.WriteJSON(cmd.OutOrStdout())
			} else {
				_, err = io.WriteString(cmd.OutOrStdout(), result.Text())
			}
			if err == nil && !result.Equal {
				err = errDifferent
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}
