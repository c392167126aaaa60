package machine

import (
	"bytes"
	"sync"
)

const (
	// share is what the output of a tool may take up in any case: more than most
	// print about a real machine.
	share = 256 << 10
	// maxStdout is far above what any tool prints about a real machine.
	maxStdout = 4 << 20
	// maxOutputs is what all outputs together may take up beyond their shares. A
	// live system lives in memory, and readers of an output make copies of it.
	maxOutputs = 16 << 20
)

// outputs are what the tools of one audit print to standard output. Where there
// is no room for all, the tool that prints most is cut off.
type outputs struct {
	mu      sync.Mutex
	used    int // beyond the shares
	running map[*output]bool
}

// add begins the output of a tool. kill is called when it is cut off.
func (o *outputs) add(kill func()) *output {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.running == nil {
		o.running = map[*output]bool{}
	}
	out := &output{all: o, kill: kill}
	o.running[out] = true
	return out
}

// output is what one tool prints.
type output struct {
	all  *outputs
	kill func()
	b    []byte
	cut  bool // only the first bytes are kept: what runs wild is no inventory
}

// Write takes in what the tool prints.
func (o *output) Write(p []byte) (int, error) {
	o.all.mu.Lock()
	defer o.all.mu.Unlock()
	if o.cut {
		return len(p), nil
	}
	before := o.beyond()
	o.b = append(o.b, p...)
	o.all.used += o.beyond() - before
	if len(o.b) > maxStdout {
		o.cutOff()
	}
	for o.all.used > maxOutputs && o.beyond() > 0 {
		most := o
		for other := range o.all.running {
			if !other.cut && len(other.b) > len(most.b) {
				most = other
			}
		}
		most.cutOff()
	}
	return len(p), nil
}

// beyond is how much it takes up beyond its share.
func (o *output) beyond() int { return max(0, len(o.b)-share) }

func (o *output) cutOff() {
	o.all.used -= o.beyond()
	o.b, o.cut = bytes.Clone(o.b[:share]), true
	o.kill()
}

// close returns the output, which has ended, and whether it was cut off.
func (o *output) close() ([]byte, bool) {
	o.all.mu.Lock()
	defer o.all.mu.Unlock()
	delete(o.all.running, o)
	return o.b, o.cut
}

// forget gives back the room of an output that has ended and that nobody keeps.
func (o *outputs) forget(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.used -= max(0, len(b)-share)
}
