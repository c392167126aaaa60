// Package access checks and prepares what lets people into an ISO by SSH.
package access

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
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

// CheckKeys returns an error that names the first line of text, the contents of
// an authorized_keys file called name, that is not a public key which the SSH server of the
// ISO lets in. Blank lines and lines that begin with # pass, but there must be one key at least.
func CheckKeys(name, text string) error {
	keys := 0
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil {
			if strings.Contains(line, "PRIVATE KEY") {
				return fmt.Errorf("%s:%d: this is a private key; give the public one, the .pub file beside it", name, i+1)
			}
			return fmt.Errorf("%s:%d: not a public SSH key; a line of ~/.ssh/id_ed25519.pub is one", name, i+1)
		}
		if err := letsIn(key, options, line); err != nil {
			return fmt.Errorf("%s:%d: %w", name, i+1, err)
		}
		keys++
	}
	if keys == 0 {
		return fmt.Errorf("%s: holds no public SSH key", name)
	}
	return nil
}

// What dropbear knows (2024.86 on Alpine 3.21, 2025.89 on Debian trixie; svr-authpubkeyoptions.c):
// by a line with anything else, it lets nobody in.
var (
	keyKinds = []string{
		ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSA, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256,
	}
	keyOptions = []*regexp.Regexp{
		regexp.MustCompile(`(?i)^(no-port-forwarding|no-agent-forwarding|no-x11-forwarding|no-pty|restrict|no-touch-required|verify-required)$`),
		regexp.MustCompile(`(?i)^command="[^"\\]*"$`), // it takes a quote for the end, also behind a backslash
		regexp.MustCompile(`(?i)^permitopen="[^"]+:([0-9]{1,5}|\*)"$`),
	}
)

// optionsTaken says so in words.
const optionsTaken = `no-port-forwarding, no-agent-forwarding, no-X11-forwarding, no-pty, restrict, no-touch-required, verify-required, permitopen="HOST:PORT", command="…" without quotes in it`

// longestKey is how many bytes dropbear reads of a line (MAX_AUTHKEYS_LINE).
const longestKey = 4200

// letsIn returns an error where the SSH server of the ISO lets nobody in by a line with this
// key, and these options.
func letsIn(key ssh.PublicKey, options []string, line string) error {
	if !slices.Contains(keyKinds, key.Type()) {
		return fmt.Errorf("the SSH server of the ISO does not take a key of the kind %s; those that it takes: %s", key.Type(), strings.Join(keyKinds, ", "))
	}
	if len(line) > longestKey {
		return fmt.Errorf("%d bytes are more than the SSH server of the ISO reads of a line, %d", len(line), longestKey)
	}
	for _, option := range options {
		known := slices.ContainsFunc(keyOptions, func(o *regexp.Regexp) bool { return o.MatchString(option) })
		if !known {
			return fmt.Errorf("the SSH server of the ISO does not take the option %s, and would let nobody in by this line; those that it takes: %s", option, optionsTaken)
		}
	}
	return nil
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

// hashes are the forms of crypt(5) that are taken: SHA-512, and yescrypt.
var hashes = regexp.MustCompile(`^\$(?:6\$rounds=([1-9][0-9]{0,8})\$[./0-9A-Za-z]{8,16}\$[./0-9A-Za-z]{86}|y\$(j[./0-9A-Za-z]+)\$[./0-9A-Za-z]{16,86}\$[./0-9A-Za-z]{43})$`)

// costs are the parameters of yescrypt that are taken: in each, 32 blocks, and memory from 2^12
// times that on, as the default is.
var costs = regexp.MustCompile(`^j[9A-C]T$`)

// leastRounds and mostRounds of SHA-512 in a hash that somebody else made. musl knows no more
// (ROUNDS_MAX), and glibc would have each login wait for minutes; these take some six seconds
// where leastRounds take a seventeenth of one.
const leastRounds, mostRounds = 100_000, 9_999_999

// CheckHash returns an error where text is not the hash of a password, in the format of
// crypt(5), that holds out long: SHA-512 of many rounds, or, where the ISO's C library knows
// that, yescrypt.
func CheckHash(hash string, yescrypt bool) error {
	const way = "mkpasswd --method=sha512crypt --rounds=300000 makes one"
	groups := hashes.FindStringSubmatch(hash)
	switch {
	case groups == nil && strings.HasPrefix(hash, "$6$") && !strings.HasPrefix(hash, "$6$rounds="):
		return fmt.Errorf("password hash: it has 5000 rounds, less than %d; %s", leastRounds, way)
	case groups == nil:
		return errors.New("password hash: not one of SHA-512 or yescrypt, in the format of crypt(5); " + way)
	case groups[1] == "" && !yescrypt:
		return errors.New("password hash: the C library of the base alpine does not know yescrypt; " + way)
	case groups[1] == "" && !costs.MatchString(groups[2]):
		return fmt.Errorf("password hash: %s is not one of the costs of yescrypt from j9T, with 16 MiB a guess, to jCT, with 128 MiB, which a small machine has, too; mkpasswd --method=yescrypt makes one", groups[2])
	case groups[1] == "":
		return nil
	}
	switch n, err := strconv.Atoi(groups[1]); {
	case err != nil:
		return err
	case n < leastRounds:
		return fmt.Errorf("password hash: it has %d rounds, less than %d; %s", n, leastRounds, way)
	case n > mostRounds:
		return fmt.Errorf("password hash: it has %d rounds, more than %d; %s", n, mostRounds, way)
	}
	return nil
}
