// Command live is the first process of a machine that boots bee: it finds the medium that was
// booted, or fetches what is on it, lays its layers over each other, and hands over to the init
// of the result.
//
// On the base debian it is the init of an initramfs, which the layers take the place of. On the
// base alpine it starts when Alpine's initramfs has installed the packages into memory, and the
// layers lie over those.
//
// The medium is the one with /live/ID, where ID is bee.id of the kernel's command line. Its
// layers are /live/NN-name.squashfs, the lowest first by name; /etc/bee/layers says which there
// have to be, with their digests. That file comes with the initramfs, as this program does:
// no disk of the machine can take their place. One that has the ID and other layers is passed
// over, and told, as is what a disk has for Alpine's initramfs, an overlay of its own.
//
// More words of the command line:
//
//	bee.check      the whole medium is compared with the digest that it has of itself
//	bee.toram      the layers are copied into memory, and the medium is let go of
//	bee.fetch=URL  the layers are those of URL/live/, and there is no medium
//
// It says what it does to the kernel's log, which goes to every console. Where it cannot go
// on, it says why, and leaves a shell; leaving that tries again.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"bee/core/kmsg"
	"bee/core/layers"
)

// initramfs tells whether this is the init of an initramfs, which all else is over: the kernel
// names that so.
var initramfs = os.Args[0] == "/init"

func main() {
	if len(os.Args) > 2 {
		switch os.Args[1] {
		case probe:
			runProbe(os.Args[2:])
			return
		case watch:
			runWatch(os.Args[2:])
			return
		}
	}
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "live starts a machine: it is for the kernel's command line, as init=")
		os.Exit(2)
	}
	for {
		err := start()
		kmsg.Say("%v", err)
		rescue()
	}
}

// start comes back only with an error.
func start() error {
	if err := prepare(); err != nil {
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
	asked, err := parseWords(string(command))
	if err != nil {
		return err
	}
	from, err := find(asked, all)
	if err != nil {
		return err
	}
	if err := stack(from); err != nil {
		return err
	}
	if err := try(); err != nil {
		return err
	}
	return handOver()
}

// source is where layers are read from.
type source struct {
	folder string
	layers []layers.Layer
}

// find finds the layers, and does what is asked with the medium.
func find(asked words, all []layers.Layer) (source, error) {
	if asked.fetch != "" {
		return fetch(asked.fetch, all)
	}
	medium, err := findMedium(asked.id, all)
	if err != nil {
		return source{}, err
	}
	if asked.check {
		if err := medium.check(all); err != nil {
			return source{}, err
		}
	}
	if asked.toram {
		from, err := medium.toRAM(all)
		if !errors.Is(err, errNoRoom) {
			return from, err
		}
		kmsg.Say("the medium has to stay: %v", err)
	}
	return source{medium.folder(), all}, nil
}

const initProgram = "/sbin/init"

// try starts a shell in the system, before that gets what is left to lose: where the medium is so
// damaged that nothing would start, it is time to say so.
func try() error {
	shell := exec.Command("/bin/sh", "-c", `cat "$0" >/dev/null`, initProgram)
	shell.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	if out, err := shell.CombinedOutput(); err != nil {
		return fmt.Errorf("the system of the layers does not work: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// handOver starts the system whose root is at the folder root.
func handOver() error {
	if err := moveMounts(); err != nil {
		return err
	}
	program, args := initProgram, []string{initProgram}
	if initramfs {
		// which takes away, too, what is in the initramfs
		program, args = "/bin/switch_root", []string{"switch_root", root, initProgram}
	} else if err := pivot(); err != nil {
		return err
	}
	return fmt.Errorf("%s does not start: %w", initProgram, unix.Exec(program, args, os.Environ()))
}
