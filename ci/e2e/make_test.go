package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestMake builds and boots by make, as a person does.
func TestMake(t *testing.T) {
	dir := committed(t)
	dist := filepath.Join(dir, "dist")
	const contents = "--base debian --nvidia=false"

	run := command(t, dir, nil, "make", "iso", "ARGS="+contents+" --machine bios")
	if run.exit != 0 {
		t.Fatalf("exit status %d:\n%s\n%s", run.exit, tail(run.output, 60), tail(run.progress, 60))
	}
	checkSums(t, dist)
	withoutNvidia(t, dist)
	said := run.output + run.progress
	if lines := strings.Count(said, "\n"); lines > 80 || strings.Contains(said, "\x1b") {
		t.Errorf("%d lines, or colours:\n%s", lines, tail(said, 100))
	}
	last := tail(run.output, 20)
	for _, want := range []string{"dist/bee.iso", digest(t, filepath.Join(dist, "bee.iso")), "PASS", "dist/smoke", "dist/build.log"} {
		if !strings.Contains(last, want) {
			t.Errorf("the last lines lack %q:\n%s", want, last)
		}
	}
	if run := command(t, dir, nil, "git", "status", "--porcelain"); run.output != "" {
		t.Errorf("the tree is not clean any more:\n%s", run.output)
	}

	t.Run("two at once", func(t *testing.T) {
		var runs [2]gateRun
		var both sync.WaitGroup
		for i := range runs {
			both.Go(func() { runs[i] = command(t, dir, nil, "make", "build", "ARGS="+contents) })
		}
		both.Wait()
		waited := 0
		for _, run := range runs {
			if run.exit != 0 {
				t.Errorf("exit status %d:\n%s\n%s", run.exit, tail(run.output, 30), tail(run.progress, 30))
			}
			waited += strings.Count(run.output+run.progress, ", which builds in ")
		}
		if waited != 1 {
			t.Errorf("%d of two waited", waited)
		}
		checkSums(t, dist)
	})

	t.Run("no space left", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("only root may mount a small file system")
		}
		small := t.TempDir()
		if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", small).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		t.Cleanup(func() { exec.Command("umount", small).Run() })
		output := filepath.Join(small, "dist")
		run := command(t, dir, nil, "make", "build", "ARGS="+contents+" --output "+output)
		if said := run.output + run.progress; run.exit == 0 || !strings.Contains(said, output) || !strings.Contains(said, "no space left") {
			t.Errorf("exit status %d:\n%s", run.exit, tail(said, 30))
		}
		if files, err := os.ReadDir(output); len(files) != 0 && err == nil {
			t.Errorf("left behind: %v", files)
		}
	})
}
