// Package lldp reads what switches say of themselves: frames of the Link Layer Discovery
// Protocol (IEEE 802.1AB-2016), as they come from the network.
//
// A whole daemon for it would be several times as large as what is needed of the protocol
// here, and the libraries that read the frames come with those of a hundred other protocols.
package lldp

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"bee/audit/report"
	"bee/audit/report/placeholder"
	"bee/core/printable"
)

// EtherType is that of LLDP's frames.
const EtherType = 0x88cc

// Types of the parts of a frame (table 8-1), and of those that IEEE 802.1 has added (annex D).
const (
	end                = 0
	chassisID          = 1
	portID             = 2
	portDescription    = 4
	systemName         = 5
	systemDescription  = 6
	managementAddress  = 8
	organization       = 127
	portVLAN           = 1
	headerLength       = 14
	subtypeMAC         = 4 // of a chassis; of a port it is 3
	subtypePortMAC     = 3
	subtypeAddress     = 5 // of a chassis; of a port it is 4
	subtypePortAddress = 4
)

var ieee8021 = [3]byte{0x00, 0x80, 0xc2}

// Parse reads a frame, from the addresses on. One without the two parts that name the
// neighbour is an error; so is one that ends within a part.
func Parse(frame []byte) (report.Neighbour, error) {
	var n report.Neighbour
	if len(frame) < headerLength || binary.BigEndian.Uint16(frame[12:]) != EtherType {
		return n, errors.New("no frame of LLDP")
	}
	for rest := frame[headerLength:]; ; {
		if len(rest) < 2 {
			break // some leave the end out
		}
		head := binary.BigEndian.Uint16(rest)
		kind, length := head>>9, int(head&0x1ff)
		if len(rest) < 2+length {
			return n, fmt.Errorf("it ends within a part of type %d", kind)
		}
		value := rest[2 : 2+length]
		rest = rest[2+length:]
		if kind == end {
			break
		}
		switch kind {
		case chassisID:
			n.ChassisID = identity(value, subtypeMAC, subtypeAddress)
		case portID:
			n.PortID = identity(value, subtypePortMAC, subtypePortAddress)
		case portDescription:
			n.PortDescription = text(value)
		case systemName:
			n.SystemName = text(value)
		case systemDescription:
			n.SystemDescription = text(value)
		case managementAddress:
			// Of several, the first.
			if n.ManagementAddress == "" && len(value) > 1 && int(value[0]) <= len(value)-1 && value[0] > 1 {
				n.ManagementAddress = address(value[1 : 1+value[0]])
			}
		case organization:
			if len(value) == 6 && [3]byte(value[:3]) == ieee8021 && value[3] == portVLAN {
				if id := uint64(binary.BigEndian.Uint16(value[4:])); id > 0 && id < 4095 {
					n.VLANID = &id
				}
			}
		}
	}
	if n.ChassisID == "" || n.PortID == "" {
		return n, errors.New("it names no neighbour")
	}
	return n, nil
}

// identity is what names a chassis or a port: its first byte says what the rest is.
func identity(value []byte, mac, network byte) string {
	if len(value) < 2 {
		return ""
	}
	switch rest := value[1:]; {
	case value[0] == mac && len(rest) == 6:
		return net.HardwareAddr(rest).String()
	case value[0] == network:
		return address(rest)
	default:
		return text(rest)
	}
}

// address is one whose first byte says of what family it is (IANA's address family numbers).
func address(value []byte) string {
	if len(value) < 2 {
		return ""
	}
	const ieee802 = 6
	if a, ok := netip.AddrFromSlice(value[1:]); ok && (value[0] == 1 || value[0] == 2) {
		return a.String()
	}
	if value[0] == ieee802 && len(value) == 7 {
		return net.HardwareAddr(value[1:]).String()
	}
	return hex.EncodeToString(value)
}

func text(value []byte) string {
	return placeholder.Drop(printable.Escape([]byte(strings.TrimRight(strings.TrimSpace(string(value)), "\x00"))))
}

// Heard is what was heard on an interface.
type Heard struct {
	Interface string `json:"interface"`
	report.Neighbour
}

const (
	// Interval is how long it takes until a switch has said it: every 30 seconds (table
	// 10-2's msgTxInterval), and a little.
	Interval = 31 * time.Second
	// Most is more neighbours than a machine has: what there is beyond is somebody's play.
	Most = 256
)

// ParseHeard reads what `audit lldp --json` prints.
func ParseHeard(out []byte) ([]Heard, error) {
	var all []Heard
	if err := json.Unmarshal(out, &all); err != nil {
		return nil, fmt.Errorf("not what audit lldp prints: %w", err)
	}
	return all, nil
}
