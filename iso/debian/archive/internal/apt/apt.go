// Package apt asks apt-get which packages it would take, and from where.
package apt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"

	"bee/core/lock"
)

// Package is one that apt-get would fetch.
type Package struct {
	lock.Entry
	// URI of its file.
	URI string
	// Bytes that the file has.
	Bytes int64
}

// Install returns what a system is made of that has the names, and all that is essential. What is
// on this system, which may have come from an image, does not count.
func Install(ctx context.Context, names []string) ([]Package, error) {
	none, err := os.CreateTemp("", "status")
	if err != nil {
		return nil, err
	}
	defer os.Remove(none.Name())
	none.Close()
	return ask(ctx, append([]string{"-o", "Dir::State::status=" + none.Name(), "install", "?essential"}, names...))
}

// Download returns the named packages alone.
func Download(ctx context.Context, names []string) ([]Package, error) {
	return ask(ctx, append([]string{"download"}, names...))
}

func ask(ctx context.Context, args []string) ([]Package, error) {
	// a file that is where it would be downloaded to, apt does not name
	empty, err := os.MkdirTemp("", "")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(empty)
	text, err := run(ctx, empty, "apt-get", append([]string{"-qq", "--yes", "--no-install-recommends", "--print-uris", "-o", "Acquire::ForceHash=SHA256"}, args...)...)
	if err != nil {
		return nil, err
	}
	return Parse(text)
}

// Run runs a program of apt's, and returns what it prints.
func Run(ctx context.Context, program string, args ...string) (string, error) {
	return run(ctx, "", program, args...)
}

func run(ctx context.Context, folder, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = folder, append(os.Environ(), "LC_ALL=C.UTF-8")
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return out.String(), err
}

// Parse reads what apt-get --print-uris prints: a line for each file, with its URI between
// quotes, the name that it gets, its size, and its digest, SHA256:HEX.
func Parse(text string) ([]Package, error) {
	var packages []Package
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if line == "" {
			continue
		}
		p, err := parse(line)
		if err != nil {
			return nil, fmt.Errorf("apt-get --print-uris: %q: %w", line, err)
		}
		packages = append(packages, p)
	}
	return packages, nil
}

func parse(line string) (Package, error) {
	const words = 4
	parts := strings.Split(line, " ")
	if len(parts) != words {
		return Package{}, fmt.Errorf("not %d words", words)
	}
	uri := strings.Trim(parts[0], "'")
	if address, err := url.Parse(uri); err != nil || address.Scheme == "" {
		return Package{}, errors.New("no URI")
	}
	stem, found := strings.CutSuffix(parts[1], ".deb")
	fields := strings.Split(stem, "_")
	const nameVersionArchitecture = 3
	if !found || len(fields) != nameVersionArchitecture {
		return Package{}, errors.New("no NAME_VERSION_ARCHITECTURE.deb")
	}
	version, err := url.PathUnescape(fields[1]) // an epoch's colon
	if err != nil || strings.ContainsAny(version, " \t\n") || version == "" {
		return Package{}, errors.New("no version")
	}
	size, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return Package{}, errors.New("no size")
	}
	digest, found := strings.CutPrefix(parts[3], "SHA256:")
	if !found {
		return Package{}, errors.New("no SHA-256")
	}
	return Package{lock.Entry{Name: fields[0], Version: version, Architecture: fields[2], SHA256: digest}, uri, size}, nil
}

// Path is where a file lies in a copy of its archive: host and path of its URI.
func (p Package) Path() (string, error) { return Path(p.URI) }

// Path is where what has a URI lies in a copy.
func Path(uri string) (string, error) {
	address, err := url.Parse(uri)
	if err != nil {
		return "", err
	}
	// apt takes no colon in the path of a source
	name := strings.ReplaceAll(address.Host, ":", "_") + path.Clean("/"+address.Path)
	return strings.TrimPrefix(name, "/"), nil
}

// Index is a list of packages that apt-get update fetched.
type Index struct {
	// Archive is the URI of the archive, Suite the folder of the index below dists.
	Archive, Suite string
	// Component of the suite, such as main.
	Component string
	// File has the list as apt keeps it, compressed or not; Key is its name in Release.
	File, Key string
}

// Indexes returns the lists of packages that there are.
func Indexes(ctx context.Context) ([]Index, error) {
	text, err := Run(ctx, "apt-get", "indextargets", "--format", "$(BASE_URI) $(COMPONENT) $(METAKEY) $(FILENAME)", "Created-By: Packages")
	if err != nil {
		return nil, err
	}
	return ParseIndexes(text)
}

// ParseIndexes reads what apt-get indextargets prints: a line for each index.
func ParseIndexes(text string) ([]Index, error) {
	var indexes []Index
	for line := range strings.Lines(text) {
		const words = 4
		parts := strings.Fields(line)
		if len(parts) == 0 {
			continue
		}
		if len(parts) != words {
			return nil, fmt.Errorf("apt-get indextargets: %q: not %d words", line, words)
		}
		archive, suite, found := strings.Cut(parts[0], "/dists/")
		if !found {
			return nil, fmt.Errorf("apt-get indextargets: %q: no folder dists, which a saved copy needs", line)
		}
		indexes = append(indexes, Index{
			Archive: archive, Suite: strings.Trim(suite, "/"), Component: parts[1], Key: parts[2], File: parts[3],
		})
	}
	return indexes, nil
}

// Release is the file of apt's with the signed list of the suite's indexes.
func (i Index) Release() string {
	return strings.TrimSuffix(strings.SplitN(i.File, "_"+strings.ReplaceAll(i.Key[:strings.LastIndex(i.Key, "/")], "/", "_"), 2)[0], "_") + "_InRelease"
}
