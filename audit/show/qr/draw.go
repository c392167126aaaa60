package qr

import (
	"fmt"
	"image/color"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"bee/audit/report"
	"bee/audit/show/terminal"
)

// A code is drawn with half blocks, two modules in a character, which every font
// of the Linux console has. Light modules are drawn and dark ones are left out,
// since a console is dark. With its quiet zone, the largest code takes 23 lines
// of 49 characters: with the shell's next prompt below, that fits a console of
// 80×25, and a terminal of 80×24 that shows a serial line.
const (
	maxModules = 41 // version 6
	// The standard wants 4 modules all around; readers get by with 2.
	quietAbove, quietBelow, quietBeside = 2, 3, 4
)

// Screens returns the codes of a report, each as lines to print on a screen, with
// a caption beside it.
func Screens(r *report.Report, t terminal.Terminal) ([]string, error) {
	texts := Payload(r)
	var screens []string
	for i, text := range texts {
		lines, err := draw(text)
		if err != nil {
			return nil, err
		}
		for n := range lines {
			lines[n] = t.Paint(terminal.White, lines[n])
		}
		lines[1] += fmt.Sprintf("  QR code %d of %d", i+1, len(texts))
		if len(texts) > 1 {
			lines[3] += "  audit show --qr  the others"
		}
		lines[4] += "  audit show       in words"
		screens = append(screens, strings.Join(lines, "\n")+"\n")
	}
	return screens, nil
}

// draw returns the code of a text, with its quiet zone, as lines.
func draw(text string) ([]string, error) {
	code, err := encode(text)
	if err != nil {
		return nil, err
	}
	size := code.Bounds().Dx()
	light := func(x, y int) bool {
		x, y = x-quietBeside, y-quietAbove
		return x < 0 || y < 0 || x >= size || y >= size || code.At(x, y) == color.White
	}
	var lines []string
	for y := 0; y < quietAbove+size+quietBelow; y += 2 {
		var line strings.Builder
		for x := range quietBeside + size + quietBeside {
			switch upper, lower := light(x, y), light(x, y+1); {
			case upper && lower:
				line.WriteRune('█')
			case upper:
				line.WriteRune('▀')
			case lower:
				line.WriteRune('▄')
			default:
				line.WriteRune(' ')
			}
		}
		lines = append(lines, line.String())
	}
	return lines, nil
}

// levels are the most bytes that version 6 holds at each level of error
// correction, after ISO/IEC 18004, table 7.
var levels = []struct {
	bytes int
	level qr.ErrorCorrectionLevel
}{{58, qr.H}, {74, qr.Q}, {106, qr.M}, {maxText, qr.L}}

// encode makes a code with as much error correction as fits.
func encode(text string) (barcode.Barcode, error) {
	for _, l := range levels {
		if len(text) <= l.bytes {
			return qr.Encode(text, l.level, qr.Unicode)
		}
	}
	return nil, fmt.Errorf("a text of %d bytes is too long for a QR code on a console", len(text))
}
