package access

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
