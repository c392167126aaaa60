package versions

import (
	"fmt"
	"maps"
	"strings"
)

// The local engine keeps a block of lines in VERSIONS.local, between these two. Every other
// line is its user's, and wins: users write theirs before the engine writes its own, and after.
const (
	BlockBegin = "# >>> local engine: lines up to <<< are written by `go run ./engine ensure`"
	BlockEnd   = "# <<< local engine"
)

// SplitLocal takes the text of VERSIONS.local apart: the lines of its user, and the block.
func SplitLocal(text string) (user, block string, err error) {
	var users, blocks strings.Builder
	err = eachLine(text, func(line string, inBlock bool) {
		if inBlock {
			blocks.WriteString(line)
		} else {
			users.WriteString(line)
		}
	})
	return users.String(), blocks.String(), err
}

// eachLine calls do with each line of VERSIONS.local, and whether it is of the block. An
// editor may have given the block other line ends.
func eachLine(text string, do func(line string, inBlock bool)) error {
	inside := false
	for line := range strings.Lines(text) {
		bare := strings.TrimRight(line, "\r\n")
		inside = inside || bare == BlockBegin
		do(line, inside)
		inside = inside && bare != BlockEnd
	}
	if inside {
		return fmt.Errorf("%s: the line %q has no %q after it: remove the block by hand", LocalFile, BlockBegin, BlockEnd)
	}
	return nil
}

// parseLocal reads VERSIONS.local, with the block or without.
func parseLocal(text string, withBlock bool, fields map[string]field) (map[string]string, error) {
	// In each part, a blank line stands for one of the other: errors name the right line.
	var user, block strings.Builder
	err := eachLine(text, func(line string, inBlock bool) {
		mine, other := &user, &block
		if inBlock {
			mine, other = &block, &user
		}
		mine.WriteString(line)
		other.WriteString("\n")
	})
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	if withBlock {
		if values, err = parseFile(LocalFile, block.String(), fields); err != nil {
			return nil, err
		}
	}
	users, err := parseFile(LocalFile, user.String(), fields)
	if err != nil {
		return nil, err
	}
	maps.Copy(values, users)
	return values, nil
}
