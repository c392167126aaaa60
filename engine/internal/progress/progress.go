// Package progress prints what goes on, with the time since the start.
package progress

import (
	"fmt"
	"os"
	"time"

	"bee/core/printable"
)

var start = time.Now()

// Printf writes one line to the standard error.
func Printf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "[%5.1fs] %s\n", time.Since(start).Seconds(), printable.Lines(fmt.Sprintf(format, args...)))
}

// Step announces work and returns a function that tells how long it took.
// Call that only when the work is done; a failure speaks for itself.
func Step(format string, args ...any) (done func()) {
	name := fmt.Sprintf(format, args...)
	began := time.Now()
	Printf("%s ...", name)
	return func() { Printf("%s: done in %.0f s", name, time.Since(began).Seconds()) }
}
