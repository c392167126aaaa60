package unattended

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"bee/core/burnin"
	"bee/core/config"
	"bee/core/config/document"
	"bee/core/delivery"
	"bee/core/steps"
)

// Programs that do the steps.
const (
	auditProgram   = "/usr/local/bin/audit"
	burnProgram    = "/usr/local/bin/bee-burn"
	resultsProgram = "/usr/local/bin/bee-results"
)

// lastDelivery is how long the last delivery goes on where a server is not reached and the machine is
// to be restarted or powered off.
const lastDelivery = "4h"

// run does what the document says, when the audit has ended. Without one, results go where they
// always do.
func (m *machine) run(ctx context.Context) {
	c := m.document(ctx)
	p := &steps.Progress{Done: []steps.Outcome{}}
	m.deliver(ctx, p)
	if c.Baseline != "" {
		m.step(ctx, p, "baseline", func() (string, error) {
			err := m.program(ctx, nil, auditProgram, "check", "--baseline", m.path(baselineFile))
			return "the machine is what the baseline asks for", told(err, map[int]string{1: "the machine is not what the baseline asks for"})
		})
		m.deliver(ctx, p)
	}
	if c.Burn != nil {
		m.step(ctx, p, "burn", func() (string, error) {
			output, err := burnin.Create(m.root)
			if err != nil {
				return "", err
			}
			defer output.Close()
			err = m.program(ctx, output, burnProgram, burnFlags(c.Burn)...)
			return "all GPUs passed", told(err, map[int]string{1: "not all GPUs passed", 3: "nothing could be burned in"})
		})
		m.deliver(ctx, p)
	}
	if ctx.Err() == nil {
		m.then(ctx, c.Then, p)
	}
}

// document is what was found at boot, else what a server has, or a medium that came later.
func (m *machine) document(ctx context.Context) config.Config {
	text, err := os.ReadFile(m.path(config.File))
	if err == nil {
		c, _ := document.Parse(config.File, text) // it has nothing in it that is wrong
		m.zone, _ = time.LoadLocation(c.TimeZone)
		return c
	}
	var s *source
	if word := m.word(); isRemote(word) {
		s, err = m.fetch(ctx, word)
	} else {
		s, err = m.find()
	}
	if err != nil {
		m.wrong(err)
	}
	if s == nil {
		return config.Config{}
	}
	c := m.take(s)
	if len(c.Network) > 0 {
		m.wrong(fmt.Errorf("%s: network: it comes too late, as the network is up: put it onto the kernel's command line, as bee.network=", s.name))
	}
	if len(c.SSH.AuthorizedKeys) > 0 || c.SSH.PasswordHash != "" {
		for _, command := range [][]string{{"/usr/local/lib/bee/ssh-access"}, {"rc-service", "dropbear", "restart"}} {
			if err := m.program(ctx, nil, command[0], command[1:]...); err != nil {
				m.wrong(fmt.Errorf("%s: ssh: %s: %w", s.name, strings.Join(command, " "), err))
			}
		}
	}
	return c
}

// fetch tries until the server has answered, at ever longer intervals.
func (m *machine) fetch(ctx context.Context, word string) (*source, error) {
	r, err := parseRemote(word)
	if err != nil {
		return nil, nil // configure has told
	}
	said := ""
	for wait := 2 * time.Second; ctx.Err() == nil; wait = min(2*wait, time.Minute) {
		s, err := r.fetch(ctx)
		if err == nil || errors.As(err, new(refused)) {
			return s, err
		}
		if err.Error() != said {
			m.wrong(fmt.Errorf("%w; it is tried again", err))
			said = err.Error()
		}
		m.pause(ctx, wait)
	}
	return nil, nil
}

// step does one step, and notes what came of it. What fails keeps no later step from being done.
func (m *machine) step(ctx context.Context, p *steps.Progress, name string, do func() (string, error)) {
	if ctx.Err() != nil {
		return
	}
	p.Step, p.Since = name, m.now().UTC()
	m.note(p)
	m.say("%s", name)
	text, err := do()
	o := steps.Outcome{Step: name, OK: err == nil, Text: text}
	if err != nil {
		o.Text = line(err.Error())
	}
	m.say("%s: %s", name, o.Text)
	p.Step, p.Since, p.Done = "", m.now().UTC(), append(p.Done, o)
	m.note(p)
}

func (m *machine) note(p *steps.Progress) { m.write(steps.File, 0o644, m.json(p)) }

func (m *machine) deliver(ctx context.Context, p *steps.Progress, flags ...string) {
	m.step(ctx, p, "deliver", func() (string, error) {
		err := m.program(ctx, nil, resultsProgram, append([]string{"send"}, flags...)...)
		return "the results are where they have to be", told(err, map[int]string{1: "not everything is delivered: bee-results tells what"})
	})
}

// told is the error of a program, in words for the exit statuses that have some.
func told(err error, words map[int]string) error {
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && words[exit.ExitCode()] != "":
		return errors.New(words[exit.ExitCode()])
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("left out: %w: this ISO does not have the program", err)
	}
	return err
}

func burnFlags(b *config.Burn) []string {
	flags := []string{"--live"}
	if b.Time != "" {
		flags = append(flags, "--time", b.Time)
	}
	if len(b.GPUs) > 0 {
		flags = append(flags, "--gpus", strings.Join(b.GPUs, ","))
	}
	if b.Quick {
		flags = append(flags, "--quick")
	}
	return flags
}

// then ends the run: with a restart or without power, unless the results would be gone with it.
func (m *machine) then(ctx context.Context, then string, p *steps.Progress) {
	failed := slices.ContainsFunc(p.Done, func(o steps.Outcome) bool { return !o.OK })
	if failed {
		for _, o := range p.Done {
			if !o.OK {
				m.console("unattended run: %s: %s", o.Step, o.Text)
			}
		}
	}
	if then != "reboot" && then != "poweroff" {
		return
	}
	m.deliver(ctx, p, "--wait", lastDelivery)
	if m.lost() {
		m.console("unattended run: no %s, as the results are nowhere but in the memory of this machine: bee-results says why", then)
		return
	}
	m.console("unattended run: %s", then)
	m.step(ctx, p, then, func() (string, error) { return "", m.program(ctx, nil, then) })
}

// lost tells whether results were to be delivered, and were to no place.
func (m *machine) lost() bool {
	list, err := delivery.Read(m.path(delivery.File))
	return err != nil || len(list) > 0 && !slices.ContainsFunc(list, func(d delivery.Delivery) bool { return d.State == delivery.Delivered })
}
