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

const (
	begin = "# >>> local engine: lines up to <<< are written by `go run ./engine ensure`"
	end   = "# <<< local engine"
)

// A Line is one key of the block, and the reason for it.
type Line struct {
	Key, Value, Why string
}

// Edit returns text with its managed block replaced by one that holds lines,
// or taken out when there is none to hold.
func Edit(text string, lines []Line) (string, error) {
	parts, err := split(text)
	if err != nil {
		return "", err
	}
	own := parts.own.String()
	users, err := values(own)
	if err != nil {
		return "", err
	}
	var block strings.Builder
	for _, line := range lines {
		if _, ok := users[line.Key]; ok {
			continue
		}
		fmt.Fprintf(&block, "# %s\n%s=%s\n", line.Why, line.Key, line.Value)
	}
	if block.Len() == 0 {
		return own, nil
	}
	if own != "" && !strings.HasSuffix(own, "\n") {
		own += "\n"
	}
	return own + begin + "\n" + block.String() + end + "\n", nil
}

// Own returns text without its block, of which blank lines are left: every other line
// keeps its number.
func Own(text string) (string, error) {
	parts, err := split(text)
	return parts.numbered.String(), err
}

// parts of a text: the user's own lines, these with a blank line for each of the block,
// and the block.
type parts struct{ own, numbered, block strings.Builder }

// split takes a text apart. An editor may have given the block other line ends.
func split(text string) (*parts, error) {
	p := &parts{}
	inside := false
	for line := range strings.Lines(text) {
		bare := strings.TrimRight(line, "\r\n")
		if inside = inside || bare == begin; !inside {
			p.own.WriteString(line)
			p.numbered.WriteString(line)
			continue
		}
		p.block.WriteString(line)
		p.numbered.WriteString("\n")
		inside = bare != end
	}
	if inside {
		return &parts{}, fmt.Errorf("the line %q has no %q after it: remove the block by hand", begin, end)
	}
	return p, nil
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
// values of lines, or the user to whatever they like. A key that both set is set
// once too often.
func Holds(path string, lines []Line) (bool, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	parts, err := split(string(text))
	if err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	users, err := values(parts.own.String())
	if err != nil {
		return false, err
	}
	held, err := values(parts.block.String())
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

// Write edits the file at path in place, by a rename. It makes the file when
// there are lines to hold, removes it when nothing is left in it, and reports
// whether anything changed.
func Write(path string, lines []Line) (bool, error) {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	text, err := Edit(string(old), lines)
	if err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	if text == string(old) {
		return false, nil
	}
	if text == "" {
		return true, os.Remove(path)
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	temporary := path + ".tmp"
	if err := os.WriteFile(temporary, []byte(text), mode); err != nil {
		return false, err
	}
	return true, os.Rename(temporary, path)
}
