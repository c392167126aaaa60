// Package bmc is the BMC of a virtual machine: it answers what the machine asks it in IPMI's
// words (Intelligent Platform Management Interface Specification 2.0), which QEMU's device
// ipmi-bmc-extern carries.
//
// QEMU has a BMC of its own, whose sensors have no limits, and which knows no network and no
// event that it was not told of by the machine.
package bmc

import (
	"bufio"
	"encoding/binary"
	"io"
)

// BMC is what it knows.
type BMC struct {
	// Firmware is its version, the second number in binary coded decimal.
	Firmware [2]byte
	// Inventories of the units with the IDs 0, 1, …
	Inventories [][]byte
	// Records are its sensor data records, numbered from 1.
	Records [][]byte
	// Sensors by their numbers.
	Sensors map[byte]Sensor
	// Events of its log, 16 bytes each, numbered from 1.
	Events [][]byte
	// LAN are the parameters of its network, which is channel 1 (table 23-4).
	LAN map[byte][]byte
	// Chassis are the first three bytes of its status (table 28-3).
	Chassis [3]byte
}

// Sensor is what a sensor measures, with its limits, as raw numbers: lower not critical,
// critical, not recoverable, upper not critical, critical, not recoverable.
type Sensor struct {
	Value  byte
	Limits [6]byte
}

// Bytes that end a message or a command of QEMU's, or say that one of these is meant as it
// is, less a bit (QEMU's hw/ipmi/ipmi_bmc_extern.c).
const (
	endOfMessage = 0xa0
	endOfCommand = 0xa1
	escape       = 0xaa
	escaped      = 0x10
)

// longest is more than a message has.
const longest = 512

// Serve answers until the connection ends.
func (b *BMC) Serve(machine io.ReadWriter) error {
	in := bufio.NewReader(machine)
	var message []byte
	isEscaped := false
	for {
		c, err := in.ReadByte()
		if err != nil {
			return err
		}
		switch {
		case c == endOfMessage:
			if answer := b.message(message); answer != nil {
				if _, err := machine.Write(answer); err != nil {
					return err
				}
			}
			message = message[:0]
		case c == endOfCommand: // of QEMU's own: what it can do, that the machine was reset
			message = message[:0]
		case c == escape:
			isEscaped = true
		case len(message) < longest:
			if isEscaped {
				c &^= escaped
			}
			message = append(message, c)
			isEscaped = false
		}
	}
}

// message answers one: a number that says to which question an answer belongs, the kind of
// question, the question, its data, and a checksum. What is none has no answer.
func (b *BMC) message(m []byte) []byte {
	if len(m) < 4 || sum(m) != 0 {
		return nil
	}
	code, data := b.answer(m[1]>>2, m[2], m[3:len(m)-1])
	const response = 1 << 2
	answer := append([]byte{m[0], m[1] | response, m[2], code}, data...)
	answer = append(answer, -sum(answer))
	var out []byte
	for _, c := range answer {
		if c == endOfMessage || c == endOfCommand || c == escape {
			out = append(out, escape, c|escaped)
		} else {
			out = append(out, c)
		}
	}
	return append(out, endOfMessage)
}

func sum(b []byte) (s byte) {
	for _, c := range b {
		s += c
	}
	return s
}

// Completion codes (table 5-2), and of LAN parameters that there are none of.
const (
	done           = 0x00
	noParameter    = 0x80
	noData         = 0x80
	invalidCommand = 0xc1
	tooShort       = 0xc7
	notThere       = 0xcb
	invalidField   = 0xcc
)

// Kinds of questions (table 5-1).
const (
	chassis     = 0x00
	sensorEvent = 0x04
	app         = 0x06
	storage     = 0x0a
	transport   = 0x0c
)

const lanChannel = 1

// answer is a completion code and data.
func (b *BMC) answer(kind, question byte, data []byte) (code byte, answer []byte) {
	at := func(i int) byte { // what a question leaves out is as if it were 0
		if i < len(data) {
			return data[i]
		}
		return 0
	}
	word := func(i int) int { return int(at(i)) | int(at(i+1))<<8 }
	switch [2]byte{kind, question} {
	case [2]byte{app, 0x01}: // Get Device ID
		const number, sensors, repository, log, inventory, hasChassis = 0x20, 1, 1 << 1, 1 << 2, 1 << 3, 1 << 7
		return done, []byte{number, 0, b.Firmware[0], b.Firmware[1], 0x02, sensors | repository | log | inventory | hasChassis, 0, 0, 0, 0, 0}
	case [2]byte{app, 0x2e}, [2]byte{app, 0x30}: // Set BMC Global Enables, Clear Message Flags
		return done, nil
	case [2]byte{app, 0x2f}, [2]byte{app, 0x31}: // and the same with Get
		return done, []byte{0}
	case [2]byte{app, 0x33}, [2]byte{app, 0x35}: // Get Message, Read Event Message Buffer
		return noData, nil
	case [2]byte{app, 0x42}: // Get Channel Info
		if at(0) != lanChannel {
			return invalidField, nil
		}
		const lan, ipmb, multiSession = 0x04, 0x01, 0x80
		return done, []byte{lanChannel, lan, ipmb, multiSession, 0xf2, 0x1b, 0, 0, 0}
	case [2]byte{chassis, 0x01}: // Get Chassis Status
		return done, b.Chassis[:]
	case [2]byte{transport, 0x02}: // Get LAN Configuration Parameters
		value, known := b.LAN[at(1)]
		if !known {
			return noParameter, nil
		}
		const revision = 0x11
		return done, append([]byte{revision}, value...)
	case [2]byte{sensorEvent, 0x25}: // Get Sensor Hysteresis
		return done, []byte{0, 0}
	case [2]byte{sensorEvent, 0x27}: // Get Sensor Thresholds
		s, known := b.Sensors[at(0)]
		if !known {
			return notThere, nil
		}
		const all = 0x3f
		return done, append([]byte{all}, s.Limits[:]...)
	case [2]byte{sensorEvent, 0x2d}: // Get Sensor Reading
		s, known := b.Sensors[at(0)]
		if !known {
			return notThere, nil
		}
		const eventsAndScanning = 0xc0
		return done, []byte{s.Value, eventsAndScanning, s.beyond()}
	case [2]byte{storage, 0x10}: // Get FRU Inventory Area Info
		if int(at(0)) >= len(b.Inventories) {
			return notThere, nil
		}
		return done, append(binary.LittleEndian.AppendUint16(nil, uint16(len(b.Inventories[at(0)]))), 0)
	case [2]byte{storage, 0x11}: // Read FRU Data
		if int(at(0)) >= len(b.Inventories) {
			return notThere, nil
		}
		part := slice(b.Inventories[at(0)], word(1), int(at(3)))
		return done, append([]byte{byte(len(part))}, part...)
	case [2]byte{storage, 0x20}: // Get SDR Repository Info
		return done, info(len(b.Records))
	case [2]byte{storage, 0x40}: // Get SEL Info
		return done, info(len(b.Events))
	case [2]byte{storage, 0x22}, [2]byte{storage, 0x42}: // Reserve SDR Repository, Reserve SEL
		return done, []byte{1, 0}
	case [2]byte{storage, 0x23}: // Get SDR
		return entry(b.Records, data)
	case [2]byte{storage, 0x43}: // Get SEL Entry
		return entry(b.Events, data)
	case [2]byte{storage, 0x48}: // Get SEL Time
		return done, []byte{0, 0, 0, 0}
	}
	return invalidCommand, nil
}

// info is of a list of so many entries.
func info(entries int) []byte {
	const version, canBeReserved = 0x51, 0x02
	b := binary.LittleEndian.AppendUint16([]byte{version}, uint16(entries))
	b = append(b, 0xff, 0xff)         // room
	b = append(b, make([]byte, 8)...) // when the last was added, and when all were taken away
	return append(b, canBeReserved)
}

// entry is a part of a numbered one of a list, behind the number of the next.
func entry(list [][]byte, data []byte) (code byte, answer []byte) {
	if len(data) < 6 {
		return tooShort, nil
	}
	const first, last, all = 0x0000, 0xffff, 0xff
	number := int(binary.LittleEndian.Uint16(data[2:]))
	switch {
	case len(list) == 0:
		return notThere, nil
	case number == first:
		number = 1
	case number == last:
		number = len(list)
	}
	if number > len(list) {
		return notThere, nil
	}
	next := number + 1
	if number == len(list) {
		next = last
	}
	length := int(data[5])
	if length == all {
		length = len(list[number-1])
	}
	return done, append(binary.LittleEndian.AppendUint16(nil, uint16(next)), slice(list[number-1], int(data[4]), length)...)
}

// slice is as much of a part as there is.
func slice(b []byte, from, length int) []byte {
	from = min(from, len(b))
	return b[from:min(from+length, len(b))]
}

// beyond says which limits a value is beyond, a bit for each.
func (s Sensor) beyond() (bits byte) {
	for i, limit := range s.Limits {
		if i < 3 && s.Value <= limit || i >= 3 && s.Value >= limit {
			bits |= 1 << i
		}
	}
	return bits
}
