package ipmitool

import (
	"reflect"
	"strings"
	"testing"
)

const sdrSample = "BMC              | 00h | ok  |  7.1 | Dynamic MC @ 20h\n" +
	"PSU1 FRU         | 00h | ns  | 10.1 | Logical FRU @0Ah\n" +
	"PSU9 FRU         | 00h | ns  | 10.9 | Physical FRU @A4h\n" +
	"VRM              | 00h | ns  | 20.1 | Generic Device @20h:00h.0\n" +
	"PS1 Status       | C8h | ok  | 10.1 | Presence detected, AC out-of-range, but present, Config Error\n" +
	"PS2 Status       | C9h | ok  | 10.2 | \n" +
	"Power Supply 3   | 03h | ok  | 10.3 | 110 Watts, Presence detected\n" +
	"PS2 Temp         | 21h | unr | 10.96 | -3.500 degrees C\n" +
	"PS2 Volt         | 22h | ns  | 10.2 | Disabled\n" +
	"PSU Alert        | 34h | ns  | 208.1 | Event-Only\n" +
	"a|b \xff\x01        | 35h | cr | 29.1 | 0 RPM\n" +
	"Get SDR 0042 command failed\n"

func TestParseSDR(t *testing.T) {
	all, err := ParseSDR([]byte(sdrSample))
	if err != nil || len(all) != 11 {
		t.Fatalf("%d records, error %v", len(all), err)
	}
	type reading struct {
		value  float64
		unit   string
		states []string
		read   bool
	}
	for i, want := range []reading{
		{}, {}, {}, {},
		{states: []string{"Presence detected", "AC out-of-range, but present", "Config Error"}, read: true},
		{read: true},
		{110, "Watts", []string{"Presence detected"}, true},
		{-3.5, "degrees C", nil, true},
		{}, {},
		{0, "RPM", nil, true},
	} {
		var got reading
		got.value, got.unit, _ = all[i].Value()
		got.states, got.read = all[i].States(), all[i].Read()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", all[i].Name, got, want)
		}
	}
	if id, ok := all[1].FRU(); !ok || id != 10 {
		t.Errorf("the inventory of PSU1 is %d, %v", id, ok)
	}
	for _, i := range []int{0, 2, 4} {
		if id, ok := all[i].FRU(); ok {
			t.Errorf("%s has inventory %d", all[i].Name, id)
		}
	}
	if all[7].Status != "unr" || all[7].Entity != (Entity{10, 96}) {
		t.Errorf("record %+v", all[7])
	}
	if want := `a|b \xff\x01`; all[10].Name != want || all[10].Status != "cr" {
		t.Errorf("record %+v, want the name %q", all[10], want)
	}
}

const fruSample = "FRU Device Description : Builtin FRU Device (ID 0)\n" +
	" Board Mfg Date        : Mon Jan  1 00:00:00 1996\n" +
	" Board Mfg             : ACME\n" +
	" Board Serial          : B:1\n" +
	" Product Serial        : 0000000000\n" +
	"\n" +
	"FRU Device Description : PSU1 FRU (ID 10)\n" +
	" Product Manufacturer  : AC\xffME\n" +
	" Product Serial        : P1\n" +
	" Product Serial        : P2\n" +
	" Power Supply Record\n" +
	"  Capacity                   : 750 W\n" +
	"\n" +
	"FRU Device Description : PSU2 FRU (ID 11)\n" +
	" Device not present (Requested sensor, data, or record not found)\n" +
	"\n" +
	"FRU Device Description : Satellite       \n" +
	" Unsupported device\n" +
	"\n"

func TestParseFRU(t *testing.T) {
	all, err := ParseFRU([]byte(fruSample))
	if err != nil || len(all) != 4 {
		t.Fatalf("%d inventories, error %v", len(all), err)
	}
	for _, c := range []struct{ what, got, want string }{
		{"name", all[0].Name, "Builtin FRU Device"},
		{"colon in a value", all[0].Text("Board Serial"), "B:1"},
		{"second choice", all[0].Text("Product Serial", "Board Serial"), "B:1"},
		{"none", all[0].Text("Product Serial"), ""},
		{"stray byte", all[1].Text("Product Manufacturer"), `AC\xffME`},
		{"twice", all[1].Text("Product Serial"), "P1"},
		{"problem", all[2].Problem, "Device not present (Requested sensor, data, or record not found)"},
		{"name with spaces", all[3].Name, "Satellite"},
		{"other problem", all[3].Problem, "Unsupported device"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
	if all[1].Watts() != 750 || all[0].Watts() != 0 {
		t.Errorf("%d and %d W", all[1].Watts(), all[0].Watts())
	}
	if all, err := ParseFRU([]byte("FRU Device Description : PSU1 (ID 1)\n Capacity : 32768 W\n")); err != nil || all[0].Watts() != 0 {
		t.Errorf("%+v, error %v: no supply gives that much", all, err)
	}
	if all[1].ID == nil || *all[1].ID != 10 || all[3].ID != nil {
		t.Errorf("IDs %v and %v", all[1].ID, all[3].ID)
	}
	if all[1].Empty() || !all[2].Empty() {
		t.Error("which inventories are empty is wrong")
	}

	// Of one inventory, ipmitool does not print the name.
	one, err := ParseFRU([]byte(" Product Serial        : P1\n"))
	if err != nil || len(one) != 1 || one[0].Text("Product Serial") != "P1" || one[0].ID != nil {
		t.Errorf("%+v, error %v", one, err)
	}
}

const mcSample = "Device ID                 : 32\n" +
	"Firmware Revision         : 1.74\n" +
	"IPMI Version              : 2.0\n" +
	"Manufacturer ID           : 10876\n" +
	"Manufacturer Name         : Supermicro\n" +
	"Product ID                : 6973 (0x1b3d)\n" +
	"Product Name              : Unknown (0x1B3D)\n" +
	"Additional Device Support :\n" +
	"    Sensor Device\n" +
	"Aux Firmware Rev Info     : \n" +
	"    0x01\n    0xfe\n    0x00\n    0x20\n    0x20\n"

func TestParseMC(t *testing.T) {
	mc, err := ParseMC([]byte(mcSample))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{
		"Firmware Revision": "1.74", "Manufacturer Name": "Supermicro", "Product Name": "", "Aux Firmware Rev Info": "01fe0020", "No Such Field": "",
	} {
		if got := mc.Text(field); got != want {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
	if n := mc.Number("Product ID"); n == nil || *n != 6973 {
		t.Errorf("product %v", n)
	}
	if zero, err := ParseMC([]byte("Firmware Revision : 1.0\nProduct ID : 0 (0x0000)\n")); err != nil || zero.Number("Product ID") != nil {
		t.Errorf("product %v, error %v", zero.Number("Product ID"), err)
	}
	if n := mc.Number("Manufacturer Name"); n != nil {
		t.Errorf("a name is number %d", *n)
	}
}

func TestRefused(t *testing.T) {
	const sorry = "Could not open device at /dev/ipmi0\n"
	if _, err := ParseSDR([]byte(sorry)); err == nil || !strings.Contains(err.Error(), "Could not open") {
		t.Errorf("SDR: error %v", err)
	}
	if _, err := ParseFRU([]byte(sorry)); err == nil || !strings.Contains(err.Error(), "Could not open") {
		t.Errorf("FRU: error %v", err)
	}
	if _, err := ParseMC([]byte(sorry)); err == nil || !strings.Contains(err.Error(), "Could not open") {
		t.Errorf("MC: error %v", err)
	}
	if all, err := ParseSDR(nil); err != nil || len(all) != 0 {
		t.Errorf("an empty repository: %v, error %v", all, err)
	}
	if _, err := ParseFRU(nil); err == nil {
		t.Error("FRU: nothing at all is no error")
	}
}

// Every line of a record gives one; its parts are in the line.
func FuzzParseSDR(f *testing.F) {
	f.Add([]byte(sdrSample))
	f.Add([]byte("| 00h | ok | 1.1 |"))
	f.Fuzz(func(t *testing.T, out []byte) {
		all, err := ParseSDR(out)
		if err != nil {
			return
		}
		if lines := strings.Count(string(out), "\n") + 1; len(all) > lines {
			t.Errorf("%d records in %d lines", len(all), lines)
		}
		for _, r := range all {
			_, _, hasValue := r.Value()
			if states := r.States(); !r.Read() && len(states) > 0 || r.Reading == "" && (hasValue || len(states) > 0) {
				t.Errorf("%+v has states %q", r, states)
			}
			if _, ok := r.FRU(); ok && r.Read() {
				t.Errorf("%+v is an inventory and a sensor", r)
			}
		}
	})
}

// Every description gives an inventory, in its order.
func FuzzParseFRU(f *testing.F) {
	f.Add([]byte(fruSample))
	f.Add([]byte(" :\nFRU Device Description : (ID 999)\n :"))
	f.Fuzz(func(t *testing.T, out []byte) {
		all, err := ParseFRU(out)
		if err != nil {
			return
		}
		named := 0
		for line := range strings.Lines(string(out)) {
			if strings.HasPrefix(line, "FRU Device Description : ") {
				named++
			}
		}
		if len(all) != named && len(all) != named+1 {
			t.Errorf("%d inventories, %d descriptions", len(all), named)
		}
		for _, fru := range all {
			fru.Text("Product Serial")
			fru.Watts()
		}
	})
}

func FuzzParseMC(f *testing.F) {
	f.Add([]byte(mcSample))
	f.Fuzz(func(t *testing.T, out []byte) {
		mc, err := ParseMC(out)
		if err == nil && len(mc.fields[auxiliary]) > len(out)*4 {
			t.Errorf("%q", mc.fields[auxiliary])
		}
	})
}
