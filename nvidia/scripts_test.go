// Package nvidia_test tries the scripts that take drivers apart and build modules,
// as far as that takes no driver and no headers.
package nvidia_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func run(t *testing.T, script string, args ...string) (output string, ok bool) {
	t.Helper()
	cmd := exec.Command("bash", append([]string{script}, args...)...)
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

const version = "580.159.04"

// installer is a program of the shape of NVIDIA's: it unpacks itself.
func installer(t *testing.T, files ...string) (path, digest string) {
	t.Helper()
	text := "#!/bin/sh\n[ \"$1 $2\" = '--extract-only --target' ] || exit 1\nmkdir \"$3\" && cd \"$3\" || exit 1\n"
	for _, f := range files {
		text += "mkdir -p $(dirname " + f + ") && echo '" + f + " of " + version + "' >" + f + "\n"
	}
	sum := sha256.Sum256([]byte(text))
	return write(t, filepath.Join(t.TempDir(), "driver.run"), text), hex.EncodeToString(sum[:])
}

var driver = []string{
	"kernel/Kbuild", "kernel-open/Kbuild", "firmware/gsp_tu10x.bin", "nvidia-smi", "LICENSE",
	"libnvidia-ml.so." + version, "libnvidia-cfg.so." + version, "libcuda.so." + version, "libnvidia-ptxjitcompiler.so." + version,
}

func TestRun(t *testing.T) {
	file, digest := installer(t, append(driver, "nvidia-persistenced", "libnvidia-gpucomp.so."+version)...)
	out := t.TempDir()
	if said, ok := run(t, "driver/run.sh", file, version, digest, out); !ok {
		t.Fatal(said)
	}
	for _, name := range []string{"open/Kbuild", "proprietary/Kbuild", "userland/version", "userland/bin/nvidia-smi",
		"userland/bin/nvidia-persistenced", "userland/lib/libcuda.so." + version, "userland/lib/libnvidia-gpucomp.so." + version,
		"userland/firmware/gsp_tu10x.bin", "userland/doc/LICENSE"} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	file, digest := installer(t, driver...)
	for _, gone := range driver {
		var rest []string
		for _, f := range driver {
			if f != gone {
				rest = append(rest, f)
			}
		}
		part, digest := installer(t, rest...)
		name, _, _ := strings.Cut(gone, "/")
		if said, ok := run(t, "driver/run.sh", part, version, digest, t.TempDir()); ok || !strings.Contains(said, "driver "+version+" has no "+name) {
			t.Errorf("without %s: %v, %s", gone, ok, said)
		}
	}

	if said, ok := run(t, "driver/run.sh", file, "999.1", digest, t.TempDir()); ok || !strings.Contains(said, "driver 999.1 has no libnvidia-ml.so.999.1") {
		t.Errorf("another version: %v, %s", ok, said)
	}
	// A flipped byte: nothing of it is run.
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	ran := filepath.Join(t.TempDir(), "ran")
	flipped := strings.Replace(string(text), "exit 1", "exit 2; touch "+ran, 1)
	flipped = strings.Replace(flipped, "[ ", "touch "+ran+"; [ ", 1)
	out := t.TempDir()
	said, ok := run(t, "driver/run.sh", write(t, file, flipped), version, digest, out)
	sum := sha256.Sum256([]byte(flipped))
	if ok || !strings.Contains(said, digest) || !strings.Contains(said, hex.EncodeToString(sum[:])) {
		t.Errorf("another file: %v, %s", ok, said)
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("a file that is not the installer was run")
	}
	if left, _ := os.ReadDir(out); len(left) > 0 {
		t.Errorf("there is %v", left)
	}

	broken := "#!/bin/sh\necho no space left >&2; exit 1\n"
	sum = sha256.Sum256([]byte(broken))
	if said, ok := run(t, "driver/run.sh", write(t, file, broken), version, hex.EncodeToString(sum[:]), t.TempDir()); ok || !strings.Contains(said, "no space left") {
		t.Errorf("an installer that fails: %v, %s", ok, said)
	}
}

// A cached installer that is damaged is fetched again, and where it cannot be had,
// the error says what to do.
func TestFetchRun(t *testing.T) {
	bin, cache := t.TempDir(), t.TempDir()
	sum := sha256.Sum256([]byte("the installer"))
	digest := hex.EncodeToString(sum[:])
	curl := func(script string) {
		write(t, filepath.Join(bin, "curl"), "#!/bin/sh\necho \"curl $*\"\nwhile [ $# -gt 0 ]; do [ \"$1\" != --output ] || out=$2; shift; done\n"+script)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	out := filepath.Join(t.TempDir(), "out.run")
	fetch := func() (string, bool) { return run(t, "driver/fetch-run.sh", version, digest, cache, out) }

	curl("exit 6")
	if said, ok := fetch(); ok || !strings.Contains(said, "NVIDIA-Linux-x86_64-"+version+".run cannot be fetched") || !strings.Contains(said, "--nvidia-run") {
		t.Errorf("no network: %v, %s", ok, said)
	}
	curl(`printf 'another file' >"$out"`)
	if said, ok := fetch(); ok || !strings.Contains(said, digest) || !strings.Contains(said, "has the SHA-256") {
		t.Errorf("another file: %v, %s", ok, said)
	}
	if left, _ := os.ReadDir(cache); len(left) > 0 {
		t.Errorf("the cache has %v", left)
	}
	curl(`printf half >"$out"; exit 18`)
	if said, ok := fetch(); ok || !strings.Contains(said, "cannot be fetched") {
		t.Errorf("a transfer that breaks off: %v, %s", ok, said)
	}
	curl(`printf 'the installer' >"$out"`)
	if said, ok := fetch(); !ok || !strings.Contains(said, "/tesla/"+version+"/") {
		t.Errorf("first fetch: %v, %s", ok, said)
	}
	curl("exit 6")
	if said, ok := fetch(); !ok || strings.Contains(said, "curl") {
		t.Errorf("from the cache: %v, %s", ok, said)
	}
	write(t, filepath.Join(cache, digest), "damaged")
	if said, ok := fetch(); ok || !strings.Contains(said, "cannot be fetched") {
		t.Errorf("damaged, and no network: %v, %s", ok, said)
	}
}

// Headers that are not those of the ISO's kernel stop the build, with both named.
func TestModulesForAnotherKernel(t *testing.T) {
	headers := t.TempDir()
	if said, ok := run(t, "modules.sh", "modules", t.TempDir(), headers, "6.12.107", t.TempDir()); ok || !strings.Contains(said, "headers are of 0 kernels") {
		t.Errorf("no headers: %v, %s", ok, said)
	}
	write(t, filepath.Join(headers, "usr/src/linux-headers-6.6.1/include/config/kernel.release"), "6.6.1-0-lts\n")
	said, ok := run(t, "modules.sh", "modules", t.TempDir(), headers, "6.12.107-0-lts", t.TempDir())
	if ok || !strings.Contains(said, "the headers are of kernel 6.6.1-0-lts, but the ISO's kernel is 6.12.107-0-lts") {
		t.Errorf("other headers: %v, %s", ok, said)
	}
	write(t, filepath.Join(headers, "usr/src/linux-headers-6.12.107/include/config/kernel.release"), "6.12.107-0-lts\n")
	if said, ok := run(t, "modules.sh", "modules", t.TempDir(), headers, "6.12.107-0-lts", t.TempDir()); ok || !strings.Contains(said, "headers are of 2 kernels") {
		t.Errorf("stale headers beside the right ones: %v, %s", ok, said)
	}
}
