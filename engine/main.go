// Command engine gives bee a Dagger engine on any machine.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"

	"bee/engine/internal/layout"
	"bee/engine/internal/sandbox"
	"bee/engine/internal/supervise"
)

func main() {
	// The two inner halves of this program, see their packages.
	if len(os.Args) == 3 {
		var inner error
		switch os.Args[1] {
		case sandbox.Argument:
			inner = sandbox.Enter(os.Args[2])
		case supervise.Argument:
			inner = supervise.Supervise(layout.Layout(os.Args[2]))
			if inner == nil {
				return
			}
		}
		if inner != nil {
			fail(inner)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "engine:", err)
	os.Exit(1)
}
