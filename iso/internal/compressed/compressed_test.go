package compressed

import (
	"bytes"
	"compress/gzip"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func zipped(t testing.TB, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func framed(t testing.TB, text string) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll([]byte(text), nil)
}

func TestNext(t *testing.T) {
	text := strings.Repeat("some text, ", 100_000) // more than a block of zstd's
	for _, data := range [][]byte{zipped(t, text), framed(t, text)} {
		unpacked, rest, err := Next(slices.Concat(data, []byte("rest")))
		if err != nil || string(unpacked) != text || string(rest) != "rest" {
			t.Errorf("%d bytes, rest %q, %v", len(unpacked), rest, err)
		}
		all, err := All(slices.Concat(data, data))
		if err != nil || string(all) != text+text {
			t.Errorf("%d bytes, %v", len(all), err)
		}
		if _, err := All(slices.Concat(data, []byte("rest"))); err == nil {
			t.Error("something else is unpacked, too")
		}
	}
}

func FuzzNext(f *testing.F) {
	f.Add(zipped(f, "text"))
	f.Add(framed(f, "text"))
	f.Add(magics[XZ])
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, rest, err := Next(data); err == nil && (len(rest) >= len(data) || !bytes.HasSuffix(data, rest)) {
			t.Errorf("%d of %d bytes are left", len(rest), len(data))
		}
	})
}
