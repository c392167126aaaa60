// Package act does what people choose on the console, by the programs that scripts call, too.
package act

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"bee/core/burnin"
	"bee/core/link"
	"bee/core/outfile"
	"bee/core/printable"
)

// BurnIn is what GPUs are to be burned in, and how.
type BurnIn struct {
	// GPUs by their PCI addresses; none are all.
	GPUs []string
	Time time.Duration
}

// System is the machine that the console runs on.
type System struct {
	// Root is the folder of the file system.
	Root string
}

// StartBurnIn starts bee-burn, which goes on when the console is left.
func (s System) StartBurnIn(b BurnIn) error {
	args := []string{"bee-burn", "--live", "--time", b.Time.String()}
	if len(b.GPUs) > 0 {
		args = append(args, "--gpus", strings.Join(b.GPUs, ","))
	}
	return s.startBurnIn(args...)
}

// StopBurnIn has the burn-in of that process end and write its report.
func (s System) StopBurnIn(pid int) error {
	if pid < 2 { // of none, or of a group
		return fmt.Errorf("%d is no process of a burn-in", pid)
	}
	return syscall.Kill(pid, syscall.SIGTERM)
}

// SetNetwork has the network be as the lines say, in the words of bee.network=.
func (s System) SetNetwork(lines []string) error {
	file := filepath.Join(s.Root, link.File)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return outfile.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"))
}

// NewPassword gives root and bee a new random password, as at the start.
func (s System) NewPassword() error {
	return run(filepath.Join(s.Root, "usr/local/lib/bee/ssh-access"), "new-password")
}

// SendResults has the results sent once more.
func (s System) SendResults() error { return run("bee-results", "send") }

// Restart starts the machine again.
func (s System) Restart() error { return run("reboot") }

// PowerOff turns the machine off.
func (s System) PowerOff() error { return run("poweroff") }

// run runs a program to its end.
func run(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if words := strings.Fields(string(out)); err != nil && len(words) > 0 {
		err = fmt.Errorf("%w: %s", err, printable.Again(strings.Join(words, " ")))
	}
	return missing(err)
}

// startBurnIn starts a burn-in that stays when the console ends, with what it prints in a file.
func (s System) startBurnIn(args ...string) error {
	file, err := burnin.Create(s.Root)
	if err != nil {
		return err
	}
	defer file.Close()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = file, file
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return missing(err)
	}
	go cmd.Wait() // else it stays as a zombie
	return nil
}

// missing says of a program that is not there what that means.
func missing(err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%w: this ISO was built without it", err)
	}
	return err
}
