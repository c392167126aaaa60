package access

import (
	"strings"
	"testing"
)

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHs9vW0Y4mB4xGXhB5yYz2cWn8mFZ0Gx2Y0k3m1P2Q7r operator@example"

func TestCheckKeys(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"one key":     {key + "\n", ""},
		"commented":   {"# who\n\n" + key + "\n", ""},
		"options":     {`from="10.0.0.0/8" ` + key, ""},
		"CRLF":        {key + "\r\n", ""},
		"empty":       {"", "keys: holds no public SSH key"},
		"only hash":   {"# nobody\n", "keys: holds no public SSH key"},
		"second bad":  {key + "\nssh-ed25519 AAAA!\n", "keys:2: not a public SSH key"},
		"private key": {"-----BEGIN OPENSSH PRIVATE KEY-----\n", "keys:1: this is a private key"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := CheckKeys("keys", test.text)
			if test.want == "" && err != nil {
				t.Errorf("error is %v, want none", err)
			}
			if test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want)) {
				t.Errorf("error is %v, want %s…", err, test.want)
			}
		})
	}
}

func TestHashPassword(t *testing.T) {
	hash, err := HashPassword("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	again, _ := HashPassword("correct horse")
	other, _ := HashPassword("correct horses")
	if hash != again {
		t.Errorf("one password, two hashes: %s, %s", hash, again)
	}
	if salt := strings.Split(hash, "$"); hash == other || salt[3] == strings.Split(other, "$")[3] {
		t.Errorf("two passwords share a salt: %s, %s", hash, other)
	}
	for _, bad := range []string{"", "two\nlines"} {
		if _, err := HashPassword(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
