// Command secureboot is bee-secureboot on the live system: see `bee-secureboot --help`.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"bee/core/printable"
)

// Exit statuses, beside 0.
const (
	exitRefused = 1
	exitFailed  = 2
)

func main() {
	s := system{root: "/", mount: mountVariables, mokutil: mokutil}
	var refused bool
	if err := command(&s, &refused).Execute(); err != nil {
		os.Exit(fail(err, os.Stderr))
	}
	if refused {
		os.Exit(exitRefused)
	}
}

func fail(err error, stderr io.Writer) int {
	fmt.Fprintf(stderr, "bee-secureboot: %s\n", printable.Lines(err.Error()))
	return exitFailed
}

// command is the program; refused is whether it told that NVIDIA's modules are not loaded.
func command(s *system, refused *bool) *cobra.Command {
	root := &cobra.Command{
		Use:   "bee-secureboot",
		Short: "Tell whether Secure Boot keeps NVIDIA's driver out, and let it in",
		Long: `bee-secureboot tells whether Secure Boot is on, and whether this machine has the
certificate enrolled by whose key NVIDIA's kernel modules on this ISO are signed. With
Secure Boot on, the kernel loads them only then.

An ISO has such a certificate (` + certificateFile + `)
where it was built with --module-key and --module-certificate. All else on it starts with
Secure Boot on as it is.

"bee-secureboot enrol" makes the machine ask at its next start whether the certificate is to
be enrolled, and says what to press then. It needs somebody at the screen, or at a console
of the firmware's, so that no program can do this alone. The certificate stays enrolled, for
every ISO that is signed by its key; "mokutil --delete" takes it away in the same way, where
efivarfs is mounted to be written.

Whoever has the key can then have modules loaded into a kernel on this machine. Without
enrolling: turn Secure Boot off in the firmware's setup.

Exit status:
  0  Secure Boot keeps no module of this ISO out; enrol: the machine will ask
  1  it does
  2  wrong usage, or it cannot be told or done`,
		Example: `  bee-secureboot
  bee-secureboot enrol`,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			state, err := s.look()
			if err != nil {
				return err
			}
			fmt.Fprint(cmd.OutOrStdout(), state.text())
			*refused = state.refused() != ""
			return nil
		},
	}
	root.AddCommand(&cobra.Command{
		Use:   "enrol",
		Short: "Have the machine ask at its next start whether to enrol the certificate",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := s.enrol()
			fmt.Fprint(cmd.OutOrStdout(), text)
			return err
		},
	})
	root.CompletionOptions.DisableDefaultCmd = true
	return root
}
