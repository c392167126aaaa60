package report

import "testing"

func TestUnexaminedArrays(t *testing.T) {
	sda, sdb := Drive{Path: "/dev/sda", RAIDVolume: true}, Drive{Path: "/dev/sdb"}
	member := Drive{Path: "/dev/bus/0", SmartctlType: "megaraid,4"}
	for want, drives := range map[string][]Drive{"": {sdb}, "/dev/sda ": {sda, sdb}} {
		got := ""
		for _, d := range (&Storage{Drives: drives}).UnexaminedArrays() {
			got += d.Path + " "
		}
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := (&Storage{Drives: []Drive{sda, member}}).UnexaminedArrays(); got != nil {
		t.Errorf("of an array whose drives show: %+v", got)
	}
	if got := (*Storage)(nil).UnexaminedArrays(); got != nil {
		t.Errorf("without storage: %+v", got)
	}
}

// A controller's program has told which drives an array has, by the array's device or for the
// whole controller.
func TestUnexaminedArraysThatWereToldOf(t *testing.T) {
	const address = "0000:01:00.0"
	sda, sdb := Drive{Path: "/dev/sda", RAIDVolume: true, PCIAddress: address}, Drive{Path: "/dev/sdb", RAIDVolume: true, PCIAddress: address}
	members := []string{"252:0"}
	for _, c := range []struct {
		what       string
		controller RAIDController
		want       string
	}{
		{"by device", RAIDController{Arrays: []RAIDArray{{Path: "/dev/sda", Members: members}}}, "/dev/sdb "},
		{"by device, without members", RAIDController{PCIAddress: address, Arrays: []RAIDArray{{Path: "/dev/sda"}, {Members: members}}}, "/dev/sda /dev/sdb "},
		{"by controller", RAIDController{PCIAddress: address, Arrays: []RAIDArray{{Members: members}}}, ""},
		{"by another controller", RAIDController{PCIAddress: "0000:02:00.0", Arrays: []RAIDArray{{Members: members}}}, "/dev/sda /dev/sdb "},
		{"by one without arrays", RAIDController{PCIAddress: address}, "/dev/sda /dev/sdb "},
	} {
		got := ""
		for _, d := range (&Storage{Drives: []Drive{sda, sdb}, Controllers: []RAIDController{c.controller}}).UnexaminedArrays() {
			got += d.Path + " "
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

func TestDriveName(t *testing.T) {
	for want, d := range map[string]Drive{
		"/dev/sda":            {Path: "/dev/sda", Member: &Member{Controller: "c", Slot: "1"}},
		"/dev/sda megaraid,4": {Path: "/dev/sda", SmartctlType: "megaraid,4"},
		"storcli64 /c0 252:1": {Member: &Member{Controller: "storcli64 /c0", Slot: "252:1"}},
		"":                    {},
	} {
		if got := d.Name(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
