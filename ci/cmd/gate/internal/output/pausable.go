package output

import (
	"bytes"
	"io"
)

// Pausable writes to a terminal that another program has for itself at times: what is
// written meanwhile is kept for later.
type Pausable struct {
	To     io.Writer
	kept   bytes.Buffer
	paused bool
}

func (p *Pausable) Write(data []byte) (int, error) {
	if p.paused {
		return p.kept.Write(data)
	}
	return p.To.Write(data)
}

// Pause keeps what is written from now on.
func (p *Pausable) Pause() { p.paused = true }

// Resume writes what was kept.
func (p *Pausable) Resume() {
	p.paused = false
	p.kept.WriteTo(p.To)
}
