// Command verify checks the folder of a release, without a network.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"bee/core/bounded"
	"bee/core/printable"
	"dagger/bee/attestation"
	"dagger/bee/verify"
)

// Exit statuses. Their texts are in the long help.
const (
	exitRefused = 1
	exitInput   = 2
)

// errRefused has been told with all its reasons.
var errRefused = errors.New("refused")

func main() {
	os.Exit(exitStatus(command().Execute(), os.Stderr))
}

func exitStatus(err error, stderr io.Writer) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errRefused):
		return exitRefused
	}
	fmt.Fprintln(stderr, "verify:", printable.Lines(err.Error()))
	return exitInput
}

func command() *cobra.Command {
	var keyFile string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify FOLDER",
		Short: "Check the folder of a release, without a network",
		Long: `verify checks a release by what is in its folder, and by nothing else:

  files       each is the one that SHA256SUMS and the provenance tell of, none is
              missing, and none is there that they do not tell of
  statements  provenance and test results, in bee.intoto.jsonl, are signed by the key
              that --key names; in bee.statements.jsonl, nobody has signed them
  manifest    it is of this ISO, and of the files that are on it
  machines    the ISO is a PASS on every machine of the plan, by its report and by the
              statement about it

The plan is that of the checkout that verify is run from: take the release's own commit.
Of a release on GitHub, which has no folders, the reports are not there: the statements
tell alone. What is in the layers of the ISO, "go run ./iso/manifest" reads. What is wrong
is told with the file that it is wrong in.

Exit status (that of "go run" is 1 in place of each but 0):
  0  the release is good, as far as the notes say
  1  it is refused
  2  the folder or the key cannot be read`,
		Example: `  verify bee-v1.2.3 --key bee.pem
  verify releases/v1.2.3 --json`,
		Args:          cobra.ExactArgs(1),
		SilenceErrors: true,
		SilenceUsage:  true,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := readKey(keyFile)
			if err != nil {
				return err
			}
			result, err := verify.Folder(args[0], key)
			if err != nil {
				return err
			}
			if err := write(cmd.OutOrStdout(), result, asJSON); err != nil {
				return err
			}
			if len(result.Refusals) > 0 {
				return errRefused
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&keyFile, "key", "", "`file` with the public key, in PEM, of who is trusted to release: ed25519, or ECDSA on P-256")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write the result as JSON")
	cmd.MarkFlagFilename("key", "pem", "pub")
	return cmd
}

func readKey(file string) (*attestation.PublicKey, error) {
	if file == "" {
		return nil, nil
	}
	text, err := bounded.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--key: %w", err)
	}
	key, err := attestation.ParsePublicKey(text)
	if err != nil {
		return nil, fmt.Errorf("--key %s: %w", file, err)
	}
	return key, nil
}

func write(w io.Writer, r *verify.Result, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	_, err := io.WriteString(w, r.Text())
	return err
}
