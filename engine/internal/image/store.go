package image

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// A Store is a folder that holds blobs as blobs/sha256/<hex>, like an OCI image
// layout and like containerd's content store.
type Store string

// path returns where the blob of a valid digest lies.
func (s Store) path(id digest.Digest) string {
	return filepath.Join(string(s), "blobs", id.Algorithm().String(), id.Encoded())
}

// AddLayer puts an uncompressed tar file into the store, as a hard link: the
// two must be on one file system.
func (s Store) AddLayer(tarFile string) (v1.Descriptor, error) {
	file, err := os.Open(tarFile)
	if err != nil {
		return v1.Descriptor{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return v1.Descriptor{}, err
	}
	id, err := digest.FromReader(file)
	if err != nil {
		return v1.Descriptor{}, err
	}
	path := s.path(id)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return v1.Descriptor{}, err
	}
	if err := os.Link(tarFile, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return v1.Descriptor{}, err
	}
	return v1.Descriptor{MediaType: v1.MediaTypeImageLayer, Digest: id, Size: info.Size()}, nil
}

// AddImage puts an image into the store and returns the digest of its manifest.
// Layers come lowest first. Containers run with config unless told otherwise.
func (s Store) AddImage(layers []v1.Descriptor, config v1.ImageConfig, created time.Time) (digest.Digest, error) {
	image := v1.Image{
		Created:  &created,
		Platform: v1.Platform{Architecture: runtime.GOARCH, OS: "linux"},
		Config:   config,
		RootFS:   v1.RootFS{Type: "layers"},
	}
	for _, layer := range layers {
		image.RootFS.DiffIDs = append(image.RootFS.DiffIDs, layer.Digest)
	}
	configuration, err := s.add(v1.MediaTypeImageConfig, image)
	if err != nil {
		return "", err
	}
	manifest, err := s.add(v1.MediaTypeImageManifest, v1.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: v1.MediaTypeImageManifest,
		Config:    configuration,
		Layers:    layers,
	})
	return manifest.Digest, err
}

func (s Store) add(mediaType string, value any) (v1.Descriptor, error) {
	content, err := json.Marshal(value)
	if err != nil {
		return v1.Descriptor{}, err
	}
	descriptor := v1.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(content), Size: int64(len(content))}
	return descriptor, os.WriteFile(s.path(descriptor.Digest), content, 0o644)
}
