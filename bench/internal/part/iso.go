package part

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"bee/bench/internal/result"
	"bee/core/manifest"
)

// iso tells the sizes of the ISO's parts.
func iso(_ context.Context, b *Bench, p *result.Part) error {
	m, err := readManifest(b.Top)
	if err != nil {
		return err
	}
	p.Of, p.AnyMachine = contents(m), true
	p.Figures = sizes(m)
	return nil
}

// readManifest reads that of dist/bee.iso.
func readManifest(top string) (*manifest.Manifest, error) {
	m, err := manifest.Read(filepath.Join(top, manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s: make build makes it", manifestFile)
	}
	return m, err
}

// contents say what is on an ISO, as far as its size and its boot depend on it.
func contents(m *manifest.Manifest) string {
	text := "base " + m.Release["BEE_BASE"]
	if m.Release["BEE_NVIDIA"] != "" {
		text += " with the NVIDIA driver"
	}
	return text
}

// sizes are those of the files on the medium, by what they are for, and of the whole
// image.
func sizes(m *manifest.Manifest) []result.Figure {
	layers := map[string]bool{}
	for _, layer := range m.Layers {
		layers[layer.Path] = true
	}
	var names []string // in the order of the medium
	sum := map[string]int64{}
	rest := m.ISO.SizeBytes
	for _, file := range m.Medium {
		if file.SizeBytes == nil {
			continue
		}
		name := purpose(file.Path, layers[file.Path])
		if _, seen := sum[name]; !seen {
			names = append(names, name)
		}
		sum[name] += *file.SizeBytes
		rest -= *file.SizeBytes
	}
	var figures []result.Figure
	add := func(name string, size int64) {
		if size != 0 {
			figures = append(figures, result.Of(name, result.Bytes, float64(size)))
		}
	}
	for _, name := range names {
		add(name, sum[name])
	}
	add("between files", rest)
	add("total", m.ISO.SizeBytes)
	return figures
}

// purpose is what a file of the medium is for.
func purpose(file string, layer bool) string {
	name := path.Base(file)
	switch {
	case layer:
		return "layer " + name
	case strings.HasPrefix(name, "vmlinuz"):
		return "vmlinuz"
	case strings.HasPrefix(name, "initrd"), strings.HasPrefix(name, "initramfs"), name == "bee.img":
		return "initrd"
	case strings.HasPrefix(file, "/apks/"):
		return "packages"
	case strings.HasPrefix(strings.ToLower(file), "/boot"), strings.HasPrefix(strings.ToLower(file), "/efi/"):
		return "boot loader"
	}
	return "other files"
}
