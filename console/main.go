// Command bee is the text console of the live system: see `bee --help`.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"bee/audit/show/summary"
	"bee/audit/show/terminal"
	"bee/console/act"
	"bee/console/machine"
	"bee/console/screen"
	"bee/console/serial"
	"bee/core/printable"
)

const help = `bee is the text console of bee's live system: what the machine is made of, what is wrong with
it, a burn-in of its GPUs, network, SSH access, where the results are, services and logs, restart
and power off. Left and Right lead from screen to screen, Enter to details; the last line has the
other keys. Whatever changes something asks for a word first. Esc, q or F10 leave it for the
shell, and "bee" brings it back. Ctrl-L draws all anew, on a serial line in the terminal's size.

Where TERM is dumb, or the output is no terminal, it prints the summary of the audit.
`

func main() {
	if len(os.Args) > 1 {
		if os.Args[1] != "--help" && os.Args[1] != "-h" {
			fmt.Fprintf(os.Stderr, "bee takes no arguments, not %q: see bee --help\n", os.Args[1])
			os.Exit(2)
		}
		fmt.Print(help)
		return
	}
	if err := run(&machine.Reader{Root: "/"}, act.System{Root: "/"}); err != nil {
		fmt.Fprintf(os.Stderr, "bee: %s\n", printable.Lines(err.Error()))
		os.Exit(1)
	}
}

func run(reader *machine.Reader, actions screen.Actions) error {
	if os.Getenv("TERM") == "dumb" || !term.IsTerminal(int(os.Stdin.Fd())) || !term.IsTerminal(int(os.Stdout.Fd())) {
		return write(os.Stdout, reader.Read())
	}
	// All that bee writes is UTF-8, whatever the environment says, or does not.
	os.Setenv("LC_ALL", "C.UTF-8")
	// The description of vt100 has a pause of milliseconds behind each movement of the cursor,
	// and no way to hide it; what calls itself vt100 has been a vt220 at least for long.
	if strings.HasPrefix(os.Getenv("TERM"), "vt10") {
		os.Setenv("TERM", "vt220")
	}
	var line screen.Line
	if l := serial.Of(os.Stdin); l != nil {
		line = l
	}
	return screen.New(reader, actions, line).Run()
}

// write prints what there is for a terminal that has no screen.
func write(w io.Writer, s machine.State) error {
	if s.Report == nil {
		_, err := fmt.Fprintln(w, screen.NoReport(s))
		return err
	}
	return summary.Write(w, s.Report, summary.Options{Terminal: terminal.Of(w)})
}
