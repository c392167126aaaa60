package e2e

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/pem"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"dagger/bee/access"
)

// TestMake builds and boots by make, as a person does who wants a password, a host key and a
// configuration of their own on the ISO.
func TestMake(t *testing.T) {
	dir := committed(t)
	dist := filepath.Join(dir, "dist")
	hostKey, seed := newKey(t)
	const contents, password = "--base debian --nvidia=false", "seven grey herons"

	// What the configuration lets in by wins over the build's; it is the same password here.
	configured, err := access.HashPassword(password, "bee.yaml")
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "bee.yaml")
	if err := os.WriteFile(config, []byte("ssh: {password_hash: \""+configured+"\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	run := command(t, dir, []string{"BEE_PASSWORD=" + password}, "make", "iso",
		"ARGS="+contents+" --password env:BEE_PASSWORD --host-key file:"+hostKey+" --config "+config+" --machine bios")
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

	machine := readReport(t, filepath.Join(dist, "smoke", "bios-cd-1024-virtio-nvme"))
	passed := map[string]string{"ssh-policy": "password", "ssh-host-keys": "that of the build"}
	for _, check := range machine.Checks {
		if want, ok := passed[check.Name]; ok && (check.Status != "PASS" || check.Detail != want) {
			t.Errorf("got %+v, want %s", check, want)
		}
		delete(passed, check.Name)
	}
	if len(passed) > 0 {
		t.Errorf("not checked: %v", passed)
	}
	serial, err := os.ReadFile(filepath.Join(dist, "smoke", "bios-cd-1024-virtio-nvme", "serial.log"))
	if err != nil || !strings.Contains(string(serial), "bee: SSH password set by bee.yaml") {
		t.Errorf("the configuration is not what lets in, %v:\n%s", err, tail(string(serial), 30))
	}
	hash, err := access.HashPassword(password, commitOf(t, dir)+" debian")
	if err != nil {
		t.Fatal(err)
	}
	// Three characters alone come up in a picture of the console by chance.
	const anyHash, digits = "$6$rounds=", 86
	noSecrets(t, dist, said, password, anyHash, hash[len(hash)-digits:], hash, configured[len(configured)-digits:], configured, seed)

	// The ISO of a hash is what is built from here on.
	given, err := access.HashPassword("eight grey herons", dir)
	if err != nil {
		t.Fatal(err)
	}
	const byHash = contents + " --password-hash env:BEE_HASH"
	environment := []string{"BEE_HASH=" + given}

	t.Run("two at once", func(t *testing.T) {
		var runs [2]gateRun
		var both sync.WaitGroup
		for i := range runs {
			both.Go(func() { runs[i] = command(t, dir, environment, "make", "build", "ARGS="+byHash) })
		}
		both.Wait()
		said := ""
		for _, run := range runs {
			if run.exit != 0 {
				t.Errorf("exit status %d:\n%s\n%s", run.exit, tail(run.output, 30), tail(run.progress, 30))
			}
			said += run.output + run.progress
		}
		if waited := strings.Count(said, ", which builds in "); waited != 1 {
			t.Errorf("%d of two waited", waited)
		}
		checkSums(t, dist)
		noSecrets(t, dist, said, anyHash, given[len(given)-digits:], given)
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
		run := command(t, dir, environment, "make", "build", "ARGS="+byHash+" --output "+output)
		if said := run.output + run.progress; run.exit == 0 || !strings.Contains(said, output) || !strings.Contains(said, "no space left") {
			t.Errorf("exit status %d:\n%s", run.exit, tail(said, 30))
		}
		if files, err := os.ReadDir(output); len(files) != 0 && err == nil {
			t.Errorf("left behind: %v", files)
		}
	})
}

// newKey makes a private SSH key, and returns its file and the secret in it.
func newKey(t *testing.T) (file, secret string) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, string(key.Seed())
}

// noSecrets checks that no secret is in the logs, the reports and the manifest that were written
// into dist, in what make said, or in what the local engine says itself, as it is or in base64.
func noSecrets(t *testing.T, dist, said string, secrets ...string) {
	t.Helper()
	texts := map[string]string{"what make said": said}
	read := func(file string) error {
		text, err := os.ReadFile(file)
		texts[file] = string(text)
		return err
	}
	err := filepath.WalkDir(dist, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == filepath.Join(dist, "bee.iso") { // which has them
			return err
		}
		return read(path)
	})
	if _, ok := texts[filepath.Join(dist, "build.log")]; err != nil || !ok {
		t.Fatalf("there is no log, %v", err)
	}
	const socket = "run/socket/engine.sock" // of the layout in engine/internal/layout
	if own, ok := strings.CutSuffix(os.Getenv("_EXPERIMENTAL_DAGGER_RUNNER_HOST"), socket); ok {
		if err := read(strings.TrimPrefix(own, "unix://") + "run/engine.log"); err != nil {
			t.Error(err)
		}
	}
	for where, text := range texts {
		for _, secret := range secrets {
			for before := range 3 { // bytes that share its first group of four characters
				const group = 4
				coded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + secret))
				if len(coded) > 4*group && strings.Contains(text, coded[group:len(coded)-group]) {
					t.Errorf("%s: %q is there in base64", where, secret)
				}
			}
			if strings.Contains(text, secret) {
				t.Errorf("%s: %q is there", where, secret)
			}
		}
	}
}
