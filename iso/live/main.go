// Command live is the first process of a system whose packages an initramfs has installed
// into memory: it finds the medium that was booted, lays its layers over that system, and
// hands over to the init of the result.
//
// The medium is the one with /live/ID, where ID is bee.id of the kernel's command line. Its
// layers are /live/NN-name.squashfs, the lowest first by name; /etc/bee/layers says which there
// have to be, with their digests. That file comes with the initramfs, as this program does:
// no disk of the machine can take their place. One that has the ID and other layers is passed
// over, and told, as is what a disk has for Alpine's initramfs, an overlay of its own.
//
// It says what it does to the kernel's log, which goes to every console. Where it cannot go
// on, it says why, and leaves a shell; leaving that tries again.
package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"bee/core/layers"
)

func main() {
	if len(os.Args) == 5 && os.Args[1] == probe {
		runProbe(os.Args[2], os.Args[3], os.Args[4])
		return
	}
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "live starts a machine: it is for the kernel's command line, as init=")
		os.Exit(2)
	}
	for {
		err := start()
		say("%v", err)
		rescue()
	}
}

// start comes back only with an error.
func start() error {
	if err := prepare(); err != nil {
		return err
	}
	if err := complete(); err != nil {
		return err
	}
	list, err := os.ReadFile("/" + layers.File)
	if err != nil {
		return err
	}
	all, err := layers.Parse("/"+layers.File, string(list))
	if err != nil {
		return err
	}
	command, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	id, err := bootID(string(command))
	if err != nil {
		return err
	}
	for _, overlay := range foreignOverlays() {
		say("%s is passed over: an overlay of another system", overlay)
	}
	folder, err := findMedium(id, all)
	if err != nil {
		return err
	}
	if err := stack(folder, all); err != nil {
		return err
	}
	return fmt.Errorf("%s does not start: %w", initProgram, unix.Exec(initProgram, []string{initProgram}, os.Environ()))
}
