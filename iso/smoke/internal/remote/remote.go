// Package remote runs shell scripts as root on the machine under test, over SSH
// or, where there is no network, over its serial console.
package remote

import (
	"context"
	"fmt"
	"strings"
)

// Shell is a way to run scripts on a machine.
type Shell interface {
	// Run runs a script of the POSIX shell with arguments. It returns what the
	// script printed and its exit status; the error says that the way to the
	// machine failed, or why ctx ended.
	Run(ctx context.Context, script string, args ...string) (output string, status int, err error)
}

// maxOutput is how much a script may print, in bytes: the audit's report, which is the
// longest, has a fiftieth.
const maxOutput = 16 << 20

var errTooLong = fmt.Errorf("the script printed more than %d MiB", maxOutput>>20)

// quote makes words safe for a shell.
func quote(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}
