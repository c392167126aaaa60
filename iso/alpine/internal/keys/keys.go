// Package keys verifies apk's signatures against public keys.
package keys

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"chainguard.dev/apko/pkg/apk/expandapk"
	"chainguard.dev/apko/pkg/apk/signature"
)

// Keys are public keys by the name of their file, which is how a signature names
// the key that it was made with.
type Keys struct {
	from string // for errors
	pems map[string][]byte
}

// Folder reads all public keys (*.pub) of a folder, such as /etc/apk/keys.
func Folder(dir string) (*Keys, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.pub"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no public key (*.pub) in this folder; Alpine's are in its package alpine-keys", dir)
	}
	k := &Keys{dir, map[string][]byte{}}
	for _, file := range files {
		if k.pems[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// File reads one public key. Its file has to have the name that signatures give it.
func File(path string) (*Keys, error) {
	pem, err := os.ReadFile(path)
	return &Keys{path, map[string][]byte{filepath.Base(path): pem}}, err
}

// All returns the keys, as PEM, by name.
func (k *Keys) All() map[string][]byte { return k.pems }

// algorithms by the word in a signature's name.
var algorithms = map[string]crypto.Hash{"RSA": crypto.SHA1, "RSA256": crypto.SHA256}

var signatureName = regexp.MustCompile(`^\.SIGN\.(RSA|RSA256)\.(.+)$`)

// Verify checks the signature that a package index begins with, and returns the
// name of the key that made it. name is what errors call the index.
func (k *Keys) Verify(name string, archive []byte) (key string, err error) {
	parts, err := expandapk.Split(bytes.NewReader(archive))
	if err != nil {
		return "", fmt.Errorf("%s: damaged, or no index of apk: %w", name, err)
	}
	const withSignature = 3
	if len(parts) != withSignature {
		return "", fmt.Errorf("%s: not signed; it needs a signature by a key of %s", name, k.from)
	}
	head, err := io.ReadAll(parts[0])
	if err != nil {
		return "", err
	}
	content := archive[len(head):]
	signatures, err := read(head)
	if err != nil {
		return "", fmt.Errorf("%s: its signature cannot be read: %w", name, err)
	}
	for file, bytes := range signatures {
		match := signatureName.FindStringSubmatch(file)
		if match == nil || k.pems[match[2]] == nil {
			continue
		}
		if err := k.check(match[2], algorithms[match[1]], content, bytes); err != nil {
			return "", fmt.Errorf("%s: its signature by %s of %s is wrong: it was changed, or is not complete: %w", name, match[2], k.from, err)
		}
		return match[2], nil
	}
	return "", fmt.Errorf("%s: signed by %s, but %s has only %s", name,
		strings.Join(slices.Sorted(maps.Keys(signatures)), ", "), k.from, strings.Join(slices.Sorted(maps.Keys(k.pems)), ", "))
}

// VerifySHA1 checks a signature of the key of this name over data, as openssl dgst
// -sha1 -sign makes it.
func (k *Keys) VerifySHA1(key string, data, signature []byte) error {
	return k.check(key, crypto.SHA1, data, signature)
}

func (k *Keys) check(key string, algorithm crypto.Hash, data, sign []byte) error {
	hash := algorithm.New()
	hash.Write(data)
	return signature.RSAVerifyDigest(hash.Sum(nil), algorithm, sign, k.pems[key])
}

// maxSignature is more than one by RSA has, and maxSignatures more than an index has.
const maxSignature, maxSignatures = 64 << 10, 16

// read returns the entries of the member with the signatures.
func read(member []byte) (map[string][]byte, error) {
	zip, err := gzip.NewReader(bytes.NewReader(member))
	if err != nil {
		return nil, err
	}
	entries := map[string][]byte{}
	for archive := tar.NewReader(zip); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return nil, err
		}
		if header.Size > maxSignature || len(entries) == maxSignatures {
			return nil, fmt.Errorf("%s in it is too much for a signature", header.Name)
		}
		if entries[header.Name], err = io.ReadAll(archive); err != nil {
			return nil, err
		}
	}
}
