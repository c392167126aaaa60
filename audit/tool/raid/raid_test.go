package raid

import (
	"fmt"
	"testing"
)

func TestBytes(t *testing.T) {
	for in, want := range map[string]uint64{
		"931.0 GB": 999653638144, "1.000 TB": 1 << 40, "69889 MB": 69889 << 20, "1024MB": 1 << 30, "512B": 512, "4K Bytes": 4096, "4 KB": 4096, "4 KiB": 4096,
		"": 0, "N/A": 0, "0 KB": 0, "-5 GB": 0, "2000000 EB": 0, "1e9 TB": 1, "99999999999999999999999999999999999999999 TB": 0,
	} {
		if got := Bytes(in, 1024); got != want {
			t.Errorf("%q is %d, want %d", in, got, want)
		}
	}
	if got := Bytes("480 GB", 1000); got != 480_000_000_000 {
		t.Errorf("480 GB are %d", got)
	}
	for _, c := range []struct{ sectors, rounded, want uint64 }{
		{937703088, 480_000_000_000, 480103981056}, {117212886, 480_000_000_000, 480103981056}, {1, 480_000_000_000, 480_000_000_000},
		{1<<64 - 1, 480_000_000_000, 480_000_000_000}, {937703088, 0, 0},
	} {
		if got := Exact(c.sectors, c.rounded); got != c.want {
			t.Errorf("%d sectors, about %d: %d, want %d", c.sectors, c.rounded, got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	words := map[string]string{"online": "ok", "degraded": "degraded", "degraded, rebuilding": "rebuilding", "failed": "failed"}
	for in, want := range map[string]string{
		"Online": "ok", " Online (JBOD)": "ok", "Degraded, Rebuilding": "rebuilding", "Degraded, 12 %": "degraded", "Failed (a, b)": "failed", "": Unknown, "On": Unknown, "Onlines": Unknown,
	} {
		if got := State(words, in); got != want {
			t.Errorf("%q is %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{
		" 22C (71.60 F)": "22", "46 C/ 114 F (Normal)": "46", "29 deg C": "29", "0C (32.00 F)": "none", "N/A": "none", "255": "none", "-3": "none", "": "none",
	} {
		if got := show(Celsius(in)); got != want {
			t.Errorf("%q is %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{"0": "0", " 53 ": "53", "4294967295": "none", "18446744073709551616": "none", "None": "none", "": "none"} {
		if got := show(Count(in)); got != want {
			t.Errorf("%q is %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"500A07510C01A4DF": "0x500a07510c01a4df", "naa.600605b0112233440000000000000001": "0x600605b0112233440000000000000001",
		"0x5000c5001122330a": "0x5000c5001122330a", "5000000000000000": "", "4433221100000000": "", "N/A": "", "30000D1701801803": "", "500A07510C01A4D": "",
	} {
		if got := WWN(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"RAID10": "RAID10", "1+0": "RAID10", "6 Reed-Solomon": "RAID6", "5": "RAID5", "RAID1E": "RAID1E", "RAID 50": "RAID50", "Simple_volume": "Simple_volume", "1 (ADM)": "RAID1", "": "",
	} {
		if got := Level(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
	for _, c := range []struct {
		parts []string
		want  string
	}{
		{[]string{"00", "65", "00", "00"}, "0000:65:00.0"}, {[]string{"0", "C5", "1f", "7"}, "0000:c5:1f.7"}, {[]string{"10001", "1", "0", "0"}, "10001:01:00.0"},
		{[]string{"00", "65", "00"}, ""}, {[]string{"00", "65", "00", "8"}, ""}, {[]string{"00", "100", "00", "0"}, ""}, {[]string{"00", "x", "00", "0"}, ""},
	} {
		if got := PCIAddress(c.parts); got != c.want {
			t.Errorf("%q is %q, want %q", c.parts, got, c.want)
		}
	}
	for in, want := range map[string]string{"SSD": "false", "Solid State SATA": "false", "SATA_HDD": "true", "SAS": "none", "PCIe NVMe": "false"} {
		if got := show(Rotational(in)); got != want {
			t.Errorf("%q is %s, want %s", in, got, want)
		}
	}
	if Transport("SATA 6.0 Gb/s")+Transport("Solid State SAS")+Transport("NVMe")+Transport("x") != "satasasnvme" {
		t.Error("transports are not told apart")
	}
	if Vendor("ATA ")+Vendor("SEAGATE ") != "SEAGATE" {
		t.Error("ATA is no vendor")
	}
}

func show[T any](p *T) string {
	if p == nil {
		return "none"
	}
	return fmt.Sprint(*p)
}
