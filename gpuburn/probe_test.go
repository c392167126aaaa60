// Package gpuburn_test tries what gpu_probe writes into memory and how it looks for it again,
// which takes no GPU.
package gpuburn_test

import (
	"os/exec"
	"path/filepath"
	"testing"
)

func TestPattern(t *testing.T) {
	compiler, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip(err)
	}
	program := filepath.Join(t.TempDir(), "pattern_test")
	if out, err := exec.Command(compiler, "-Wall", "-Wextra", "-Werror", "-O2", "-o", program, "probe/pattern_test.c").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := exec.Command(program).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
