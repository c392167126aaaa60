package build

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sort"
)

// key names an artefact by its inputs: equal inputs, equal key. Values are
// quoted, so that no two lists of them run together to the same text.
func key(inputs ...any) string {
	hash := sha256.New()
	for _, input := range inputs {
		fmt.Fprintf(hash, "%q\n", fmt.Sprint(input))
	}
	return hex.EncodeToString(hash.Sum(nil))[:16]
}

// keyOfFiles is the key of the names and content of every file below dir.
func keyOfFiles(dir string) (string, error) {
	var inputs []any
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		inputs = append(inputs, path[len(dir):], string(content))
		return err
	})
	return key(inputs...), err
}

// pairs returns a map as sorted KEY=VALUE strings.
func pairs(values map[string]string) []string {
	var list []string
	for name, value := range values {
		list = append(list, name+"="+value)
	}
	sort.Strings(list)
	return list
}
