package e2e

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"dagger/bee/access"
)

// TestMake builds and boots by make, as a person does who wants a password and a host key of
// their own on the ISO.
func TestMake(t *testing.T) {
	dir := committed(t)
	dist := filepath.Join(dir, "dist")
	hostKey, seed := newKey(t)
	const contents, password = "--base debian --nvidia=false", "seven grey herons"

	run := command(t, dir, []string{"BEE_PASSWORD=" + password}, "make", "iso",
		"ARGS="+contents+" --password env:BEE_PASSWORD --host-key file:"+hostKey+" --machine bios")
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
	hash, err := access.HashPassword(password, commitOf(t, dir)+" debian")
	if err != nil {
		t.Fatal(err)
	}
	noSecrets(t, dist, password, "$6$", hash[len(hash)-86:], hash, seed)

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

// noSecrets checks that no secret is in a log, as it is or in base64.
func noSecrets(t *testing.T, dist string, secrets ...string) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dist, "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("no logs in %s: %v", dist, err)
	}
	for _, log := range logs {
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			for before := range 3 { // bytes that share its first group of four characters
				const group = 4
				coded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + secret))
				if len(coded) > 4*group && strings.Contains(string(text), coded[group:len(coded)-group]) {
					t.Errorf("%s: %q is there in base64", log, secret)
				}
			}
			if strings.Contains(string(text), secret) {
				t.Errorf("%s: %q is there", log, secret)
			}
		}
	}
}
