package chart

import (
	"strings"
	"testing"
)

func TestDraw(t *testing.T) {
	for _, c := range []struct {
		values         []float64
		columns, lines int
		want           string
		low, high      float64
	}{
		{[]float64{9, 1, 2, 3, 4}, 4, 2, "  ▄█|▄███", 1, 4}, // the newest four
		{[]float64{-1, 1, -1, 5}, 10, 1, " ▄ █", 1, 5},
		{[]float64{100, 100, 99}, 3, 1, "██▄", 99, 100}, // hardly moves
		{[]float64{0, 0}, 2, 1, "▄▄", 0, 0},
		{[]float64{-1}, 2, 2, "|", 0, 0},
		{nil, 2, 2, "|", 0, 0},
	} {
		text, low, high := Draw(c.values, c.columns, c.lines)
		if got := strings.Join(text, "|"); got != c.want || low != c.low || high != c.high {
			t.Errorf("%v: %q, %v, %v, want %q, %v, %v", c.values, got, low, high, c.want, c.low, c.high)
		}
	}
}
