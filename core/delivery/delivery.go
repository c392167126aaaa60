// Package delivery is what came of delivering a machine's results: bee-results writes it, and
// others show it.
package delivery

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"bee/core/bounded"
	"bee/core/outfile"
)

// File is where a live system has it: a list in JSON, a [Delivery] for each target.
const File = "/run/bee/results.json"

// State is how far a delivery is.
type State string

const (
	// Delivered is all that there was at that time.
	Delivered State = "delivered"
	// Waiting is what is tried again, in the background.
	Waiting State = "waiting"
	// Failed is what is not tried again before somebody asks for it.
	Failed State = "failed"
)

// Delivery is the last one to a target.
type Delivery struct {
	// Target is a partition's device file, or a URL.
	Target string `json:"target"`
	State  State  `json:"state"`
	// At is when that was, by the machine's clock.
	At time.Time `json:"at"`
	// Error is why it is not delivered, or not all of it.
	Error string `json:"error,omitempty"`
	// Folder is the name of the one that the files are in, there.
	Folder string `json:"folder,omitempty"`
	// Sent has the digests of the files that a server got into it, by their names.
	Sent map[string]string `json:"sent,omitempty"`
}

// List is the last delivery to each target, in the order in which they were first tried.
type List []Delivery

// Read reads a list. One that is not there is empty.
func Read(file string) (List, error) {
	text, err := bounded.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list List
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return list, nil
}

// Write writes a list.
func (l List) Write(file string) error {
	if l == nil {
		l = List{} // not null
	}
	text, err := json.MarshalIndent(l, "", "\t")
	if err != nil {
		return err
	}
	return outfile.WriteFile(file, append(text, '\n'))
}

// To returns the delivery to a target; without one, its state is empty.
func (l List) To(target string) Delivery {
	if i := l.index(target); i >= 0 {
		return l[i]
	}
	return Delivery{Target: target}
}

// Set takes a delivery in the place of the one before to the same target.
func (l *List) Set(d Delivery) {
	if i := l.index(d.Target); i >= 0 {
		(*l)[i] = d
		return
	}
	*l = append(*l, d)
}

func (l List) index(target string) int {
	return slices.IndexFunc(l, func(d Delivery) bool { return d.Target == target })
}
