// Command bench measures bee: its builds, its ISO, its boot, its audit.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"bee/bench/internal/engine"
	"bee/bench/internal/history"
	"bee/bench/internal/host"
	"bee/bench/internal/part"
	"bee/bench/internal/result"
	"bee/bench/internal/table"
	"bee/bench/internal/worktree"
	"bee/core/beerelease"
	"bee/core/claim"
	"bee/core/manifest"
	"bee/core/outfile"
	"bee/core/printable"
)

// Where results go, below the top of the repository.
const (
	resultFile   = "dist/bench.json"
	historyFile  = "bench/history.jsonl"
	manifestFile = "dist/bee.iso.manifest.json"
)

// Exit statuses. Their texts are in the long help.
const (
	exitInput   = 2
	exitMissing = 3
)

// errMissing says that a part could not be measured; the table has the reason.
var errMissing = errors.New("not all was measured")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand(part.All()).ExecuteContext(ctx)
	stop()
	os.Exit(exitStatus(err, os.Stderr))
}

func exitStatus(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "bench: %s\n", printable.Lines(err.Error()))
	if errors.Is(err, errMissing) {
		return exitMissing
	}
	return exitInput
}

func newCommand(kinds []part.Kind) *cobra.Command {
	var names, about []string
	for _, kind := range kinds {
		names = append(names, kind.Name)
		about = append(about, fmt.Sprintf("  %-6s %s", kind.Name, kind.About))
	}
	var only []string
	var record bool
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure bee's builds, ISO, boot and audit",
		Long: `bench measures bee on this machine, prints a table, and writes the same as JSON to
` + resultFile + `. It is run from the top of the repository, by "make bench".

Parts:
` + strings.Join(about, "\n") + `

It changes no file of yours: the changed build is one of a copy. A part that cannot be
measured (there is no ISO, or no engine) says why, in its place in the table, and the
others go on. Where lshw and inxi are installed, what they take stands beside what audit
takes; that is fair as root only.

A figure with "X to Y" is the median of several runs, of which these are the least and
the most. A ratio in brackets is the figure divided by the one before the brackets: less
than 1 is less time, or less space. "before" is what ` + historyFile + ` has as the
last of the kind; times have to be those of a machine like this.

Exit status:
  0  all that was asked for was measured
  2  it could not begin, or its result could not be written or recorded
  3  a part could not be measured; the others were`,
		Example: `  make bench
  make bench ARGS="--only iso,audit"
  make bench ARGS=--record`,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			chosen, err := choose(kinds, only)
			if err != nil {
				return err
			}
			return run(cmd, chosen, record)
		},
	}
	cmd.Flags().StringSliceVar(&only, "only", names, "`parts` to measure, separated by commas")
	cmd.Flags().BoolVar(&record, "record", false, "add the result to "+historyFile+", for a commit whose ISO is in dist")
	cmd.RegisterFlagCompletionFunc("only", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// choose takes the parts of these names, in their usual order.
func choose(kinds []part.Kind, names []string) ([]part.Kind, error) {
	asked := map[string]bool{}
	for _, name := range names {
		asked[name] = true
	}
	var chosen []part.Kind
	var all []string
	for _, kind := range kinds {
		if asked[kind.Name] {
			chosen = append(chosen, kind)
		}
		all = append(all, kind.Name)
		delete(asked, kind.Name)
	}
	for _, name := range names {
		if asked[name] {
			return nil, fmt.Errorf("--only: %q is no part; they are %s", name, strings.Join(all, ", "))
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("--only: it names no part; they are %s", strings.Join(all, ", "))
	}
	return chosen, nil
}

// run measures in the repository whose top is the working directory.
func run(cmd *cobra.Command, kinds []part.Kind, record bool) error {
	ctx, stderr := cmd.Context(), cmd.ErrOrStderr()
	top, err := os.Getwd()
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(top, "bench")); err != nil {
		return fmt.Errorf("%s is not the top of bee's repository: %w", top, err)
	}
	release, err := worktree.Head(ctx, top)
	if err != nil {
		return err
	}
	before, err := history.Read(filepath.Join(top, historyFile))
	if err != nil {
		return err
	}
	if record { // before the work, which takes long
		if err := recordable(before, release, kinds, filepath.Join(top, manifestFile)); err != nil {
			return fmt.Errorf("--record: %w", err)
		}
	}
	r := &result.Result{SchemaVersion: result.SchemaVersion, Version: release.Version()}
	if r.Machine, err = host.Machine(); err != nil {
		return err
	}
	if r.Parts, err = measure(ctx, stderr, kinds, top, r.Machine); err != nil {
		return err
	}
	if err := write(filepath.Join(top, resultFile), r); err != nil {
		return err
	}
	if err := table.Write(cmd.OutOrStdout(), r, before); err != nil {
		return err
	}
	if missing := r.Missing(); len(missing) > 0 {
		err := fmt.Errorf("%w: see %s", errMissing, strings.Join(missing, ", "))
		if record {
			err = fmt.Errorf("%w; nothing was recorded", err)
		}
		return err
	}
	if record {
		return history.Append(filepath.Join(top, historyFile), r)
	}
	return nil
}

// recordable says why what is measured could not be recorded for a commit.
func recordable(h history.History, release beerelease.Release, kinds []part.Kind, file string) error {
	if err := h.Recordable(release.Version()); err != nil {
		return err
	}
	for _, kind := range kinds {
		if !kind.OfISO {
			continue
		}
		m, err := manifest.Read(file)
		if err != nil {
			return fmt.Errorf("%w: make build makes it", err)
		}
		if got := m.Release["BEE_COMMIT"]; got != release.Commit {
			return fmt.Errorf("%s is of commit %s, not of %s: make build makes it anew", manifestFile, got, release.Commit)
		}
	}
	return nil
}

// measure measures parts, with a folder for them that is gone afterwards.
func measure(ctx context.Context, stderr io.Writer, kinds []part.Kind, top string, on result.Machine) (parts []result.Part, err error) {
	scratch, err := os.MkdirTemp("", "bee-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	progress := func(format string, args ...any) { fmt.Fprintf(stderr, format+"\n", args...) }
	b := &part.Bench{
		Top: top, Scratch: scratch, Machine: on, Progress: progress,
		Engine: sync.OnceValues(func() (part.Engine, error) {
			progress("making sure of a Dagger engine")
			return engine.Ensure(ctx, top, func(other claim.Claim) { progress("waiting for %s", other) })
		}),
		Copy: sync.OnceValues(func() (string, error) {
			copied := filepath.Join(scratch, "bee")
			return copied, worktree.Copy(ctx, top, copied)
		}),
	}
	for _, kind := range kinds {
		parts = append(parts, kind.Measure(ctx, b))
		if ctx.Err() != nil {
			return nil, errors.New("interrupted: nothing was written")
		}
	}
	return parts, nil
}

// write gives the file its name when it is whole.
func write(path string, r *result.Result) error {
	data, err := r.Indented()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return outfile.WriteFile(path, data)
}
