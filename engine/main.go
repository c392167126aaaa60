// Command engine gives bee a Dagger engine on any machine.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"

	"bee/core/printable"
	"bee/engine/internal/layout"
	"bee/engine/internal/sandbox"
	"bee/engine/internal/supervise"
)

func main() { os.Exit(exitStatus(run(), os.Stderr)) }

func run() error {
	// The two inner halves of this program, see their packages.
	if len(os.Args) == 3 {
		switch os.Args[1] {
		case sandbox.Argument:
			return sandbox.Enter(os.Args[2])
		case supervise.Argument:
			return supervise.Supervise(layout.Layout(os.Args[2]))
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	defer stop()
	return command().ExecuteContext(ctx)
}

func exitStatus(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "engine: %s\n", printable.Lines(err.Error()))
	return 1
}
