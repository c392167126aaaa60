package nvidia_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// signFile signs as the kernel's program of that name does, by OpenSSL's.
const signFile = `#!/bin/sh -e
[ "$#" = 5 ] && [ "$1" = sha256 ]
openssl cms -sign -binary -noattr -nocerts -outform DER -md "$1" -inkey "$2" -signer "$3" -in "$4" -out "$5.p7s"
cat "$4" "$5.p7s" >"$5"
printf '\0\0\002\0\0\0\0\0'"$(printf '\\%03o\\%03o\\%03o\\%03o' 0 0 $(($(stat -c %s "$5.p7s") / 256)) $(($(stat -c %s "$5.p7s") % 256)))" >>"$5"
echo '~Module signature appended~' >>"$5"
rm "$5.p7s"
`

// signing is what sign.sh is called with.
type signing struct{ modules, headers, key, certificate string }

func newSigning(t *testing.T, tool string) signing {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip(err)
	}
	s := signing{modules: t.TempDir(), headers: t.TempDir()}
	write(t, filepath.Join(s.modules, "nvidia.ko"), "module\x00"+strings.Repeat("x", 100))
	write(t, filepath.Join(s.modules, "nvidia-uvm.ko"), "another")
	write(t, filepath.Join(s.modules, "Module.symvers"), "symbols")
	write(t, filepath.Join(s.headers, "usr/lib/linux-kbuild-6.12/scripts/sign-file"), tool)
	s.key, s.certificate = newKey(t)
	return s
}

func newKey(t *testing.T) (key, certificate string) {
	t.Helper()
	dir := t.TempDir()
	key, certificate = filepath.Join(dir, "key.pem"), filepath.Join(dir, "certificate.pem")
	out, err := exec.Command("openssl", "req", "-new", "-x509", "-newkey", "rsa:2048", "-noenc", "-subj", "/CN=modules/", "-keyout", key, "-out", certificate).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return key, certificate
}

func (s signing) run(t *testing.T) (out, said string, ok bool) {
	t.Helper()
	out = t.TempDir()
	said, ok = run(t, "sign.sh", s.modules, s.headers, s.key, s.certificate, out)
	return out, said, ok
}

func TestSign(t *testing.T) {
	s := newSigning(t, signFile)
	first, said, ok := s.run(t)
	if !ok || !strings.Contains(said, "2 modules signed by subject=CN=modules") {
		t.Fatal(said)
	}
	read := func(dir, name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	der := read(first, "module-certificate.der")
	asDER := s
	asDER.certificate = write(t, filepath.Join(t.TempDir(), "certificate.der"), der)
	second, said, ok := asDER.run(t)
	if !ok {
		t.Fatalf("by a certificate in DER: %s", said)
	}
	for _, name := range []string{"nvidia.ko", "nvidia-uvm.ko"} {
		signed := read(first, name)
		if !strings.HasPrefix(signed, read(s.modules, name)) || !strings.HasSuffix(signed, "~Module signature appended~\n") {
			t.Errorf("%s is not the module and its signature", name)
		}
		if signed != read(second, name) {
			t.Errorf("%s is signed by other bytes the second time", name)
		}
	}
	if entries, err := os.ReadDir(first); err != nil || len(entries) != 3 {
		t.Errorf("there is %v, %v", entries, err)
	}
}

// What the kernel would refuse is not put onto an ISO.
func TestSignRefuses(t *testing.T) {
	expect := func(name string, s signing, want string) {
		t.Helper()
		if _, said, ok := s.run(t); ok || !strings.Contains(said, want) {
			t.Errorf("%s: %v, %s, without %q", name, ok, said, want)
		}
	}
	s := newSigning(t, signFile)
	another := s
	var certificate string
	another.key, certificate = newKey(t)
	expect("key of another certificate", another, "key values mismatch")

	empty := s
	empty.modules = t.TempDir()
	expect("no module", empty, "has no module")

	without := s
	without.headers = t.TempDir()
	expect("no tool", without, "has 0 sign-file")

	for name, tool := range map[string]string{
		"no signature":      "#!/bin/sh\ncp \"$4\" \"$5\"\n",
		"of something else": strings.Replace(signFile, `-in "$4"`, `-in "$0"`, 1),
		"of another key":    strings.Replace(signFile, `-inkey "$2" -signer "$3"`, "-inkey "+another.key+" -signer "+certificate, 1),
		"another module":    signFile + `sed -i s/^module/nodule/ "$5"` + "\n",
	} {
		broken := newSigning(t, tool)
		expect(name, broken, ".ko is not signed as its certificate verifies")
	}
}
