// Package modulekey checks the key that signs NVIDIA's kernel modules, before anything is built.
package modulekey

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// way is how to come by what is taken.
const way = `README's "Secure Boot" has the command that makes both`

// Check returns an error where modules that the key signs would not be loaded on a machine that has
// the certificate enrolled, or where they would be other bytes each time. The key is PEM, the
// certificate PEM or DER.
//
// A certificate is expired by the time of the commit that is built: the kernel does not look
// (crypto/asymmetric_keys), and what is built again later is to be the same.
func Check(key, certificate []byte, commit time.Time) error {
	private, err := parseKey(key)
	if err != nil {
		return fmt.Errorf("module key: %w; %s", err, way)
	}
	cert, err := parseCertificate(certificate)
	if err == nil {
		err = check(cert, private, commit)
	}
	if err != nil {
		return fmt.Errorf("module certificate: %w; %s", err, way)
	}
	return nil
}

// sizes of RSA keys, in bits, that the kernel calculates with (rsa_check_key_length in crypto/rsa.c)
// and that are not broken.
var sizes = []int{2048, 3072, 4096}

func parseKey(text []byte) (*rsa.PrivateKey, error) {
	block := find(text, "PRIVATE KEY")
	if block == nil {
		return nil, errors.New("no private key in PEM")
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
		return nil, errors.New("it has a passphrase, which nobody types in a build: openssl pkey -in FILE takes it away")
	}
	parsed, err := parsePrivate(block)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("it is of another kind than RSA (%T): signatures of ECDSA are other bytes each time, so that no ISO would be built twice, and the kernel knows no other kind", parsed)
	}
	if bits := key.N.BitLen(); !slices.Contains(sizes, bits) {
		return nil, fmt.Errorf("RSA of %d bits: the kernel takes 2048, 3072 and 4096", bits)
	}
	return key, nil
}

// parsePrivate reads the forms of PEM that OpenSSL writes.
func parsePrivate(block *pem.Block) (any, error) {
	switch block.Type {
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	case "PRIVATE KEY":
		return x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	return nil, fmt.Errorf("a PEM block %s is not a key of OpenSSL", block.Type)
}

// find returns the first block of PEM whose kind ends so, nil where there is none.
func find(text []byte, kind string) *pem.Block {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil || strings.HasSuffix(block.Type, kind) {
			return block
		}
	}
}

func parseCertificate(text []byte) (*x509.Certificate, error) {
	if !bytes.Contains(text, []byte("-----BEGIN ")) { // what is no DER neither, has a better error so
		return x509.ParseCertificate(text)
	}
	block := find(text, "CERTIFICATE")
	if block == nil {
		return nil, errors.New("no certificate in this PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

// moduleSigning is the purpose by which shim knows a key that signs kernel modules and is not to
// start anything (OID_MODULE_SIGNING in its Cryptlib).
var moduleSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 2312, 16, 1, 2}

// hashes of RSA and ECDSA that the kernel knows in a certificate's own signature
// (x509_note_sig_algo); SHA-1, which it knows still, is broken.
var hashes = []x509.SignatureAlgorithm{
	x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA, x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512,
}

func check(cert *x509.Certificate, key *rsa.PrivateKey, commit time.Time) error {
	switch {
	case !key.PublicKey.Equal(cert.PublicKey):
		return errors.New("it is not of the module key, but of another one")
	case cert.NotAfter.Before(commit):
		return fmt.Errorf("it expired on %s, before the commit that is built, of %s", cert.NotAfter.UTC().Format(time.DateOnly), commit.UTC().Format(time.DateOnly))
	case !slices.Contains(hashes, cert.SignatureAlgorithm):
		return fmt.Errorf("it is signed by %s itself, which the kernel does not take: RSA with SHA-256 is one of those that it does", cert.SignatureAlgorithm)
	case cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return errors.New("its key usage has no digitalSignature: it is not for signing code")
	}
	for _, purpose := range cert.ExtKeyUsage {
		if purpose == x509.ExtKeyUsageCodeSigning || purpose == x509.ExtKeyUsageAny {
			return nil
		}
	}
	if slices.ContainsFunc(cert.UnknownExtKeyUsage, moduleSigning.Equal) || len(cert.ExtKeyUsage)+len(cert.UnknownExtKeyUsage) == 0 {
		return nil
	}
	return errors.New("its extended key usage has no codeSigning: it is for something else than signing code")
}
