package stick

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"bee/iso/results/collection"
)

// unsent is the name of a folder's list of files that a server has not got yet, a name a line.
const unsent = ".unsent"

// list makes the list.
func (f *folder) list(names []string) error {
	there, err := f.unsent()
	switch {
	case err != nil:
		return err
	case slices.Equal(names, there):
		return nil
	case len(names) == 0:
		return f.remove(unsent)
	}
	return f.write(unsent, strings.NewReader(strings.Join(names, "\n")+"\n"))
}

// Send hands each file that is listed as not yet sent to send, by the name of its folder and its
// own, also those of earlier boots and other machines. Lists whose files all arrived are removed.
// It goes on to other folders where a file of one did not arrive.
func Send(root *os.Root, send func(folder, name string, size int64, content io.Reader) error) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	var failed error
	for _, entry := range entries {
		if !entry.IsDir() || !collection.IsFolder(entry.Name()) {
			continue
		}
		failed = errors.Join(failed, sendFolder(root, entry.Name(), send))
	}
	return failed
}

func sendFolder(root *os.Root, name string, send func(folder, name string, size int64, content io.Reader) error) error {
	inner, err := root.OpenRoot(name)
	if err != nil {
		return err
	}
	f := folder{inner, name}
	defer f.Close()
	names, err := f.unsent()
	if err != nil || names == nil {
		return err
	}
	for _, file := range names {
		err := f.send(file, send)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // there was no room for it, or no time
			return fmt.Errorf("%s/%s: %w", name, file, err)
		}
	}
	return f.remove(unsent)
}

func (f *folder) send(name string, send func(folder, name string, size int64, content io.Reader) error) error {
	file, err := f.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("it is no file: %v", info.Mode())
	}
	return send(f.name, name, info.Size(), file)
}

// unsent is the list of that name; nil where there is none.
func (f *folder) unsent() ([]string, error) {
	file, err := f.Open(unsent)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, 1<<20)) // of a stick that may be anybody's
	if err != nil {
		return nil, err
	}
	return parseUnsent(string(text)), nil
}

// parseUnsent leaves out what is no name of a result.
func parseUnsent(text string) []string {
	names := []string{}
	for line := range strings.Lines(text) {
		if name := strings.TrimSuffix(line, "\n"); collection.IsFile(name) {
			names = append(names, name)
		}
	}
	return names
}
