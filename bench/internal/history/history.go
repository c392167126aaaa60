// Package history keeps the curve by commit: history.jsonl, with the result of one run of
// the bench in each line, the newest last.
package history

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"bee/bench/internal/result"
	"bee/core/outfile"
)

// History is what is recorded, the newest last.
type History []*result.Result

// Read reads a file. One that is not there has nothing in it.
func Read(path string) (History, error) {
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var h History
	number := 0
	for line := range bytes.Lines(data) {
		number++
		r, err := result.Parse(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w; mend the line, or take it out", path, number, err)
		}
		h = append(h, r)
	}
	return h, nil
}

// Recordable says why a run of a version could not be recorded.
func (h History) Recordable(version string) error {
	if strings.HasSuffix(version, "-dirty") {
		return fmt.Errorf("%s is no commit: commit what has changed, then record", version)
	}
	for _, r := range h {
		if r.Version == version {
			return fmt.Errorf("%s is recorded already: take its line out to record it again", version)
		}
	}
	return nil
}

// Append adds a result to a file, which is as it was where that fails.
func Append(path string, r *result.Result) error {
	line, err := r.Line()
	if err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(data) > 0 && !bytes.HasSuffix(data, []byte("\n")) {
		data = append(data, '\n')
	}
	return outfile.WriteFile(path, append(data, line...))
}

// Before is what was recorded last of a figure that compares with one of this part,
// measured on this machine, and by which version of bee.
func (h History) Before(on result.Machine, part result.Part, figure string) (before result.Figure, version string, found bool) {
	for i := len(h) - 1; i >= 0; i-- {
		for _, p := range h[i].Parts {
			if p.Name != part.Name || p.Of != part.Of || !part.AnyMachine && h[i].Machine != on {
				continue
			}
			for _, f := range p.Figures {
				if f.Name == figure {
					return f, h[i].Version, true
				}
			}
		}
	}
	return result.Figure{}, "", false
}
