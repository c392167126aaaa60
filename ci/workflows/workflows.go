// Package workflows reads the workflows of GitHub Actions, so that what they run can be
// tested without GitHub.
package workflows

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Step is a step that runs a command.
type Step struct {
	// Workflow is its file's name, Job the key of its job.
	Workflow, Job string
	Name          string
	Run           string
	// Env is that of the workflow, the job and the step, the nearest one wins.
	// Expressions, such as ${{ matrix.name }}, are as they are in the file.
	Env map[string]string
}

// Steps reads the steps of a workflow's file that run a command, the jobs sorted by key.
func Steps(file string) ([]Step, error) {
	w, err := read(file)
	if err != nil {
		return nil, err
	}
	var steps []Step
	for _, key := range slices.Sorted(maps.Keys(w.Jobs)) {
		job := w.Jobs[key]
		for _, s := range job.Steps {
			if s.Run == "" {
				continue
			}
			env := map[string]string{}
			for _, level := range []map[string]string{w.Env, job.Env, s.Env} {
				maps.Copy(env, level)
			}
			steps = append(steps, Step{filepath.Base(file), key, s.Name, s.Run, env})
		}
	}
	return steps, nil
}

// workflow is what is read of a file. A key that is not here is an error, so that
// nothing that matters is passed over.
type workflow struct {
	Name        string
	On          any
	Permissions permissions
	Concurrency *struct {
		Group  string
		Cancel any `yaml:"cancel-in-progress"`
	}
	Env  map[string]string
	Jobs map[string]job
}

type job struct {
	Name        string
	Needs       any
	If          string
	RunsOn      string `yaml:"runs-on"`
	Timeout     int    `yaml:"timeout-minutes"`
	Permissions permissions
	Strategy    any
	Env         map[string]string
	Outputs     map[string]string
	Steps       []step
}

type step struct {
	Name, ID, If, Uses, Run string
	ContinueOnError         bool `yaml:"continue-on-error"`
	With                    map[string]string
	Env                     map[string]string
}

// permissions are by scope: read, write or none. The words that stand for all scopes,
// read-all and write-all, are errors.
type permissions map[string]string

func read(file string) (*workflow, error) {
	var w workflow
	return &w, decode(file, &w)
}

func decode(file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
