package openrc

import "strings"

// BootLogFile is where bee's services write what happens to them.
const BootLogFile = "/run/bee/boot.log"

// Event is a line of the boot log: what happened to a service.
type Event struct{ Service, Name string }

func (e Event) String() string { return e.Service + " " + e.Name }

// BootLog is what happened to bee's services, in that order.
type BootLog []Event

// ParseBootLog reads a boot log: the seconds since boot, a service, and start,
// started, failed or another event, with whatever it has to tell. Other lines count
// for nothing.
func ParseBootLog(text string) BootLog {
	var log BootLog
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) >= 3 {
			log = append(log, Event{words[1], words[2]})
		}
	}
	return log
}

// Has tells whether something happened.
func (l BootLog) Has(e Event) bool { return l.first(e) >= 0 }

// first is where an event is for the first time, -1 where it is not.
func (l BootLog) first(e Event) int {
	for i, other := range l {
		if other == e {
			return i
		}
	}
	return -1
}

// Disorder says why one event was not before another, each where it happened first;
// it is "" where it was.
func (l BootLog) Disorder(first, second Event) string {
	for _, e := range []Event{first, second} {
		if !l.Has(e) {
			return BootLogFile + " has no '" + e.String() + "'"
		}
	}
	if l.first(first) > l.first(second) {
		return second.String() + " comes before " + first.String()
	}
	return ""
}
