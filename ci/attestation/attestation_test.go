package attestation

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"bee/core/hostile"
	"bee/core/sums"
	"bee/core/versions"
)

var update = flag.Bool("update", false, "write the golden file anew")

func encode(t *testing.T, kind string, key any) []byte {
	t.Helper()
	var der []byte
	var err error
	if kind == "PUBLIC KEY" {
		der, err = x509.MarshalPKIXPublicKey(key)
	} else {
		der, err = x509.MarshalPKCS8PrivateKey(key)
	}
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// keys are one of each kind that signs.
func keys(t *testing.T) map[string]*Key {
	t.Helper()
	curve, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), slices.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*Key{}
	for name, private := range map[string]any{
		"ed25519": ed25519.NewKeyFromSeed(slices.Repeat([]byte{7}, ed25519.SeedSize)), "ecdsa": curve,
	} {
		if all[name], err = ParseKey(encode(t, "PRIVATE KEY", private)); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

const machine = "uefi-cd-1024-server"

// small is a release with one machine.
func small(t *testing.T) (Provenance, map[string][]byte) {
	t.Helper()
	report, err := os.ReadFile("../release/testdata/reports/" + machine + ".json")
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(report)
	p := Provenance{
		Parameters: Parameters{Version: "v1.2.0", Base: "debian", Nvidia: true, Coverage: "pairs", Machines: []string{machine}},
		Commit:     strings.Repeat("c0", 20), Dagger: "v0.19.7", Go: "1.26.8",
		Inputs: []versions.Input{
			{Name: "DEBIAN_IMAGE", Image: "debian:trixie", Digest: strings.Repeat("d1", 32)},
			{Name: "APORTS_COMMIT", Digest: strings.Repeat("a0", 20), Commit: true},
			{Name: "NVLSM_SHA256", Digest: strings.Repeat("e5", 32)},
		},
		Files: []sums.Sum{
			{Digest: strings.Repeat("01", 32), Name: "NOTES.md"},
			{Digest: strings.Repeat("15", 32), Name: ISOFile},
			{Digest: hex.EncodeToString(digest[:]), Name: ReportFile(machine)},
		},
	}
	return p, map[string][]byte{machine: report}
}

// TestRelease compares with a golden file what is said of a release.
func TestRelease(t *testing.T) {
	p, reports := small(t)
	files, err := Release(p, reports, nil)
	if err != nil {
		t.Fatal(err)
	}
	text := files[UnsignedFile]
	list := string(files[sums.File])
	digest := sha256.Sum256(text)
	want := p.Files[0].String() + p.Files[1].String() + sums.Sum{Digest: hex.EncodeToString(digest[:]), Name: UnsignedFile}.String()
	if names := slices.Sorted(maps.Keys(files)); len(names) != 2 || !strings.HasPrefix(list, p.Files[0].String()) || len(list) != len(want) || !strings.Contains(list, hex.EncodeToString(digest[:])+"  "+UnsignedFile+"\n") {
		t.Errorf("%q, %s:\n%s", names, sums.File, list)
	}
	const golden = "testdata/bee.statements.json"
	var indented bytes.Buffer
	for line := range strings.Lines(string(text)) {
		if err := json.Indent(&indented, []byte(line), "", "  "); err != nil {
			t.Fatal(err)
		}
	}
	if *update {
		if err := os.WriteFile(golden, indented.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if before, err := os.ReadFile(golden); err != nil || !bytes.Equal(before, indented.Bytes()) {
		t.Errorf("%v; -update writes %s anew:\n%s", err, golden, &indented)
	}

	statements, err := Read(UnsignedFile, text)
	if err != nil || len(statements) != 2 {
		t.Fatalf("%d statements, %v", len(statements), err)
	}
	said, err := ReadProvenance(statements[0])
	if err != nil || said.Commit != p.Commit || said.Parameters.Version != "v1.2.0" || !said.Parameters.Nvidia || !slices.Equal(said.Parameters.Machines, []string{machine}) || !slices.Equal(said.Files, p.Files) {
		t.Errorf("%+v, %v", said, err)
	}
	outcome, err := ReadTestResult(statements[1])
	if want := (TestOutcome{machine, p.Files[1].Digest, p.Files[2].Digest, true}); err != nil || outcome != want {
		t.Errorf("%+v, %v", outcome, err)
	}
	if _, err := ReadTestResult(statements[0]); err == nil || !strings.Contains(err.Error(), ProvenanceType) {
		t.Errorf("the provenance as a test result: %v", err)
	}
	if _, err := ReadProvenance(statements[1]); err == nil || !strings.Contains(err.Error(), TestResultType) {
		t.Errorf("a test result as the provenance: %v", err)
	}
}

// TestSign: signatures are the same each time, and hold for what was signed and by whom.
func TestSign(t *testing.T) {
	p, reports := small(t)
	for name, key := range keys(t) {
		files, err := Release(p, reports, key)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Release(p, reports, key)
		if err != nil || !bytes.Equal(files[SignedFile], again[SignedFile]) {
			t.Errorf("%s: two signatures differ, %v", name, err)
		}
		statements, err := Read(SignedFile, files[SignedFile])
		if err != nil || len(statements) != 2 {
			t.Fatalf("%s: %d statements, %v", name, len(statements), err)
		}
		public, err := ParsePublicKey(encode(t, "PUBLIC KEY", key.private.Public()))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range statements {
			if err := s.SignedBy(public); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for other, key := range keys(t) {
				if err := s.SignedBy(key.Public()); (err == nil) != (other == name) {
					t.Errorf("%s, by %s: %v", name, other, err)
				}
			}
		}
		statements[0].envelope.Payload = statements[1].envelope.Payload
		if statements[0].SignedBy(public) == nil {
			t.Errorf("%s: another payload has a signature", name)
		}
		statements[1].envelope.Signatures = nil
		if statements[1].SignedBy(public) == nil {
			t.Errorf("%s: no signature is one", name)
		}
		verifiedByOpenSSL(t, name, files[SignedFile], encode(t, "PUBLIC KEY", key.private.Public()))
	}
}

// verifiedByOpenSSL has another program check the first signature.
func verifiedByOpenSSL(t *testing.T, name string, text, public []byte) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Log("openssl is not installed")
		return
	}
	var envelope dsse.Envelope
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if err := json.Unmarshal(line, &envelope); err != nil {
		t.Fatal(err)
	}
	payload, err := envelope.DecodeB64Payload()
	if err != nil {
		t.Fatal(err)
	}
	var signature []byte
	if err := json.Unmarshal([]byte(`"`+envelope.Signatures[0].Sig+`"`), &signature); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for file, data := range map[string][]byte{"key": public, "data": dsse.PAE(envelope.PayloadType, payload), "signature": signature} {
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"pkeyutl", "-verify", "-pubin", "-inkey", "key", "-rawin", "-in", "data", "-sigfile", "signature"}
	if name == "ecdsa" {
		args = append(args, "-digest", "sha256")
	}
	cmd := exec.Command("openssl", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: openssl: %v: %s", name, err, out)
	}
}

func TestKeysRefused(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := encode(t, "PRIVATE KEY", ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	for want, text := range map[string][]byte{
		"no private key in PEM":                 []byte("ssh-ed25519 AAAA"),
		"asn1":                                  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}),
		"neither ed25519 nor ECDSA on P-256":    encode(t, "PRIVATE KEY", weak),
		"neither ed25519 nor ECDSA on P-256; `": encode(t, "PRIVATE KEY", other),
	} {
		if _, err := ParseKey(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for want, text := range map[string][]byte{
		"no public key in PEM":               good,
		"asn1":                               pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")}),
		"neither ed25519 nor ECDSA on P-256": encode(t, "PUBLIC KEY", weak.Public()),
	} {
		if _, err := ParsePublicKey(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{UnsignedFile, "", "it is empty"},
		{UnsignedFile, "{}\n", "line 1: no statement of in-toto: wrong statement type"},
		{UnsignedFile, `{"_type": "https://in-toto.io/Statement/v1", "more": 1}`, "line 1: no statement of in-toto: "},
		{UnsignedFile, `{"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "bee.iso"}]}`, "at least one digest required"},
		{SignedFile, "{}\n", `line 1: no statement of in-toto: an envelope of the type ""`},
		{SignedFile, `{"payloadType": "application/vnd.in-toto+json", "payload": "!"}`, "line 1: no statement of in-toto: "},
	} {
		if _, err := Read(test.name, []byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got %v, want %q", test.text, err, test.want)
		}
	}
}

// Whatever statements hold, what is read of them is printable.
func TestHostile(t *testing.T) {
	for _, text := range hostile.Strings {
		p, reports := small(t)
		p.Parameters.Version, p.Files[0].Name = strings.ToValidUTF8(text, "?"), strings.ToValidUTF8(strings.ReplaceAll(text, "/", "_"), "?")
		files, err := Release(p, reports, nil)
		if err != nil {
			t.Fatal(err)
		}
		statements, err := Read(UnsignedFile, files[UnsignedFile])
		if err != nil {
			t.Fatalf("%.80q: %v", text, err)
		}
		said, err := ReadProvenance(statements[0])
		if err != nil {
			t.Fatalf("%.80q: %v", text, err)
		}
		for _, got := range []string{said.Parameters.Version, said.Files[0].Name} {
			if found := hostile.Unprintable(got); found != "" {
				t.Errorf("%.80q: %s in %.80q", text, found, got)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(true, []byte(`{"payloadType": "application/vnd.in-toto+json", "payload": "e30=", "signatures": [{"sig": "eA=="}]}`))
	golden, err := os.ReadFile("testdata/bee.statements.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range bytes.SplitAfter(golden, []byte("\n}")) {
		f.Add(false, bytes.ReplaceAll(text, []byte("\n"), nil))
	}
	public := (&Key{ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}).Public()
	f.Fuzz(func(t *testing.T, signed bool, text []byte) {
		name := UnsignedFile
		if signed {
			name = SignedFile
		}
		statements, err := Read(name, text)
		if (err == nil) != (len(statements) > 0) {
			t.Errorf("%d statements, %v", len(statements), err)
		}
		for _, s := range statements {
			if s.SignedBy(public) == nil {
				t.Error("it is signed")
			}
			ReadProvenance(s)
			ReadTestResult(s)
		}
	})
}
