// Package jedec knows the makers of memory by their JEDEC number (JEP106), which
// is what some firmware prints in place of a name.
//
// A number is an ID of one byte in one of many banks. A module's EEPROM (SPD)
// has it as two bytes: the bank, counted from 0, and the ID, each with a bit of
// odd parity. Firmware prints these in either order, with or without parity, and
// with other bytes behind them: 80CE, 0x2C00, 00AD063200AD, CE00000000000000.
// Older modules have a byte 7F for each bank before theirs: 7F98000000000000.
// dmidecode prints "Bank 2, Hex 0x98", counted from 1.
package jedec

import (
	"cmp"
	"encoding/hex"
	"math/bits"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// number is a JEDEC number: the bank, counted from 1, and the ID with its parity.
type number struct{ bank, id byte }

// makers are makers of memory modules for servers and of the chips on them.
var makers = map[number]string{
	{1, 0x10}: "NEC", {1, 0x2c}: "Micron", {1, 0x89}: "Intel", {1, 0xa4}: "IBM", {1, 0xad}: "SK hynix",
	{1, 0xc1}: "Infineon", {1, 0xce}: "Samsung",
	{2, 0x4f}: "Transcend", {2, 0x7a}: "Apacer", {2, 0x94}: "SMART Modular", {2, 0x98}: "Kingston", {2, 0xba}: "PNY",
	{3, 0x9e}: "Corsair", {3, 0xfe}: "Elpida",
	{4, 0x0b}: "Nanya",
	{5, 0x43}: "Ramaxel", {5, 0xcb}: "ADATA", {5, 0xcd}: "G.Skill", {5, 0xef}: "Team Group",
	{6, 0x02}: "Patriot", {6, 0x51}: "Qimonda", {6, 0x9b}: "Crucial",
	{7, 0xf1}:  "Innodisk",
	{10, 0x83}: "HPE",
	{11, 0x76}: "Lexar",
}

var patterns = sync.OnceValue(func() (p struct{ dmidecode, bytes *regexp.Regexp }) {
	p.dmidecode = regexp.MustCompile(`^Bank (\d{1,3}), Hex 0x([0-9A-F]{2})$`)
	p.bytes = regexp.MustCompile(`^(?:0x|Unknown - \[0x)?((?:[0-9A-Fa-f]{2}){2,})\]?$`)
	return p
})

// Maker returns the name of the maker that a text has the number of, "" where it
// has none or the maker is not known here.
func Maker(text string) string {
	if m := patterns().dmidecode.FindStringSubmatch(text); m != nil {
		bank, err := strconv.ParseUint(m[1], 10, 7)
		id, _ := strconv.ParseUint(m[2], 16, 8)
		if err != nil || bank == 0 {
			return ""
		}
		// Where the firmware has the bytes the wrong way around, dmidecode drops the
		// ID's parity as that of the bank.
		return cmp.Or(maker(byte(bank-1), byte(id)), maker(byte(id), odd(byte(bank-1))))
	}
	m := patterns().bytes.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	b, err := hex.DecodeString(strings.ToLower(m[1]))
	if err != nil {
		return ""
	}
	const continuation = 0x7f
	if b[0] != continuation {
		return cmp.Or(maker(b[0], b[1]), maker(b[1], b[0]))
	}
	for i, c := range b {
		if c != continuation {
			return maker(byte(i), c)
		}
	}
	return ""
}

// maker looks up a number, with the bank counted from 0.
func maker(bank, id byte) string { return makers[number{bank&^parity + 1, id}] }

const parity = 0x80

// odd gives a byte odd parity.
func odd(b byte) byte {
	if b &^= parity; bits.OnesCount8(b)%2 == 0 {
		b |= parity
	}
	return b
}
