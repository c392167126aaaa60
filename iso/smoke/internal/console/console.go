// Package console watches what a booting machine writes to its serial port: it
// keeps the text, notices how far the boot has come, and notices at once when it
// will come no further.
package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Milestone is a point of the boot that was reached.
type Milestone struct {
	Name string
	// Since the console began to be watched.
	After time.Duration
	// The line that told, empty where none did.
	Line string
}

// Console is the text that a machine wrote so far.
type Console struct {
	began    time.Time
	notify   func(Milestone)
	mu       sync.Mutex
	terminal terminal
	lineAt   int // where the line begins that is not complete
	reached  map[string]bool
	fault    string
	ended    bool
	changed  chan struct{} // closed when any of the above changes
}

const (
	// maxText is kept of what a machine writes, in bytes; a boot writes a hundredth.
	maxText = 2 << 20
	// maxLine is how far a line is waited for to end, in bytes.
	maxLine = 4096
)

// Watch begins to read a serial port. It calls notify for each milestone, once.
func Watch(serial io.Reader, notify func(Milestone)) *Console {
	c := &Console{began: time.Now(), notify: notify, reached: map[string]bool{}, changed: make(chan struct{})}
	go c.read(serial)
	return c
}

func (c *Console) read(serial io.Reader) {
	buffer := make([]byte, 4096)
	for {
		n, err := serial.Read(buffer)
		c.mu.Lock()
		var reached []Milestone
		if len(c.terminal.text) < maxText {
			c.terminal.write(buffer[:n])
			reached = c.examine()
		} else if c.fault == "" {
			c.fault = fmt.Sprintf("the serial console is flooded, by more than %d MiB", maxText>>20)
		}
		c.ended = err != nil
		close(c.changed)
		c.changed = make(chan struct{})
		c.mu.Unlock()
		for _, milestone := range reached {
			c.notify(milestone)
		}
		if err != nil {
			return
		}
	}
}

// examine reads the lines that are new, and the one that is not complete yet.
func (c *Console) examine() (reached []Milestone) {
	for {
		text, _, complete := bytes.Cut(c.terminal.text[c.lineAt:], []byte("\n"))
		line := string(text)
		for _, m := range milestones {
			if !c.reached[m.name] && m.pattern.MatchString(line) && (complete || m.prompt) {
				c.reached[m.name] = true
				reached = append(reached, Milestone{m.name, time.Since(c.began), strings.TrimSpace(line)})
			}
		}
		for _, f := range faults {
			if c.fault == "" && f.pattern.MatchString(line) && (complete || f.prompt) {
				c.fault = f.meaning + ": " + strings.TrimSpace(line)
			}
		}
		switch {
		case complete:
			c.lineAt += len(line) + 1
		case len(line) >= maxLine:
			c.lineAt += len(line)
		default:
			return reached
		}
	}
}

// Text is all that was written, without terminal control sequences.
func (c *Console) Text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.terminal.text)
}

// LastLine is the last line that is not blank, or the end of it where it is long.
func (c *Console) LastLine() string {
	const long = 200
	text := strings.TrimSpace(c.Text())
	line := strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
	return line[max(0, len(line)-long):]
}

// ErrEnded says that the serial port was closed: the machine is gone.
var ErrEnded = errors.New("the serial console ended")

// Wait returns the groups of the first match of pattern after the first from
// bytes of Text, and where the match ends.
func (c *Console) Wait(ctx context.Context, from int, pattern *regexp.Regexp) (groups []string, end int, err error) {
	for {
		c.mu.Lock()
		text, ended, changed := c.terminal.text[from:], c.ended, c.changed
		c.mu.Unlock()
		if at := pattern.FindSubmatchIndex(text); at != nil {
			for _, group := range pattern.FindSubmatch(text) {
				groups = append(groups, string(group))
			}
			return groups, from + at[1], nil
		}
		if ended {
			return nil, 0, ErrEnded
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, 0, context.Cause(ctx)
		}
	}
}

// Fault waits for a line that says that the boot has failed, and returns it
// with its meaning; an error where ctx or the console ends before.
func (c *Console) Fault(ctx context.Context) (string, error) {
	for {
		c.mu.Lock()
		fault, ended, changed := c.fault, c.ended, c.changed
		c.mu.Unlock()
		if fault != "" {
			return fault, nil
		}
		if ended {
			return "", ErrEnded
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}
