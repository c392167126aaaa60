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

// Screenshot is what the machine's screen shows, as PNG. QEMU makes these since version 7.1;
// it writes them through any link, and so only into a folder that nobody else may write to.
func (m *Machine) Screenshot() ([]byte, error) {
	folder, err := os.MkdirTemp("", "smoke-screen-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "screen.png")
	if err := m.monitor.execute("screendump", map[string]any{"filename": file, "format": "png"}); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
}
