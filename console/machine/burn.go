package machine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"bee/core/burnin"
	"bee/core/printable"
)

// Burn is the burn-in that was started last, or its beginning that was seen.
type Burn struct {
	// Running is whether its process is there.
	Running bool
	// Lines are the newest, at most [MaxLines]; none where there was no burn-in.
	Lines []burnin.Line
	// Words are what it printed besides: its verdict, or what went wrong.
	Words string
}

// MaxLines is how many lines are kept: five minutes on the widest terminals.
const MaxLines = 240

// maxWords is how much is kept of what it says besides, in bytes.
const maxWords = 64 << 10

// Last is the newest line; the zero value where there is none.
func (b Burn) Last() burnin.Line {
	if len(b.Lines) == 0 {
		return burnin.Line{}
	}
	return b.Lines[len(b.Lines)-1]
}

// burnFile reads what is new in the file.
type burnFile struct {
	id      os.FileInfo
	offset  int64
	partial []byte // a line that has no end yet
	burn    Burn
}

func (f *burnFile) read(r *Reader) Burn {
	file, err := os.Open(r.path(burnin.File))
	if err != nil {
		*f = burnFile{}
		return f.burn
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil && (f.id == nil || !os.SameFile(info, f.id) || info.Size() < f.offset) {
		*f = burnFile{id: info} // another burn-in
	}
	// not more at once than memory holds: the rest comes with the next readings
	text, err := io.ReadAll(io.NewSectionReader(file, f.offset, 8<<20))
	if err != nil {
		return f.burn
	}
	if len(text) > 0 {
		f.offset += int64(len(text))
		f.add(text)
	}
	f.burn.Running = false
	if pid := f.burn.Last().PID; pid > 0 {
		f.burn.Running = strings.TrimSpace(r.text(fmt.Sprintf("proc/%d/comm", pid))) == "bee-burn"
	}
	return f.burn
}

// add takes in text that is new. What was returned before stays as it was.
func (f *burnFile) add(text []byte) {
	lines := f.burn.Lines
	text = append(f.partial, text...)
	for {
		line, rest, complete := bytes.Cut(text, []byte("\n"))
		if !complete {
			break
		}
		text = rest
		var l burnin.Line
		if err := json.Unmarshal(printable.AgainJSON(line), &l); err == nil {
			lines = append(lines, l)
		} else if len(f.burn.Words) < maxWords {
			f.burn.Words += printable.Again(string(line)) + "\n"
		}
	}
	f.partial = bytes.Clone(text[:min(len(text), maxWords)])
	f.burn.Lines = append([]burnin.Line(nil), lines[max(0, len(lines)-MaxLines):]...)
}
