// Package signature knows what a private key makes on an ISO, and what can be checked of that by the
// public key that lies there: nothing is taken for a signature that is none.
package signature

import (
	"archive/tar"
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" // apk 2 signs SHA-1 sums
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"regexp"

	"bee/iso/internal/compressed"
)

// Key is a public key, by the name that signatures have for it.
type Key struct {
	Name   string
	PEM    []byte
	public *rsa.PublicKey
}

// ParseKey reads a public key, whose name has to be made of its digest, as iso/alpine/iso.sh makes
// it, and whose file has to hold nothing else.
func ParseKey(name string, text []byte) (*Key, error) {
	digest := sha256.Sum256(text)
	if want := "bee-" + hex.EncodeToString(digest[:4]) + ".rsa.pub"; name != want {
		return nil, fmt.Errorf("%s: by its content, its name is %s", name, want)
	}
	block, _ := pem.Decode(text)
	if block == nil || !bytes.Equal(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}), text) {
		return nil, fmt.Errorf("%s: not a public key in PEM alone", name)
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	public, isRSA := parsed.(*rsa.PublicKey)
	if again, err := x509.MarshalPKIXPublicKey(parsed); err != nil || !isRSA || !bytes.Equal(again, block.Bytes) {
		return nil, fmt.Errorf("%s: not an RSA key alone", name)
	}
	return &Key{name, text, public}, nil
}

// VerifySHA1 checks a signature over data, as openssl dgst -sha1 -sign makes it.
func (k *Key) VerifySHA1(data io.Reader, signature []byte) error {
	hash := sha1.New()
	if _, err := io.Copy(hash, data); err != nil {
		return err
	}
	return rsa.VerifyPKCS1v15(k.public, crypto.SHA1, hash.Sum(nil), signature)
}

// Signed is an archive of apk's that begins with a signature: an index or a package.
type Signed struct {
	// Header is what tar says of the file with the signature.
	Header    tar.Header
	Signature []byte
	// Rest is the archive behind the signature; Covered, of it, what the signature is over: of a
	// package its control member, of an index all.
	Rest, Covered []byte
}

var signatureName = regexp.MustCompile(`^\.SIGN\.(RSA|RSA256)\.(.+)$`)

// maxSignature is more than one by RSA has.
const maxSignature = 64 << 10

// Split takes the signature off an archive; nil where it begins with none.
func Split(archive []byte, isPackage bool) (*Signed, error) {
	first, rest, err := compressed.Next(archive)
	if err != nil {
		return nil, err
	}
	files := tar.NewReader(bytes.NewReader(first))
	header, err := files.Next()
	if err != nil || !signatureName.MatchString(header.Name) {
		return nil, nil
	}
	s := &Signed{Header: *header, Rest: rest, Covered: rest}
	if s.Signature, err = io.ReadAll(io.LimitReader(files, maxSignature)); err != nil {
		return nil, err
	}
	if _, err := files.Next(); err != io.EOF || int64(len(s.Signature)) != header.Size {
		return nil, errors.New("beside its signature is something else")
	}
	if !isPackage {
		return s, nil
	}
	_, data, err := compressed.Next(rest)
	s.Covered = rest[:len(rest)-len(data)]
	return s, err
}

// Verify checks that a key made the signature.
func (s *Signed) Verify(k *Key) error {
	match := signatureName.FindStringSubmatch(s.Header.Name)
	if match[2] != k.Name {
		return fmt.Errorf("it is signed by %s, but the key on the medium is %s", match[2], k.Name)
	}
	if match[1] == "RSA" {
		return k.VerifySHA1(bytes.NewReader(s.Covered), s.Signature)
	}
	digest := sha256.Sum256(s.Covered)
	return rsa.VerifyPKCS1v15(k.public, crypto.SHA256, digest[:], s.Signature)
}

// moduleMark is what a kernel module ends with that is signed, behind a head of the signature: the
// kernel's include/linux/module_signature.h.
const (
	moduleMark      = "~Module signature appended~\n"
	moduleHeadBytes = 12
	pkcs7           = 2
)

// Module takes the signature off a kernel module. ok is false where there is none, or one in which
// something else could be.
func Module(module []byte) (without []byte, ok bool) {
	rest, found := bytes.CutSuffix(module, []byte(moduleMark))
	if !found || len(rest) < moduleHeadBytes {
		return nil, false
	}
	rest, head := rest[:len(rest)-moduleHeadBytes], rest[len(rest)-moduleHeadBytes:]
	// of a PKCS #7, all but its length is zero
	if want := [8]byte{2: pkcs7}; !bytes.Equal(head[:8], want[:]) {
		return nil, false
	}
	size := int64(binary.BigEndian.Uint32(head[8:]))
	if size > maxSignature || size > int64(len(rest)) {
		return nil, false
	}
	rest, message := rest[:int64(len(rest))-size], rest[int64(len(rest))-size:]
	var parsed asn1.RawValue
	if behind, err := asn1.Unmarshal(message, &parsed); err != nil || len(behind) > 0 || parsed.Tag != asn1.TagSequence {
		return nil, false
	}
	return rest, true
}
