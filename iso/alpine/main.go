// Command alpine keeps the packages that bee's Alpine base is built of, and checks
// the ISO that comes out.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"chainguard.dev/apko/pkg/apk/apk"
	"github.com/spf13/cobra"

	"bee/core/lock"
	"bee/core/printable"
	"bee/iso/alpine/internal/digest"
	"bee/iso/alpine/internal/image"
	"bee/iso/alpine/internal/keys"
	"bee/iso/alpine/internal/locked"
	"bee/iso/alpine/internal/mirror"
	"bee/iso/alpine/internal/repository"
	"bee/iso/alpine/internal/resolve"
)

const (
	exitError     = 1
	exitDifferent = 3
)

// errDifferent is the error of a lock that the repositories differ from.
var errDifferent = errors.New("the repositories differ from the lock. Build from a copy of the packages that was saved with \"alpine mirror\", " +
	"or refresh the lock with \"alpine lock\" and look at what changed")

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
	fmt.Fprintf(stderr, "alpine: %s\n", printable.Lines(err.Error()))
	if errors.Is(err, errDifferent) {
		return exitDifferent
	}
	return exitError
}

func command() *cobra.Command {
	c := &cobra.Command{
		Use:   "alpine",
		Short: "Keep the packages of the Alpine base, and check its ISO",
		Long: `alpine knows the packages that bee's Alpine base is built of: it locks their
versions, tells what changed in Alpine's repositories since, keeps a copy, and
checks the finished ISO, as Alpine's mkimage exits 0 on broken ones.

A repository is written as in /etc/apk/repositories: a URL or a folder, without
the architecture. Only x86_64 is read. Its index has to be signed by a key of the
folder --keys, and every package has to be the one that the index means.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	c.AddCommand(lockCommand(), compareCommand(), mirrorCommand(), checkCommand())
	return c
}

// sources are the flags that say where packages come from.
type sources struct {
	repositories []string
	keys         string
	silence      time.Duration
	digests      bool
}

func (s *sources) flags(c *cobra.Command) {
	c.Flags().StringArrayVar(&s.repositories, "repository", nil, "URL or folder of a repository, without the architecture; may be repeated")
	c.Flags().StringVar(&s.keys, "keys", "", "folder with the public keys that may sign indexes, as /etc/apk/keys")
	c.Flags().DurationVar(&s.silence, "timeout", time.Minute, "how long a server may say nothing, before another attempt")
	for _, name := range []string{"repository", "keys"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // no such flag
		}
	}
}

func (s *sources) digestsFlag(c *cobra.Command) {
	c.Flags().BoolVar(&s.digests, "digests", false, "read the packages' files, of repositories that are folders, for their SHA-256")
}

func (s *sources) open() ([]*repository.Repository, *keys.Keys, error) {
	trusted, err := keys.Folder(s.keys)
	if err != nil {
		return nil, nil, err
	}
	var repositories []*repository.Repository
	for _, location := range s.repositories {
		r, err := repository.Open(location, s.silence)
		if err != nil {
			return nil, nil, err
		}
		repositories = append(repositories, r)
	}
	return repositories, trusted, nil
}

// resolve returns what the lists take, and the indexes that it was taken from.
func (s *sources) resolve(ctx context.Context, lists []string) (lock.Lock, []apk.NamedIndex, error) {
	var installs []lock.List
	for _, argument := range lists {
		list, err := lock.ReadList(argument)
		if err != nil {
			return nil, nil, err
		}
		installs = append(installs, list)
	}
	repositories, trusted, err := s.open()
	if err != nil {
		return nil, nil, err
	}
	var indexes []apk.NamedIndex
	for _, r := range repositories {
		index, err := r.Index(ctx, trusted)
		if err != nil {
			return nil, nil, err
		}
		indexes = append(indexes, index)
	}
	layers := map[string][]*apk.RepositoryPackage{}
	for _, list := range installs {
		packages, err := resolve.Install(ctx, indexes, list.Names)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", list.File, err)
		}
		layers[list.Layer] = append(layers[list.Layer], packages...)
	}
	l, err := locked.Of(layers)
	if err != nil || !s.digests {
		return l, indexes, err
	}
	return l, indexes, digest.Files(l, repositories)
}

func lockCommand() *cobra.Command {
	var from sources
	c := &cobra.Command{
		Use:   "lock --repository REPOSITORY... --keys FOLDER LAYER=LIST...",
		Short: "Write the lock: packages with versions and digests",
		Long: `lock writes, to standard output, which packages the lists take from the
repositories: those named, what they depend on, and what joins them by install_if,
as apk would install them. Equal lists and indexes give equal bytes.

A LIST is a file of package names, one or more in a line, with # before comments.
Each is resolved as an install of its own; the lock has what all of them take, and
by LAYER (base, nvidia, cuda or tools) what for.

Indexes have no SHA-256 of packages: with --digests the files are read, which
repositories that are folders have.

Exit status: 0, or 1 where a repository cannot be read or trusted, or a list
cannot be installed.`,
		Example: `  alpine lock --digests --keys keys base=packages.list tools=tools.list >packages.lock \
    --repository /srv/alpine/v3.21/main --repository /srv/alpine/v3.21/community`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, _, err := from.resolve(cmd.Context(), args)
			if err != nil {
				return err
			}
			return l.Write(cmd.OutOrStdout())
		},
	}
	from.flags(c)
	from.digestsFlag(c)
	return c
}

func compareCommand() *cobra.Command {
	var from sources
	var file string
	c := &cobra.Command{
		Use:   "compare --lock FILE --repository REPOSITORY... --keys FOLDER LAYER=LIST...",
		Short: "Tell how the repositories differ from the lock",
		Long: `compare resolves the lists as "alpine lock" does, and writes to standard output a
line for each package that is not as it is locked:

  gone NAME VERSION             no repository has a package of this name
  changed NAME VERSION -> NEW   the repository has another version
  rebuilt NAME VERSION DIGEST -> DIGEST
                                the same version, but other content
  moved NAME VERSION LAYERS -> LAYERS
                                the same, but for other layers
  new NAME VERSION              needed now, but not locked
  unneeded NAME VERSION         locked, but not needed any more

Exit status: 0 without a difference, 3 with some, 1 where a repository cannot be
read or trusted, or a list cannot be installed.`,
		Example: `  alpine compare --lock packages.lock --keys keys base=packages.list \
    --repository https://mirror.example/alpine/v3.21/main \
    --repository https://mirror.example/alpine/v3.21/community`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := lock.Read(file)
			if err != nil {
				return err
			}
			now, indexes, err := from.resolve(cmd.Context(), args)
			if err != nil {
				return err
			}
			differences := locked.Compare(l, now, indexes)
			for _, d := range differences {
				fmt.Fprintln(cmd.OutOrStdout(), printable.Lines(d.String()))
			}
			if len(differences) > 0 {
				return errDifferent
			}
			return nil
		},
	}
	from.flags(c)
	from.digestsFlag(c)
	require(c, &file, "lock", "lock file")
	return c
}

func mirrorCommand() *cobra.Command {
	var from sources
	var file string
	var o mirror.Options
	c := &cobra.Command{
		Use:   "mirror --lock FILE --repository REPOSITORY... --keys FOLDER --output FOLDER",
		Short: "Fetch a copy of all locked packages",
		Long: `mirror fetches the locked packages into a folder for each repository, named as the
last two elements of its location, such as v3.21/main. There, in x86_64, are the
packages, and the index with its signature as the repository has it. Such a folder
can stand for the repository.

Everything is verified. What is there already and is right is not fetched again;
other files are left alone. The index is written last: a copy without one is not
complete. Packages that cannot be had are named together.

Exit status: 0, or 1 where a package cannot be had, or a repository cannot be read
or trusted.`,
		Example: `  alpine mirror --lock packages.lock --keys keys --output /srv/alpine \
    --repository https://mirror.example/alpine/v3.21/main \
    --repository https://mirror.example/alpine/v3.21/community

  # from then on
  alpine compare --lock packages.lock --keys keys base=packages.list \
    --repository /srv/alpine/v3.21/main --repository /srv/alpine/v3.21/community`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.Jobs < 1 {
				return fmt.Errorf("--jobs %d: it takes at least 1", o.Jobs)
			}
			if o.Lock, err = lock.Read(file); err != nil {
				return err
			}
			if o.Repositories, o.Keys, err = from.open(); err != nil {
				return err
			}
			o.Progress = func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), printable.Lines(line)) }
			return mirror.Write(cmd.Context(), o)
		},
	}
	from.flags(c)
	require(c, &file, "lock", "lock file")
	require(c, &o.Folder, "output", "folder that takes the copy")
	const jobs = 4
	c.Flags().IntVar(&o.Jobs, "jobs", jobs, "how many packages are fetched at a time")
	return c
}

func checkCommand() *cobra.Command {
	var want image.Expected
	var file string
	c := &cobra.Command{
		Use:   "check --key FILE --kernel RELEASE --flavor FLAVOR [--lock FILE] ISO",
		Short: "Check a finished ISO",
		Long: `check reads an ISO of Alpine back, and tells all that would keep it from booting
to its packages:

  - the index of its packages is signed by the key; each package is there, intact,
    and for x86_64; those that world names can be installed with what is there
  - kernel, initramfs and modloop are there and of one kernel; the initramfs has the
    key, and the signature of the modloop
  - the overlay (*.apkovl.tar.gz) is one, whole, and root's
  - BIOS and UEFI find something to boot

With --lock it also has to have only locked packages, as they are locked. It needs
xorriso and unsquashfs in PATH, and room for the unpacked ISO in the folder for
temporary files (TMPDIR).

Exit status: 0, or 1 with all problems, each in one line.`,
		Example: `  alpine check --key bee.rsa.pub --kernel 6.12.13-0-lts --flavor lts --lock packages.lock bee.iso`,
		Args:    cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"iso"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if file != "" {
				if want.Lock, err = lock.Read(file); err != nil {
					return err
				}
			}
			summary, err := image.Check(cmd.Context(), args[0], want)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), printable.Lines(summary))
			return nil
		},
	}
	require(c, &want.Key, "key", "file of the public key that signed the ISO's index; its name counts")
	require(c, &want.Kernel, "kernel", "release of the kernel, as uname -r says it")
	require(c, &want.Flavor, "flavor", "flavor of the kernel, such as lts: what follows boot/vmlinuz-")
	c.Flags().StringVar(&file, "lock", "", "lock file that the packages have to be in")
	return c
}

// require adds a flag that has to be given.
func require(c *cobra.Command, value *string, name, usage string) {
	c.Flags().StringVar(value, name, "", usage)
	if err := c.MarkFlagRequired(name); err != nil {
		panic(err) // no such flag
	}
}
