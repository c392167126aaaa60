package access

import "testing"

func FuzzHostKey(f *testing.F) {
	f.Add([]byte("-----BEGIN OPENSSH PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if key, err := HostKey(text); err == nil && len(key) != 83 {
			t.Errorf("a key of %d bytes", len(key))
		}
	})
}
