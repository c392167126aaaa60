package supervise

import (
	"errors"
	"fmt"
	"strconv"

	"bee/core/filelock"
)

// holder returns the process that holds the lock at path, by the id that the file says;
// 0 when none does, or has not said so yet.
func holder(path string) (int, error) {
	says, held, err := filelock.Holder(path)
	if err != nil || !held || says == "" {
		return 0, err
	}
	pid, err := parsePID(says)
	if err != nil {
		return 0, fmt.Errorf("%s is locked, but holds no process id: %w", path, err)
	}
	return pid, nil
}

// parsePID reads the id of one process: with a sign, or as 0, it would be a group of
// processes, or all, to whoever signals it.
func parsePID(text string) (int, error) {
	pid, err := strconv.ParseUint(text, 10, 31)
	if err == nil && pid == 0 {
		err = errors.New("0 is none")
	}
	return int(pid), err
}
