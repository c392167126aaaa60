// Package slotname reads from the names of a memory slot where it is: at which
// processor, on which channel.
//
// SMBIOS has no field for that. Boards say it in the device locator, which is
// printed beside the slot, or in the bank locator (both type 17), each in its
// own way: P1-DIMMA1, CPU2_DIMM_3, PROC 1 DIMM 12, DIMM_P0_A0, NODE 1 CHANNEL 2
// DIMM 0, P0_Node0_Channel2_Dimm1.
package slotname

import (
	"cmp"
	"regexp"
	"strings"
	"sync"
)

// Place is where a memory slot is, in the board's words. A part is "" where the
// names do not say it.
type Place struct {
	// The processor: P1, CPU2, PROC 1, Node0, …
	CPU string
	// The channel: Channel2, ChA, or only a letter or a number. On some boards the
	// letter of a slot that names no processor (A1, B1) counts processors.
	Channel string
}

// patterns are made when the first name is read.
var patterns = sync.OnceValue(func() (p struct{ cpu, channel, letter, number *regexp.Regexp }) {
	p.cpu = regexp.MustCompile(`(?i)(?:^|[^a-z])(?:((?:cpu|processor|proc|socket|node)[ _-]*[0-9]+)|(p[0-9]+)[ _-])|/(p[0-9]+)$`)
	p.channel = regexp.MustCompile(`(?i)(?:^|[^a-z])((?:controller[ _-]*[0-9]+[ _-]*)?(?:channel|ch)[ _-]*(?:[a-z]|[0-9]+))[0-9]*(?:[^a-z0-9]|$)`)
	// A letter before the slot's number: DIMMA1, DIMM_P0_A0, A1.
	p.letter = regexp.MustCompile(`(?i)(?:^|dimm[ _-]*|[_-])([a-z])[ _-]*[0-9]+$`)
	// A number before the slot's letter or number: P1-DIMM2A, P1_2A, CPU0_C2D1.
	// Not DIMM-2A, where the letter is the channel on some boards.
	p.number = regexp.MustCompile(`(?i)(?:dimm([0-9]+)[a-z]|(?:^|[^m])[_-]([0-9]+)[a-z]|[_-](c[0-9]+)d[0-9]+)$`)
	return p
})

// Read reads a slot's locator and bank locator. What the locator says counts
// more.
func Read(locator, bankLocator string) Place {
	p := patterns()
	locator, bankLocator = strings.TrimSpace(locator), strings.TrimSpace(bankLocator)
	place := Place{CPU: first(p.cpu, locator)}
	rest := locator
	if place.CPU == "" {
		place.CPU = first(p.cpu, bankLocator)
	} else {
		// P1 looks like the first slot of a channel P.
		rest = strings.Replace(locator, place.CPU, "", 1)
	}
	place.Channel = cmp.Or(first(p.channel, rest), first(p.letter, rest), first(p.number, rest), first(p.channel, bankLocator))
	return Place{spaced(place.CPU), spaced(place.Channel)}
}

// first returns the first group of a pattern that matches, "" where none does.
func first(of *regexp.Regexp, name string) string {
	return cmp.Or(append(of.FindStringSubmatch(name), "", "")[1:]...)
}

// spaced leaves one space where there are more.
func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }
