// Package part measures the parts of a result: build, iso, boot, audit.
package part

import (
	"context"
	"time"

	"bee/bench/internal/result"
)

// What is built, below the top of the repository.
const (
	isoFile      = "dist/bee.iso"
	manifestFile = "dist/bee.iso.manifest.json"
)

// Engine calls a function of the Dagger module of a folder, and returns how long it took.
type Engine interface {
	Call(ctx context.Context, folder string, args ...string) (time.Duration, error)
}

// Bench is what the parts share.
type Bench struct {
	// Top of the repository.
	Top string
	// Folder for what is needed only while the bench runs.
	Scratch string
	Machine result.Machine
	// Engine that works; the first who asks waits for it.
	Engine func() (Engine, error)
	// Folder with a copy of the repository; the first who asks waits for it. Dagger looks
	// there for the commit, which it does not find in a work tree of git's beside the first.
	Copy func() (string, error)
	// Tells somebody who waits what happens.
	Progress func(format string, args ...any)
}

// Kind of a part.
type Kind struct {
	Name, About string
	// Whether it is about the ISO in dist.
	OfISO bool
	// measure fills in what it can before it fails.
	measure func(context.Context, *Bench, *result.Part) error
}

// Measure measures a part. What could not be measured, and why, is in it.
func (k Kind) Measure(ctx context.Context, b *Bench) result.Part {
	b.Progress("%s …", k.Name)
	p := result.Part{Name: k.Name}
	if err := k.measure(ctx, b, &p); err != nil {
		p.Missing = err.Error()
		b.Progress("%s: not measured", k.Name)
	}
	return p
}

// All are the parts, in the order in which they are measured.
func All() []Kind {
	return []Kind{
		{"build", "how long a build takes: with nothing to do, after one change, from nothing", false, build},
		{"iso", "how large dist/bee.iso is, and what makes it so", true, iso},
		{"boot", "how long dist/bee.iso takes to boot under BIOS, to each stage", true, boot},
		{"audit", "what audit takes, beside lshw and inxi where they are installed", false, audit},
	}
}
