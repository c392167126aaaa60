// Package chart draws a value over time in characters that every font of the Linux console has.
package chart

import "strings"

// Draw returns lines of a chart of the newest values, as many as there are columns, and between
// which values it is drawn. Values that are not known are negative, and left out.
func Draw(values []float64, columns, lines int) (text []string, low, high float64) {
	values = values[max(0, len(values)-columns):]
	low, high = -1, -1
	for _, v := range values {
		if v >= 0 && (low < 0 || v < low) {
			low = v
		}
		high = max(high, v)
	}
	if low < 0 {
		return make([]string, lines), 0, 0
	}
	// what hardly moves is drawn as a line, not as noise
	floor := low
	if span := high - low; span < high/10 {
		floor = max(0, high-high/10)
	}
	steps := 2 * lines // half a character each
	for line := lines - 1; line >= 0; line-- {
		var b strings.Builder
		for _, v := range values {
			height := 0
			if v >= 0 {
				height = 1
				if high > floor {
					height += int((v - floor) / (high - floor) * float64(steps-1))
				}
			}
			switch height - 2*line {
			case 1:
				b.WriteRune('▄')
			default:
				if height > 2*line {
					b.WriteRune('█')
				} else {
					b.WriteByte(' ')
				}
			}
		}
		text = append(text, b.String())
	}
	return text, low, high
}
