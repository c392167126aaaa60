package iso9660

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const sealScript = "../../iso/boot/seal.sh"

// image is one whose field is blank, and which has more than fits into a buffer.
func image() []byte {
	data := bytes.Repeat([]byte("bee"), 1<<19)
	copy(data[applicationUse:], bytes.Repeat([]byte(" "), applicationUseSize))
	return data
}

// sealed is an image with its digest, by the shell that each base has.
func sealed(t *testing.T, shell ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bee.iso")
	if err := os.WriteFile(path, image(), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(shell[0], append(shell[1:], sealScript, path)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func verify(data []byte) error { return Verify(bytes.NewReader(data), func(_, _ int64) {}) }

func TestVerify(t *testing.T) {
	data := sealed(t, "sh")
	if other := sealed(t, "busybox", "ash"); !bytes.Equal(data, other) {
		t.Error("two shells come to two digests")
	}
	if err := verify(data); err != nil {
		t.Error(err)
	}
	// a medium may have more room than the image takes
	if err := verify(append(bytes.Clone(data), "more"...)); err != nil {
		t.Error(err)
	}
	var told []int64
	if err := Verify(bytes.NewReader(data), func(done, all int64) { told = append(told, done, all) }); err != nil || len(told) != 4 || told[2] != int64(len(data)) || told[3] != int64(len(data)) {
		t.Errorf("got %v, %v", told, err)
	}

	for at, want := range map[int]string{
		0: "its SHA-256 is", applicationUse - 1: "its SHA-256 is", applicationUse + applicationUseSize: "its SHA-256 is", len(data) - 1: "its SHA-256 is",
		applicationUse: ErrNotSealed.Error(),
		// in the digest, the size and what is blank: any error
		applicationUse + 20: "", applicationUse + 80: "", applicationUse + 200: "",
	} {
		flipped := bytes.Clone(data)
		flipped[at] ^= 1
		if err := verify(flipped); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("byte %d: got %v, want %s", at, err, want)
		}
	}
	if err := verify(data[:len(data)-1]); err == nil || !strings.Contains(err.Error(), "cannot be read at byte") {
		t.Errorf("cut short: got %v", err)
	}
	if err := verify(image()); !errors.Is(err, ErrNotSealed) {
		t.Errorf("not sealed: got %v", err)
	}
	if err := verify(data[:100]); err == nil {
		t.Error("no image at all is right")
	}
}

func TestSealRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bee.iso")
	if err := os.WriteFile(path, sealed(t, "sh"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("sh", sealScript, path).CombinedOutput(); err == nil || !strings.Contains(string(out), path+" has something of another program") {
		t.Errorf("sealed already: got %v, %s", err, out)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("bee-sha256 " + strings.Repeat("0", 64) + " 34000\n")
	f.Add("bee-sha256 " + strings.Repeat("0", 64) + " 999999999999999\n")
	f.Fuzz(func(t *testing.T, field string) {
		data := image()
		copy(data[applicationUse:applicationUse+applicationUseSize], field)
		if verify(data) == nil {
			t.Errorf("%q is right", field)
		}
	})
}
