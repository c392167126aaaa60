package bootserver

import (
	"encoding/binary"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"

	"bee/core/netboot"
)

// ISOFile is the name of the ISO that UEFI loads by HTTP.
const ISOFile = "bee.iso"

const (
	// classHTTP is the class of UEFI that wants a URL, and of the answer that has one (UEFI
	// 2.10, 24.7).
	classHTTP = "HTTPClient"
	// userClassIPXE is that of iPXE.
	userClassIPXE = "iPXE"
	// optionFile has the first file once more, for who reads no more than options.
	optionFile = layers.DHCPOpt(67)
	// optionUserClass is where iPXE says that it is one.
	optionUserClass = layers.DHCPOpt(77)
	// optionArchitecture, and architectures of UEFI on x86-64 (RFC 4578, 2.1, and its errata).
	optionArchitecture = layers.DHCPOpt(93)
	architectureBC     = 7
	architectureX64    = 9
)

// mask of the network.
var mask = net.CIDRMask(prefixBits, 32)

const (
	prefixBits = 24
	leaseTime  = 24 * time.Hour
)

// giveAddresses answers who asks for an address.
func (s *Server) giveAddresses(conn *gonet.UDPConn) {
	packet := make([]byte, 1<<16)
	for {
		n, _, err := conn.ReadFrom(packet)
		if err != nil {
			return
		}
		if answer := s.answer(packet[:n]); answer != nil {
			conn.WriteTo(answer, &net.UDPAddr{IP: net.IPv4bcast, Port: portDHCPClient})
		}
	}
}

// options are those of a packet of DHCP.
type options layers.DHCPOptions

// value is that of an option; none where it is not there.
func (o options) value(kind layers.DHCPOpt) []byte {
	if at := slices.IndexFunc(o, func(o layers.DHCPOption) bool { return o.Type == kind }); at >= 0 {
		return o[at].Data
	}
	return nil
}

// answer is what is said to a packet of DHCP; nil where that is nothing.
func (s *Server) answer(packet []byte) []byte {
	var request layers.DHCPv4
	if err := request.DecodeFromBytes(packet, gopacket.NilDecodeFeedback); err != nil || request.Operation != layers.DHCPOpRequest || len(request.ClientHWAddr) != 6 {
		return nil
	}
	asked := options(request.Options)
	kinds := map[layers.DHCPMsgType]layers.DHCPMsgType{
		layers.DHCPMsgTypeDiscover: layers.DHCPMsgTypeOffer,
		layers.DHCPMsgTypeRequest:  layers.DHCPMsgTypeAck,
		layers.DHCPMsgTypeInform:   layers.DHCPMsgTypeAck,
	}
	kind := asked.value(layers.DHCPOptMessageType)
	if len(kind) != 1 || kinds[layers.DHCPMsgType(kind[0])] == layers.DHCPMsgTypeUnspecified {
		return nil
	}
	own, machine := s.addresses.Server.AsSlice(), s.addresses.Machine.AsSlice()
	reply := layers.DHCPv4{
		Operation: layers.DHCPOpReply, HardwareType: request.HardwareType, HardwareLen: request.HardwareLen,
		Xid: request.Xid, Flags: request.Flags, ClientIP: request.ClientIP, YourClientIP: machine, NextServerIP: own,
		RelayAgentIP: request.RelayAgentIP, ClientHWAddr: request.ClientHWAddr,
		Options: layers.DHCPOptions{
			layers.NewDHCPOption(layers.DHCPOptMessageType, []byte{byte(kinds[layers.DHCPMsgType(kind[0])])}),
			layers.NewDHCPOption(layers.DHCPOptServerID, own),
			layers.NewDHCPOption(layers.DHCPOptSubnetMask, mask),
			layers.NewDHCPOption(layers.DHCPOptRouter, own),
			layers.NewDHCPOption(layers.DHCPOptLeaseTime, binary.BigEndian.AppendUint32(nil, uint32(leaseTime.Seconds()))),
		},
	}
	if file := s.first(asked); file != "" {
		reply.File = []byte(file)
	}
	if byHTTP(asked) {
		reply.Options = append(reply.Options,
			layers.NewDHCPOption(layers.DHCPOptClassID, []byte(classHTTP)),
			layers.NewDHCPOption(optionFile, reply.File))
	}
	reply.Options = append(reply.Options, layers.NewDHCPOption(layers.DHCPOptEnd, nil))
	buffer := gopacket.NewSerializeBuffer()
	if err := reply.SerializeTo(buffer, gopacket.SerializeOptions{FixLengths: true}); err != nil {
		return nil
	}
	return buffer.Bytes()
}

// byHTTP tells whether UEFI asks that wants a URL.
func byHTTP(asked options) bool {
	return strings.HasPrefix(string(asked.value(layers.DHCPOptClassID)), classHTTP)
}

// first is the file that who asks begins with: a name, or a URL; "" for a system that runs.
func (s *Server) first(asked options) string {
	root := "http://" + s.addresses.Server.String() + "/"
	architecture := asked.value(optionArchitecture)
	switch {
	case byHTTP(asked):
		return root + ISOFile
	case string(asked.value(optionUserClass)) == userClassIPXE:
		return root + netboot.Script
	case len(architecture) == 2 && slices.Contains([]uint16{architectureBC, architectureX64}, binary.BigEndian.Uint16(architecture)):
		return netboot.Loader
	}
	return ""
}
