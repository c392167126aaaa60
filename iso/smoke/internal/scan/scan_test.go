package scan

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

var here = Machine{
	MAC:  net.HardwareAddr{0x52, 0x54, 0, 0xbe, 0xe0, 1},
	IPv4: netip.MustParseAddr("10.0.2.15"), IPv6: netip.MustParseAddr("fe80::5054:ff:febe:e001"),
}

// machine is a machine with open ports, on a link that loses every so many frames.
type machine struct {
	t      testing.TB
	open   []Port
	silent []Port // open for UDP, and without an answer
	loses  int
	tells  func(to netip.Addr) bool // whether it says now that a port is closed
	known  map[netip.Addr]bool      // neighbours whose MAC it asked for, and was told
	held   map[netip.Addr][][]byte
	frames int
	out    chan []byte
}

func newMachine(t testing.TB, loses int, open, silent []Port) *machine {
	return &machine{t: t, open: open, silent: silent, loses: loses, tells: func(netip.Addr) bool { return true }, known: map[netip.Addr]bool{},
		held: map[netip.Addr][][]byte{}, out: make(chan []byte, 10000)}
}

func (m *machine) Read() ([]byte, error) {
	frame, more := <-m.out
	if !more {
		return nil, io.EOF
	}
	return frame, nil
}

// say sends a frame to one of us, as soon as it knows the MAC.
func (m *machine) say(to netip.Addr, frame []byte) {
	if m.known[to] {
		m.out <- frame
		return
	}
	m.held[to] = append(m.held[to], frame)
	if to.Is4() {
		m.out <- serialize(&layers.Ethernet{SrcMAC: here.MAC, DstMAC: layers.EthernetBroadcast, EthernetType: layers.EthernetTypeARP},
			&layers.ARP{AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, Operation: layers.ARPRequest,
				SourceHwAddress: here.MAC, SourceProtAddress: here.IPv4.AsSlice(), DstHwAddress: make([]byte, 6), DstProtAddress: to.AsSlice()})
		return
	}
	m.out <- m.packet(to, here.IPv6, layers.IPProtocolICMPv6,
		&layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypeNeighborSolicitation, 0)},
		&layers.ICMPv6NeighborSolicitation{TargetAddress: to.AsSlice()})
}

// packet is one of the machine's own.
func (m *machine) packet(to, from netip.Addr, protocol layers.IPProtocol, content ...gopacket.SerializableLayer) []byte {
	frame := packet(ourMAC, from, to, protocol, content...)
	copy(frame[6:12], here.MAC)
	return frame
}

func (m *machine) learn(address netip.Addr) {
	m.known[address] = true
	for _, frame := range m.held[address] {
		m.out <- frame
	}
	delete(m.held, address)
}

func (m *machine) Write(frame []byte) error {
	m.frames++
	if m.loses > 0 && m.frames%m.loses == 0 {
		return nil
	}
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
	if p.ErrorLayer() != nil {
		m.t.Errorf("we sent %v", p)
	}
	if reply, ok := p.Layer(layers.LayerTypeARP).(*layers.ARP); ok {
		m.learn(netip.AddrFrom4([4]byte(reply.SourceProtAddress)))
		return nil
	}
	from, to, _ := addresses(p)
	if advertisement, ok := p.Layer(layers.LayerTypeICMPv6NeighborAdvertisement).(*layers.ICMPv6NeighborAdvertisement); ok {
		m.learn(netip.AddrFrom16([16]byte(advertisement.TargetAddress)))
		return nil
	}
	if _, ok := p.Layer(layers.LayerTypeICMPv6Echo).(*layers.ICMPv6Echo); ok {
		m.say(from, m.packet(from, here.IPv6, layers.IPProtocolICMPv6,
			&layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypeEchoReply, 0)}, &layers.ICMPv6Echo{Identifier: ourPort}))
		return nil
	}
	switch l := p.TransportLayer().(type) {
	case *layers.TCP:
		if l.RST {
			return nil
		}
		answer := &layers.TCP{SrcPort: l.DstPort, DstPort: l.SrcPort, Ack: l.Seq + 1, ACK: true}
		if slices.Contains(m.open, Port{TCP, to.Is6(), uint16(l.DstPort)}) {
			answer.SYN = true
		} else {
			answer.RST = true
		}
		m.say(from, m.packet(from, to, layers.IPProtocolTCP, answer))
	case *layers.UDP:
		port := Port{UDP, to.Is6(), uint16(l.DstPort)}
		switch {
		case slices.Contains(m.silent, port):
		case slices.Contains(m.open, port):
			m.say(from, m.packet(from, to, layers.IPProtocolUDP, &layers.UDP{SrcPort: l.DstPort, DstPort: l.SrcPort}, gopacket.Payload("hello")))
		case !m.tells(from):
		case to.Is4():
			m.say(from, m.packet(from, to, layers.IPProtocolICMPv4,
				&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeDestinationUnreachable, layers.ICMPv4CodePort)}, gopacket.Payload(frame[14:])))
		default:
			m.say(from, m.packet(from, to, layers.IPProtocolICMPv6,
				&layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypeDestinationUnreachable, layers.ICMPv6CodePortUnreachable)}, gopacket.Payload(append(make([]byte, 4), frame[14:]...))))
		}
	}
	return nil
}

func TestScan(t *testing.T) {
	ssh := []Port{{TCP, false, 22}, {TCP, true, 22}}
	for name, c := range map[string]struct {
		protocol     string
		loses        int
		open, silent []Port
		want         string
	}{
		"SSH alone":         {TCP, 0, ssh, nil, "TCP 22 over IPv4, TCP 22 over IPv6"},
		"none":              {TCP, 0, nil, nil, ""},
		"one more":          {TCP, 0, append(ssh, Port{TCP, true, 65535}), nil, "TCP 22 over IPv4, TCP 22 over IPv6, TCP 65535 over IPv6"},
		"frames are lost":   {TCP, 97, ssh, nil, "TCP 22 over IPv4, TCP 22 over IPv6"},
		"UDP, none":         {UDP, 0, ssh, nil, ""},
		"UDP answers":       {UDP, 0, []Port{{UDP, false, 53}}, nil, "UDP 53 over IPv4"},
		"UDP, a silent one": {UDP, 50, nil, []Port{{UDP, true, 69}}, "UDP 69 over IPv6"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			link := newMachine(t, c.loses, c.open, c.silent)
			defer close(link.out)
			s := New(link)
			address, err := s.LinkLocal(t.Context(), here.MAC)
			if err != nil || address != here.IPv6 {
				t.Fatalf("it is %s, %v", address, err)
			}
			numbers := All()
			if c.protocol == UDP {
				numbers = Known()
			}
			ports := here.Ports(c.protocol, numbers)
			result, err := s.Scan(t.Context(), here, ports)
			if err != nil || result.Asked != len(ports) {
				t.Fatalf("%+v, %v", result, err)
			}
			var got []string
			for _, port := range result.Open {
				got = append(got, port.String())
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// A machine says seldom that ports are closed, to each or to all of us: they are no open ones.
func TestSaysSeldom(t *testing.T) {
	last := map[netip.Addr]time.Time{}
	once := func(to netip.Addr) bool {
		if time.Since(last[to]) < quiet {
			return false
		}
		last[to] = time.Now()
		return true
	}
	// by their numbers of one kind, and so many that asking some times does not do
	var numbers []uint16
	for number := uint16(hosts); len(numbers) < 2*attempts; number += hosts {
		numbers = append(numbers, number)
	}
	for name, tells := range map[string]func(netip.Addr) bool{
		"to each": once,
		"to all":  func(netip.Addr) bool { return once(here.IPv4) },
	} {
		clear(last)
		link := newMachine(t, 0, nil, nil)
		link.tells = tells
		m := Machine{MAC: here.MAC, IPv4: here.IPv4}
		result, err := New(link).Scan(t.Context(), m, m.Ports(UDP, numbers))
		close(link.out)
		if err != nil || len(result.Open) != 0 {
			t.Errorf("once in a second %s: got %v, %v", name, result.Open, err)
		}
	}
}

func TestPorts(t *testing.T) {
	if all := All(); len(all) != 65535 || all[0] != 1 || all[65534] != 65535 {
		t.Errorf("%d ports", len(all))
	}
	seen := map[uint16]bool{}
	for _, number := range Known() {
		if seen[number] || number == 0 {
			t.Errorf("%d is there twice, or none", number)
		}
		seen[number] = true
	}
	if ports := (Machine{MAC: here.MAC, IPv4: here.IPv4}).Ports(TCP, []uint16{22}); len(ports) != 1 {
		t.Errorf("without IPv6: %v", ports)
	}
}

// A machine that stands still for longer than any port may be silent has no open ports for
// that.
func TestStandsStill(t *testing.T) {
	link := newMachine(t, 0, nil, nil)
	defer close(link.out)
	result, err := New(&slow{machine: link}).Scan(t.Context(), here, here.Ports(UDP, []uint16{53, 69, 123}))
	if err != nil || len(result.Open) != 0 {
		t.Errorf("got %+v, %v", result, err)
	}
}

// slow answers nothing of what it gets before it has a while.
type slow struct {
	*machine
	held  [][]byte
	once  sync.Once
	mu    sync.Mutex
	awake bool
}

func (s *slow) Write(frame []byte) error {
	s.once.Do(func() {
		time.AfterFunc(2*quiet+quiet/2, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, frame := range s.held {
				s.machine.Write(frame)
			}
			s.awake = true
		})
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.awake {
		s.held = append(s.held, frame)
		return nil
	}
	return s.machine.Write(frame)
}

// A link that ends, or a test that does, ends the scan.
func TestScanEnds(t *testing.T) {
	link := newMachine(t, 1, nil, nil) // loses all
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("that is enough"))
	if _, err := New(link).Scan(ctx, here, here.Ports(TCP, All())); err == nil || err.Error() != "that is enough" {
		t.Errorf("got %v", err)
	}
	link = newMachine(t, 1, nil, nil)
	close(link.out)
	if _, err := New(link).Scan(t.Context(), here, here.Ports(TCP, All())); !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
	if _, err := New(link).LinkLocal(t.Context(), here.MAC); !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}

// Others in the network, QEMU's gateway among them, do not speak for the machine.
func TestOthersAreNotHeard(t *testing.T) {
	frame := (&machine{}).packet(ours(here.IPv4, 0), here.IPv4, layers.IPProtocolTCP, &layers.TCP{SrcPort: 22, DstPort: ourPort, SYN: true, ACK: true})
	if _, a := here.read(frame); a.port != (Port{TCP, false, 22}) || !a.open {
		t.Errorf("the machine: %+v", a)
	}
	frame[11]++
	if _, a := here.read(frame); a != (answer{}) {
		t.Errorf("another: %+v", a)
	}
}

// What the machine sends is read, whatever it is; what is said of ports is said of ports
// that there are.
func FuzzRead(f *testing.F) {
	m := &machine{}
	f.Add(m.packet(ours(here.IPv4, 7), here.IPv4, layers.IPProtocolTCP, &layers.TCP{SrcPort: 22, DstPort: ourPort, SYN: true}))
	sent := here.ask(Port{UDP, true, 53}, 1)
	f.Add(m.packet(ours(here.IPv6, 7), here.IPv6, layers.IPProtocolICMPv6,
		&layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypeDestinationUnreachable, layers.ICMPv6CodePortUnreachable)}, gopacket.Payload(append(make([]byte, 4), sent[14:]...))))
	f.Add(m.packet(ours(here.IPv4, 7), here.IPv4, layers.IPProtocolICMPv4,
		&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeDestinationUnreachable, layers.ICMPv4CodePort)}, gopacket.Payload(here.ask(Port{UDP, false, 53}, 1)[14:])))
	f.Fuzz(func(t *testing.T, frame []byte) {
		if len(frame) >= 12 {
			copy(frame[6:12], here.MAC)
		}
		reply, a := here.read(frame)
		if reply != nil && (len(reply) < 14 || binary.BigEndian.Uint16(reply[12:]) < 0x600) {
			t.Errorf("reply %x", reply)
		}
		if a.port.Protocol == "" && a.open {
			t.Errorf("%+v", a)
		}
	})
}
