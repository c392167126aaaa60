// Package manifest reads and writes bee.iso.manifest.json, which tells what is in an ISO.
package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"bee/core/bounded"
	"bee/core/jsonerror"
	"bee/core/printable"
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
	// What /etc/bee-release says, of the highest layer that has it.
	Release map[string]string `json:"release"`
	// Packages of the running system, sorted by name. On the base alpine, all that the
	// medium has to install.
	Packages []Package `json:"packages"`
	// Vendor programs, which those who built the ISO have added to it. Absent where there are
	// none.
	VendorPrograms []VendorProgram `json:"vendor_programs,omitempty"`
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

// Package is a package that is installed, or that the system installs as it starts.
type Package struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Architecture string `json:"architecture"`
}

// VendorProgram is a program of a maker of hardware.
type VendorProgram struct {
	Name string `json:"name"`
	// Version, by the word of those who added it.
	Version   string `json:"version,omitempty"`
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
// Each is a squashfs image of the root, and a file of a layer hides the one of the same
// path in the layers below. On the base alpine the first is the modloop, whose /modules the
// system has as /lib/modules, and the others lie over what the packages bring, which Medium
// has.
type Layer struct {
	// Path on the medium.
	Path string `json:"path"`
	// Files, sorted by path.
	Files []File `json:"files"`
}

// File is a file of a layer.
type File struct {
	// Path from the root of the layer, beginning with a slash.
	Path string `json:"path"`
	// directory, file, symlink, character device, block device, fifo or socket.
	Type string `json:"type"`
	// Permission bits, octal, such as 0755.
	Mode string `json:"mode"`
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
	// Size and SHA-256 of a regular file. A hard link is the file that it is a link to.
	SizeBytes *int64 `json:"size_bytes,omitempty"`
	SHA256    string `json:"sha256,omitempty"`
	// Where a symbolic link points to.
	Target string `json:"target,omitempty"`
	// Major and minor number of a device, such as 1:3.
	Device string `json:"device,omitempty"`
}

// Read reads the manifest at path, as Parse does.
func Read(path string) (*Manifest, error) {
	data, err := bounded.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// Parse reads what Write writes, and makes it printable: the manifest of another release may
// be anybody's. One of another schema version is an error.
func Parse(data []byte) (*Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(printable.AgainJSON(data), &m); err != nil {
		return nil, fmt.Errorf("no manifest of an ISO: %w", jsonerror.Reword(err))
	}
	if m.SchemaVersion != SchemaVersion {
		return nil, fmt.Errorf("schema version %d, but %d is read", m.SchemaVersion, SchemaVersion)
	}
	return &m, nil
}

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
	if len(m.VendorPrograms) > 0 {
		b.WriteString(",\n\"vendor_programs\": ")
		if err := lines(&b, m.VendorPrograms); err != nil {
			return err
		}
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
