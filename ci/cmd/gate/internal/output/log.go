package output

import (
	"bytes"
	"io"
	"sync"
)

// log takes text that others write, and hands on its lines when they have ended: of a part of
// one, nothing tells yet that it is no command.
type log struct {
	to    io.Writer
	clean func(string) string

	mu   sync.Mutex // an engine that did not start may still write while it is closed
	line []byte     // which has not ended
}

// longest is about how much of a line is kept: what is longer goes on as several.
const longest = 1 << 20

func (l *log) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	end := bytes.LastIndexByte(data, '\n') + 1
	l.line = append(l.line, data[:end]...)
	if end > 0 || len(l.line) > longest {
		if err := l.flush(); err != nil {
			return 0, err
		}
	}
	l.line = append(l.line, data[end:]...)
	return len(data), nil
}

// Close ends the last line.
func (l *log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flush()
}

func (l *log) flush() error {
	if len(l.line) == 0 {
		return nil
	}
	text := l.clean(string(l.line))
	if l.line[len(l.line)-1] != '\n' {
		text += "\n"
	}
	l.line = l.line[:0]
	_, err := io.WriteString(l.to, text)
	return err
}
