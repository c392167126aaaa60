package machine

import (
	"io"
	"os"
	"path/filepath"
	"time"

	"bee/core/printable"
)

// Log is a file below /var/log.
type Log struct {
	Name     string
	Bytes    int64
	Modified time.Time
}

func (r *Reader) logs() []Log {
	var all []Log
	files, _ := filepath.Glob(r.path("var/log/*.log")) // the pattern is good
	for _, file := range files {
		if info, err := os.Stat(file); err == nil {
			all = append(all, Log{printable.Again(filepath.Base(file)), info.Size(), info.ModTime()})
		}
	}
	return all
}

// logEnd is how much of a log is shown.
const logEnd = 64 << 10

// LogEnd returns the last lines of a log.
func (r *Reader) LogEnd(name string) (string, error) {
	file, err := os.Open(r.path("var/log/" + filepath.Base(name)))
	if err != nil {
		return "", err
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > logEnd {
		if _, err := file.Seek(-logEnd, io.SeekEnd); err != nil {
			return "", err
		}
	}
	text, err := io.ReadAll(io.LimitReader(file, logEnd))
	return printable.Lines(string(text)), err
}
