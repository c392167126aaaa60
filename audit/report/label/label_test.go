package label

import (
	"testing"

	"bee/audit/report"
)

func TestLabels(t *testing.T) {
	finding := func(s report.Severity) report.Finding { return report.Finding{Severity: s} }
	for _, c := range []struct{ got, want string }{
		{Join("", "Dell Inc.", "", "PowerEdge"), "Dell Inc. PowerEdge"},
		{Join("NVIDIA", "NVIDIA A100", "PG509"), "NVIDIA A100 PG509"},
		{Join(), ""},
		{Count(0, "drive"), "0 drives"},
		{Count(2, "supply"), "2 supplies"},
		{Count(uint64(1), "drive"), "1 drive"},
		{Memory(96 << 30), "96 GiB"},
		{Memory(0), ""},
		{Memory(1152 << 30), "1152 GiB"},
		{Memory(512 << 20), "512 MiB"},
		{Capacity(960197124096), "960 GB"},
		{Capacity(7681501126656), "7.68 TB"},
		{Capacity(16000900661248), "16 TB"},
		{Capacity(12000138625024), "12 TB"},
		{Capacity(10000831348736), "10 TB"},
		{Capacity(512), "512 B"},
		{Capacity(0), ""},
		{Processor("Intel(R)  Xeon(R) CPU   E5-2620 0 @ 2.00GHz   "), "Intel Xeon CPU E5-2620 0 @ 2.00GHz"},
		{Severities(nil), "none"},
		{Severities([]report.Finding{finding(report.Info), finding(report.Critical), finding(report.Info)}), "1 critical, 2 info"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
