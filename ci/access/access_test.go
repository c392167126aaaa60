package access

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-crypt/crypt/algorithm/shacrypt"
	"golang.org/x/crypto/ssh"

	"bee/core/credential"
)

func TestHashPassword(t *testing.T) {
	const password = "seven grey herons"
	hash, err := HashPassword(password, "a commit")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := HashPassword(password, "a commit"); again != hash {
		t.Errorf("one password, two hashes: %s, %s", hash, again)
	}
	salt := func(hash string) string { return strings.Split(hash, "$")[3] }
	other, err := HashPassword("eight grey herons", "a commit")
	if err != nil {
		t.Fatal(err)
	}
	if salt(hash) != salt(other) || hash == other {
		t.Errorf("the salt tells of the password: %s, %s", hash, other)
	}
	if moved, _ := HashPassword(password, "another commit"); salt(moved) == salt(hash) {
		t.Errorf("two ISOs share a salt: %s, %s", hash, moved)
	}
	if err := credential.CheckHash(hash, false); err != nil {
		t.Error(err)
	}
	digest, err := shacrypt.Decode(hash)
	if err != nil || !digest.Match(password) || digest.Match(password+"x") {
		t.Errorf("%s is not the hash of %q: %v", hash, password, err)
	}
	for bad, want := range map[string]string{
		"":                "must be one line",
		"two\nlines":      "must be one line",
		"7hGf2kQpL":       "less than 10 characters",
		"éèêëéèêëé":       "less than 10 characters",
		"Bee-20261127":    "guesses find it",
		"P@ssw0rd123":     "guesses find it",
		"qwertyuiop":      "guesses find it",
		"hunter2hunter2":  "guesses find it",
		"operator2026!":   "guesses find it",
		"aaaaaaaaaaaaaaa": "guesses find it",

		strings.Repeat("grey heron ", 9) + "10": "more than 100 bytes",
	} {
		if _, err := HashPassword(bad, "x"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, good := range []string{"7hGf2kQpLm", "aB3$kfj29dk", "seven grey herons", strings.Repeat("grey heron ", 9) + "1"} {
		if err := checkPassword(good); err != nil {
			t.Errorf("%.20q: %v", good, err)
		}
	}
}

func TestPolicy(t *testing.T) {
	for _, test := range []struct {
		keys, password, hash bool
		want                 string
	}{
		{false, false, false, Random},
		{true, false, false, Keys},
		{false, true, false, Password},
		{false, false, true, Password},
		{false, true, true, Password},
		{true, true, false, ""},
		{true, false, true, ""},
	} {
		got, err := Policy(test.keys, test.password, test.hash)
		if got != test.want || (err != nil) != (test.want == "") {
			t.Errorf("%+v: %q, %v", test, got, err)
		}
	}
}

// The key is the one that dropbear reads, where that is installed.
func TestHostKey(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(key crypto.PrivateKey, passphrase string) []byte {
		t.Helper()
		block, err := ssh.MarshalPrivateKey(key, "")
		if passphrase != "" {
			block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(passphrase))
		}
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(block)
	}
	key, err := HostKey(encode(private, ""))
	if err != nil {
		t.Fatal(err)
	}
	if want := append([]byte("\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x40"), private...); !bytes.Equal(key, want) {
		t.Errorf("got %q, want %q", key, want)
	}
	if program, err := exec.LookPath("dropbearkey"); err == nil {
		file := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(file, key, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(program, "-y", "-f", file).CombinedOutput()
		of, _ := ssh.NewPublicKey(public)
		if want := "Fingerprint: " + ssh.FingerprintSHA256(of); err != nil || !strings.Contains(string(out), want) {
			t.Errorf("dropbear reads %s, %v; want %s", out, err, want)
		}
	}

	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		pem  []byte
		want string
	}{
		"passphrase": {encode(private, "x"), "it has a passphrase"},
		"kind":       {encode(other, ""), "another kind than ed25519"},
		"public":     {ssh.MarshalAuthorizedKey(signer(t, private).PublicKey()), "not a private SSH key; ssh-keygen"},
		"nothing":    {nil, "not a private SSH key; ssh-keygen"},
	} {
		if _, err := HostKey(test.pem); err == nil || !strings.HasPrefix(err.Error(), "host key: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func signer(t *testing.T, key ed25519.PrivateKey) ssh.Signer {
	t.Helper()
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}
