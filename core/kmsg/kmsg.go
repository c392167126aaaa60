// Package kmsg writes to the kernel's log what whoever stands before the machine has to see.
package kmsg

import (
	"fmt"
	"os"
	"strings"

	"bee/core/printable"
)

// Level is that of a line of [Say]: critical, as printk counts. On bee's consoles, the kernel's
// own errors, which are one higher, do not show once there is a shell (bee-consoles).
const Level = 2

// Say writes a line that each console shows, from the kernel's start on, also of a kernel that
// was told to be quiet. Without a log, or the right to write to it, nothing is said.
func Say(format string, args ...any) {
	if log, err := os.OpenFile("/dev/kmsg", os.O_WRONLY, 0); err == nil {
		log.WriteString(record(fmt.Sprintf(format, args...)))
		log.Close()
	}
}

// record is a text as one record of the log.
func record(text string) string {
	return fmt.Sprintf("<%d>bee: %s\n", Level, printable.Again(strings.ReplaceAll(text, "\n", "; ")))
}
