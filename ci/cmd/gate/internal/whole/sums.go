package whole

import (
	"context"
	"os"
	"path/filepath"

	"bee/core/sums"
)

// Summed fills a folder, as Folder does, from a source whose files its SHA256SUMS lists.
// Where the folder has these very files, nothing is written.
func Summed(ctx context.Context, path string, from Source) error {
	wanted, err := from.Contents(ctx, sums.File)
	if err != nil {
		return err
	}
	held, err := os.ReadFile(filepath.Join(path, sums.File))
	if err == nil && string(held) == wanted && Checked(path) == nil {
		return nil
	}
	return Folder(ctx, path, from, Checked)
}

// Checked checks that a folder has the files that its SHA256SUMS lists.
func Checked(folder string) error {
	_, err := sums.Check(folder)
	return err
}
