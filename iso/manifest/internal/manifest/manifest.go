// Package manifest tells what is in a finished ISO, read back from nothing but
// the ISO.
package manifest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"bee/iso/manifest/internal/layer"
	"bee/iso/manifest/internal/packages"
	"bee/iso/smoke/iso9660"
)

// SchemaVersion is the version of the manifest's format. A field that goes or
// changes its meaning raises it; a new one does not.
const SchemaVersion = 1

// Manifest is the content of an ISO. It has no times, and not the name of the
// file: equal ISOs have equal manifests.
type Manifest struct {
	SchemaVersion int `json:"schema_version"`
	// The whole image.
	ISO Image `json:"iso"`
	// What /etc/bee-release says: on the base debian of the highest layer that has it, on
	// the base alpine of the apkovl.
	Release map[string]string `json:"release"`
	// Packages of the running system, sorted by name. On the base alpine, all that the
	// medium has to install.
	Packages []packages.Package `json:"packages"`
	// Files of the medium, sorted by path.
	Medium []MediumFile `json:"medium"`
	// Layers of the running system's files, the lowest first.
	Layers []Layer `json:"layers"`
}

// Image is the ISO as a file.
type Image struct {
	SizeBytes int64  `json:"size_bytes"`
	SHA256    string `json:"sha256"`
}

// MediumFile is a file or directory of the ISO's own file system.
type MediumFile struct {
	Path string `json:"path"`
	// directory, file or symlink.
	Type string `json:"type"`
	// Permission bits, octal.
	Mode      string `json:"mode"`
	SizeBytes *int64 `json:"size_bytes,omitempty"`
	SHA256    string `json:"sha256,omitempty"`
	Target    string `json:"target,omitempty"`
}

// Layer is a part of the medium with files of the running system.
//
// On the base debian each is a squashfs image of the root, and a file of a layer hides
// the one of the same path in the layers below. On the base alpine there are two: the
// modloop, a squashfs image whose /modules the system has as /lib/modules, and the
// apkovl, of the root. All other files come from the packages, which Medium has.
type Layer struct {
	// Path on the medium.
	Path string `json:"path"`
	// Files, sorted by path.
	Files []layer.File `json:"files"`
}

const releaseFile = "/etc/bee-release"

// Read reads the ISO at path. It calls progress before each step that takes a
// while.
func Read(path string, progress func(string)) (*Manifest, error) {
	if _, err := iso9660.Check(path); err != nil {
		return nil, err
	}
	m := &Manifest{SchemaVersion: SchemaVersion}
	progress("reading the medium")
	var err error
	if m.ISO.SizeBytes, m.ISO.SHA256, err = digest(path); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "manifest-medium-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	if err := extract(path, folder); err != nil {
		return nil, err
	}
	if m.Medium, err = list(folder); err != nil {
		return nil, err
	}
	on := medium{folder, progress}
	base, err := baseOf(on)
	if err == nil {
		err = base.read(m, on)
	}
	if err == nil && m.Release == nil {
		err = errors.New("no layer has " + releaseFile)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// readRelease takes the release file of a layer, if it has one, in place of that of
// the layers below.
func (m *Manifest) readRelease(content func(string) ([]byte, error)) error {
	text, err := content(releaseFile)
	if text != nil {
		m.Release = release(string(text))
	}
	return err
}

// extract unpacks the medium into a folder.
func extract(iso, folder string) error {
	iso, err := filepath.Abs(iso) // xorriso takes some words for addresses of drives
	if err != nil {
		return err
	}
	out, err := exec.Command("xorriso", "-osirrox", "on:auto_chmod_off", "-report_about", "WARNING",
		"-indev", "stdio:"+iso, "-extract", "/", folder).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("xorriso is not in PATH; the Debian package is called so, too")
	}
	if err != nil {
		return fmt.Errorf("%s: xorriso cannot read it: %w: %s", iso, err, bytes.TrimSpace(out))
	}
	return nil
}

func list(folder string) (files []MediumFile, err error) {
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		f := MediumFile{Path: "/" + strings.TrimPrefix(path[len(folder):], "/"), Mode: fmt.Sprintf("%04o", info.Mode().Perm())}
		switch info.Mode().Type() {
		case fs.ModeDir:
			f.Type = "directory"
		case fs.ModeSymlink:
			f.Type = "symlink"
			f.Target, err = os.Readlink(path)
		default:
			f.Type = "file"
			f.SizeBytes = new(int64)
			*f.SizeBytes, f.SHA256, err = digest(path)
		}
		files = append(files, f)
		return err
	})
	slices.SortFunc(files, func(a, b MediumFile) int { return strings.Compare(a.Path, b.Path) })
	return files, err
}

func digest(path string) (size int64, sum string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer file.Close()
	hash := sha256.New()
	size, err = io.Copy(hash, file)
	return size, hex.EncodeToString(hash.Sum(nil)), err
}

// release reads lines of KEY="value", where a backslash keeps the character
// behind it.
func release(text string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, found := strings.Cut(strings.TrimSpace(line), "=")
		if !found || strings.HasPrefix(key, "#") {
			continue
		}
		value = strings.TrimSuffix(strings.TrimPrefix(value, `"`), `"`)
		values[key] = unescape.Replace(value)
	}
	return values
}

var unescape = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, "\\`", "`")

// Write writes the manifest as JSON with one line for each package and file, so
// that diff shows what changed between two ISOs.
func (m *Manifest) Write(w io.Writer) error {
	var b bytes.Buffer
	iso, err := marshal(m.ISO)
	if err != nil {
		return err
	}
	release, err := marshal(m.Release)
	if err != nil {
		return err
	}
	fmt.Fprintf(&b, "{\n\"schema_version\": %d,\n\"iso\": %s,\n\"release\": %s,\n\"packages\": ", m.SchemaVersion, iso, release)
	if err := lines(&b, m.Packages); err != nil {
		return err
	}
	b.WriteString(",\n\"medium\": ")
	if err := lines(&b, m.Medium); err != nil {
		return err
	}
	b.WriteString(",\n\"layers\": [")
	for i, layer := range m.Layers {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := marshal(layer.Path)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "\n{\"path\": %s, \"files\": ", name)
		if err := lines(&b, layer.Files); err != nil {
			return err
		}
		b.WriteByte('}')
	}
	b.WriteString("\n]\n}\n")
	_, err = w.Write(b.Bytes())
	return err
}

// lines writes a JSON array with each element on its own line.
func lines[T any](b *bytes.Buffer, elements []T) error {
	b.WriteByte('[')
	for i, element := range elements {
		if i > 0 {
			b.WriteByte(',')
		}
		text, err := marshal(element)
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "\n  %s", text)
	}
	b.WriteString("\n]")
	return nil
}

// marshal is json.Marshal without escapes for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}
