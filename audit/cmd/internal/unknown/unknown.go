// Package unknown words the mistake in the name of a command, or of what one takes.
package unknown

import (
	"errors"
	"fmt"
	"slices"
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

// Argument says of the arguments of a command that one is none of its ValidArgs, and which
// there are. It is a [cobra.PositionalArgs].
func Argument(cmd *cobra.Command, args []string) error {
	for _, arg := range args {
		if !slices.Contains(cmd.ValidArgs, arg) {
			return fmt.Errorf("%s %q is not one of %s", cmd.Name(), arg, strings.Join(cmd.ValidArgs, ", "))
		}
	}
	return nil
}
