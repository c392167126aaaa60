package credential

import (
	"strings"
	"testing"
)

func FuzzCheckKeys(f *testing.F) {
	f.Add("# me\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPzRuSKUMIOvTTE9s0ITIF0CKMcYt7rkTSQR5JWl2aV me@example\n")
	f.Add("-----BEGIN OPENSSH PRIVATE KEY-----\n")
	f.Fuzz(func(t *testing.T, text string) {
		err := CheckKeys("keys", text)
		if err != nil && !strings.HasPrefix(err.Error(), "keys:") {
			t.Errorf("an error that names no file: %v", err)
		}
		if err == nil && strings.TrimSpace(text) == "" {
			t.Error("no key passes")
		}
	})
}

func FuzzCheckHash(f *testing.F) {
	f.Add("$6$rounds=300000$saltsalt$" + strings.Repeat("a", 86))
	f.Add("$y$j9T$F5Jx5fExrKuPp53xLKQ..1$" + strings.Repeat("a", 43))
	f.Fuzz(func(t *testing.T, hash string) {
		// What is taken is a field of shadow(5), and what bee-sshsetup takes.
		if CheckHash(hash, true) == nil && strings.Trim(hash, "$=./0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			t.Errorf("%q passes", hash)
		}
	})
}
