package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"bee/core/delivery"
	"bee/core/filelock"
	"bee/iso/results/collection"
)

// How long it is between two tries, at first and at most, and for how long it is tried in the
// background.
const (
	shortest = 15 * time.Second
	longest  = 30 * time.Minute
	day      = 24 * time.Hour
)

// persist sends again and again, at ever longer intervals, until it is of no more use or the time
// is over.
func (s *sender) persist(ctx context.Context, limit time.Duration, send func(context.Context) (again bool, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for pause := shortest; ; pause = min(2*pause, longest) {
		select {
		case <-ctx.Done():
			return errors.Join(s.giveUp(), errMissing)
		// the machines of a rack start together, and are not to come together each time
		case <-time.After(pause/2 + rand.N(pause/2)):
		}
		if again, err := send(ctx); err != nil || !again {
			return err
		}
	}
}

// giveUp notes of deliveries that are waited for that nobody tries them again.
func (s *sender) giveUp() error {
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	list, err := delivery.Read(s.state)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].State == delivery.Waiting {
			list[i].State = delivery.Failed
		}
	}
	return list.Write(s.state)
}

// background leaves a process that persists.
func (s *sender) background() error {
	file, err := os.OpenFile(filepath.Join(s.logs, collection.Log), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	fmt.Fprintf(s.out, "It goes on in the background; %s has what comes of it.\n", file.Name())
	return s.start(file)
}

func startRetry(log *os.File) error {
	cmd := exec.Command("/proc/self/exe", retryName)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd.Start()
}

// retry is what that process does, where there is none yet.
func (s *sender) retry(ctx context.Context) error {
	lock, err := filelock.Try(s.state+".retry", "")
	if errors.Is(err, filelock.ErrLocked) {
		return nil
	}
	if err != nil {
		return err
	}
	defer lock.Release()
	return s.persist(ctx, day, s.send)
}
