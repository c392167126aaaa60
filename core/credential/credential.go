// Package credential checks what lets people into a machine by SSH: public keys, and the hash of a
// password.
package credential

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"
)

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
		if err := CheckKey(line); err != nil {
			return fmt.Errorf("%s:%d: %w", name, i+1, err)
		}
		keys++
	}
	if keys == 0 {
		return fmt.Errorf("%s: holds no public SSH key", name)
	}
	return nil
}

// CheckKey is [CheckKeys] of one line.
func CheckKey(line string) error {
	key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
	switch {
	case err != nil && strings.Contains(line, "PRIVATE KEY"):
		return errors.New("this is a private key; give the public one, the .pub file beside it")
	case err != nil:
		return errors.New("not a public SSH key; a line of ~/.ssh/id_ed25519.pub is one")
	}
	return letsIn(key, options, line)
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
