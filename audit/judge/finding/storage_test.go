package finding

import (
	"strings"
	"testing"

	"bee/audit/report"
)

// withDrives is a report on drives, which are sda, sdb, … where they have no name.
func withDrives(all ...report.Drive) *report.Report {
	for i := range all {
		if all[i].Path == "" {
			all[i].Path = "/dev/sd" + string(rune('a'+i))
		}
	}
	return &report.Report{Storage: &report.Storage{Drives: all}}
}

// smart is a report on drives of which only this is known.
func smart(all ...report.SMART) *report.Report {
	var drives []report.Drive
	for _, s := range all {
		drives = append(drives, report.Drive{Model: "ACME", SMART: &s})
	}
	return withDrives(drives...)
}

// flash is a report on NVMe drives of which only the health log is known.
func flash(all ...report.NVMeHealth) *report.Report {
	var drives []report.Drive
	for _, h := range all {
		drives = append(drives, report.Drive{SMART: &report.SMART{}, NVMe: &report.NVMe{Health: &h}})
	}
	return withDrives(drives...)
}

func attributes(all ...report.ATAAttribute) report.SMART { return report.SMART{ATAAttributes: all} }

func one(n uint64) *uint64 { return &n }

func TestDriveFailing(t *testing.T) {
	r := smart(
		report.SMART{Passed: pointer(false)},
		report.SMART{Passed: pointer(true), Warnings: []string{"failing"}},
		report.SMART{Passed: pointer(true), Warnings: []string{"command_failed", "error_log"}},
		report.SMART{})
	expect(t, "verdict", eachDrive(driveFailing), r, "critical /dev/sda", "critical /dev/sdb")
	nvme := flash(report.NVMeHealth{CriticalWarning: one(1)})
	nvme.Storage.Drives[0].SMART.Passed = pointer(false)
	expect(t, "an NVMe drive that says why", eachDrive(driveFailing), nvme)
}

func TestDrivePrefail(t *testing.T) {
	prefail := report.ATAAttribute{ID: 5, Name: "Reallocated_Sector_Ct", Prefail: true, Value: 1, Threshold: 10, WhenFailed: "now"}
	age := report.ATAAttribute{ID: 9, WhenFailed: "now"}
	past := report.ATAAttribute{ID: 1, Prefail: true, WhenFailed: "past"}
	heat := report.ATAAttribute{ID: 190, WhenFailed: "past"}
	r := smart(attributes(age, prefail), attributes(age), attributes(report.ATAAttribute{ID: 1}, past), report.SMART{Warnings: []string{"prefail"}},
		attributes(heat), attributes(heat, past), report.SMART{Warnings: []string{"past_prefail"}})
	expect(t, "now", eachDrive(drivePrefail), r, "critical /dev/sda", "warning /dev/sdb", "critical /dev/sdd")
	expect(t, "past", eachDrive(drivePastPrefail), r, "warning /dev/sdc", "info /dev/sde", "warning /dev/sdf", "warning /dev/sdg")
}

func TestDriveCriticalWarning(t *testing.T) {
	r := flash(report.NVMeHealth{CriticalWarning: one(0)}, report.NVMeHealth{CriticalWarning: one(0x8c)}, report.NVMeHealth{})
	expect(t, "bits", eachDrive(driveCriticalWarning), r, "critical /dev/sdb")
	f := eachDrive(driveCriticalWarning)(r)[0]
	for _, words := range []string{"unreliable", "only be read", "bit 7"} {
		if !strings.Contains(f.Message, words) {
			t.Errorf("%q does not say %q", f.Message, words)
		}
	}
	if strings.Contains(f.Message, "temperature") {
		t.Errorf("%q says too much", f.Message)
	}
}

func TestDriveSpareLow(t *testing.T) {
	spare := func(left, threshold, warning uint64) report.NVMeHealth {
		return report.NVMeHealth{AvailableSparePercent: &left, SpareThresholdPercent: &threshold, CriticalWarning: &warning}
	}
	expect(t, "spare", eachDrive(driveSpareLow), flash(spare(9, 10, 0), spare(10, 10, 0), spare(9, 10, 1), report.NVMeHealth{}), "critical /dev/sda")
}

func TestDriveWorn(t *testing.T) {
	used := func(n uint64) report.SMART { return report.SMART{UsedPercent: &n} }
	expect(t, "wear", eachDrive(driveWorn), smart(used(79), used(80), used(99), used(100), used(255), report.SMART{}),
		"warning /dev/sdb", "warning /dev/sdc", "critical /dev/sdd", "critical /dev/sde")
}

func TestDriveCounters(t *testing.T) {
	count := func(id uint64, name string, raw uint64, text string) report.SMART {
		return attributes(report.ATAAttribute{ID: id, Name: name, Raw: raw, RawText: text})
	}
	for _, c := range []struct {
		name  string
		rule  func(report.Drive, report.SMART) *report.Finding
		s     report.SMART
		wants string
	}{
		{"reallocated", driveBadSectors, count(5, "Reallocated_Sector_Ct", 8, "8"), "warning"},
		{"reallocated, not one", driveBadSectors, count(5, "Reallocated_Sector_Ct", 0, "0"), ""},
		{"reallocated, packed", driveBadSectors, count(5, "Reallocated_Sector_Ct", 1<<32, "0 (1 0)"), ""},
		{"reallocated, without text", driveBadSectors, count(5, "Reallocated_Sector_Ct", 8, ""), "warning"},
		{"another attribute of the number", driveBadSectors, count(197, "Total_Unc_Read_Failures", 8, "8"), ""},
		{"pending", driveBadSectors, count(197, "Current_Pending_Sector", 8, "8"), "warning"},
		{"offline", driveBadSectors, count(198, "Offline_Uncorrectable", 8, "8"), "warning"},
		{"grown defects", driveBadSectors, report.SMART{SCSIGrownDefects: one(2)}, "warning"},
		{"no grown defects", driveBadSectors, report.SMART{SCSIGrownDefects: one(0)}, ""},
		{"uncorrectable", driveMediaErrors, count(187, "Reported_Uncorrect", 1, "1"), "warning"},
		{"uncorrected", driveMediaErrors, report.SMART{SCSIUncorrectedErrors: one(3)}, "warning"},
		{"CRC", driveLinkErrors, count(199, "UDMA_CRC_Error_Count", 1, "1"), "info"},
		{"error log", driveErrorLog, report.SMART{ATAErrors: one(1)}, "info"},
		{"empty error log", driveErrorLog, report.SMART{ATAErrors: one(0)}, ""},
		{"self-test", driveSelfTest, report.SMART{SelfTestErrors: one(1)}, "warning"},
		{"no self-test", driveSelfTest, report.SMART{SelfTestErrors: one(0)}, ""},
	} {
		var want []string
		if c.wants != "" {
			want = []string{c.wants + " /dev/sda"}
		}
		expect(t, c.name, eachDrive(c.rule), smart(c.s), want...)
	}
	expect(t, "NVMe", eachDrive(driveMediaErrors), flash(report.NVMeHealth{MediaErrors: one(1)}, report.NVMeHealth{MediaErrors: one(0), ErrorLogEntries: one(9)}), "warning /dev/sda")
}

func TestDriveHot(t *testing.T) {
	warm := func(celsius int64, d report.Drive) report.Drive {
		if d.SMART == nil {
			d.SMART = &report.SMART{}
		}
		d.SMART.TemperatureCelsius = &celsius
		return d
	}
	own := func(limit int64) *report.SMART { return &report.SMART{MaxTemperatureCelsius: &limit} }
	r := withDrives(
		warm(61, report.Drive{RotationRPM: 7200}), warm(60, report.Drive{RotationRPM: 7200}),
		warm(61, report.Drive{Rotational: pointer(true)}),
		warm(70, report.Drive{Rotational: pointer(false)}), warm(71, report.Drive{}),
		warm(70, report.Drive{SMART: own(65)}), warm(75, report.Drive{SMART: own(77)}),
		warm(85, report.Drive{SMART: own(80), NVMe: &report.NVMe{CriticalCelsius: pointer(int64(85))}}),
		report.Drive{SMART: own(65)})
	expect(t, "heat", eachDrive(driveHot), r, "warning /dev/sda", "warning /dev/sdc", "warning /dev/sde", "warning /dev/sdf", "critical /dev/sdh")
}

func TestDriveLinkSlow(t *testing.T) {
	link := func(now, most string) report.Drive {
		return report.Drive{InterfaceSpeed: now, InterfaceMaxSpeed: most}
	}
	expect(t, "links", driveLinkSlow, withDrives(link("3.0 Gb/s", "6.0 Gb/s"), link("6.0 Gb/s", "6.0 Gb/s"), link("12.0 Gb/s", ""), link("", "6.0 Gb/s"),
		link("6.0 Gb/s", "12.0 Gb/s")), "warning /dev/sda", "warning /dev/sde")
}

func TestDriveMixedFirmware(t *testing.T) {
	drive := func(model, firmware string, asked bool) report.Drive {
		d := report.Drive{Model: model, FirmwareVersion: firmware}
		if asked {
			d.SMART = &report.SMART{}
		}
		return d
	}
	expect(t, "mixed", driveMixedFirmware, withDrives(drive("B", "1", true), drive("A", "1", true), drive("A", "2", true), drive("B", "2", true), drive("C", "1", true)),
		"warning A", "warning B")
	expect(t, "same", driveMixedFirmware, withDrives(drive("A", "1", true), drive("A", "1", true), drive("A", "", true), drive("B", "2", true)))
	expect(t, "by another source", driveMixedFirmware, withDrives(drive("A", "DA01", false), drive("A", "DA01-X", true)))
	array := drive("A", "2", false)
	array.RAIDVolume = true
	expect(t, "an array", driveMixedFirmware, withDrives(drive("A", "1", false), array))
}

func TestDriveSilent(t *testing.T) {
	r := withDrives(report.Drive{}, report.Drive{Transport: "usb"}, report.Drive{SMART: &report.SMART{}}, report.Drive{RAIDVolume: true},
		report.Drive{Path: "/dev/bus/0", SmartctlType: "megaraid,4"}, report.Drive{Path: "/dev/bus/0", SmartctlType: "megaraid,5"}, report.Drive{}, report.Drive{})
	failed := func(kind report.Kind, args ...string) {
		r.Errors = append(r.Errors, report.Error{Tool: "smartctl", Kind: kind, Message: "smartctl failed", Args: append([]string{"-j", "-a"}, args...)})
	}
	for _, path := range []string{"/dev/sda", "/dev/sdb", "/dev/sdc", "/dev/sdd"} {
		failed(report.ExitStatus, path)
	}
	failed(report.TimeLimit, "-d", "megaraid,5", "/dev/bus/0")
	failed(report.Interrupted, "/dev/sdg")
	r.Errors = append(r.Errors, report.Error{Tool: "nvme", Kind: report.ExitStatus, Args: []string{"id-ctrl", "/dev/sdh"}})
	expect(t, "silent", driveSilent, r, "warning /dev/sda", "warning /dev/bus/0 megaraid,5")
}

func TestDriveIsNotThere(t *testing.T) {
	controller := func(state string) *report.NVMe { return &report.NVMe{State: state, TotalBytes: 5} }
	r := withDrives(
		report.Drive{Type: "disk"}, report.Drive{Type: "disk", Removable: true}, report.Drive{Type: "rom"}, report.Drive{Type: "disk", SizeBytes: 1},
		report.Drive{Path: "/dev/nvme0n1", Type: "disk", SizeBytes: 1, NVMe: controller("live")},
		report.Drive{Path: "/dev/nvme1n1", Type: "disk", SizeBytes: 1, NVMe: controller("dead")},
		report.Drive{Path: "/dev/nvme2", NVMe: controller("live")}, report.Drive{Path: "/dev/nvme3", NVMe: controller("dead")},
		report.Drive{Path: "/dev/nvme4", NVMe: controller("")})
	expect(t, "no capacity", driveNoCapacity, r, "warning /dev/sda")
	expect(t, "dead", driveDead, r, "critical /dev/nvme1n1", "critical /dev/nvme3")
	expect(t, "no namespace", driveNoNamespace, r, "info /dev/nvme2")
}

func TestDriveArrayUnexamined(t *testing.T) {
	array, member := report.Drive{RAIDVolume: true, Model: "LOGICAL VOLUME"}, report.Drive{SmartctlType: "cciss,0"}
	expect(t, "arrays", driveArrayUnexamined, withDrives(array, array, report.Drive{}), "info /dev/sda, /dev/sdb")
	expect(t, "their drives", driveArrayUnexamined, withDrives(array, member))
	expect(t, "no array", driveArrayUnexamined, withDrives(report.Drive{SmartctlType: "sat"}))
}

func TestDriveSameSerial(t *testing.T) {
	drive := func(model, serial string) report.Drive { return report.Drive{Model: model, SerialNumber: serial} }
	flash := drive("A", "3")
	flash.Transport = "nvme"
	expect(t, "serials", driveSameSerial, withDrives(drive("A", "1"), drive("A", "2"), drive("A", "1"), drive("B", "2"), drive("C", ""), drive("C", ""), flash, flash),
		"warning /dev/sda, /dev/sdc")
	// logical units of a drive, and drives that are told apart by one name only
	named := func(wwn string) report.Drive { return report.Drive{Model: "A", SerialNumber: "1", WWN: wwn} }
	expect(t, "units", driveSameSerial, withDrives(named("0x5000c500d7aaaa01"), named("0x5000c500d7aaaa02")))
	expect(t, "one name", driveSameSerial, withDrives(named("0x5000c500d7aaaa01"), named("0x5000c500d7aaaa01")), "warning /dev/sda, /dev/sdb")
	expect(t, "no name", driveSameSerial, withDrives(named("0x5000c500d7aaaa01"), named("")), "warning /dev/sda, /dev/sdb")
}
