// Package memory keeps what was read of a file, so that the same file is not read again.
package memory

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
)

// Memory is a folder, which may vanish at any time. The zero value keeps nothing.
type Memory struct {
	folder string
}

// In is the memory of this program in a folder. Another build of the program remembers
// nothing of it: it may read otherwise.
func In(folder string) (Memory, error) {
	name, err := os.Executable()
	if err != nil {
		return Memory{}, err
	}
	program, err := os.Open(name)
	if err != nil {
		return Memory{}, err
	}
	defer program.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, program); err != nil {
		return Memory{}, err
	}
	return Memory{filepath.Join(folder, hex.EncodeToString(hash.Sum(nil)))}, nil
}

// Read is what read returns of the file with this SHA-256, or returned before.
func Read[T any](m Memory, sum string, read func() (T, error)) (T, error) {
	if m.folder == "" {
		return read()
	}
	path := filepath.Join(m.folder, sum+".json")
	var known T
	if text, err := os.ReadFile(path); err == nil && json.Unmarshal(text, &known) == nil {
		return known, nil
	}
	fresh, err := read()
	if err != nil {
		return fresh, err
	}
	return fresh, keep(path, fresh)
}

// keep writes a value under a name that is only there when it is whole.
func keep(path string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(path), "part-")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	if _, err := part.Write(text); err != nil {
		part.Close()
		return err
	}
	if err := part.Close(); err != nil {
		return err
	}
	return os.Rename(part.Name(), path)
}
