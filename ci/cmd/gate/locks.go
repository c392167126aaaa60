package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"bee/core/lock"
	"bee/gate/internal/module"
	"bee/gate/internal/output"
	"bee/gate/internal/summary"
	"bee/gate/internal/whole"
)

// lockFile is the lock of the base alpine, below the top of the repository.
const lockFile = "iso/alpine/packages.lock"

// shownChanges of a lock are in the annotation; the summary has all.
const shownChanges = 10

func (g *gate) locksCommand() *cobra.Command {
	var kept string
	cmd := &cobra.Command{
		Use:   "locks",
		Short: "Tell whether the lock of Alpine's packages is fresh",
		Long: `locks compares iso/alpine/packages.lock with what Alpine's mirror has now. A lock
that is stale, or that is not there, is a warning. Output: fresh, true or false.`,
		Example: `  gate locks --output iso/alpine/packages.lock   # take what there is now`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			top, err := g.top()
			if err != nil {
				return err
			}
			// It is read first: --output may be the same file.
			committed, err := os.ReadFile(filepath.Join(top, lockFile))
			missing := os.IsNotExist(err)
			if err != nil && !missing {
				return err
			}
			fresh := kept
			if fresh == "" {
				folder, err := os.MkdirTemp("", "gate")
				if err != nil {
					return err
				}
				defer os.RemoveAll(folder)
				fresh = filepath.Join(folder, filepath.Base(lockFile))
			}
			if err := os.MkdirAll(filepath.Dir(fresh), 0o755); err != nil {
				return fmt.Errorf("--output: %w", err)
			}
			return g.withModule(cmd.Context(), "locks.log", nil, func(ctx context.Context, m module.Module) error {
				g.out.Group("lock")
				err := whole.File(fresh, func(file string) error {
					return m.File(ctx, module.Call{Function: "lock"}, file)
				})
				g.out.EndGroup()
				if err != nil {
					return g.failed("lock", err)
				}
				text, err := os.ReadFile(fresh)
				if err != nil {
					return err
				}
				if missing {
					g.noLock()
					return nil
				}
				return g.compareLocks(string(committed), string(text))
			})
		},
	}
	cmd.Flags().StringVar(&kept, "output", "", "`file` for the lock as it is now")
	cmd.MarkFlagFilename("output", "lock")
	return cmd
}

func (g *gate) noLock() {
	g.out.Set("fresh", "false")
	g.out.Warning(output.Annotation{Title: "no lock", Message: lockFile + " is not in the repository; make one, and commit it: gate locks --output " + lockFile})
	g.out.Summary(summary.Line("STALE", lockFile+" is not in the repository"))
}

// sentence says a difference in the words of a report; its own are those of a list, one
// kind of differences in a column.
func sentence(d lock.Difference) string {
	switch d.Kind {
	case lock.New:
		return fmt.Sprintf("%s %s is new", d.Name, d.Now.Version)
	case lock.Gone:
		return fmt.Sprintf("%s %s is gone", d.Name, d.Locked.Version)
	case lock.Rebuilt:
		return fmt.Sprintf("%s %s was built anew", d.Name, d.Locked.Version)
	default:
		return fmt.Sprintf("%s %s is now %s", d.Name, d.Locked.Version, d.Now.Version)
	}
}

func (g *gate) compareLocks(committed, fresh string) error {
	was, err := lock.Parse(lockFile, committed)
	if err != nil {
		return err
	}
	is, err := lock.Parse("the lock as it is now", fresh)
	if err != nil {
		return err
	}
	var changes []string
	for _, d := range lock.Compare(was, is) {
		changes = append(changes, sentence(d))
	}
	g.out.Set("fresh", strconv.FormatBool(len(changes) == 0))
	if len(changes) == 0 {
		g.out.Summary(summary.Line("PASS", lockFile+" is fresh"))
		return nil
	}
	shown := changes
	if left := len(changes) - shownChanges; left > 0 {
		shown = append(changes[:shownChanges:shownChanges], fmt.Sprintf("and %d more", left))
	}
	g.out.Warning(output.Annotation{File: lockFile, Line: 1, Title: "stale lock", Message: strings.Join(shown, "\n")})
	g.out.Summary(summary.Line("STALE", fmt.Sprintf("%s: packages that differ: %d", lockFile, len(changes))) + "\n" + summary.List(changes))
	return nil
}
