package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing/fstest"

	"bee/audit/collect/machine"
)

// output is a machine of which nothing is kept but what one tool printed.
type output struct {
	tool string
	text []byte
	// What smartctl's text says of itself.
	device json.RawMessage
	status int
}

// openOutput opens a file of the corpus, which lies in a folder with the name of its tool.
func openOutput(corpus, name string) (output, error) {
	text, err := os.ReadFile(filepath.Join(corpus, name))
	if err != nil {
		return output{}, fmt.Errorf("BEE_CORPUS: %w", err)
	}
	tool, _, _ := strings.Cut(name, "/")
	o := output{tool: tool, text: text}
	switch tool {
	case "dmidecode", "nvidia-smi":
	case "smartctl":
		var answer struct {
			Device   json.RawMessage
			Smartctl struct {
				ExitStatus int `json:"exit_status"`
			}
		}
		if err := json.Unmarshal(text, &answer); err != nil {
			return output{}, err
		}
		o.device, o.status = answer.Device, answer.Smartctl.ExitStatus
	default:
		return output{}, fmt.Errorf("%s is no tool of whose output alone a machine can be made; those are dmidecode, nvidia-smi, smartctl", tool)
	}
	return o, nil
}

// Has implements [machine.Machine]. Without lsblk, drives are not looked for.
func (o output) Has(tool string) bool {
	return tool == o.tool || tool == "lsblk" && o.tool == "smartctl"
}

// Files implements [machine.Machine].
func (o output) Files() fs.FS { return fstest.MapFS{} }

// Run implements [machine.Machine].
func (o output) Run(_ context.Context, c machine.Command) machine.Result {
	r := machine.Result{Command: c}
	switch {
	case c.Tool == "dmidecode", // whatever types it is asked for: a reader has to pick them
		c.Tool == "nvidia-smi" && slices.Equal(c.Args, []string{"-q", "-x"}):
		r.Stdout = o.text
	case c.Tool == "nvidia-smi" && slices.Contains(c.Args, "nvlink"): // no links
	case c.Tool == "lsblk":
		r.Stdout = []byte(`{"blockdevices": []}`)
	case c.Tool == "smartctl" && slices.Contains(c.Args, "--scan"):
		r.Stdout = fmt.Appendf(nil, `{"devices": [%s]}`, o.device)
	case c.Tool == "smartctl":
		r.Stdout = o.text
		if o.status != 0 {
			r.Err = &machine.ExitError{Status: o.status}
		}
	default:
		r.Err = errors.New("what it prints then is not in the corpus")
	}
	return r
}
