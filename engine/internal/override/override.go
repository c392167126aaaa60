// Package override keeps a managed block in VERSIONS.local: the lines by which
// the build uses the images of the local engine. Every other line of that file
// belongs to its user and is never touched; where a user sets a key, the block
// leaves it out.
package override

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"bee/core/versions"
)

// A Line is one key of the block, and the reason for it.
type Line struct {
	Key, Value, Why string
}

// A Block is what is kept in the file.
type Block struct {
	Lines []Line
	// When the site was asked for what lines are about; zero where none is.
	Asked time.Time
}

// askedMark begins the comment of the block that says when.
const askedMark = "# asked "

// Edit returns text with its managed block replaced by another one, or taken out when that
// has nothing to say.
func Edit(text string, block Block) (string, error) {
	edited, _, err := edit(text, block)
	return edited, err
}

// edit is Edit, which returns the keys of the block, too.
func edit(text string, block Block) (edited string, keys []string, err error) {
	user, _, err := versions.SplitLocal(text)
	if err != nil {
		return "", nil, err
	}
	users, err := values(user)
	if err != nil {
		return "", nil, err
	}
	var lines strings.Builder
	if !block.Asked.IsZero() {
		fmt.Fprintf(&lines, "%s%s what is in reach here, and again a day later, or by `go run ./engine ensure --ask`\n",
			askedMark, block.Asked.UTC().Format(time.RFC3339))
	}
	for _, line := range block.Lines {
		if _, ok := users[line.Key]; ok {
			continue
		}
		keys = append(keys, line.Key)
		fmt.Fprintf(&lines, "# %s\n%s=%s\n", line.Why, line.Key, line.Value)
	}
	if lines.Len() == 0 {
		return user, nil, nil
	}
	if user != "" && !strings.HasSuffix(user, "\n") {
		user += "\n"
	}
	return user + versions.BlockBegin + "\n" + lines.String() + versions.BlockEnd + "\n", keys, nil
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

// read returns the text of the file at path, "" where there is none.
func read(path string) (string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}

// Asked returns when the site was asked for what the block of the file at path says: zero
// where the block does not tell, or there is none.
func Asked(path string) (time.Time, error) {
	text, err := read(path)
	if err != nil {
		return time.Time{}, err
	}
	_, block, err := versions.SplitLocal(text)
	if err != nil {
		return time.Time{}, err
	}
	for line := range strings.Lines(block) {
		if when, ok := strings.CutPrefix(line, askedMark); ok {
			when, _, _ = strings.Cut(when, " ")
			asked, _ := time.Parse(time.RFC3339, when) // zero where it is no time
			return asked, nil
		}
	}
	return time.Time{}, nil
}

// Holds tells whether the file at path sets the keys of lines: the block to the
// values of lines, or the user to whatever they like. A key that both set makes the
// block say what does not hold.
func Holds(path string, lines []Line) (bool, error) {
	text, err := read(path)
	if err != nil {
		return false, err
	}
	user, block, err := versions.SplitLocal(text)
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

// Write edits the file at path in place, by a rename. It makes the file when there is
// something to hold, and removes it when nothing is left in it. It returns what changed,
// for a person; "" where that is nothing but the time.
func Write(path string, block Block) (string, error) {
	old, err := read(path)
	if err != nil {
		return "", err
	}
	text, keys, err := edit(old, block)
	if err != nil || text == old {
		return "", err
	}
	wrote, err := changes(path, old, text, keys)
	if err != nil {
		return "", err
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

// changes says in a line what the block has now, and what it no longer has.
func changes(path, old, text string, keys []string) (string, error) {
	_, before, err := versions.SplitLocal(old)
	if err != nil {
		return "", err
	}
	_, after, err := versions.SplitLocal(text)
	if err != nil {
		return "", err
	}
	was, err := values(before)
	if err != nil {
		return "", err
	}
	is, err := values(after)
	if err != nil {
		return "", err
	}
	if after != "" && maps.Equal(was, is) {
		return "", nil
	}
	var parts, gone []string
	if len(keys) > 0 {
		parts = append(parts, strings.Join(keys, ", "))
	}
	for _, key := range slices.Sorted(maps.Keys(was)) {
		if _, ok := is[key]; !ok {
			gone = append(gone, key)
		}
	}
	switch {
	case after == "":
		parts = append(parts, "without the lines of the local engine")
	case len(gone) > 0:
		parts = append(parts, "no longer "+strings.Join(gone, ", "))
	}
	return "wrote " + path + ": " + strings.Join(parts, "; "), nil
}
