// Package burnin is how a burn-in goes while it does: what "bee-burn --live" prints and the text
// console shows.
package burnin

import (
	"errors"
	"os"
	"path/filepath"
)

// File is where the burn-in that was started last prints on a live system.
const File = "/run/bee/burn"

// Create makes the file anew: one that is still written to belongs to another burn-in, and whoever
// reads it knows it by another one. root is the folder of the file system.
func Create(root string) (*os.File, error) {
	path := filepath.Join(root, File)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
}

// Line is a line of JSON: the first one at once, then one each time nvidia-smi was asked.
type Line struct {
	// Process of bee-burn, which ends the burn-in on SIGTERM.
	PID int `json:"pid"`
	// How long the GPUs are to calculate.
	TimeSeconds float64 `json:"time_seconds"`
	// Since bee-burn began, and since the GPUs began to calculate: 0 before that.
	ElapsedSeconds float64 `json:"elapsed_seconds"`
	BurningSeconds float64 `json:"burning_seconds"`
	Stage          Stage   `json:"stage"`
	// Why nvidia-smi did not answer.
	Error string `json:"error,omitempty"`
	// The GPUs as nvidia-smi told of them. Absent where it did not answer.
	GPUs []GPU `json:"gpus,omitempty"`
}

// Stage is what goes on.
type Stage string

// The stages, in order: memory and links are tested, gpu_burn sets the GPUs up, they calculate,
// gpu_burn ends.
const (
	Testing   Stage = "testing"
	SettingUp Stage = "setting_up"
	Burning   Stage = "burning"
	Ending    Stage = "ending"
)

// GPU is how one does. What is not known is absent, or 0.
type GPU struct {
	// nvidia-smi's number of it before the burn-in.
	Index   int      `json:"index"`
	Celsius *int64   `json:"celsius,omitempty"`
	Watts   *float64 `json:"watts,omitempty"`
	SMMHz   *uint64  `json:"sm_mhz,omitempty"`
	Gflops  float64  `json:"gflops"`
	// Wrong results that gpu_burn counted.
	Errors uint64 `json:"errors"`
}
