package modulekey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)

func newKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func encode(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// certificate is one of the key, in DER, with what change does to it.
func certificate(t testing.TB, key crypto.Signer, change func(*x509.Certificate)) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(7), NotBefore: now, NotAfter: now.AddDate(10, 0, 0)}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func inPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestCheck(t *testing.T) {
	key := newKey(t, 2048)
	der := certificate(t, key, nil)
	plain := encode(t, key)
	pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	locked := &pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}, Bytes: []byte("x")}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	odd := newKey(t, 2056)
	with := func(change func(*x509.Certificate)) []byte { return certificate(t, key, change) }
	for name, c := range map[string]struct {
		key, certificate []byte
		want             string
	}{
		"PEM":                     {plain, inPEM(der), ""},
		"DER":                     {plain, der, ""},
		"PKCS 1":                  {pkcs1, der, ""},
		"both in both":            {append(inPEM(der), plain...), append(plain, inPEM(der)...), ""},
		"a commit before the key": {plain, with(func(c *x509.Certificate) { c.NotBefore = now.AddDate(0, 1, 0) }), ""},
		"for code": {plain, with(func(c *x509.Certificate) {
			c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageCodeSigning}
		}), ""},
		"for modules":      {plain, with(func(c *x509.Certificate) { c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{moduleSigning} }), ""},
		"for all":          {plain, with(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }), ""},
		"no key":           {nil, der, "module key: no private key in PEM; README"},
		"a certificate":    {inPEM(der), der, "module key: no private key in PEM"},
		"passphrase":       {pem.EncodeToMemory(locked), der, "module key: it has a passphrase"},
		"of PKCS 8":        {pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY"}), der, "module key: it has a passphrase"},
		"of OpenSSH":       {pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY"}), der, "module key: a PEM block OPENSSH PRIVATE KEY is not"},
		"damaged":          {pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}), der, "module key: "},
		"ECDSA":            {encode(t, curve), der, "module key: it is of another kind than RSA (*ecdsa.PrivateKey)"},
		"Ed25519":          {encode(t, edwards), der, "module key: it is of another kind than RSA (ed25519.PrivateKey)"},
		"odd":              {encode(t, odd), certificate(t, odd, nil), "module key: RSA of 2056 bits: the kernel takes 2048, 3072 and 4096"},
		"no certificate":   {plain, plain, "module certificate: no certificate in this PEM"},
		"text":             {plain, []byte("text"), "module certificate: x509: malformed certificate"},
		"empty":            {plain, nil, "module certificate: x509: malformed certificate"},
		"of another key":   {plain, certificate(t, newKey(t, 2048), nil), "module certificate: it is not of the module key"},
		"of another kind":  {plain, certificate(t, curve, nil), "module certificate: it is not of the module key"},
		"expired":          {plain, with(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.AddDate(-1, 0, 0), now.AddDate(0, 0, -1) }), "module certificate: it expired on 2026-11-27, before the commit that is built, of 2026-11-28"},
		"PSS":              {plain, with(func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA256WithRSAPSS }), "module certificate: it is signed by SHA256-RSAPSS itself"},
		"for certificates": {plain, with(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign }), "module certificate: its key usage has no digitalSignature"},
		"for servers":      {plain, with(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), "module certificate: its extended key usage has no codeSigning"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Check(c.key, c.certificate, now)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want) || !strings.HasSuffix(err.Error(), way)) {
				t.Errorf("error is %v, not %q", err, c.want)
			}
		})
	}
}

// What README says makes a key that is taken.
func TestCommandOfREADME(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip(err)
	}
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, command, found := strings.Cut(string(text), "    openssl req -new -x509 ")
	command, _, ended := strings.Cut(command, "\n\n")
	if !found || !ended {
		t.Fatal("README has no command that makes a key")
	}
	cmd := exec.Command("sh", "-euc", "openssl req -new -x509 "+command)
	cmd.Dir = t.TempDir()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(cmd.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	key, cert := read("module.key"), read("module.pem")
	if err := Check(key, cert, time.Now()); err != nil {
		t.Error(err)
	}
	parsed, err := parseCertificate(cert)
	if err != nil || len(parsed.UnknownExtKeyUsage) != 1 || !parsed.UnknownExtKeyUsage[0].Equal(moduleSigning) {
		t.Errorf("shim would let the key start programs, too: %v", err)
	}
}

func FuzzCheck(f *testing.F) {
	key := newKey(f, 2048)
	plain, der := encode(f, key), certificate(f, key, nil)
	f.Add(plain, der)
	f.Add(plain, inPEM(der))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"), []byte("-----BEGIN CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, key, certificate []byte) {
		if err := Check(key, certificate, now); err != nil && !strings.HasPrefix(err.Error(), "module ") {
			t.Errorf("an error that does not name the input: %v", err)
		}
	})
}
