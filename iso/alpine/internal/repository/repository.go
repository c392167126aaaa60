// Package repository reads repositories of apk packages: a URL, or a folder.
package repository

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"chainguard.dev/apko/pkg/apk/apk"

	"bee/iso/alpine/internal/apkfile"
	"bee/iso/alpine/internal/keys"
)

const (
	// Arch is the architecture that is read.
	Arch = "x86_64"
	// IndexName is the file name of an index.
	IndexName = "APKINDEX.tar.gz"

	maxIndexBytes = 256 << 20 // Alpine's largest has 2 MB
	attempts      = 4
	firstWait     = time.Second // before the second attempt; then twice as long each time
)

// ErrGone is the error of a file that a repository does not have.
var ErrGone = errors.New("the repository does not have it")

// Repository is a place with an index and packages.
type Repository struct {
	location string
	silence  time.Duration
	client   *http.Client // nil for a folder
}

// Open takes a location as /etc/apk/repositories has it: the URL or folder that
// the folder of the architecture is in. silence is how long a server may say
// nothing. Nothing is read yet.
func Open(location string, silence time.Duration) (*Repository, error) {
	location = strings.TrimRight(location, "/")
	address, err := url.Parse(location)
	if err != nil {
		return nil, fmt.Errorf("repository: %w", err)
	}
	switch address.Scheme {
	case "":
		if info, err := os.Stat(filepath.Join(location, Arch)); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("repository %s: no folder %s in it; write the path without the architecture, or a URL with http:// or https://", location, Arch)
		}
		return &Repository{location: location}, nil
	case "http", "https":
		return &Repository{location, silence, &http.Client{}}, nil
	}
	return nil, fmt.Errorf("repository %s: neither http, https nor a folder", location)
}

// String returns the location.
func (r *Repository) String() string { return r.location }

// Tail returns the last two elements of the location, such as v3.21/main.
func (r *Repository) Tail() string {
	return path.Join(path.Base(path.Dir(r.location)), path.Base(r.location))
}

// Index is what a repository has.
type Index struct {
	apk.NamedIndex
	// Raw is the file, with its signature.
	Raw []byte
}

// Index reads the index and verifies its signature.
func (r *Repository) Index(ctx context.Context, trusted *keys.Keys) (*Index, error) {
	var raw []byte
	if err := r.get(ctx, IndexName, func(from io.Reader) (err error) {
		raw, err = io.ReadAll(io.LimitReader(from, maxIndexBytes))
		return err
	}); err != nil {
		return nil, err
	}
	return ParseIndex(r.file(IndexName), raw, trusted)
}

// ParseIndex verifies the signature of an index, and reads it. name is what errors
// call it.
func ParseIndex(name string, raw []byte, trusted *keys.Keys) (*Index, error) {
	if _, err := trusted.Verify(name, raw); err != nil {
		return nil, err
	}
	index, err := apk.IndexFromArchive(io.NopCloser(bytes.NewReader(raw)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return newIndex(strings.TrimSuffix(name, "/"+IndexName), index, raw), nil
}

// EmptyIndex returns an index without packages.
func EmptyIndex() *Index { return newIndex("", &apk.APKIndex{}, nil) }

func newIndex(location string, index *apk.APKIndex, raw []byte) *Index {
	for _, p := range index.Packages {
		// apko's resolver would prefer, among those that provide a name, one of an
		// origin that it took something from, where apk goes by provider_priority:
		// busybox-ifupdown in place of ifupdown-ng
		p.Origin = ""
	}
	place := apk.Repository{URI: location}
	return &Index{apk.NewNamedRepositoryWithIndex("", place.WithIndex(index)), raw}
}

// Fetch puts a package of the index into a folder, verified, under the name that
// the repository gives it. A file that is there already and is right is left alone;
// fetched tells whether it was not. The error is ErrGone where the repository lacks
// the file.
func (r *Repository) Fetch(ctx context.Context, p *apk.Package, folder string) (fetched bool, err error) {
	target := filepath.Join(folder, p.Filename())
	if apkfile.Verify(target, p) == nil {
		return false, nil
	}
	file, err := os.CreateTemp(folder, "."+p.Filename()+".part-")
	if err != nil {
		return false, err
	}
	defer os.Remove(file.Name()) // fails once it is renamed
	defer file.Close()
	if err := r.get(ctx, p.Filename(), func(from io.Reader) error {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		// one byte more than there should be shows that it is too long
		_, err := io.Copy(file, io.LimitReader(from, int64(p.Size)+1))
		return err
	}); err != nil {
		return false, err
	}
	if err := errors.Join(file.Chmod(0o644), file.Close()); err != nil {
		return false, err
	}
	if err := apkfile.Verify(file.Name(), p); err != nil {
		return false, fmt.Errorf("%s: %w", r.file(p.Filename()), err)
	}
	return true, os.Rename(file.Name(), target)
}

// Path is that of a file, of a repository that is a folder.
func (r *Repository) Path(name string) (path string, found bool) {
	return r.file(name), r.client == nil
}

func (r *Repository) file(name string) string { return r.location + "/" + Arch + "/" + name }

// get reads a file of the repository. It calls use again where a server fails
// after a part: use has to start over.
func (r *Repository) get(ctx context.Context, name string, use func(io.Reader) error) error {
	where := r.file(name)
	if r.client == nil {
		file, err := os.Open(where)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: %w", where, ErrGone)
		}
		if err != nil {
			return err
		}
		defer file.Close()
		return use(file)
	}
	wait := min(firstWait, r.silence) // who waits less for an answer has less time
	for attempt := 1; ; attempt++ {
		again, err := r.download(ctx, where, use)
		if err == nil {
			return nil
		}
		err = fmt.Errorf("%s: %w", where, err)
		if !again {
			return err
		}
		if attempt == attempts {
			return fmt.Errorf("%w (%d attempts)", err, attempts)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		wait *= 2
	}
}

// download makes one attempt; again tells whether another one might do better.
func (r *Repository) download(ctx context.Context, where string, use func(io.Reader) error) (again bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return false, err
	}
	// a limit for the whole would have to fit the largest package on the slowest line
	silent, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(r.silence, func() { cancel(fmt.Errorf("the server said nothing for %s", r.silence)) })
	defer timer.Stop()
	answer, err := r.client.Do(request.WithContext(silent))
	if err != nil {
		return ctx.Err() == nil, cause(silent, err)
	}
	defer answer.Body.Close()
	switch code := answer.StatusCode; {
	case code == http.StatusNotFound || code == http.StatusGone:
		return false, ErrGone
	case code != http.StatusOK:
		return code >= http.StatusInternalServerError || code == http.StatusTooManyRequests, fmt.Errorf("the server answered %s", answer.Status)
	}
	body := &watched{Reader: answer.Body, heard: func() { timer.Reset(r.silence) }}
	err = use(body)
	if body.failed { // else it is the reader's own error, such as a full disk
		return ctx.Err() == nil, cause(silent, err)
	}
	return false, err
}

// cause is why a request ended, where it was ended from here.
func cause(ctx context.Context, err error) error {
	if why := context.Cause(ctx); why != nil {
		return why
	}
	return err
}

// watched tells of all that is read, and remembers whether reading failed.
type watched struct {
	io.Reader
	heard  func()
	failed bool
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.heard()
	w.failed = err != nil && !errors.Is(err, io.EOF)
	return n, err
}
