// Package collection is what there is to deliver of a machine: its results, as they are at one
// moment, and the name of the folder that they go into.
package collection

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"bee/core/bounded"
	"bee/core/sums"
)

const (
	// Report is the name of the audit's report, Page that of the page made of it.
	Report = "bee-audit.json"
	Page   = "bee-audit.html"
	// Log is that of what bee-results does in the background, which is not delivered: it would be
	// another one each time.
	Log = "bee-results.log"
)

// Collection has its files open: whatever is written meanwhile, all places get the same bytes.
type Collection struct {
	// Folder is their name together, which no other audit has: SERIAL-20260102T030405Z.
	Folder string
	// Files are what there is, the most important first: reports, then the rest by size.
	Files []File
}

// File is one of a collection.
type File struct {
	sums.Sum
	Size    int64
	content io.ReaderAt
}

// Content is what the file had when it was collected.
func (f File) Content() io.Reader { return io.NewSectionReader(f.content, 0, f.Size) }

// Sums is SHA256SUMS of some files.
func Sums(files []File) File {
	var text strings.Builder
	for _, f := range files {
		text.WriteString(f.Sum.String())
	}
	content := strings.NewReader(text.String())
	digest, _ := sums.Digest(strings.NewReader(text.String())) // of what is in memory
	return File{sums.Sum{Digest: digest, Name: sums.File}, content.Size(), content}
}

// ErrNothing says that there is nothing to deliver yet.
var ErrNothing = errors.New("there are no results yet")

// Of collects the results in a folder: all files whose names begin with "bee-". Close the
// collection when done.
func Of(folder string) (*Collection, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "bee-*"))
	if err != nil {
		return nil, err
	}
	c := new(Collection)
	began := time.Now()
	for _, path := range paths {
		info, err := os.Lstat(path)
		if err != nil || !info.Mode().IsRegular() || !IsFile(info.Name()) || info.Name() == Log {
			continue // one that is gone meanwhile, too
		}
		file, err := open(path)
		if err != nil {
			c.Close()
			return nil, err
		}
		c.Files = append(c.Files, file)
		if info.ModTime().Before(began) {
			began = info.ModTime()
		}
	}
	if len(c.Files) == 0 {
		return nil, fmt.Errorf("%w: no file bee-* in %s", ErrNothing, folder)
	}
	slices.SortFunc(c.Files, func(a, b File) int {
		return cmp.Or(cmp.Compare(rank(a.Name), rank(b.Name)), cmp.Compare(a.Size, b.Size), strings.Compare(a.Name, b.Name))
	})
	c.Folder = c.identity(began).folder()
	return c, nil
}

// Close lets go of the files.
func (c *Collection) Close() {
	for _, f := range c.Files {
		f.content.(*os.File).Close()
	}
}

// Find returns the file of a name, or none.
func (c *Collection) Find(name string) (File, bool) {
	i := slices.IndexFunc(c.Files, func(f File) bool { return f.Name == name })
	if i < 0 {
		return File{}, false
	}
	return c.Files[i], true
}

func open(path string) (File, error) {
	file, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return File{}, err
	}
	f := File{sums.Sum{Name: filepath.Base(path)}, info.Size(), file}
	// of a log, what was there at that moment
	f.Digest, err = sums.Digest(f.Content())
	if err != nil {
		file.Close()
		return File{}, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// rank tells how far back a file stands.
func rank(name string) int {
	switch {
	case name == Report:
		return 0
	case filepath.Ext(name) == ".json": // of other programs
		return 1
	}
	return 2
}

// identity is what a folder is named by.
type identity struct {
	StartedAt time.Time `json:"started_at"`
	Board     struct {
		System struct {
			SerialNumber string `json:"serial_number"`
		} `json:"system"`
	} `json:"board"`
	Network struct {
		Interfaces []struct {
			MACAddress          string `json:"mac_address"`
			PermanentMACAddress string `json:"permanent_mac_address"`
		} `json:"interfaces"`
	} `json:"network"`
}

// identity is that of the report. Without one it is known only when all began.
func (c *Collection) identity(began time.Time) (id identity) {
	if report, ok := c.Find(Report); ok {
		if text, err := bounded.ReadAll(report.Content(), Report); err == nil {
			_ = json.Unmarshal(text, &id) // what it does not say is not known
		}
	}
	if id.StartedAt.IsZero() {
		id.StartedAt = began
	}
	return id
}

func (id identity) folder() string {
	name := safe(id.Board.System.SerialNumber)
	for _, i := range id.Network.Interfaces {
		name = cmp.Or(name, safe(strings.ReplaceAll(cmp.Or(i.PermanentMACAddress, i.MACAddress), ":", "")))
	}
	return cmp.Or(name, "unknown") + id.StartedAt.UTC().Format("-20060102T150405Z")
}

// unsafe is what a file system, a URL or a shell could read in another way, and what hides a file.
var unsafe = regexp.MustCompile(`^\.|[^0-9A-Za-z._-]`)

// safe is a name by which a folder can be called everywhere.
func safe(name string) string {
	const longest = 64
	name = unsafe.ReplaceAllString(name, "_")
	return name[:min(len(name), longest)]
}

var (
	folderName = regexp.MustCompile(`^[0-9A-Za-z_-][0-9A-Za-z._-]{0,63}-[0-9]{8}T[0-9]{6}Z(-[0-9]+)?$`)
	fileName   = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,199}$`)
)

// IsFolder tells whether a name may be that of a collection, with a number where two have the
// same.
func IsFolder(name string) bool { return folderName.MatchString(name) }

// IsFile tells whether a name may be that of a file in a collection's folder.
func IsFile(name string) bool { return fileName.MatchString(name) }
