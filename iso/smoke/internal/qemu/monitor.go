package qemu

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// answerTime is how long QEMU may take to answer its monitor.
const answerTime = 10 * time.Second

// monitor speaks the QEMU Machine Protocol.
type monitor struct {
	net.Conn
	mu      sync.Mutex
	decoder *json.Decoder
	greeted bool
}

func newMonitor(conn net.Conn) *monitor {
	return &monitor{Conn: conn, decoder: json.NewDecoder(conn)}
}

func (m *monitor) execute(command string, arguments map[string]any) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.SetDeadline(time.Now().Add(answerTime))
	if !m.greeted {
		if err := m.send("qmp_capabilities", nil); err != nil {
			return err
		}
		m.greeted = true
	}
	return m.send(command, arguments)
}

func (m *monitor) send(command string, arguments map[string]any) error {
	request := map[string]any{"execute": command}
	if arguments != nil {
		request["arguments"] = arguments
	}
	if err := json.NewEncoder(m).Encode(request); err != nil {
		return fmt.Errorf("QEMU's monitor, %s: %w", command, err)
	}
	for { // the greeting and events come between
		var answer struct {
			Return json.RawMessage
			Error  *struct{ Desc string }
		}
		if err := m.decoder.Decode(&answer); errors.Is(err, io.EOF) {
			return errors.New("QEMU has ended")
		} else if err != nil {
			return fmt.Errorf("QEMU's monitor, %s: %w", command, err)
		}
		if answer.Error != nil {
			return fmt.Errorf("QEMU's monitor, %s: %s", command, answer.Error.Desc)
		}
		if answer.Return != nil {
			return nil
		}
	}
}

// Screenshot writes what the machine's screen shows to path, as PNG. QEMU does
// that since version 7.1.
func (m *Machine) Screenshot(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	temporary := path + ".part"
	if err := m.monitor.execute("screendump", map[string]any{"filename": temporary, "format": "png"}); err != nil {
		os.Remove(temporary)
		return err
	}
	return os.Rename(temporary, path)
}
