// Package unattended does on the live system what bee.yaml says (package core/config), in two parts:
//
//	bee-results unattended configure  finds the document where no network is needed, and hands what it says to
//	                                  those that need it, before they start (service bee-config)
//	bee-results unattended run        fetches one that is on a server, and does the steps (bee-unattended)
//
// The document is the first that there is: the one that bee.config= of the kernel's command line
// names, bee.yaml of the medium that was booted, bee.yaml of a removable medium that is labelled
// BEE-CONFIG, /etc/bee/config.yaml of the ISO. What is wrong with it every console shows, and the
// machine goes on with what was understood.
package unattended

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bee/core/kmsg"
	"bee/core/printable"
	"bee/iso/partition"
)

// Command is what the services call.
func Command() *cobra.Command {
	m := &machine{
		root: "/", removable: partition.FindRemovable, all: partition.Find, mount: mount,
		console: kmsg.Say, program: program, now: time.Now, pause: pause,
	}
	cmd := &cobra.Command{Use: "unattended", Hidden: true}
	cmd.AddCommand(
		&cobra.Command{Use: "configure", Args: cobra.NoArgs, Run: func(*cobra.Command, []string) { m.configure() }},
		&cobra.Command{Use: "run", Args: cobra.NoArgs, Run: func(cmd *cobra.Command, _ []string) { m.run(cmd.Context()) }},
	)
	return cmd
}

// machine is the one that runs.
type machine struct {
	root string

	removable, all func(tag string) ([]partition.Partition, error)
	mount          func(partition.Partition) (*os.Root, error)
	console        func(format string, args ...any)
	// program runs one to its end; what it prints goes to a file, or, without one, to the log.
	program func(ctx context.Context, output *os.File, name string, args ...string) error
	now     func() time.Time
	pause   func(context.Context, time.Duration)

	zone *time.Location // of times that persons see
}

func (m *machine) path(name string) string { return filepath.Join(m.root, name) }

// word is what bee.config= on the kernel's command line says, the last where it is there several
// times.
func (m *machine) word() (word string) {
	line, err := os.ReadFile(m.path("/proc/cmdline"))
	if err != nil {
		m.say("%v", err)
	}
	for field := range strings.FieldsSeq(string(line)) {
		if text, ok := strings.CutPrefix(field, option); ok {
			word = text
		}
	}
	return word
}

// say writes a line to the log of the service.
func (m *machine) say(format string, args ...any) {
	now := m.now()
	if m.zone != nil {
		now = now.In(m.zone)
	}
	fmt.Printf("%s %s\n", now.Format("2006-01-02 15:04:05 MST"), line(fmt.Sprintf(format, args...)))
}

// wrong tells every console, and the audit, what is wrong with the document, or was not found of it.
// The audit's report has lines of the kernel's log that begin so, with the place up to the first
// blank.
func (m *machine) wrong(err error) {
	m.say("%v", err)
	m.console("configuration: %v", err)
}

func line(text string) string { return printable.Again(strings.ReplaceAll(text, "\n", "; ")) }

func program(ctx context.Context, output *os.File, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if output != nil {
		cmd.Stdout, cmd.Stderr = output, output
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // they end well on that
	return cmd.Run()
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
