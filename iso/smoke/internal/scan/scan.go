// Package scan finds the open ports of a machine, as a neighbour in its network does: by
// frames on its link. No stack of the host is between, nor a port that is forwarded.
package scan

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// Link is a network: what a machine sends there, and a way to send to it.
type Link interface {
	Read() (frame []byte, err error)
	Write(frame []byte) error
}

// Machine is a machine in the network. Without an IPv6 address, that is not scanned.
type Machine struct {
	MAC        net.HardwareAddr
	IPv4, IPv6 netip.Addr
}

// Port is a port of a machine.
type Port struct {
	Protocol string // TCP or UDP
	IPv6     bool
	Number   uint16
}

// The protocols.
const (
	TCP = "TCP"
	UDP = "UDP"
)

func (p Port) String() string {
	family := "IPv4"
	if p.IPv6 {
		family = "IPv6"
	}
	return fmt.Sprintf("%s %d over %s", p.Protocol, p.Number, family)
}

// Ports are ports of a protocol, over IPv4, and over IPv6 where the machine has that.
func (m Machine) Ports(protocol string, numbers []uint16) []Port {
	var ports []Port
	for _, number := range numbers {
		ports = append(ports, Port{protocol, false, number})
		if m.IPv6.IsValid() {
			ports = append(ports, Port{protocol, true, number})
		}
	}
	return ports
}

// All are all numbers that a port may have.
func All() []uint16 {
	all := make([]uint16, 0, 65535)
	for number := uint16(1); number != 0; number++ {
		all = append(all, number)
	}
	return all
}

// Known are the numbers that services have by custom.
func Known() []uint16 {
	return append(All()[:1023],
		1080, 1194, 1433, 1434, 1521, 1645, 1646, 1701, 1723, 1812, 1813, 1883, 1900, 2049, 2121, 2152, 2222, 2375, 2376, 2379, 2380,
		3000, 3128, 3260, 3306, 3389, 3478, 3702, 3784, 4011, 4369, 4444, 4500, 4789, 5000, 5001, 5060, 5201, 5351, 5353, 5355, 5432,
		5555, 5632, 5671, 5672, 5900, 5901, 5938, 5984, 5985, 6000, 6001, 6081, 6343, 6379, 6443, 6831, 7000, 7777, 7946, 8000, 8008,
		8022, 8080, 8081, 8086, 8088, 8125, 8443, 8472, 8500, 8600, 8888, 9000, 9090, 9092, 9100, 9200, 9300, 9418, 9443, 9987, 9999,
		10000, 10250, 11211, 15672, 16992, 16993, 17185, 19999, 22222, 27015, 27017, 31337, 33434, 47808, 50000, 51820, 61208)
}

// Result is what a scan came to.
type Result struct {
	// Open ports accept a connection, or are silent where closed ones are not.
	Open []Port
	// How many ports there were.
	Asked int
}

const (
	// quiet is the time without any answer after which the machine is asked whether it has
	// come by all that was sent. It is also what Linux lets pass until it says once more to
	// the same address that a port is closed.
	quiet = time.Second
	// alive is how long the machine may take to answer that: an emulated one stands still
	// where others have the processor.
	alive = 30 * time.Second
	// attempts is how often in a row the machine may come by all that it was asked, and say
	// nothing: what is left then has no answer. As long as it says something of any port, some
	// of what it says may have been lost.
	attempts = 4
)

// pace is the time from one question about UDP to the next: of no more than a thousand closed
// ports a second says Linux that they are closed.
const pace = 1200 * time.Microsecond

// windows are how many ports may be asked at a time: for TCP, what the queue of a card
// holds; for UDP, what Linux answers at once.
var windows = map[string]int{TCP: 200, UDP: 40}

// Scanner scans the machines of a network.
type Scanner struct {
	link   Link
	frames chan []byte
	err    error // of the link, once frames is closed
	marks  uint32
	asked  int // questions
}

// New returns a scanner, which reads all that comes from the link until that ends.
func New(link Link) *Scanner {
	// As long as nobody reads, QEMU stands still: frames that find no room are lost, as on
	// any network.
	s := &Scanner{link: link, frames: make(chan []byte, 4096)}
	go func() {
		defer close(s.frames)
		for {
			frame, err := link.Read()
			if err != nil {
				s.err = err
				return
			}
			select {
			case s.frames <- frame:
			default:
			}
		}
	}()
	return s
}

// LinkLocal asks all machines of the network for their IPv6 address, and returns that of
// the one with this MAC.
func (s *Scanner) LinkLocal(ctx context.Context, mac net.HardwareAddr) (netip.Addr, error) {
	m := Machine{MAC: mac}
	for range attempts {
		if err := s.link.Write(echoAll()); err != nil {
			return netip.Addr{}, err
		}
		a, err := s.next(ctx, m, time.After(alive/attempts), func(a answer) bool { return a.echo.IsValid() })
		if !errors.Is(err, errQuiet) {
			return a.echo, err
		}
	}
	return netip.Addr{}, errors.New("the machine answers nothing over IPv6")
}

var errQuiet = errors.New("no answer")

// next is the next answer of a machine that is one wanted. What it asks of us is answered.
func (s *Scanner) next(ctx context.Context, m Machine, late <-chan time.Time, wanted func(answer) bool) (answer, error) {
	for {
		select {
		case frame, more := <-s.frames:
			if !more {
				return answer{}, fmt.Errorf("the tap of the machine's network: %w", s.err)
			}
			reply, a := m.read(frame)
			if reply != nil {
				if err := s.link.Write(reply); err != nil {
					return answer{}, err
				}
			}
			if wanted(a) {
				return a, nil
			}
		case <-late:
			return answer{}, errQuiet
		case <-ctx.Done():
			return answer{}, context.Cause(ctx)
		}
	}
}

// Scan asks a machine for ports, all of one protocol.
func (s *Scanner) Scan(ctx context.Context, m Machine, ports []Port) (Result, error) {
	result := Result{Asked: len(ports)}
	left, open := map[Port]bool{}, map[Port]bool{} // those without an answer, and what it was
	for _, port := range ports {
		left[port] = true
	}
	for attempt := 1; attempt <= attempts && len(left) > 0; attempt++ {
		before := len(left)
		if err := s.ask(ctx, m, ports, left, open); err != nil {
			return result, err
		}
		if len(left) < before {
			attempt = 0
		}
	}
	for _, port := range ports {
		if open[port] || left[port] {
			result.Open = append(result.Open, port)
		}
	}
	return result, nil
}

// ask asks once for all ports that are left, and notes which are open.
func (s *Scanner) ask(ctx context.Context, m Machine, ports []Port, left, open map[Port]bool) error {
	waiting := map[Port]bool{}
	note := func(a answer) bool {
		if !left[a.port] { // or of none that is asked for, such as that of marks
			return false
		}
		delete(left, a.port)
		delete(waiting, a.port)
		open[a.port] = a.open
		return true
	}
	for len(ports) > 0 || len(waiting) > 0 {
		for len(ports) > 0 && len(waiting) < windows[ports[0].Protocol] {
			port := ports[0]
			ports = ports[1:]
			if !left[port] {
				continue
			}
			waiting[port] = true
			s.asked++
			if port.Protocol == UDP {
				time.Sleep(pace)
			}
			if err := s.link.Write(m.ask(port, s.asked)); err != nil {
				return err
			}
		}
		if len(waiting) == 0 {
			return nil
		}
		_, err := s.next(ctx, m, time.After(quiet), note)
		if errors.Is(err, errQuiet) { // those that are waited for are silent, or were lost
			if err = s.passed(ctx, m, note); err == nil {
				clear(waiting)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// passed returns once the machine has come by all that was sent.
func (s *Scanner) passed(ctx context.Context, m Machine, note func(answer) bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, alive, errors.New("the machine has stopped answering on its network"))
	defer cancel()
	for {
		s.marks++
		if err := s.link.Write(m.mark(s.marks)); err != nil {
			return err
		}
		_, err := s.next(ctx, m, time.After(quiet), func(a answer) bool { note(a); return a.mark == s.marks })
		if !errors.Is(err, errQuiet) {
			return err
		}
	}
}
