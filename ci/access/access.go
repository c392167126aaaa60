// Package access checks and prepares what lets people into an ISO by SSH.
package access

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-crypt/crypt/algorithm/shacrypt"
	"github.com/trustelem/zxcvbn"
	"golang.org/x/crypto/ssh"
)

// The ways in, as /etc/bee-release names them.
const (
	Keys     = "keys"     // keys put in at build time, no passwords
	Password = "password" // a password set at build time
	Random   = "random"   // a password made at each boot, shown on the console
)

// Policy is the way in of an ISO that is made with keys, a password, the hash of one, or none
// of these.
func Policy(keys, password, hash bool) (string, error) {
	switch {
	case keys && (password || hash):
		return "", errors.New("--authorized-keys excludes --password and --password-hash: with keys there are no passwords")
	case keys:
		return Keys, nil
	case password || hash:
		return Password, nil
	}
	return Random, nil
}

// HostKey returns a private SSH key in the format in which dropbear keeps its own: the name of
// the kind and the key, each after its length.
func HostKey(pem []byte) ([]byte, error) {
	const way = "ssh-keygen -t ed25519 -N '' -f FILE makes one"
	key, err := ssh.ParseRawPrivateKey(pem)
	if err != nil {
		if locked := (*ssh.PassphraseMissingError)(nil); errors.As(err, &locked) {
			return nil, errors.New("host key: it has a passphrase, which nobody types at a boot; " + way)
		}
		return nil, errors.New("host key: not a private SSH key; " + way)
	}
	private, ok := key.(*ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("host key: it is of another kind than ed25519; " + way)
	}
	const kind = ssh.KeyAlgoED25519
	out := binary.BigEndian.AppendUint32(nil, uint32(len(kind)))
	out = append(out, kind...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(*private)))
	return append(out, *private...), nil
}

// Rounds of SHA-512 in a hash: the hash is on the ISO, and whoever has that may guess. Where
// one processor tries 17 passwords a second at a third of them, a login still takes less
// than half of one.
const rounds = 300_000

// enough guesses for a password, by zxcvbn's count: what takes 20,000 a second, as fast
// graphics cards do, half a week.
const enough = 1e10

// shortest and longest password that are taken, in characters and in bytes: dropbear refuses
// longer ones (DROPBEAR_MAX_PASSWORD_LEN), whatever their hash.
const shortest, longest = 10, 100

// HashPassword returns the crypt(5) hash of a password, SHA-512. One password has one hash
// in ISOs of one name, which the salt comes from: it must not come from the password, as it
// is told with the hash, and would tell of the password faster than that does.
//
// A password that is short, or that programs guess early, is refused.
func HashPassword(password, iso string) (string, error) {
	if password == "" || strings.ContainsAny(password, "\n\r\x00") {
		return "", errors.New("password: must be one line and not empty")
	}
	if err := checkPassword(password); err != nil {
		return "", err
	}
	hasher, err := shacrypt.New(shacrypt.WithSHA512(), shacrypt.WithIterations(rounds))
	if err != nil {
		return "", err
	}
	salt := sha256.Sum256([]byte("bee password salt\x00" + iso))
	digest, err := hasher.HashWithSalt(password, []byte(hex.EncodeToString(salt[:8])))
	if err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	return digest.Encode(), nil
}

// checkPassword refuses what is guessed early: by its length, and by what is known of how
// people make passwords.
func checkPassword(password string) error {
	const way = "the hash is on the ISO, for whoever has that to guess: take a longer one, or --password-hash, or --authorized-keys"
	if utf8.RuneCountInString(password) < shortest {
		return fmt.Errorf("password: it has less than %d characters; %s", shortest, way)
	}
	if len(password) > longest {
		return fmt.Errorf("password: it has more than %d bytes, and dropbear, the SSH server, refuses those", longest)
	}
	if guesses := zxcvbn.PasswordStrength(password, []string{"bee"}).Guesses; guesses < enough {
		return fmt.Errorf("password: %.0e guesses find it, as it is a common one, or made of words, dates and rows of keys; %s", guesses, way)
	}
	return nil
}
