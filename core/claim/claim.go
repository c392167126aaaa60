// Package claim lets processes of one user take turns. Each claims what it works with, and
// waits where the claim of another one is in the way.
package claim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"bee/core/filelock"
)

// Claim is what one process works with.
type Claim struct {
	// Thing is what is claimed, such as the path of a folder.
	Thing string `json:"thing"`
	// Group of those who may have the thing at a time. Without one, nobody else may.
	Group string `json:"group,omitempty"`
	// Does says what the process does with it, after "which".
	Does string `json:"does"`
	PID  int    `json:"pid"`
}

// Users of a thing may have it at a time, where they claim it as this group.
const Users = "users"

// excludes tells whether two claims cannot be at a time.
func (c Claim) excludes(other Claim) bool {
	return c.Thing == other.Thing && (c.Group == "" || c.Group != other.Group)
}

// String is for those who wait.
func (c Claim) String() string { return fmt.Sprintf("process %d, which %s", c.PID, c.Does) }

const (
	patience = 200 * time.Millisecond
	// door is the lock of whoever looks at all claims, and makes one.
	door = "door"
)

// Take makes a claim as soon as no other one is in its way, and calls waiting with each
// that is. The claim ends by release, or with the process.
func Take(ctx context.Context, mine Claim, waiting func(Claim)) (release func(), err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("%w: set XDG_CACHE_HOME to a folder that you may write to", err)
	}
	folder := filepath.Join(cache, "bee", "claims")
	mine.PID = os.Getpid()
	told := 0
	for {
		release, rival, err := try(folder, mine)
		if err == nil && rival == nil {
			return release, nil
		}
		if err != nil && !errors.Is(err, filelock.ErrLocked) {
			return nil, err
		}
		if rival != nil && rival.PID != told {
			waiting(*rival)
			told = rival.PID
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(patience):
		}
	}
}

// try makes a claim, or returns the one that is in its way.
func try(folder string, mine Claim) (release func(), rival *Claim, err error) {
	lock, err := filelock.Try(filepath.Join(folder, door), "")
	if err != nil {
		return nil, nil, err
	}
	defer lock.Release()
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		if entry.Name() == door {
			continue
		}
		text, held, err := filelock.Holder(path)
		if err != nil {
			return nil, nil, err
		}
		if !held {
			os.Remove(path) // of a process that is gone
			continue
		}
		var other Claim
		if err := json.Unmarshal([]byte(text), &other); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		if other.excludes(mine) {
			return nil, &other, nil
		}
	}
	return enter(folder, mine)
}

// enter makes a claim that nothing is in the way of.
func enter(folder string, mine Claim) (release func(), rival *Claim, err error) {
	text, err := json.Marshal(mine)
	if err != nil {
		return nil, nil, err
	}
	file, err := os.CreateTemp(folder, "")
	if err != nil {
		return nil, nil, err
	}
	file.Close()
	lock, err := filelock.Try(file.Name(), string(text))
	if err != nil {
		return nil, nil, err
	}
	return func() {
		os.Remove(file.Name())
		lock.Release()
	}, nil, nil
}
