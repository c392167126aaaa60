package scan

import (
	"encoding/binary"
	"net"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// We are many: Linux says to one address no more than once in a second, after a few at
// once, that a port is closed. Each asks one question in turn. All of us have one MAC.
const hosts = 200

var ourMAC = net.HardwareAddr{0x02, 0, 0, 0xbe, 0xee, 0x01}

// ours is the address of our host with that number, in the network of one of the machine's.
func ours(of netip.Addr, number int) netip.Addr {
	if of.Is4() {
		b := of.As4()
		b[3] = byte(30 + number%hosts) // what QEMU's network does not use itself
		return netip.AddrFrom4(b)
	}
	b := netip.MustParseAddr("fe80::be:0:0").As16()
	binary.BigEndian.PutUint16(b[14:], uint16(1+number%hosts))
	return netip.AddrFrom16(b)
}

// isOurs tells whether one of us has an address.
func isOurs(address, of netip.Addr) bool {
	for number := range hosts {
		if ours(of, number) == address {
			return true
		}
	}
	return false
}

// answer is what a machine says of itself: of a port, or its address.
type answer struct {
	port Port
	open bool
	mark uint32
	echo netip.Addr
}

// markPort is a port that asks for nothing but an answer, and firstMark the sequence number
// that marks are counted from.
const (
	markPort  = 1
	firstMark = 1000
)

// mark is a frame whose answer says that the machine has come by all that was sent before.
func (m Machine) mark(number uint32) []byte {
	return packet(m.MAC, ours(m.IPv4, 0), m.IPv4, layers.IPProtocolTCP,
		&layers.TCP{SrcPort: ourPort, DstPort: markPort, Seq: firstMark + number, SYN: true, Window: 1024})
}

// ourPort is where answers come to.
const ourPort = 40000

var linkLocal = netip.MustParseAddr("fe80::1")

// ask is the frame that asks for a port, by our host of that number.
func (m Machine) ask(port Port, host int) []byte {
	to := m.IPv4
	if port.IPv6 {
		to = m.IPv6
	}
	from := ours(to, host)
	if port.Protocol == TCP {
		return packet(m.MAC, from, to, layers.IPProtocolTCP,
			&layers.TCP{SrcPort: ourPort, DstPort: layers.TCPPort(port.Number), Seq: 1, SYN: true, Window: 1024})
	}
	return packet(m.MAC, from, to, layers.IPProtocolUDP,
		&layers.UDP{SrcPort: ourPort, DstPort: layers.UDPPort(port.Number)})
}

// echoAll is the frame that asks all machines to answer by IPv6.
func echoAll() []byte {
	all := netip.MustParseAddr("ff02::1")
	return packet(net.HardwareAddr{0x33, 0x33, 0, 0, 0, 1}, ours(linkLocal, 0), all, layers.IPProtocolICMPv6,
		&layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypeEchoRequest, 0)},
		&layers.ICMPv6Echo{Identifier: ourPort})
}

// packet is a frame from one of us with an IP packet.
func packet(mac net.HardwareAddr, from, to netip.Addr, protocol layers.IPProtocol, content ...gopacket.SerializableLayer) []byte {
	ethernet := &layers.Ethernet{SrcMAC: ourMAC, DstMAC: mac, EthernetType: layers.EthernetTypeIPv4}
	var ip gopacket.SerializableLayer = &layers.IPv4{Version: 4, TTL: 64, Protocol: protocol, SrcIP: from.AsSlice(), DstIP: to.AsSlice()}
	if to.Is6() {
		ethernet.EthernetType = layers.EthernetTypeIPv6
		ip = &layers.IPv6{Version: 6, HopLimit: 255, NextHeader: protocol, SrcIP: from.AsSlice(), DstIP: to.AsSlice()}
	}
	for _, layer := range content {
		if summed, ok := layer.(interface {
			SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
		}); ok {
			summed.SetNetworkLayerForChecksum(ip.(gopacket.NetworkLayer))
		}
	}
	return serialize(append([]gopacket.SerializableLayer{ethernet, ip}, content...)...)
}

func serialize(all ...gopacket.SerializableLayer) []byte {
	buffer := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, all...); err != nil {
		panic(err) // they are ours, and whole
	}
	return buffer.Bytes()
}

// read reads a frame that the machine sent: reply is what we have to say to it, nil for
// nothing.
func (m Machine) read(frame []byte) (reply []byte, a answer) {
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.DecodeOptions{Lazy: true, NoCopy: true})
	ethernet, ok := p.LinkLayer().(*layers.Ethernet)
	if !ok || string(ethernet.SrcMAC) != string(m.MAC) {
		return nil, a
	}
	if request, ok := p.Layer(layers.LayerTypeARP).(*layers.ARP); ok {
		return m.answerARP(request), a
	}
	from, to, ok := addresses(p)
	if !ok {
		return nil, a
	}
	if solicitation, ok := p.Layer(layers.LayerTypeICMPv6NeighborSolicitation).(*layers.ICMPv6NeighborSolicitation); ok {
		return m.answerSolicitation(from, solicitation), a
	}
	if !isOurs(to, from) {
		return nil, a
	}
	if _, ok := p.Layer(layers.LayerTypeICMPv6Echo).(*layers.ICMPv6Echo); ok {
		return nil, answer{echo: from}
	}
	if tcp, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP); ok && (from == m.IPv4 || from == m.IPv6) {
		a = answer{port: Port{TCP, from.Is6(), uint16(tcp.SrcPort)}, open: tcp.SYN}
		if tcp.SrcPort == markPort && tcp.Ack > firstMark {
			a.mark = tcp.Ack - firstMark - 1
		}
		if tcp.SYN { // which we want no more of
			reply = packet(m.MAC, to, from, layers.IPProtocolTCP,
				&layers.TCP{SrcPort: ourPort, DstPort: tcp.SrcPort, Seq: tcp.Ack, RST: true})
		}
		return reply, a
	}
	if udp, ok := p.Layer(layers.LayerTypeUDP).(*layers.UDP); ok && (from == m.IPv4 || from == m.IPv6) {
		return nil, answer{port: Port{UDP, from.Is6(), uint16(udp.SrcPort)}, open: true}
	}
	return nil, answer{port: unreachable(p)}
}

// addresses of a packet: where it comes from, and goes to.
func addresses(p gopacket.Packet) (from, to netip.Addr, ok bool) {
	switch ip := p.NetworkLayer().(type) {
	case *layers.IPv4:
		from, _ = netip.AddrFromSlice(ip.SrcIP)
		to, ok = netip.AddrFromSlice(ip.DstIP)
	case *layers.IPv6:
		from, _ = netip.AddrFromSlice(ip.SrcIP)
		to, ok = netip.AddrFromSlice(ip.DstIP)
	}
	return from, to, ok
}

// answerARP says who of us has an IPv4 address.
func (m Machine) answerARP(request *layers.ARP) []byte {
	asked, ok := netip.AddrFromSlice(request.DstProtAddress)
	if !ok || !asked.Is4() || request.Operation != layers.ARPRequest || !m.IPv4.Is4() || !isOurs(asked, m.IPv4) {
		return nil
	}
	return serialize(
		&layers.Ethernet{SrcMAC: ourMAC, DstMAC: m.MAC, EthernetType: layers.EthernetTypeARP},
		&layers.ARP{AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, Operation: layers.ARPReply,
			SourceHwAddress: ourMAC, SourceProtAddress: asked.AsSlice(),
			DstHwAddress: m.MAC, DstProtAddress: m.IPv4.AsSlice()})
}

// answerSolicitation says who of us has an IPv6 address.
func (m Machine) answerSolicitation(from netip.Addr, request *layers.ICMPv6NeighborSolicitation) []byte {
	asked, ok := netip.AddrFromSlice(request.TargetAddress)
	if !ok || !isOurs(asked, linkLocal) || from.IsUnspecified() {
		return nil
	}
	return packet(m.MAC, asked, from, layers.IPProtocolICMPv6,
		&layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypeNeighborAdvertisement, 0)},
		&layers.ICMPv6NeighborAdvertisement{Flags: 0x60, TargetAddress: asked.AsSlice(), // solicited, override
			Options: layers.ICMPv6Options{{Type: layers.ICMPv6OptTargetAddress, Data: ourMAC}}})
}

// unreachable is the port that a packet says is closed, by the beginning of what was sent
// there; the zero value where it says something else.
func unreachable(p gopacket.Packet) Port {
	const (
		ipv4Header, ipv6Header, udpHeader = 20, 40, 8
		unused                            = 4 // bytes of ICMPv6 before the packet
	)
	var sent []byte
	ipv6 := false
	if icmp, ok := p.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4); ok &&
		icmp.TypeCode == layers.CreateICMPv4TypeCode(layers.ICMPv4TypeDestinationUnreachable, layers.ICMPv4CodePort) {
		sent = icmp.Payload
		if len(sent) < ipv4Header+udpHeader || sent[9] != byte(layers.IPProtocolUDP) {
			return Port{}
		}
		sent = sent[ipv4Header:]
	}
	if icmp, ok := p.Layer(layers.LayerTypeICMPv6).(*layers.ICMPv6); ok &&
		icmp.TypeCode == layers.CreateICMPv6TypeCode(layers.ICMPv6TypeDestinationUnreachable, layers.ICMPv6CodePortUnreachable) {
		sent, ipv6 = icmp.Payload, true
		if len(sent) < unused+ipv6Header+udpHeader || sent[unused+6] != byte(layers.IPProtocolUDP) {
			return Port{}
		}
		sent = sent[unused+ipv6Header:]
	}
	if sent == nil {
		return Port{}
	}
	return Port{UDP, ipv6, binary.BigEndian.Uint16(sent[2:])}
}
