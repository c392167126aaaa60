package main

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// keyboard is what random keys are made of: those that lead somewhere are more likely.
var keyboard = append(strings.Split("0123456789 nstxvcqabdefghijklmoprzuw.,/:-", ""),
	up, down, left, right, enter, enter, enter, tab, tab, "\x1b", "\x1b", "\f", "\x7f", "\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[Z", "\x1bOP", "\x1b[21~",
	"\x1b[3~", "\x1b[24;80R", "\x1b[<0;1;1M", "é", "\xff", "\x00", "\x01")

func randomKeys(seed uint64, n int) []byte {
	random := rand.New(rand.NewPCG(seed, 0))
	var keys strings.Builder
	for range n {
		keys.WriteString(keyboard[random.IntN(len(keyboard))])
	}
	return []byte(keys.String())
}

// FuzzKeys: whatever keys are pressed, the console does not crash, and nothing is done: without
// a y, nobody has confirmed it.
func FuzzKeys(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(randomKeys(seed, 250), seed%2 == 0)
	}
	root := fake(f)
	audited(f, root)
	idle := fake(f)
	audited(f, idle)
	burning(f, root)
	f.Fuzz(func(t *testing.T, keys []byte, burns bool) {
		root := root
		if !burns {
			root = idle
		}
		keys = bytes.ReplaceAll(bytes.ReplaceAll(keys, []byte("y"), []byte("z")), []byte("\x03"), nil)
		for left := keys[:min(len(keys), 4000)]; len(left) > 0; {
			s := start(t, root, "linux", 80, 25, false)
			s.await("Overview")
			for len(left) > 0 && !s.over() {
				n := min(len(left), 16)
				s.keys(string(left[:n]))
				left = left[n:]
				time.Sleep(time.Millisecond) // else it ends with many keys unread
			}
			if !s.over() {
				s.escape() // what follows belongs to no other key
				if !s.over() {
					s.keys("\x1b[21~") // F10, which harms nobody where it has been left just now
				}
			}
			s.left()
		}
		if did := done(root); did != "" {
			t.Fatalf("without a confirmation: %s", did)
		}
	})
}

// over reports whether the console was left.
func (s *session) over() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}
