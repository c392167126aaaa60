package lldp

import (
	"reflect"
	"strings"
	"testing"

	"bee/audit/report"
)

// part is one part of a frame.
func part(kind byte, value string) string {
	return string([]byte{kind<<1 | byte(len(value)>>8), byte(len(value))}) + value
}

func frame(parts ...string) []byte {
	return []byte("\x01\x80\xc2\x00\x00\x0e\x02\xac\x3e\x00\x00\x99\x88\xcc" + strings.Join(parts, ""))
}

var whole = frame(
	part(1, "\x04\x02\xac\x3e\x00\x00\xff"), part(2, "\x05Ethernet1/7"), part(3, "\x00\x78"), part(4, "to r1-42"), part(5, "sw-3.example"),
	part(6, "ACME NOS 7.1\r\nbuilt in the lab\x00"), part(7, "\x00\x14\x00\x14"), part(8, "\x05\x01\xc0\x00\x02\x07\x02\x00\x00\x00\x01\x00"),
	part(8, "\x05\x01\xc0\x00\x02\x08\x02\x00\x00\x00\x01\x00"), part(127, "\x00\x80\xc2\x01\x00\x75"), part(127, "\x00\x12\x0f\x04\x23\xf0"), part(0, ""),
)

func TestParse(t *testing.T) {
	vlan := uint64(117)
	for name, c := range map[string]struct {
		frame []byte
		want  report.Neighbour
	}{
		"whole": {whole, report.Neighbour{ChassisID: "02:ac:3e:00:00:ff", PortID: "Ethernet1/7", PortDescription: "to r1-42", SystemName: "sw-3.example",
			SystemDescription: `ACME NOS 7.1\x0d\x0abuilt in the lab`, ManagementAddress: "192.0.2.7", VLANID: &vlan}},
		"no end":              {frame(part(1, "\x07chassis"), part(2, "\x03\x02\xac\x3e\x00\x00\x01")), report.Neighbour{ChassisID: "chassis", PortID: "02:ac:3e:00:00:01"}},
		"padded":              {append(frame(part(1, "\x07c"), part(2, "\x07p"), part(0, "")), make([]byte, 30)...), report.Neighbour{ChassisID: "c", PortID: "p"}},
		"network addresses":   {frame(part(1, "\x05\x01\xc0\x00\x02\x01"), part(2, "\x04\x02\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01")), report.Neighbour{ChassisID: "192.0.2.1", PortID: "2001:db8::1"}},
		"a VLAN that is none": {frame(part(1, "\x07c"), part(2, "\x07p"), part(127, "\x00\x80\xc2\x01\x00\x00")), report.Neighbour{ChassisID: "c", PortID: "p"}},
		"an empty address":    {frame(part(1, "\x07c"), part(2, "\x07p"), part(8, "\x00")), report.Neighbour{ChassisID: "c", PortID: "p"}},
		"an address too long": {frame(part(1, "\x07c"), part(2, "\x07p"), part(8, "\x20\x01\xc0")), report.Neighbour{ChassisID: "c", PortID: "p"}},
		"commands":            {frame(part(1, "\x07\x1b[2J"), part(2, "\x07p")), report.Neighbour{ChassisID: `\x1b[2J`, PortID: "p"}},
	} {
		got, err := Parse(c.frame)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v\nwant %+v", name, got, err, c.want)
		}
	}
	for name, f := range map[string][]byte{
		"empty": nil, "another protocol": []byte("\x01\x80\xc2\x00\x00\x0e\x02\xac\x3e\x00\x00\x99\x08\x00" + part(1, "\x07c") + part(2, "\x07p")),
		"no port": frame(part(1, "\x07c")), "ends within a part": frame(part(1, "\x07c"), "\x04\x40abc"), "an identity without a value": frame(part(1, "\x04"), part(2, "\x07p")),
	} {
		if got, err := Parse(f); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add(frame(part(1, "\x05\x01\xc0\x00\x02\x01"), part(2, "\x04\x02\x20\x01")))
	f.Fuzz(func(t *testing.T, frame []byte) {
		n, err := Parse(frame)
		if err == nil && (n.ChassisID == "" || n.PortID == "") {
			t.Errorf("%+v", n)
		}
		if strings.ContainsAny(n.ChassisID+n.PortID+n.PortDescription+n.SystemName+n.SystemDescription+n.ManagementAddress, "\n\x1b") {
			t.Errorf("%+v", n)
		}
	})
}
