package main

import (
	"path/filepath"
	"slices"
	"testing"

	"bee/audit/report"
)

// TestDriveCases replays drives that other tools, or audit, once got wrong: see the READMEs.
func TestDriveCases(t *testing.T) {
	used := func(want uint64) func(report.Drive) bool {
		return func(d report.Drive) bool { return d.SMART.UsedPercent != nil && *d.SMART.UsedPercent == want }
	}
	mediaErrors := func(d report.Drive) bool {
		h := d.NVMe.Health
		return *h.MediaErrors == 12 && *h.PowerOnHours == 21984 && *h.UnsafeShutdowns == 17 && *h.WrittenBytes == 28353071104000 && d.NVMe.TotalBytes == 1920383410176
	}
	for _, c := range []struct {
		name   string
		wanted string   // of the findings
		not    []string // none of these
		drives int
		drive  func(report.Drive) bool // the first one
	}{
		{"01-nvme-json-double", "drive-media-errors", nil, 1, mediaErrors},
		{"01b-nvme-json-double-alone", "drive-media-errors", nil, 1, mediaErrors},
		{"03-ssd-230-counts-up", "", []string{"drive-worn"}, 1, func(d report.Drive) bool { return d.SMART.UsedPercent == nil }},
		{"05-wear-in-device-statistics", "drive-worn", nil, 1, func(d report.Drive) bool {
			return used(97)(d) && *d.SMART.MaxTemperatureCelsius == 70
		}},
		{"06-grown-defects-in-bytes", "drive-bad-sectors", nil, 1, func(d report.Drive) bool { return *d.SMART.SCSIGrownDefects == 30 }},
		{"10-emmc-boot-partitions", "", nil, 1, func(d report.Drive) bool {
			return d.Path == "/dev/mmcblk0" && d.Transport == "mmc" && d.Model == "DA6064" && d.SerialNumber == "0x12345678" && d.FirmwareVersion != ""
		}},
		{"11-dual-actuator", "", []string{"drive-same-serial"}, 2, nil},
		{"14-nvme-over-tcp", "", nil, 2, func(d report.Drive) bool { return d.Transport == "nvme" }},
		{"20-status-by-attributes", "", []string{"drive-failing"}, 1, func(d report.Drive) bool { return *d.SMART.Passed }},
		{"21-mx500-pending", "", []string{"drive-bad-sectors"}, 1, nil},
		{"22-bmc-virtual-disks", "", []string{"drive-no-capacity", "drive-same-serial"}, 4, nil},
		{"23-nvme-virtual-functions", "", []string{"drive-no-namespace"}, 1, nil},
		{"25-hpsa-logical-volumes", "", []string{"drive-silent", "drive-same-serial"}, 2, func(d report.Drive) bool { return d.RAIDVolume }},
		{"27-nvme-nan", "drive-critical-warning", nil, 1, func(d report.Drive) bool {
			h := d.NVMe.Health
			return *h.CriticalWarning == 4 && *h.TemperatureCelsius == 39 && *h.AvailableSparePercent == 100 && *h.UsedPercent == 3 && h.MediaErrors == nil
		}},
		{"35-life-left-in-the-raw-value", "drive-worn", nil, 1, used(86)},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := replay(t, filepath.Join("testdata/cases", c.name))
			for _, e := range r.Errors {
				if e.Collector == "storage" {
					t.Errorf("error %+v", e)
				}
			}
			found := rules(r)
			if c.wanted != "" && !slices.Contains(found, c.wanted) {
				t.Errorf("no finding %s: %q", c.wanted, found)
			}
			for _, not := range c.not {
				if slices.Contains(found, not) {
					t.Errorf("finding %s: %q", not, found)
				}
			}
			drives := r.Storage.Drives
			if len(drives) != c.drives {
				t.Fatalf("%d drives, want %d: %+v", len(drives), c.drives, drives)
			}
			if c.drive != nil && !c.drive(drives[0]) {
				t.Errorf("%+v, SMART %+v, NVMe %+v", drives[0], drives[0].SMART, drives[0].NVMe)
			}
		})
	}
	r := replay(t, "testdata/cases/14-nvme-over-tcp")
	if d := r.Storage.Drives[1]; d.Path != "/dev/nvme4n1" || d.Transport != "tcp" {
		t.Errorf("%+v", d)
	}
}
