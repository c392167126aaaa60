package collect

import (
	"fmt"
	"slices"
	"testing"

	"bee/audit/report"
	"bee/audit/tool/raid"
)

// behind makes a controller with drives in slots 0, 1, ….
func behind(name, address string, drives ...report.Drive) raid.Controller {
	c := raid.Controller{RAIDController: report.RAIDController{Name: name, PCIAddress: address}}
	for i, d := range drives {
		d.Member = &report.Member{Controller: name, Slot: fmt.Sprint(i)}
		c.Drives = append(c.Drives, d)
	}
	return c
}

func TestMembersAreFound(t *testing.T) {
	drive := func(path, wwn, serial string) report.Drive {
		return report.Drive{Path: path, WWN: wwn, SerialNumber: serial}
	}
	const wwn, port, other = "0x5000c50011223301", "0x5000c50011223302", "0x5000c50099999901"
	for _, c := range []struct {
		what    string
		drives  []report.Drive
		members []report.Drive
		want    string // path and slot of each drive
	}{
		{"by world wide name", []report.Drive{drive("sda", wwn, "A"), drive("sdb", other, "B")}, []report.Drive{drive("", other, "")}, "sda sdb=0"},
		{"by serial number", []report.Drive{drive("sda", "", "A"), drive("sdb", "", "B")}, []report.Drive{drive("", wwn, "B")}, "sda sdb=0"},
		{"name before serial number", []report.Drive{drive("sda", other, "B"), drive("sdb", wwn, "A")}, []report.Drive{drive("", wwn, "B")}, "sda sdb=0"},
		{"two names are two drives", []report.Drive{drive("sda", other, "A")}, []report.Drive{drive("", wwn, "A")}, "sda =0"},
		{"name of a port", []report.Drive{drive("sda", wwn, "ABCDEFGH0001")}, []report.Drive{drive("", port, "ABCDEFGH")}, "sda=0"},
		{"short beginning", []report.Drive{drive("sda", "", "ABCDEFGH")}, []report.Drive{drive("", "", "ABCD")}, "sda =0"},
		{"no identity", []report.Drive{drive("sda", "", "")}, []report.Drive{drive("", "", "")}, "sda =0"},
		{"one name for all", []report.Drive{drive("sda", wwn, "A"), drive("sdb", wwn, "B")}, []report.Drive{drive("", wwn, "B"), drive("", wwn, "A")}, "sda=1 sdb=0"},
		{"one serial number for all", []report.Drive{drive("sda", "", "A")}, []report.Drive{drive("", "", "A"), drive("", "", "A")}, "sda =0 =1"},
		{"array with its controller's serial number", []report.Drive{{Path: "sda", SerialNumber: "A", RAIDVolume: true}}, []report.Drive{drive("", "", "A")}, "sda =0"},
	} {
		drives, _ := withMembers(c.drives, [][]raid.Controller{{behind("c0", "", c.members...)}}, nil)
		got := ""
		for _, d := range drives {
			got += " " + d.Path
			if d.Member != nil {
				got += "=" + d.Member.Slot
			}
		}
		if got[1:] != c.want {
			t.Errorf("%s: %s, want %s", c.what, got[1:], c.want)
		}
	}
}

// Absence is not 0, and what is there stays.
func TestMembersFillWhatIsAbsent(t *testing.T) {
	zero, hours, celsius, hot := uint64(0), uint64(7), int64(30), int64(60)
	known := report.Drive{Path: "/dev/sda", SerialNumber: "A", Model: "LONG NAME", SMART: &report.SMART{PowerOnHours: &zero, TemperatureCelsius: &celsius}}
	m := report.Drive{SerialNumber: "A", Model: "LONG", WWN: "0x5000c50011223301", SizeBytes: 5, SMART: &report.SMART{PowerOnHours: &hours, TemperatureCelsius: &hot, UsedPercent: &zero}}
	drives, _ := withMembers([]report.Drive{known}, [][]raid.Controller{{behind("c0", "", m)}}, nil)
	d := drives[0]
	if len(drives) != 1 || d.Model != "LONG NAME" || d.WWN != m.WWN || d.SizeBytes != 5 || *d.SMART.PowerOnHours != 0 || *d.SMART.TemperatureCelsius != 30 || d.SMART.UsedPercent == nil {
		t.Errorf("%+v, SMART %+v", d, d.SMART)
	}
	if known.SMART.UsedPercent != nil {
		t.Error("what smartctl said was changed")
	}
}

func TestControllersAreToldOnce(t *testing.T) {
	a, b := report.Drive{SerialNumber: "A", WWN: "0x5000c50011223301"}, report.Drive{SerialNumber: "B", WWN: "0x5000c50011223302"}
	for _, c := range []struct {
		what    string
		told    [][]raid.Controller
		drivers map[string]string
		want    []string // controllers, then slots
	}{
		{"by two programs", [][]raid.Controller{{behind("storcli64 /c0", "0000:01:00.0")}, {}, {}, {}, {behind("sas3ircu 0", "0000:01:00.0", a, b)}}, nil, []string{"sas3ircu 0 0000:01:00.0", "sas3ircu 0 0", "sas3ircu 0 1"}},
		{"drives behind two controllers", [][]raid.Controller{{behind("storcli64 /c0", "0000:01:00.0", a, b), behind("storcli64 /c1", "0000:02:00.0", b, a)}}, nil,
			[]string{"storcli64 /c0 0000:01:00.0", "storcli64 /c1 0000:02:00.0", "storcli64 /c0 0", "storcli64 /c0 1"}},
		{"the only one with the driver", [][]raid.Controller{{}, {}, {}, {behind("arcconf 1", "")}}, map[string]string{"0000:01:00.0": "aacraid", "0000:02:00.0": "ahci"}, []string{"arcconf 1 0000:01:00.0"}},
		{"one of two with the driver", [][]raid.Controller{{}, {}, {}, {behind("arcconf 1", "")}}, map[string]string{"0000:01:00.0": "aacraid", "0000:02:00.0": "aacraid"}, []string{"arcconf 1 "}},
	} {
		drives, controllers := withMembers(nil, c.told, c.drivers)
		var got []string
		for _, c := range controllers {
			got = append(got, c.Name+" "+c.PCIAddress)
		}
		for _, d := range drives {
			got = append(got, d.Name())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}
