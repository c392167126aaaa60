// Package override keeps a managed block in VERSIONS.local: the lines by which
// the build uses the images of the local engine. Every other line of that file
// belongs to its user and is never touched; where a user sets a key, the block
// leaves it out.
package override

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"bee/core/versions"
)

// A Line is one key of the block, and the reason for it.
type Line struct {
	Key, Value, Why string
}

// Edit returns text with its managed block replaced by one that holds lines,
// or taken out when there is none to hold.
func Edit(text string, lines []Line) (string, error) {
	edited, _, err := edit(text, lines)
	return edited, err
}

// edit is Edit, which returns the keys of the block, too.
func edit(text string, lines []Line) (edited string, keys []string, err error) {
	user, _, err := versions.SplitLocal(text)
	if err != nil {
		return "", nil, err
	}
	users, err := values(user)
	if err != nil {
		return "", nil, err
	}
	var block strings.Builder
	for _, line := range lines {
		if _, ok := users[line.Key]; ok {
			continue
		}
		keys = append(keys, line.Key)
		fmt.Fprintf(&block, "# %s\n%s=%s\n", line.Why, line.Key, line.Value)
	}
	if keys == nil {
		return user, nil, nil
	}
	if user != "" && !strings.HasSuffix(user, "\n") {
		user += "\n"
	}
	return user + versions.BlockBegin + "\n" + block.String() + versions.BlockEnd + "\n", keys, nil
}

// values are those of a text's keys. Whether there are such keys is not its matter.
func values(text string) (map[string]string, error) {
	lines, err := versions.Lines(versions.LocalFile, text)
	values := map[string]string{}
	for _, line := range lines {
		values[line.Key] = line.Value
	}
	return values, err
}

// Holds tells whether the file at path sets the keys of lines: the block to the
// values of lines, or the user to whatever they like. A key that both set makes the
// block say what does not hold.
func Holds(path string, lines []Line) (bool, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	user, block, err := versions.SplitLocal(string(text))
	if err != nil {
		return false, err
	}
	users, err := values(user)
	if err != nil {
		return false, err
	}
	held, err := values(block)
	if err != nil {
		return false, err
	}
	for key := range held {
		if _, ok := users[key]; ok {
			return false, nil
		}
	}
	for _, line := range lines {
		if _, ok := users[line.Key]; !ok && held[line.Key] != line.Value {
			return false, nil
		}
	}
	return true, nil
}

// Write edits the file at path in place, by a rename. It makes the file when there are
// lines to hold, and removes it when nothing is left in it. It returns what it wrote, for
// a person; "" where there was nothing to change.
func Write(path string, lines []Line) (string, error) {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	text, keys, err := edit(string(old), lines)
	if err != nil || text == string(old) {
		return "", err
	}
	wrote := fmt.Sprintf("wrote %s: %s", path, strings.Join(keys, ", "))
	if keys == nil {
		wrote = fmt.Sprintf("wrote %s: without the lines of the local engine", path)
	}
	if text == "" {
		return wrote, os.Remove(path)
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	temporary := path + ".tmp"
	if err := os.WriteFile(temporary, []byte(text), mode); err != nil {
		return "", err
	}
	return wrote, os.Rename(temporary, path)
}
