package claim

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// take makes a claim that nothing is in the way of.
func take(t *testing.T, c Claim) (release func()) {
	t.Helper()
	release, err := Take(t.Context(), c, func(rival Claim) { t.Errorf("%v waits for %v", c, rival) })
	if err != nil {
		t.Fatal(err)
	}
	return release
}

// waits checks that another claim is in the way, and that it is told with what it says.
func waits(t *testing.T, c Claim, says string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var told []string
	_, err := Take(ctx, c, func(rival Claim) {
		told = append(told, rival.String())
		time.AfterFunc(2*patience, cancel)
	})
	if !errors.Is(err, context.Canceled) || len(told) != 1 || !strings.HasSuffix(told[0], ", which "+says) {
		t.Errorf("%v: %q, %v", c, told, err)
	}
}

func TestTake(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	build := Claim{Thing: "/dist", Does: "builds in /dist"}
	read := Claim{Thing: "/dist", Group: Users, Does: "boots /dist/bee.iso"}

	first, second := take(t, read), take(t, read)
	waits(t, build, "boots /dist/bee.iso")
	waits(t, Claim{Thing: "/dist", Group: "others"}, "boots /dist/bee.iso")
	take(t, Claim{Thing: "/other/dist"})()
	first()
	waits(t, build, "boots /dist/bee.iso")
	second()
	building := take(t, build)
	waits(t, build, "builds in /dist")
	waits(t, read, "builds in /dist")

	// One that waits goes on when it can.
	done := make(chan error)
	go func() {
		release, err := Take(t.Context(), read, func(Claim) { building() })
		if err == nil {
			release()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Error(err)
	}

	// What is left of a process that is gone counts for nothing.
	folder := filepath.Join(cache, "bee", "claims")
	stale := filepath.Join(folder, "123")
	if err := os.WriteFile(stale, []byte(`{"thing": "/dist", "does": "x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	take(t, build)()
	if files, err := os.ReadDir(folder); err != nil || len(files) != 1 || files[0].Name() != door {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

// Of many who want a thing for themselves, one has it at a time.
func TestTurns(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	done := make(chan error)
	busy := make(chan bool, 1)
	const many = 4
	for range many {
		go func() {
			release, err := Take(t.Context(), Claim{Thing: "x"}, func(Claim) {})
			if err == nil {
				select {
				case busy <- true:
					time.Sleep(time.Millisecond)
					<-busy
				default:
					err = errors.New("two at a time")
				}
				release()
			}
			done <- err
		}()
	}
	for range many {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
