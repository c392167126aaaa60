// Package steps is how far a machine is with what bee.yaml says: the service bee-unattended
// writes it, and others show it.
package steps

import "time"

// File is where a live system has it, in JSON.
const File = "/run/bee/unattended.json"

// Progress is how far it is.
type Progress struct {
	// Step is the one that is done now; empty at the end.
	Step  string    `json:"step"`
	Since time.Time `json:"since"`
	Done  []Outcome `json:"done"`
}

// Outcome is what came of a step.
type Outcome struct {
	Step string `json:"step"`
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}
