package signature

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"testing"
)

// nameOf is the name of a key by its content.
func nameOf(text []byte) string {
	digest := sha256.Sum256(text)
	return "bee-" + hex.EncodeToString(digest[:4]) + ".rsa.pub"
}

// text is a public key in PEM.
func text(t *testing.T, public any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func TestParseKey(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := text(t, &private.PublicKey)
	if _, err := ParseKey(nameOf(good), good); err != nil {
		t.Error(err)
	}
	if _, err := ParseKey("bee-00000000.rsa.pub", good); err == nil {
		t.Error("a key is taken that is not named after its digest")
	}
	for what, bad := range map[string][]byte{
		"something behind it": slices.Concat(good, []byte("evil\n")),
		"something before it": slices.Concat([]byte("evil\n"), good),
		"no RSA key":          text(t, other),
		"nothing":             nil,
	} {
		if _, err := ParseKey(nameOf(bad), bad); err == nil {
			t.Errorf("%s: taken", what)
		}
	}
}
