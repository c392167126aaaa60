package main

import (
	"time"

	"bee/core/kmsg"
)

// often is how often a person hears of work that goes on.
const often = 10 * time.Second

// progress tells, every now and then, how far something is.
type progress struct {
	what string
	done int64
	told time.Time
}

// Write counts what is read or written.
func (p *progress) Write(data []byte) (int, error) {
	p.add(p.done+int64(len(data)), 0)
	return len(data), nil
}

// add is told how many bytes are done, and of how many, if that is known.
func (p *progress) add(done, all int64) {
	p.done = done
	if p.told.IsZero() {
		p.told = time.Now() // what is quick need not be told of
	}
	if time.Since(p.told) < often {
		return
	}
	p.told = time.Now()
	if all > 0 {
		kmsg.Say("%s: %d of %d MB", p.what, done/1e6, all/1e6)
		return
	}
	kmsg.Say("%s: %d MB", p.what, done/1e6)
}
