package image

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// FuzzRegistry: whatever is asked for, only blobs of the store are served.
func FuzzRegistry(f *testing.F) {
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("secret"), 0o600); err != nil {
		f.Fatal(err)
	}
	store := Store(filepath.Join(dir, "store"))
	if err := os.MkdirAll(filepath.Join(string(store), "blobs", "sha256"), 0o755); err != nil {
		f.Fatal(err)
	}
	id, err := store.AddImage(nil, v1.ImageConfig{}, epoch)
	if err != nil {
		f.Fatal(err)
	}
	manifest, err := os.ReadFile(store.path(id))
	if err != nil {
		f.Fatal(err)
	}
	registry := Registry(store)
	f.Add("debian/manifests/" + id.String())
	f.Add("debian/blobs/sha256:..%2f..%2f..%2fsecret")
	f.Add("debian/blobs/sha256%3a" + id.Encoded() + "%2f..%2f")
	f.Fuzz(func(t *testing.T, path string) {
		address, err := url.Parse("http://localhost/v2/" + path)
		if err != nil {
			return
		}
		answer := httptest.NewRecorder()
		registry.ServeHTTP(answer, &http.Request{Method: http.MethodGet, URL: address, Host: address.Host, Header: http.Header{}})
		body := answer.Body.String()
		isBlob := answer.Header().Get("Docker-Content-Digest") != "" && (body == string(manifest) || len(body) > 0 && body[0] == '{')
		if answer.Code == http.StatusOK && body != "" && !isBlob {
			t.Errorf("%s: %q", path, body)
		}
	})
}
