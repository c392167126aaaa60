// Package apktest makes small signed repositories for tests, in the formats of
// apk 2: packages, indexes and keys that the real apk takes.
package apktest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // apk 2 signs SHA-1 sums
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
)

// Key is a key pair that signs packages and indexes.
type Key struct {
	// Name of the file of the public key, such as test.rsa.pub. Signatures name
	// it, and apk looks for it in /etc/apk/keys.
	Name    string
	private *rsa.PrivateKey
}

// NewKey makes a key pair.
func NewKey(name string) (*Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	return &Key{name, private}, err
}

// Public returns the public key as PEM, as it lies in /etc/apk/keys.
func (k *Key) Public() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(&k.private.PublicKey)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), err
}

// Private returns the private key as PEM, as abuild and openssl take it.
func (k *Key) Private() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k.private)})
}

// WritePublic puts the public key into a folder, under its name.
func (k *Key) WritePublic(dir string) error {
	public, err := k.Public()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, k.Name), public, 0o644)
}

// Sign returns the signature of data that apk and modloop's check expect: RSA,
// PKCS #1 v1.5, over SHA-1.
func (k *Key) Sign(data []byte) ([]byte, error) {
	sum := sha1.Sum(data)
	return rsa.SignPKCS1v15(nil, k.private, crypto.SHA1, sum[:])
}
