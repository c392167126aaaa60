// Command apk stands in for Alpine's program by this name where that is not to be had: it
// does, of add, fetch, index and update, what bee and mkimage call, in the same words, with
// the readers of packages and indexes that bee has. It runs no scripts.
package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"chainguard.dev/apko/pkg/apk/apk"
	"chainguard.dev/apko/pkg/apk/expandapk"
	"github.com/spf13/cobra"

	"bee/iso/alpine/internal/keys"
	"bee/iso/alpine/internal/repository"
	"bee/iso/alpine/internal/resolve"
)

func main() {
	if err := command().ExecuteContext(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "ERROR:", err)
		os.Exit(1)
	}
}

// system is what a call works on.
type system struct {
	root         string
	file         string
	repositories []string
	quiet        bool
	brokenWorld  bool
}

func command() *cobra.Command {
	var s system
	c := &cobra.Command{
		Use:           "apk",
		Short:         "Stand in for Alpine's package manager",
		Long:          "apk installs, fetches and indexes packages in the words of Alpine's program, for tests\nwhere that is not to be had. It runs no scripts of packages.",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	flags := c.PersistentFlags()
	flags.StringVarP(&s.root, "root", "p", "/", "folder of the system")
	flags.StringVar(&s.file, "repositories-file", "", "file that names the repositories (default: etc/apk/repositories of the root)")
	flags.StringArrayVarP(&s.repositories, "repository", "X", nil, "another repository")
	flags.BoolVarP(&s.quiet, "quiet", "q", false, "say less")
	flags.BoolVar(&s.brokenWorld, "initramfs-diskless-boot", false, "go on without packages that are not to be had")
	// what this program does in any case, or has no use for
	flags.String("arch", repository.Arch, "architecture")
	for _, name := range []string{"no-cache", "no-network", "no-scripts", "clean-protected", "update-cache"} {
		flags.Bool(name, true, "taken, and of no effect")
	}
	c.AddCommand(s.addCommand(), s.fetchCommand(), indexCommand(), &cobra.Command{
		Use: "update", Short: "Verify the indexes of the repositories", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := s.open(cmd.Context())
			return err
		},
	})
	return c
}

// sources are repositories with their indexes.
type sources struct {
	repositories []*repository.Repository
	indexes      []apk.NamedIndex
}

// open reads the repositories that the root, or its call, names.
func (s *system) open(ctx context.Context) (*sources, error) {
	trusted, err := keys.Folder(filepath.Join(s.root, "etc/apk/keys"))
	if err != nil {
		return nil, err
	}
	file := s.file
	if file == "" {
		file = filepath.Join(s.root, "etc/apk/repositories")
	}
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var from sources
	for _, location := range slices.Concat(s.repositories, strings.Fields(string(text))) {
		r, err := repository.Open(location, time.Minute)
		if err != nil {
			return nil, err
		}
		index, err := r.Index(ctx, trusted)
		if err != nil {
			return nil, err
		}
		from.repositories = append(from.repositories, r)
		from.indexes = append(from.indexes, index)
	}
	return &from, nil
}

// fetch puts a package into a folder, and returns its file.
func (s *sources) fetch(ctx context.Context, p *apk.RepositoryPackage, folder string) (string, error) {
	for _, r := range s.repositories {
		if p.Repository().URI == r.String()+"/"+repository.Arch {
			_, err := r.Fetch(ctx, p.Package, folder)
			return filepath.Join(folder, p.Filename()), err
		}
	}
	return "", fmt.Errorf("%s: no repository has it", p.Filename())
}

// files of a root
const (
	database = "lib/apk/db/installed"
	world    = "etc/apk/world"
)

func (s *system) addCommand() *cobra.Command {
	var initialize bool
	c := &cobra.Command{
		Use: "add PACKAGE...", Short: "Install packages, and what they depend on",
		RunE: func(cmd *cobra.Command, names []string) error {
			path := filepath.Join(s.root, database)
			if initialize {
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), appendTo(path, "")); err != nil {
					return err
				}
			}
			if len(names) == 0 {
				return nil
			}
			return s.add(cmd.Context(), path, names)
		},
	}
	c.Flags().BoolVar(&initialize, "initdb", false, "make the database of what is installed")
	return c
}

func (s *system) add(ctx context.Context, path string, names []string) error {
	from, err := s.open(ctx)
	if err != nil {
		return err
	}
	wanted := names
	if s.brokenWorld {
		names = from.known(names)
	}
	packages, err := resolve.Install(ctx, from.indexes, names)
	if err != nil {
		return err
	}
	if err := s.wish(wanted); err != nil {
		return err
	}
	there, err := installed(path)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "apk-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	for _, p := range packages {
		if there[p.Name+" "+p.Version] {
			continue
		}
		if !s.quiet {
			fmt.Printf("Installing %s (%s)\n", p.Name, p.Version)
		}
		file, err := from.fetch(ctx, p, folder)
		if err == nil {
			err = s.unpack(file)
		}
		if err == nil {
			err = appendTo(path, strings.Join(apk.PackageToInstalled(p.Package), "\n")+"\n\n")
		}
		if err == nil {
			err = os.Remove(file)
		}
		if err != nil {
			return fmt.Errorf("%s-%s: %w", p.Name, p.Version, err)
		}
	}
	return nil
}

// wish adds names to world, as apk does also of packages that it goes on without.
func (s *system) wish(names []string) error {
	path := filepath.Join(s.root, world)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	all := append(strings.Fields(string(text)), names...)
	slices.Sort(all)
	return os.WriteFile(path, []byte(strings.Join(slices.Compact(all), "\n")+"\n"), 0o644)
}

// known are those of the names that an index has a package of.
func (s *sources) known(names []string) (known []string) {
	for _, index := range s.indexes {
		for _, p := range index.Packages() {
			if slices.Contains(names, p.Name) {
				known = append(known, p.Name)
			}
		}
	}
	return known
}

// installed reads the names and versions in a database.
func installed(path string) (map[string]bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	all, err := apk.ParseInstalled(file)
	there := map[string]bool{}
	for _, p := range all {
		there[p.Name+" "+p.Version] = true
	}
	return there, err
}

func appendTo(path, text string) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

// unpack puts a package's files into the root: the last member of what was verified.
func (s *system) unpack(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	members, err := expandapk.Split(bufio.NewReader(file))
	if err != nil {
		return err
	}
	zip, err := gzip.NewReader(members[len(members)-1])
	if err != nil {
		return err
	}
	for archive := tar.NewReader(zip); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = s.write(header, archive)
		}
		if err != nil {
			return err
		}
	}
}

// write makes a folder, a link or a file in place of what is there.
func (s *system) write(header *tar.Header, content io.Reader) error {
	path, mode := filepath.Join(s.root, header.Name), header.FileInfo().Mode()
	if mode.IsDir() {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return nil
		}
		return errors.Join(os.MkdirAll(path, 0o755), os.Chmod(path, mode))
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if header.Typeflag == tar.TypeSymlink {
		return os.Symlink(header.Linkname, path)
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Chmod(mode), file.Close())
}

func (s *system) fetchCommand() *cobra.Command {
	var recursive, stdout, simulate bool
	var output string
	c := &cobra.Command{
		Use: "fetch PACKAGE...", Short: "Fetch the files of packages",
		RunE: func(cmd *cobra.Command, names []string) error {
			from, err := s.open(cmd.Context())
			if err != nil {
				return err
			}
			packages, err := resolve.Install(cmd.Context(), from.indexes, names)
			if err != nil {
				return err
			}
			folder := output
			if stdout {
				if folder, err = os.MkdirTemp("", "apk-"); err != nil {
					return err
				}
				defer os.RemoveAll(folder)
			}
			for _, p := range packages {
				if !recursive && !slices.Contains(names, p.Name) {
					continue
				}
				if simulate {
					fmt.Println("Downloading", p.Name+"-"+p.Version)
					continue
				}
				file, err := from.fetch(cmd.Context(), p, folder)
				if err != nil {
					return fmt.Errorf("%s-%s: %w", p.Name, p.Version, err)
				}
				if stdout {
					if err := copyFile(os.Stdout, file); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
	c.Flags().BoolVarP(&recursive, "recursive", "R", false, "what they depend on, too")
	c.Flags().BoolVarP(&stdout, "stdout", "s", false, "write them to standard output")
	c.Flags().BoolVar(&simulate, "simulate", false, "say what would be fetched")
	c.Flags().BoolP("link", "l", false, "taken, and of no effect")
	c.Flags().StringVarP(&output, "output", "o", ".", "folder that gets them")
	return c
}

func copyFile(to io.Writer, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(to, file)
	return err
}

func indexCommand() *cobra.Command {
	var description, output, arch string
	c := &cobra.Command{
		Use: "index FILE...", Short: "Write the index of packages, which is not signed",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			index := apk.APKIndex{Description: description}
			for _, name := range files {
				p, err := read(cmd.Context(), name)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				if arch != "" {
					p.Arch = arch
				}
				index.Packages = append(index.Packages, p)
			}
			archive, err := apk.ArchiveFromIndex(&index)
			if err != nil {
				return err
			}
			content, err := io.ReadAll(archive)
			if err != nil {
				return err
			}
			return os.WriteFile(output, content, 0o644)
		},
	}
	c.Flags().StringVarP(&description, "description", "d", "", "what the index is of")
	c.Flags().StringVarP(&output, "output", "o", "", "file that gets it")
	c.Flags().StringVar(&arch, "rewrite-arch", "", "architecture of all packages in it")
	c.Flags().String("index", "", "taken, and of no effect")
	return c
}

func read(ctx context.Context, name string) (*apk.Package, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return apk.ParsePackage(ctx, file, uint64(info.Size()))
}
