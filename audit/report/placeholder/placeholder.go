// Package placeholder recognises text that stands where a vendor, a board maker
// or a tool had nothing to say: "To Be Filled By O.E.M.", "Not Specified",
// "0123456789", a row of zeros. A report leaves such values out, so that a
// field that is there means something.
package placeholder

import (
	"regexp"
	"strings"
)

// words are placeholders in lower case, with single spaces, and without
// punctuation around them.
var words = set(
	// dmidecode's own words for an absent string.
	"not specified", "not provided", "not present", "not settable", "unspecified",
	"unknown", "bad index", "out of spec",
	// Firmware vendors' templates that the board maker left as they were.
	"to be filled by o.e.m", "to be filled by oem", "fill by oem", "filled by oem", "set by oem", "o.e.m", "oem", "default", "default string", "default_string", "default value",
	"system manufacturer", "system product name", "system version", "system serial number",
	"sku", "sku number", "family", "product name", "serial number", "asset tag", "part number",
	"base board serial number", "base board asset tag", "base board version", "board serial number", "chassis asset tag", "chassis serial number", "chassis version",
	"chassis manufacturer", "type1family", "type1sku0", "type2 - board chassis location",
	"sernum", "partnum", "manufacturer", "01234567890123456789ab", "0123456789abcdef",
	// The UUID that AMI's template carries.
	"03000200-0400-0500-0006-000700080009",
	// Other ways to say nothing.
	"none", "null", "n/a", "na", "nil", "empty", "undefined", "invalid", "not available", "notprovided",
	"not applicable", "not support", "not supported", "not set", "not yet set", "not defined", "not assigned", "not installed", "not populated", "notset", "notspecified",
	"unassigned", "to be defined", "to be determined", "tbd", "no dimm", "no module installed", "no asset tag", "no asset information",
)

// filler is text without information: nothing but punctuation and zeros ("--",
// "0.0", an all-zero UUID), spaces in hexadecimal digits, a row of Xs, or four and
// more Fs with or without 0x.
var filler = regexp.MustCompile(`^(?:[\pP\pS\s0]*|0x0+|0x(?:20)+|[xX]{3,}|(?:0x)?[fF]{4,}|(?i)ffffffff(?:-ffff){3}-ffffffffffff)$`)

// numbered is a template entry with its index: "SerNum00", "A1_PartNum3",
// "OEM Define 2".
var numbered = regexp.MustCompile(`(?i)^(?:(?:a|array)\d_)?(?:sernum|partnum|partnumber|manufacturer|modulepartnumber|assettagnum|assettag|serialnumber|oem define )\d{1,2}$`)

// Drop returns s without surrounding space, or "" where s is a placeholder.
func Drop(s string) string {
	s = strings.TrimSpace(s)
	word := strings.Trim(strings.Join(strings.Fields(strings.ToLower(s)), " "), ".()[]<>*-_$ ")
	if words[word] || filler.MatchString(s) || numbered.MatchString(s) || counting(s) {
		return ""
	}
	return s
}

// counting reports whether s is the digits in order, as in "0123456789" and
// "123456789".
func counting(s string) bool {
	const digits = "0123456789012345678901234567890123456789"
	return len(s) >= 7 && (strings.HasPrefix(digits, s) || strings.HasPrefix(digits[1:], s))
}

func set(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}
