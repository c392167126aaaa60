package build

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Files of the build cache get a date that never gets old: Go removes what was
// not used for five days, and the image may well be older.
var untrimmed = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

// timeless makes a Go build cache depend on what was compiled only. Entries
// (<id>-a) are one line, `v1 <action> <output> <size> <time>`, the last field
// being when they were made, in 20 columns; trim.txt is the time of the last
// clean-up.
func timeless(cache string) error {
	entries, err := filepath.Glob(filepath.Join(cache, "*", "*-a"))
	if err != nil {
		return err
	}
	stamp := fmt.Sprintf("%20d\n", untrimmed.UnixNano())
	for _, path := range entries {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		info, err := file.Stat()
		if err == nil {
			_, err = file.WriteAt([]byte(stamp), info.Size()-int64(len(stamp)))
		}
		file.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	err = os.Remove(filepath.Join(cache, "trim.txt"))
	if os.IsNotExist(err) {
		return nil
	}
	return err
}
