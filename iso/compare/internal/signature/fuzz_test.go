package signature

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"slices"
	"testing"
)

// member is a piece of an archive of apk's, with a file.
func member(t testing.TB, name, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func FuzzSplit(f *testing.F) {
	f.Add(slices.Concat(member(f, ".SIGN.RSA.test.rsa.pub", "signature"), member(f, ".PKGINFO", "control"), member(f, "a", "data")), true)
	f.Add(slices.Concat(member(f, ".SIGN.RSA256.test.rsa.pub", "signature"), member(f, "APKINDEX", "index")), false)
	f.Fuzz(func(t *testing.T, archive []byte, isPackage bool) {
		s, err := Split(archive, isPackage)
		if err != nil || s == nil {
			return
		}
		if !bytes.HasSuffix(archive, s.Rest) || !bytes.HasPrefix(s.Rest, s.Covered) || len(s.Rest) == len(archive) {
			t.Errorf("%d, %d of %d bytes", len(s.Rest), len(s.Covered), len(archive))
		}
	})
}

func FuzzModule(f *testing.F) {
	f.Add([]byte("\x7fELF\x30\x03\x02\x01\x01\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x05" + moduleMark))
	f.Fuzz(func(t *testing.T, module []byte) {
		without, ok := Module(module)
		if ok && (!bytes.HasPrefix(module, without) || len(module)-len(without) > maxSignature+moduleHeadBytes+len(moduleMark)) {
			t.Errorf("%d of %d bytes", len(without), len(module))
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add("bee-01234567.rsa.pub", []byte("-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n"))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		if key, err := ParseKey(name, text); err == nil && key.public == nil {
			t.Error("no key")
		}
	})
}

func TestModule(t *testing.T) {
	signature := []byte{0x30, 3, 2, 1, 1}
	head := []byte{0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 5}
	signed := slices.Concat([]byte("module"), signature, head, []byte(moduleMark))
	if without, ok := Module(signed); !ok || string(without) != "module" {
		t.Errorf("%q, %t", without, ok)
	}
	for what, module := range map[string][]byte{
		"none":                  []byte("module"),
		"no structure":          slices.Concat([]byte("module"), []byte("evil!"), head, []byte(moduleMark)),
		"something behind that": slices.Concat([]byte("mod"), signature, []byte("x"), []byte{0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 6}, []byte(moduleMark)),
		"another kind":          slices.Concat([]byte("module"), signature, []byte{1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 5}, []byte(moduleMark)),
		"too long":              slices.Concat(signature, []byte{0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 6}, []byte(moduleMark)),
	} {
		if _, ok := Module(module); ok {
			t.Errorf("%s: taken for a signature", what)
		}
	}
}
