// Command archive keeps the packages that bee's debian base is built of.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"bee/core/lock"
	"bee/core/printable"
	"bee/iso/debian/archive/internal/apt"
	"bee/iso/debian/archive/internal/mirror"
)

const (
	exitError     = 1
	exitDifferent = 3
)

// errDifferent is the error of a lock that the archive differs from.
var errDifferent = errors.New("the packages of now are not those of the lock. DEBIAN_MIRROR=snapshot with the lock's DEBIAN_SNAPSHOT has those, " +
	"and so has a copy that was saved (--inputs); or refresh the lock and look at what changed: dagger call --base debian lock export --path iso/debian/packages.lock")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command().ExecuteContext(ctx)
	stop()
	os.Exit(exitStatus(err, os.Stderr))
}

func exitStatus(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "archive: %s\n", printable.Lines(err.Error()))
	if errors.Is(err, errDifferent) {
		return exitDifferent
	}
	return exitError
}

func command() *cobra.Command {
	c := &cobra.Command{
		Use:   "archive",
		Short: "Keep the packages of the debian base",
		Long: `archive knows the packages that bee's debian base is built of: it locks their
versions and digests, tells what changed in Debian's archive since, and keeps a copy.

It asks the apt of the system that it runs on, whose lists have been fetched, and which
verifies whatever it fetches. Packages are named in lists, files with names between
blanks and # before comments, each for a layer (base, nvidia, cuda or tools):

  --install base=LIST    what a system is made of that has them: those named, what they
                         depend on, and all that is essential
  --download cuda=LIST   those named alone`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	c.AddCommand(lockCommand(), compareCommand(), mirrorCommand())
	return c
}

// lists are the flags that name packages.
type lists struct{ install, download []string }

func (l *lists) flags(c *cobra.Command) {
	const usage = "`LAYER=LIST` of packages "
	c.Flags().StringArrayVar(&l.install, "install", nil, usage+"that are installed; may be repeated")
	c.Flags().StringArrayVar(&l.download, "download", nil, usage+"that are fetched alone; may be repeated")
}

// resolve returns what the lists take now.
func (l *lists) resolve(ctx context.Context) (lock.Lock, error) {
	layers := map[string][]lock.Entry{}
	for _, way := range []struct {
		lists []string
		ask   func(context.Context, []string) ([]apt.Package, error)
	}{{l.install, apt.Install}, {l.download, apt.Download}} {
		for _, argument := range way.lists {
			list, err := lock.ReadList(argument)
			if err != nil {
				return nil, err
			}
			packages, err := way.ask(ctx, list.Names)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", list.File, err)
			}
			for _, p := range packages {
				layers[list.Layer] = append(layers[list.Layer], p.Entry)
			}
		}
	}
	return lock.Union(layers)
}

func lockCommand() *cobra.Command {
	var from lists
	c := &cobra.Command{
		Use:   "lock",
		Short: "Write the lock: packages with versions and digests",
		Long: `lock writes, to standard output, which packages the lists take, as apt would take
them now. Equal lists and archives give equal bytes.

Exit status: 0, or 1 where a list cannot be had.`,
		Example: `  archive lock --install base=packages --install tools=tools >packages.lock`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := from.resolve(cmd.Context())
			if err != nil {
				return err
			}
			return l.Write(cmd.OutOrStdout())
		},
	}
	from.flags(c)
	return c
}

func compareCommand() *cobra.Command {
	var from lists
	var file string
	c := &cobra.Command{
		Use:   "compare --lock FILE",
		Short: "Tell how the archive differs from the lock",
		Long: `compare resolves the lists as "archive lock" does, and writes to standard output a
line for each package that is not as it is locked:

  gone NAME VERSION             the archive has no package of this name
  changed NAME VERSION -> NEW   it has another version
  rebuilt NAME VERSION DIGEST -> DIGEST
                                the same version, but another file
  moved NAME VERSION LAYERS -> LAYERS
                                the same, but for other layers
  new NAME VERSION              needed now, but not locked
  unneeded NAME VERSION         locked, but not needed any more

Exit status: 0 without a difference, 3 with some, 1 where a list cannot be had.`,
		Example: `  archive compare --lock packages.lock --install base=packages --install tools=tools`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			locked, err := lock.Read(file)
			if err != nil {
				return err
			}
			now, err := from.resolve(cmd.Context())
			if err != nil {
				return err
			}
			known, err := apt.Run(cmd.Context(), "apt-cache", "pkgnames")
			if err != nil {
				return err
			}
			there := strings.Fields(known)
			differences := lock.Compare(locked, now)
			for _, d := range differences {
				if d.Kind == lock.Gone && slices.Contains(there, d.Name) {
					d.Kind = lock.Unneeded
				}
				fmt.Fprintln(cmd.OutOrStdout(), printable.Lines(d.String()))
			}
			if len(differences) > 0 {
				return errDifferent
			}
			return nil
		},
	}
	from.flags(c)
	require(c, &file, "lock", "lock file")
	return c
}

func mirrorCommand() *cobra.Command {
	var file string
	var layers []string
	var o mirror.Options
	c := &cobra.Command{
		Use:   "mirror --lock FILE --output FOLDER --at PATH",
		Short: "Fetch a copy of all locked packages",
		Long: `mirror makes a folder that can stand for Debian's archive where there is none: the
lists of packages, signed as Debian signed them, every package of the lock, and
sources.list, which says to an apt that finds the folder at PATH where all of it is.

Everything is verified, by apt and by the lock. sources.list is written last: a copy
without one is not complete.

Exit status: 0, or 1 where a package cannot be had, or is not the one of the lock.`,
		Example: `  archive mirror --lock packages.lock --output /srv/debian --at /srv/debian`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.Lock, err = lock.Read(file); err != nil {
				return err
			}
			if len(layers) > 0 {
				if o.Lock, err = o.Lock.Only(layers); err != nil {
					return err
				}
			}
			o.Progress = func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), printable.Lines(line)) }
			return mirror.Write(cmd.Context(), o)
		},
	}
	require(c, &file, "lock", "lock file")
	require(c, &o.Folder, "output", "folder that takes the copy")
	require(c, &o.At, "at", "path of the folder where apt will read it")
	c.Flags().StringSliceVar(&layers, "layers", nil, "layers whose packages are fetched, with commas between them (default all)")
	return c
}

// require adds a flag that has to be given.
func require(c *cobra.Command, value *string, name, usage string) {
	c.Flags().StringVar(value, name, "", usage)
	if err := c.MarkFlagRequired(name); err != nil {
		panic(err) // no such flag
	}
}
