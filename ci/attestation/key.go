package attestation

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// Key signs statements. It is ed25519, or ECDSA on P-256 with SHA-256; the signers that come with
// the library would make another signature of ECDSA each time.
type Key struct{ private crypto.Signer }

// ParseKey reads a private key, in PEM, PKCS#8.
func ParseKey(text []byte) (*Key, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, errors.New(`the key that signs statements is no private key in PEM ("BEGIN PRIVATE KEY", PKCS#8, without a passphrase); ` + makeKey)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the key that signs statements: %w", err)
	}
	private, ok := parsed.(crypto.Signer)
	if !ok || !known(private.Public()) {
		return nil, errors.New("the key that signs statements is neither ed25519 nor ECDSA on P-256; " + makeKey)
	}
	return &Key{private}, nil
}

const makeKey = "`openssl genpkey -algorithm ed25519` makes one"

// Public is the other half.
func (k *Key) Public() *PublicKey { return &PublicKey{k.private.Public()} }

// Sign is that of [dsse.Signer].
func (k *Key) Sign(_ context.Context, data []byte) ([]byte, error) {
	if _, ok := k.private.(*ecdsa.PrivateKey); ok {
		digest := sha256.Sum256(data)
		return k.private.Sign(nil, digest[:], crypto.SHA256) // without a source of randomness, as RFC 6979 has it
	}
	return k.private.Sign(nil, data, crypto.Hash(0))
}

// KeyID is that of [dsse.Signer].
func (k *Key) KeyID() (string, error) { return k.Public().KeyID() }

// PublicKey checks signatures.
type PublicKey struct{ key crypto.PublicKey }

// ParsePublicKey reads a public key, in PEM.
func ParsePublicKey(text []byte) (*PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, errors.New(`no public key in PEM ("BEGIN PUBLIC KEY"); "openssl pkey -pubout" makes it of the private one`)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	if !known(key) {
		return nil, errors.New("a public key that is neither ed25519 nor ECDSA on P-256")
	}
	return &PublicKey{key}, nil
}

func known(public crypto.PublicKey) bool {
	switch key := public.(type) {
	case ed25519.PublicKey:
		return true
	case *ecdsa.PublicKey:
		return key.Curve == elliptic.P256()
	}
	return false
}

// Verify is that of [dsse.Verifier].
func (k *PublicKey) Verify(_ context.Context, data, signature []byte) error {
	ok := false
	switch key := k.key.(type) {
	case ed25519.PublicKey:
		ok = ed25519.Verify(key, data, signature)
	case *ecdsa.PublicKey:
		digest := sha256.Sum256(data)
		ok = ecdsa.VerifyASN1(key, digest[:], signature)
	}
	if !ok {
		return errors.New("the signature is wrong")
	}
	return nil
}

// KeyID is the fingerprint of the key, as ssh-keygen -l shows it.
func (k *PublicKey) KeyID() (string, error) { return dsse.SHA256KeyID(k.key) }

// Public is that of [dsse.Verifier].
func (k *PublicKey) Public() crypto.PublicKey { return k.key }
