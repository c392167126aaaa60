package measure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The test program is also the program that is measured, where this variable says so.
const stub = "BEE_BENCH_STUB"

const (
	burned    = 200 * time.Millisecond
	allocated = 64 << 20
)

func TestMain(m *testing.M) {
	switch os.Getenv(stub) {
	case "burn":
		burn()
		os.Exit(0)
	case "allocate":
		touch(allocated)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// burn takes processor time, as the kernel counts it, however long that takes.
func burn() {
	for {
		var usage unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
			panic(err)
		}
		if time.Duration(usage.Utime.Nano()+usage.Stime.Nano()) >= burned {
			return
		}
	}
}

// touch has memory that the kernel has to give.
func touch(size int) {
	memory := make([]byte, size)
	for i := 0; i < size; i += os.Getpagesize() {
		memory[i] = 1
	}
	fmt.Fprint(os.Stdin, memory[size-1]) // it fails, and keeps the memory
}

func measured(t *testing.T, what string) Usage {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(stub, what)
	used, err := Run(t.Context(), program)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %+v", what, used)
	return used
}

func TestCPU(t *testing.T) {
	if used := measured(t, "burn"); used.CPU < burned || used.CPU > 10*burned {
		t.Errorf("%s of CPU, but %s were burned", used.CPU, burned)
	} else if used.Wall <= 0 {
		t.Errorf("%s of wall time", used.Wall)
	}
}

// TestMemory has a bench that is larger than what it measures.
func TestMemory(t *testing.T) {
	touch(4 * allocated)
	defer debug.FreeOSMemory()
	if used := measured(t, "allocate"); used.PeakBytes < allocated || used.PeakBytes > 2*allocated {
		t.Errorf("%d bytes, but %d were allocated", used.PeakBytes, allocated)
	}
}

func TestError(t *testing.T) {
	for program, want := range map[string]string{
		"echo no disk >&2; exit 3": "sh: exit status 3: no disk",
		"exit 4":                   "sh: exit status 4",
		"kill -9 $$":               "sh: ended by signal: killed",
		"yes | head -c 9998 >&2; echo end >&2; exit 1": "y\ny\nend",
	} {
		_, err := Run(t.Context(), "sh", "-c", program)
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 2*lastWords {
			t.Errorf("%s: got %v, want %q", program, err, want)
		}
	}
	if _, err := Run(t.Context(), "bee-no-such-program"); err == nil || !strings.Contains(err.Error(), "bee-no-such-program") {
		t.Errorf("got %v", err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("enough")
	time.AfterFunc(100*time.Millisecond, func() { cancel(reason) })
	ended := filepath.Join(t.TempDir(), "ended")
	if _, err := Run(ctx, "sh", "-c", `sleep 10; : >"$0"`, ended); !errors.Is(err, reason) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(ended); err == nil {
		t.Error("the program came to its end")
	}
}
