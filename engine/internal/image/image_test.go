package image

import (
	"archive/tar"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

var epoch = time.Date(2026, 11, 5, 0, 0, 0, 0, time.UTC)

// tree makes a folder with a program, a text and a link in it.
func tree(t *testing.T, mode os.FileMode) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{"bin/tool": 0o711, "text": mode} {
		if err := os.WriteFile(filepath.Join(dir, path), []byte(path), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("bin/tool", filepath.Join(dir, "bin", "link")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func layer(t *testing.T, from string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "layer.tar")
	if err := WriteLayer(path, []Tree{{From: from, To: "/usr/local"}}, epoch); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWriteLayer(t *testing.T) {
	file, err := os.Open(layer(t, tree(t, 0o600)))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	type entry struct {
		name, target string
		mode         int64
	}
	var got []entry
	for reader := tar.NewReader(file); ; {
		header, err := reader.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !header.ModTime.Equal(epoch) || header.Uid != 0 || header.Gid != 0 || header.Uname != "" {
			t.Errorf("%s: %+v depends on the host", header.Name, header)
		}
		got = append(got, entry{header.Name, header.Linkname, header.Mode})
	}
	want := []entry{
		{"usr/", "", 0o755}, {"usr/local/", "", 0o755},
		{"usr/local/bin/", "", 0o755}, {"usr/local/bin/link", "bin/tool", 0o777}, {"usr/local/bin/tool", "", 0o755},
		{"usr/local/text", "", 0o644},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWriteLayerIsDeterministic(t *testing.T) {
	// Made at another time, with another umask.
	first, err := os.ReadFile(layer(t, tree(t, 0o600)))
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(layer(t, tree(t, 0o664)))
	if err != nil {
		t.Fatal(err)
	}
	if digest.FromBytes(first) != digest.FromBytes(second) {
		t.Error("equal trees make different layers")
	}
}

// get fetches a path from the registry and checks that content is what its
// digest says.
func get(t *testing.T, server *httptest.Server, kind string, id digest.Digest) []byte {
	t.Helper()
	response, err := http.Get(server.URL + "/v2/debian/" + kind + "/" + id.String())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s, %v", kind, id, response.Status, err)
	}
	if digest.FromBytes(content) != id {
		t.Errorf("%s %s has other content", kind, id)
	}
	return content
}

func TestRegistryServesWhatTheStoreHolds(t *testing.T) {
	dir := t.TempDir()
	tarFile := filepath.Join(dir, "layer.tar")
	if err := WriteLayer(tarFile, []Tree{{From: tree(t, 0o644), To: "/"}}, epoch); err != nil {
		t.Fatal(err)
	}
	store := Store(filepath.Join(dir, "store"))
	lowest, err := store.AddLayer(tarFile)
	if err != nil {
		t.Fatal(err)
	}
	id, err := store.AddImage([]v1.Descriptor{lowest}, v1.ImageConfig{Env: []string{"A=b"}}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(Registry(store))
	defer server.Close()

	var manifest v1.Manifest
	if err := json.Unmarshal(get(t, server, "manifests", id), &manifest); err != nil {
		t.Fatal(err)
	}
	var image v1.Image
	if err := json.Unmarshal(get(t, server, "blobs", manifest.Config.Digest), &image); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(image.Config.Env, []string{"A=b"}) || !slices.Equal(image.RootFS.DiffIDs, []digest.Digest{lowest.Digest}) {
		t.Errorf("the image is %+v", image)
	}
	if content := get(t, server, "blobs", manifest.Layers[0].Digest); int64(len(content)) != manifest.Layers[0].Size {
		t.Errorf("the layer has %d bytes, the manifest says %d", len(content), manifest.Layers[0].Size)
	}
	for _, path := range []string{"/v2/debian/manifests/trixie", "/v2/debian/blobs/" + digest.FromString("other").String(), "/v2/debian/blobs/..%2f..%2flayer.tar"} {
		response, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s, want 404", path, response.Status)
		}
	}
}
