package qemu

import (
	"bytes"
	"strings"
	"testing"
)

// A tap comes and goes while the machine runs, and what was read ends with it.
func TestLink(t *testing.T) {
	needQEMU(t)
	config := guest(t, "hello\n")
	config.Hardware.Args = []string{"-netdev", "user,id=net1,restrict=on", "-device", "virtio-net-pci,netdev=net1,romfile="}
	m, err := Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for range 2 {
		link, err := m.Link("net1")
		if err != nil {
			t.Fatal(err)
		}
		if err := link.Write(make([]byte, 60)); err != nil {
			t.Error(err)
		}
		if err := link.Close(); err != nil {
			t.Error(err)
		}
		if frame, err := link.Read(); err == nil {
			t.Errorf("read %x of a link that is closed", frame)
		}
	}
	// nothing is left of one that could not be had
	for range 2 {
		if _, err := m.Link("net2"); err == nil || !strings.Contains(err.Error(), "'netdev' expects a network") {
			t.Errorf("got %v", err)
		}
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x03abc"))
	f.Add([]byte("\xff\xff\xff\xffabc"))
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := readFrame(bytes.NewReader(data))
		if err == nil && !bytes.Equal(frame, data[4:4+len(frame)]) {
			t.Errorf("%q of %q", frame, data)
		}
	})
}
