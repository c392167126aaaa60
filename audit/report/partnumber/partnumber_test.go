package partnumber

import "testing"

func TestModel(t *testing.T) {
	for part, want := range map[string]string{
		"0Y26KXA02": "0Y26KX", "0Y26KXX01": "0Y26KX", "G84027-009": "G84027", "341-0591-02": "341-0591", "PWR-750 REV 02": "PWR-750", "PWR-750 Rev.A": "PWR-750",
		"18ASF2G72PDZ-2G6D1": "18ASF2G72PDZ-2G6", "36ASF8G72PZ-3G2B2": "36ASF8G72PZ-3G2", "9965516-128.A00LF": "9965516-128",
		"M393A2G40DB0-CPB0Q": "M393A2G40DB0-CPB", "M393A2G40DB0-CPB": "M393A2G40DB0-CPB", "M321R8GA0BB0-CQKZJ": "M321R8GA0BB0-CQK",
		`PWS-920P-SQ\`: "PWS-920P-SQ", "  P1 ": "P1",
		// No revisions: an option, a country, a chip, a speed.
		"720478-B21": "720478-B21", "840757-091": "840757-091", "HMT31GR7AFR4C-H9": "HMT31GR7AFR4C-H9", "PWS-1K62A-1R": "PWS-1K62A-1R",
		"KF3200C20S4/16G": "KF3200C20S4/16G", "REV 1": "REV 1", "PREVIEW12": "PREVIEW12", "": "",
	} {
		if got := Model(part); got != want {
			t.Errorf("Model(%q) = %q, want %q", part, got, want)
		}
	}
}
