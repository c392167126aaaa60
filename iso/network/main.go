// Command network brings the network up on the live system, in the background of its boot: DHCP
// on every physical Ethernet interface, but for what is said of some, in the words of package
// core/link: behind bee.network= on the kernel's command line, which may stand there several times,
// or in /run/bee/network, a line each. The lines take the place of words that have an interface in
// common with them. bee.yaml's come there, and the console's.
//
// It stays, for interfaces that show up later, and for lines that change: a link that is not there
// any more is taken down, a new one is set up. What it says goes to the log of bee-network; what
// is wrong with a word or line to every console, too.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"bee/core/kmsg"
	"bee/core/printable"
)

func main() {
	if len(os.Args) != 1 {
		fmt.Fprintln(os.Stderr, "network takes no arguments: the kernel's command line has bee.network=")
		os.Exit(2)
	}
	n := network{system: system{}, root: "/", say: say, wrong: func(err error) {
		say("%v", err)
		kmsg.Say("%v", err)
	}}
	n.readCommandLine()
	for began := time.Now(); ; {
		n.look()
		// drivers are loaded while services start
		pause := 5 * time.Second
		if time.Since(began) < 2*time.Minute {
			pause = time.Second / 2
		}
		time.Sleep(pause)
	}
}

func say(format string, args ...any) {
	fmt.Println("network: " + printable.Again(fmt.Sprintf(format, args...)))
}

// system runs programs.
type system struct{}

// run runs a program to its end; environment is added to its own.
func (system) run(environment []string, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), environment...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.Join(strings.Fields(string(out)), " "))
	}
	return nil
}

// start starts a program that stays.
func (system) start(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	go cmd.Wait()
	return nil
}
