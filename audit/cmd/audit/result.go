package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bee/core/outfile"
)

// result is where a command writes what it makes: a file, or standard output.
type result struct {
	what   string        // for errors: report
	file   *outfile.File // nil for standard output
	stdout io.Writer
}

// openResult opens the place for a result before the work, so that it is not in
// vain. The path - is standard output; flag is the name of the flag that has it. Call close
// when done.
func openResult(cmd *cobra.Command, what, flag, path string) (*result, error) {
	r := &result{what: what, stdout: cmd.OutOrStdout()}
	if path == "-" {
		return r, nil
	}
	var err error
	if r.file, err = outfile.Create(path); err != nil {
		return nil, fmt.Errorf("cannot write the %s: %w (give another file with --%s)", what, err, flag)
	}
	return r, nil
}

func (r *result) write(content func(io.Writer) error) error {
	write := func(content func(io.Writer) error) error { return content(r.stdout) }
	if r.file != nil {
		write = r.file.Write
	}
	if err := write(content); err != nil {
		return fmt.Errorf("cannot write the %s: %w", r.what, err)
	}
	return nil
}

func (r *result) close() {
	if r.file != nil {
		r.file.Close()
	}
}
