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
	"bee/core/outfile"
	"bee/gate/internal/module"
	"bee/gate/internal/output"
	"bee/gate/internal/summary"
	"bee/gate/internal/whole"
)

// lockFile is the lock of a base, below the top of the repository.
func lockFile(base string) string { return "iso/" + base + "/packages.lock" }

// shownChanges of a lock are in the annotation; the summary has all.
const shownChanges = 10

func (g *gate) locksCommand() *cobra.Command {
	var base, kept, changes string
	cmd := &cobra.Command{
		Use:   "locks",
		Short: "Tell whether the lock of a base's packages is fresh",
		Long: `locks compares the lock of a base, iso/BASE/packages.lock, with what its mirror has
now. A lock that is stale, or that is not there, is a warning. Output: fresh, true or
false.

--output takes the lock as it is now, --changes what is another one in it, in words, for
whoever is to commit it: that file is written only where the lock is not fresh.`,
		Example: `  gate locks --base debian --output iso/debian/packages.lock   # take what there is now`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			top, err := g.top()
			if err != nil {
				return err
			}
			base, err := g.baseOr(base)
			if err != nil {
				return err
			}
			lockFile := lockFile(base)
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
			return g.withModule(cmd.Context(), "locks.log", module.Arguments{"base": base}, func(ctx context.Context, m module.Module) error {
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
				var said []string
				if missing {
					said, err = g.noLock(base, string(text))
				} else {
					said, err = g.compareLocks(lockFile, string(committed), string(text))
				}
				if err != nil || changes == "" || len(said) == 0 {
					return err
				}
				return outfile.WriteFile(changes, []byte(summary.List(said)))
			})
		},
	}
	baseFlag(cmd, &base)
	cmd.Flags().StringVar(&changes, "changes", "", "`file` for what is another one in the lock, in words, as a list of Markdown")
	cmd.MarkFlagFilename("changes", "md")
	cmd.Flags().StringVar(&kept, "output", "", "`file` for the lock as it is now")
	cmd.MarkFlagFilename("output", "lock")
	return cmd
}

// noLock tells that there is no lock yet, and returns what the first one is.
func (g *gate) noLock(base, fresh string) ([]string, error) {
	file := lockFile(base)
	is, err := lock.Parse("the lock as it is now", fresh)
	if err != nil {
		return nil, err
	}
	g.out.Set("fresh", "false")
	g.out.Warning(output.Annotation{Title: "no lock", Message: file + " is not in the repository: a build takes what the mirror has, and --strict, and with it a release, is refused; " +
		"make one, and commit it: gate locks --base " + base + " --output " + file})
	g.out.Summary(summary.Line("STALE", file+" is not in the repository"))
	return []string{fmt.Sprintf("the first lock of the base %s: %d packages", base, len(is))}, nil
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
	case lock.Moved:
		return fmt.Sprintf("%s %s is for %s, and was for %s", d.Name, d.Now.Version, d.Now.Layers, d.Locked.Layers)
	default:
		return fmt.Sprintf("%s %s is now %s", d.Name, d.Locked.Version, d.Now.Version)
	}
}

// compareLocks tells how the lock as it is now differs from that which is committed, and returns it.
func (g *gate) compareLocks(lockFile, committed, fresh string) ([]string, error) {
	was, err := lock.Parse(lockFile, committed)
	if err != nil {
		return nil, err
	}
	is, err := lock.Parse("the lock as it is now", fresh)
	if err != nil {
		return nil, err
	}
	var changes []string
	for _, d := range lock.Compare(was, is) {
		changes = append(changes, sentence(d))
	}
	g.out.Set("fresh", strconv.FormatBool(len(changes) == 0))
	if len(changes) == 0 {
		g.out.Summary(summary.Line("PASS", lockFile+" is fresh"))
		return nil, nil
	}
	shown := changes
	if left := len(changes) - shownChanges; left > 0 {
		shown = append(changes[:shownChanges:shownChanges], fmt.Sprintf("and %d more", left))
	}
	g.out.Warning(output.Annotation{File: lockFile, Line: 1, Title: "stale lock", Message: strings.Join(shown, "\n")})
	g.out.Summary(summary.Line("STALE", fmt.Sprintf("%s: packages that differ: %d", lockFile, len(changes))) + "\n" + summary.List(changes))
	return changes, nil
}
