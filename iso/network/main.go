// Command network brings the network up on the live system, in the background of its boot: DHCP
// on every physical Ethernet interface, but for what the kernel's command line says of some.
//
//	bee.network=LINK[,dhcp][,ADDRESS/LENGTH...][,gateway=ADDRESS][,dns=ADDRESS...][,mode=MODE]
//
// LINK is an interface, by its name or its MAC address; several that are joined by "+" are a
// bond, of the mode active-backup, or the one that mode says, such as 802.3ad. ".NUMBER" behind
// it is a VLAN on it. Without an address there is DHCP.
//
//	bee.network=eth0,192.0.2.10/24,gateway=192.0.2.1,dns=192.0.2.53
//	bee.network=52:54:00:be:e0:01.117
//	bee.network=eth0+eth1.117,mode=802.3ad
//
// It stays, for interfaces that show up later. What it says goes to the log of bee-network; what
// is wrong with the command line to every console, too.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"bee/core/printable"
)

func main() {
	if len(os.Args) != 1 {
		fmt.Fprintln(os.Stderr, "network takes no arguments: the kernel's command line has bee.network=")
		os.Exit(2)
	}
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		say("the kernel's command line is unknown: %v", err)
	}
	links, wrong := parse(string(line))
	for _, err := range wrong {
		say("%v", err)
		tellConsoles(err)
	}
	n := network{system: system{}, links: links, root: "/", say: say}
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

// tellConsoles writes to the kernel's log, at a level that "quiet" does not hide.
func tellConsoles(err error) {
	if log, open := os.OpenFile("/dev/kmsg", os.O_WRONLY, 0); open == nil {
		fmt.Fprintf(log, "<3>bee: %s\n", printable.Again(err.Error()))
		log.Close()
	}
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
