// Package unknown words the mistake in the name of a command.
package unknown

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Command says of the arguments of a program that has commands and does something
// without one, too, that there is no such command, and which is meant. It is a
// [cobra.PositionalArgs]; cobra itself suggests none where a program has such.
func Command(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2
	message := fmt.Sprintf("unknown command %q", args[0])
	if meant := cmd.SuggestionsFor(args[0]); len(meant) > 0 {
		message += fmt.Sprintf("; did you mean %s?", strings.Join(meant, " or "))
	}
	return errors.New(message)
}
