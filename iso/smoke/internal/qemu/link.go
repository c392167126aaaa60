package qemu

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// Link is a tap of a guest's network: the frames that the guest sends are read, those that
// are written reach the guest. What else is in the network (QEMU's gateway, which would
// carry frames to where the host's network is) sees neither the ones nor answers the others.
type Link struct {
	machine  *Machine
	sent     net.Conn
	reader   *bufio.Reader
	injected net.Conn
	objects  []request // which take away what was added, in this order
}

// maxFrame is how long a frame may be: the longest of a card that leaves the cutting to
// others has 64 KiB and its headers.
const maxFrame = 68 << 10

// Link taps a network, named by the id of its -netdev. As long as it is there, all that
// the guest sends has to be read.
func (m *Machine) Link(network string) (*Link, error) {
	l := &Link{machine: m}
	err := l.open(network)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	l.reader = bufio.NewReaderSize(l.sent, maxFrame)
	return l, nil
}

// open adds two filters to the network, each with a socket. Their queues are those of the
// network's far end: what it receives the guest has sent.
func (l *Link) open(network string) (err error) {
	sent, injected := network+"-sent", network+"-injected"
	if l.sent, err = l.socket(sent); err != nil {
		return err
	}
	if l.injected, err = l.socket(injected); err != nil {
		return err
	}
	if err := l.object(network+"-mirror", map[string]any{"qom-type": "filter-mirror", "netdev": network, "queue": "rx", "outdev": sent}); err != nil {
		return err
	}
	return l.object(network+"-redirector", map[string]any{"qom-type": "filter-redirector", "netdev": network, "queue": "tx", "indev": injected})
}

// socket adds a character device to the machine: a socket whose other end it returns.
func (l *Link) socket(id string) (net.Conn, error) {
	mine, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	name := map[string]any{"fdname": id}
	address := map[string]any{"type": "fd", "data": map[string]any{"str": id}}
	device := map[string]any{"id": id, "backend": map[string]any{"type": "socket",
		"data": map[string]any{"addr": address, "server": false}}}
	err = l.machine.monitor.execute(request{Execute: "getfd", Arguments: name, file: theirs}, nil)
	if err == nil {
		err = l.machine.monitor.execute(request{Execute: "chardev-add", Arguments: device}, nil)
	}
	if err != nil {
		mine.Close()
		return nil, err
	}
	l.objects = append([]request{{Execute: "chardev-remove", Arguments: map[string]any{"id": id}}}, l.objects...)
	return mine, nil
}

func (l *Link) object(id string, properties map[string]any) error {
	properties["id"] = id
	if err := l.machine.monitor.execute(request{Execute: "object-add", Arguments: properties}, nil); err != nil {
		return err
	}
	l.objects = append([]request{{Execute: "object-del", Arguments: map[string]any{"id": id}}}, l.objects...)
	return nil
}

// Read returns the next frame that the guest sent.
func (l *Link) Read() ([]byte, error) { return readFrame(l.reader) }

func readFrame(from io.Reader) ([]byte, error) {
	var length uint32
	if err := binary.Read(from, binary.BigEndian, &length); err != nil {
		return nil, err
	}
	if length > maxFrame {
		return nil, fmt.Errorf("a frame of %d bytes, more than %d", length, maxFrame)
	}
	frame := make([]byte, length)
	_, err := io.ReadFull(from, frame)
	return frame, err
}

// Write sends a frame to the guest.
func (l *Link) Write(frame []byte) error {
	_, err := l.injected.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...))
	return err
}

// Close takes the tap away; what reads and writes ends with an error. The sockets go
// first: QEMU stands still where it writes, and nobody reads.
func (l *Link) Close() error {
	for _, socket := range []net.Conn{l.sent, l.injected} {
		if socket != nil {
			socket.Close()
		}
	}
	var all error
	for _, remove := range l.objects {
		all = errors.Join(all, l.machine.monitor.execute(remove, nil))
	}
	return all
}
