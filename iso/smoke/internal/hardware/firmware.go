package hardware

import (
	"bytes"
	"encoding/binary"
	"time"
)

// What firmware says about hardware that QEMU does not have: tables in the
// formats of the SMBIOS specification (DSP0134), of the IPMI Platform Management
// FRU Information Storage Definition 1.0, and of the IPMI specification 2.0,
// chapter 43.

// powerSupply is an SMBIOS structure of type 39. Without a name it is a place
// without a supply.
type powerSupply struct {
	handle                                     uint16
	location, name, manufacturer, serial, part string
	watts                                      uint16
	hotReplaceable, present                    bool
}

func (p powerSupply) smbios() []byte {
	const (
		unknownWatts  = 0x8000
		none          = 0xffff
		statusUnknown = 2 << 7
		statusOK      = 3 << 7
		switching     = 4 << 10
	)
	var text bytes.Buffer
	count := byte(0)
	index := func(s string) byte { // strings are counted from 1; 0 is none
		if s == "" {
			return 0
		}
		text.WriteString(s)
		text.WriteByte(0)
		count++
		return count
	}
	characteristics, watts := uint16(statusUnknown|switching), uint16(unknownWatts)
	if p.present {
		characteristics, watts = 1<<1|statusOK|switching, p.watts
	}
	if p.hotReplaceable {
		characteristics |= 1
	}
	const length = 22
	b := []byte{39, length}
	b = binary.LittleEndian.AppendUint16(b, p.handle)
	b = append(b, 1, index(p.location), index(p.name), index(p.manufacturer), index(p.serial), 0, index(p.part), 0)
	for _, word := range []uint16{watts, characteristics, none, none, none} {
		b = binary.LittleEndian.AppendUint16(b, word)
	}
	return append(append(b, text.Bytes()...), 0)
}

// fru is the inventory of a field replaceable unit.
type fru struct {
	manufacturer, name, part, serial string
	watts                            uint16 // of a power supply
}

func (u fru) bytes() []byte {
	const (
		unit        = 8 // lengths and offsets count in eights
		endOfFields = 0xc1
		english     = 0
	)
	product := []byte{1, 0, english}
	for _, s := range []string{u.manufacturer, u.name, u.part, "", u.serial, "", ""} {
		product = append(product, typeLength(s))
		product = append(product, s...)
	}
	product = append(product, endOfFields)
	for len(product)%unit != unit-1 {
		product = append(product, 0)
	}
	product[1] = byte((len(product) + 1) / unit)
	product = append(product, checksum(product))

	header := []byte{1, 0, 0, 0, 1, 0, 0}
	var records []byte
	if u.watts != 0 {
		header[5] = byte((unit + len(product)) / unit)
		records = make([]byte, 24)
		binary.LittleEndian.PutUint16(records, u.watts)
		const powerSupplyInformation, lastRecord, version = 0, 0x80, 2
		head := []byte{powerSupplyInformation, lastRecord | version, byte(len(records)), checksum(records)}
		records = append(append(head, checksum(head)), records...)
	}
	return append(append(append(header, checksum(header)), product...), records...)
}

const entityPowerSupply = 10

// fruLocator is the sensor data record that says what an inventory belongs to.
func fruLocator(id, entity, instance byte, name string) []byte {
	const (
		version   = 0x51
		locator   = 0x11
		bmc       = 0x20
		isLogical = 0x80
		eeprom    = 0x10
	)
	body := append([]byte{bmc, id, isLogical, 0, 0, eeprom, 0, entity, instance, 0, typeLength(name)}, name...)
	return append([]byte{0, 0, version, locator, byte(len(body))}, body...)
}

// sensorRecord is the sensor data record of a sensor that measures something: its raw numbers
// are multiplied to be in its unit (table 43-1).
func sensorRecord(number, kind, unit, times byte, name string) []byte {
	const (
		version      = 0x51
		full         = 0x01
		bmc          = 0x20
		board        = 7 // an entity
		initialized  = 0x7f
		limitsCanBe  = 1 << 2 // read
		autoRearm    = 1 << 6
		threshold    = 0x01
		allLimits    = 0x3f
		noHysteresis = 0
	)
	body := []byte{
		bmc, 0, number, board, 1, initialized, autoRearm | limitsCanBe, kind, threshold,
		0, 0, 0, 0, allLimits, 0, // which events there are; which limits can be read, and set
		0, unit, 0, 0, times, 0, 0, 0, 0, 0, // a number without a sign, linear
		0, 0, 0, 0, 255, 0, // what is usual, and what it can measure
		0, 0, 0, 0, 0, 0, // limits: the sensor is asked for them
		noHysteresis, noHysteresis, 0, 0, 0, typeLength(name),
	}
	body = append(body, name...)
	return append([]byte{0, 0, version, full, byte(len(body))}, body...)
}

// memoryError is an event of the BMC's log: memory had an error that could not be corrected
// (table 32-1).
func memoryError(at time.Time) []byte {
	const (
		systemEvent                             = 0x02
		bmc                                     = 0x20
		revision                                = 0x04
		memory, sensor, specific, uncorrectable = 0x0c, 0x53, 0x6f, 0x01
	)
	b := binary.LittleEndian.AppendUint32([]byte{0, 0, systemEvent}, uint32(at.Unix()))
	return append(b, bmc, 0, revision, memory, sensor, specific, uncorrectable, 0xff, 0xff)
}

// numbered writes the number of each entry of a list into it, from 1 on.
func numbered(entries ...[]byte) [][]byte {
	for i, e := range entries {
		binary.LittleEndian.PutUint16(e, uint16(i+1))
	}
	return entries
}

// typeLength stands before a string of 8-bit characters, of up to 63.
func typeLength(s string) byte { return 0xc0 | byte(len(s)) }

// checksum makes the sum of all bytes zero.
func checksum(b []byte) byte {
	sum := byte(0)
	for _, c := range b {
		sum += c
	}
	return -sum
}
