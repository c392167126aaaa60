package qemu

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// answerTime is how long QEMU may take to answer its monitor.
const answerTime = 10 * time.Second

// monitor speaks the QEMU Machine Protocol.
type monitor struct {
	*net.UnixConn
	mu      sync.Mutex
	decoder *json.Decoder
	greeted bool
}

func newMonitor(conn *net.UnixConn) *monitor {
	return &monitor{UnixConn: conn, decoder: json.NewDecoder(conn)}
}

// request is a command, with a file that goes along or nil.
type request struct {
	Execute   string         `json:"execute"`
	Arguments map[string]any `json:"arguments,omitempty"`
	file      *os.File
}

// execute has a command executed, and decodes what it returns into answer, unless that is
// nil.
func (m *monitor) execute(r request, answer any) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.SetDeadline(time.Now().Add(answerTime))
	if !m.greeted {
		if err := m.send(request{Execute: "qmp_capabilities"}, nil); err != nil {
			return err
		}
		m.greeted = true
	}
	return m.send(r, answer)
}

func (m *monitor) send(r request, result any) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	var rights []byte
	if r.file != nil {
		rights = syscall.UnixRights(int(r.file.Fd()))
	}
	if _, _, err := m.WriteMsgUnix(text, rights, nil); err != nil {
		return fmt.Errorf("QEMU's monitor, %s: %w", r.Execute, err)
	}
	for { // the greeting and events come between
		var answer struct {
			Return json.RawMessage
			Error  *struct{ Desc string }
		}
		if err := m.decoder.Decode(&answer); errors.Is(err, io.EOF) {
			return errors.New("QEMU has ended")
		} else if err != nil {
			return fmt.Errorf("QEMU's monitor, %s: %w", r.Execute, err)
		}
		if answer.Error != nil {
			return fmt.Errorf("QEMU's monitor, %s: %s", r.Execute, answer.Error.Desc)
		}
		if answer.Return != nil {
			if result == nil {
				return nil
			}
			return json.Unmarshal(answer.Return, result)
		}
	}
}

// PCIeError has a device tell its root port of an error, by QEMU's name for it.
func (m *Machine) PCIeError(device, name string) error {
	var said string
	command := map[string]any{"command-line": "pcie_aer_inject_error " + device + " " + name} // QMP itself has none
	err := m.monitor.execute(request{Execute: "human-monitor-command", Arguments: command}, &said)
	if err == nil && !strings.HasPrefix(said, "OK ") {
		err = fmt.Errorf("QEMU's monitor: %s", strings.TrimSpace(said))
	}
	return err
}

// Plug adds a device while the machine runs: its driver and properties, as of -device.
func (m *Machine) Plug(device map[string]any) error {
	return m.monitor.execute(request{Execute: "device_add", Arguments: device}, nil)
}

// Screenshot is what the machine's screen shows, as PNG. QEMU makes these since version 7.1.
func (m *Machine) Screenshot() ([]byte, error) {
	folder, err := os.MkdirTemp("", "smoke-screen-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "screen.png")
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // not for reading: QEMU looks for a file of the mode that it wants
	if err != nil {
		return nil, err
	}
	if err := errors.Join(m.monitor.screendump(file), file.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// screendump has QEMU write to an open file: it may open none itself.
func (m *monitor) screendump(file *os.File) error {
	var set struct {
		ID int `json:"fdset-id"`
	}
	if err := m.execute(request{Execute: "add-fd", file: file}, &set); err != nil {
		return err
	}
	id := map[string]any{"fdset-id": set.ID}
	path := fmt.Sprintf("/dev/fdset/%d", set.ID)
	return errors.Join(
		m.execute(request{Execute: "screendump", Arguments: map[string]any{"filename": path, "format": "png"}}, nil),
		m.execute(request{Execute: "remove-fd", Arguments: id}, nil))
}
