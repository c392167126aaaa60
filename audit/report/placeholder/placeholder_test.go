package placeholder

import "testing"

func TestDrop(t *testing.T) {
	for _, s := range []string{
		"", "   ", "To Be Filled By O.E.M.", "To be filled by O.E.M.", "Not Specified", "UNKNOWN", "Default string",
		"....................", "--", "0123456789", "1234567890", "123456789", "01234567", "01234567890123456789AB",
		"00000000", "0x00000000", "FFFFFFFF", "FFFF", "0000", "0.0", "00000000-0000-0000-0000-000000000000",
		"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "03000200-0400-0500-0006-000700080009", "NO DIMM", "NOT AVAILABLE",
		"SerNum00", "<BAD INDEX>", "  Default  string ", "System Product Name", "N/A",
		"(none)", "[Empty]", "XxXxXxX", "*** NOT AVAILABLE ***",
		"$(DEFAULT_STRING)", "0x20202020", "A1_Manufacturer0", "Array1_PartNumber1", "OEM Define 5", "NOT SUPPORT", "TBD",
		"Not Set", "<NOT SET>", "To Be Filled By OEM", "Not Defined", "Set by OEM", "Chassis Asset Tag",
	} {
		if got := Drop(s); got != "" {
			t.Errorf("Drop(%q) = %q, want nothing", s, got)
		}
	}
	for _, s := range []string{
		"Supermicro", "X10DRi", "1.01", "A02", "FF0012", "00000001", "12345", "0715", "0x0556", "14",
		"4C4C4544-0036-3210-805A-B7C04F4D3632", "Server", "00AD00B300AD", "FFF",
		"0x2048", "A1_Bank", "OEM 5",
	} {
		if got := Drop(s); got != s {
			t.Errorf("Drop(%q) = %q, want it kept", s, got)
		}
	}
	if got := Drop("  KF3200C20S4/16G     "); got != "KF3200C20S4/16G" {
		t.Errorf("space is not trimmed: %q", got)
	}
}
