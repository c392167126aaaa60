// Package access checks and prepares what lets people into an ISO by SSH.
package access

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/go-crypt/crypt/algorithm/shacrypt"
	"golang.org/x/crypto/ssh"
)

// The ways in, as /etc/bee-release names them.
const (
	Keys     = "keys"     // keys put in at build time, no passwords
	Password = "password" // a password set at build time
	Random   = "random"   // a password made at each boot, shown on the console
)

// CheckKeys returns an error that names the first line of text, the contents of
// an authorized_keys file called name, that is not a public key. Blank lines and
// lines that begin with # pass, but there must be one key at least.
func CheckKeys(name, text string) error {
	keys := 0
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line)); err != nil {
			if strings.Contains(line, "PRIVATE KEY") {
				return fmt.Errorf("%s:%d: this is a private key; give the public one, the .pub file beside it", name, i+1)
			}
			return fmt.Errorf("%s:%d: not a public SSH key; a line of ~/.ssh/id_ed25519.pub is one", name, i+1)
		}
		keys++
	}
	if keys == 0 {
		return fmt.Errorf("%s: holds no public SSH key", name)
	}
	return nil
}

// HashPassword returns the crypt(5) hash of a password, SHA-512. The salt comes
// from the password, so that one password gives one ISO.
func HashPassword(password string) (string, error) {
	if password == "" || strings.ContainsAny(password, "\n\r\x00") {
		return "", errors.New("password: must be one line and not empty")
	}
	hasher, err := shacrypt.New(shacrypt.WithSHA512(), shacrypt.WithIterations(100_000))
	if err != nil {
		return "", err
	}
	salt := sha256.Sum256([]byte("bee password salt\x00" + password))
	digest, err := hasher.HashWithSalt(password, []byte(hex.EncodeToString(salt[:8])))
	if err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	return digest.Encode(), nil
}
