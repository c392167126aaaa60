package mok

import (
	"bytes"
	"encoding/hex"
	"encoding/pem"
	"os"
	"strings"
	"testing"
)

// flash is an image with a variable in its store, and room for so many bytes behind it.
func flash(room int) []byte {
	one := pack(variable{StartID: startOfVariable, State: added, NameSize: 4, DataSize: 1}, []byte("x\x00\x00\x00d"))
	one = append(one, bytes.Repeat([]byte{erased}, 3+room)...)
	const head = 28
	image := append(make([]byte, 0x48), pack(store{Signature: storeOfVariables, Size: uint32(head + len(one)), Format: 0x5a, State: 0xfe}, one)...)
	return append(image, "what else the flash has"...)
}

func TestEnrol(t *testing.T) {
	before := flash(200)
	after, err := Enrol(before, []byte("certificate"))
	if err != nil {
		t.Fatal(err)
	}
	const at = 0x48 + 28 + 60 + 5 + 3
	want := "aa553f0003000000" + strings.Repeat("00", 28) + "10000000" + "37000000" + "50ab5d6046e00043abb63dd810dd8b23" +
		hex.EncodeToString([]byte("M\x00o\x00k\x00L\x00i\x00s\x00t\x00\x00\x00")) +
		"a159c0a5e494a74a87b5ab155c2bf072" + "37000000" + "00000000" + "1b000000" + "50ab5d6046e00043abb63dd810dd8b23" +
		hex.EncodeToString([]byte("certificate"))
	if got := hex.EncodeToString(after[at : at+len(want)/2]); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(after) != len(before) || !bytes.Equal(after[:at], before[:at]) || !bytes.Equal(after[at+len(want)/2:], before[at+len(want)/2:]) {
		t.Error("something else was changed, too")
	}
	inPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("certificate")})
	if same, err := Enrol(before, inPEM); err != nil || !bytes.Equal(same, after) {
		t.Errorf("from PEM: %v", err)
	}
	if _, err := Enrol(after, []byte("another")); err == nil {
		t.Error("a second one has room where there is none")
	}
}

func TestEnrolRefuses(t *testing.T) {
	damaged := flash(200)
	damaged[0x48+28+40] = 0xff
	for want, image := range map[string][]byte{
		"no store of variables in it":                 []byte("text"),
		"its store of variables is cut off":           flash(200)[:0x48+20],
		"its store of variables has no room for 131 ": flash(130),
		"its store of variables is damaged":           damaged,
	} {
		if _, err := Enrol(image, []byte("certificate")); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error is %v, not %q", err, want)
		}
	}
}

// OVMF's own image, where this machine has it: machines that are tested start from it.
func TestOVMF(t *testing.T) {
	image, err := os.ReadFile("/usr/share/OVMF/OVMF_VARS_4M.ms.fd")
	if err != nil {
		t.Skip(err)
	}
	after, err := Enrol(image, make([]byte, 1000))
	if err != nil {
		t.Fatal(err)
	}
	first, _, err := freeSpace(image)
	if err != nil {
		t.Fatal(err)
	}
	if second, _, err := freeSpace(after); err != nil || second-first != 60+16+44+1000 {
		t.Errorf("the variable is at %#x, the next at %#x, %v", first, second, err)
	}
}

func FuzzEnrol(f *testing.F) {
	f.Add(flash(200), []byte("certificate"))
	f.Add(flash(10), []byte("certificate"))
	f.Add(flash(200)[:80], []byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, image, certificate []byte) {
		if after, err := Enrol(image, certificate); err == nil && len(after) != len(image) {
			t.Errorf("%d bytes became %d", len(image), len(after))
		}
	})
}
