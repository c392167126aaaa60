package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"

	"bee/core/layers"
)

// overlay is a tar.gz with a world file.
func overlay(t testing.TB, world string) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	archive := tar.NewWriter(zip)
	for _, h := range []tar.Header{
		{Typeflag: tar.TypeDir, Name: "./etc/", Mode: 0o755},
		{Typeflag: tar.TypeReg, Name: worldFile, Mode: 0o644, Size: int64(len(world))},
	} {
		if err := archive.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := archive.Write([]byte(world)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(archive.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// An overlay that is small as it is packed must not fill the memory.
func TestReadOverlayIsBounded(t *testing.T) {
	m := &medium{}
	if _, err := m.readOverlay(overlay(t, strings.Repeat("x", maxKept+1))); err == nil || !strings.Contains(err.Error(), "etc/apk/world has 1048577 bytes") {
		t.Error(err)
	}
}

func FuzzReadOverlay(f *testing.F) {
	whole := overlay(f, "alpine-base\nopenssh\n")
	f.Add(whole)
	f.Add(append(bytes.Clone(whole), whole...))
	f.Fuzz(func(t *testing.T, data []byte) {
		contents, err := new(medium).readOverlay(data)
		if (err == nil) != (len(contents) > 0) {
			t.Fatalf("%q, %v", contents, err)
		}
		for name, text := range contents {
			if len(text) > maxKept || text != "" && name != worldFile && name != layers.File {
				t.Errorf("%s: %d bytes", name, len(text))
			}
		}
	})
}

func FuzzKernelRelease(f *testing.F) {
	head := kernel("6.12.1-0-lts")[:0x300]
	head[0x20f] = 0 // the text begins with the head's second sector
	f.Add(head)
	f.Fuzz(func(t *testing.T, data []byte) {
		if release, isKernel := kernelRelease(data); len(release) > 256 || !isKernel && release != nil || !bytes.Contains(data, release) {
			t.Errorf("%q, %v", release, isKernel)
		}
	})
}
