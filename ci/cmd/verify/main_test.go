package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/core/hostile"
	"dagger/bee/verify"
)

func run(args ...string) (status int, stdout, stderr string) {
	var out, errors bytes.Buffer
	cmd := command()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&errors)
	status = exitStatus(cmd.Execute(), &errors)
	return status, out.String(), errors.String()
}

func TestInput(t *testing.T) {
	folder := t.TempDir()
	key := filepath.Join(folder, "key.pem")
	if err := os.WriteFile(key, []byte("ssh-ed25519 AAAA"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"accepts 1 arg":                             {},
		"/no/such/folder":                           {"/no/such/folder"},
		"--key: open /no/such.pem":                  {folder, "--key", "/no/such.pem"},
		"--key " + key + ": no public key in PEM (": {folder, "--key", key},
		"unknown flag":                              {folder, "--public"},
	} {
		if status, stdout, stderr := run(args...); status != exitInput || stdout != "" || !strings.HasPrefix(stderr, "verify: ") || !strings.Contains(stderr, want) {
			t.Errorf("%q: status %d, %q, %q", args, status, stdout, stderr)
		}
	}
}

// A folder that is no release is refused, as text and as JSON, and whatever its files are called.
func TestRefused(t *testing.T) {
	folder := t.TempDir()
	for i, text := range hostile.Strings {
		name := string(rune('a'+i)) + strings.ReplaceAll(strings.ReplaceAll(text, "/", "_"), "\x00", "_")
		if err := os.WriteFile(filepath.Join(folder, name[:min(200, len(name))]), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "SHA256SUMS"), []byte(strings.Repeat("0", 64)+"  bee.iso\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, text, stderr := run(folder)
	if found := hostile.Unprintable(text); status != exitRefused || stderr != "" || found != "" || !strings.Contains(text, "REFUSED bee.iso: is not there\n") {
		t.Errorf("status %d, %q, %s in:\n%s", status, stderr, found, text)
	}
	status, text, _ = run(folder, "--json")
	var r verify.Result
	if err := json.Unmarshal([]byte(text), &r); err != nil || status != exitRefused || len(r.Refusals) < len(hostile.Strings) || hostile.Unprintable(text) != "" {
		t.Errorf("status %d, %v:\n%s", status, err, text)
	}
}
