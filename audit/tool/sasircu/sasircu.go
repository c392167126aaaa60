// Package sasircu reads what sas3ircu and sas2ircu print: of SAS host adapters of Broadcom
// (LSI, Avago) whose firmware knows RAID (IR).
package sasircu

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"bee/audit/report"
	"bee/audit/tool/internal/outline"
	"bee/audit/tool/raid"
)

var arrayStates = map[string]string{
	"okay": "ok", "optimal": "ok", "degraded": "degraded", "rebuilding": "rebuilding", "initializing": "rebuilding",
	"failed": "failed", "missing": "failed", "inactive": "failed",
}

var memberStates = map[string]string{
	"optimal": "ok", "online": "ok", "ready": "ok", "available": "unused", "standby": "unused", "hot spare": "spare",
	"rebuilding": "rebuilding", "failed": "failed", "offline": "failed", "missing": missing,
}

const missing = "missing"

// Adapter is a host adapter in the list of them.
type Adapter struct {
	// Number that the program calls it by.
	Number string
	// PCI function, domain:bus:device.function.
	PCIAddress string
}

var adapter = regexp.MustCompile(`(?m)^ *([0-9]+) +SAS\S* +\S+ +\S+ +([0-9a-fA-F]+)h:([0-9a-fA-F]+)h:([0-9a-fA-F]+)h:([0-9a-fA-F]+)h`)

// List reads the output of the command LIST. It returns no adapters, and no error, where the
// machine has none.
func List(out []byte) ([]Adapter, error) {
	var all []Adapter
	for _, m := range adapter.FindAllSubmatch(out, -1) {
		var address []string
		for _, part := range m[2:] {
			address = append(address, string(part))
		}
		all = append(all, Adapter{string(m[1]), raid.PCIAddress(address)})
	}
	if len(all) == 0 && !bytes.Contains(out, []byte("MPTLib2 Error 1")) {
		return nil, errors.New("the output says nothing of adapters, nor that there are none")
	}
	return all, nil
}

// Parse reads the output of the command DISPLAY about an adapter.
func Parse(program string, a Adapter, out []byte) (raid.Controller, error) {
	root := outline.Parse(out)
	about := root.Find("Controller information")
	if about == nil {
		return raid.Controller{}, errors.New("the output says nothing of the adapter")
	}
	c := raid.Controller{RAIDController: report.RAIDController{
		Name:            program + " " + a.Number,
		Model:           raid.Text(about.Get("Controller type")),
		FirmwareVersion: raid.Text(about.Get("Firmware version")),
		PCIAddress:      a.PCIAddress,
		State:           raid.Unknown,
	}}
	gone := map[string]string{}
	if devices := root.Find("Physical device information"); devices != nil {
		for _, n := range devices.Children {
			if n.Name != "Device is a Hard disk" && n.Name != "Device is a unknown device" {
				continue
			}
			switch d := drive(c.Name, n); {
			case d.Member.State == missing:
				gone[d.Member.Slot] = strings.TrimSpace(d.Member.Slot + " " + d.SerialNumber)
			case d.SizeBytes > 0 || d.SerialNumber != "":
				c.Drives = append(c.Drives, d)
			}
		}
	}
	if arrays := root.Find("IR Volume information"); arrays != nil {
		for _, n := range arrays.Children {
			if number, ok := strings.CutPrefix(n.Name, "IR volume "); ok {
				c.Arrays = append(c.Arrays, array(number, n, gone))
			}
		}
	}
	return c, nil
}

var place = regexp.MustCompile(`^PHY\[[0-9]+\] Enclosure#/Slot#$`)

func array(number string, n *outline.Node, gone map[string]string) report.RAIDArray {
	a := report.RAIDArray{
		Name:      number,
		Label:     raid.Text(n.Get("Volume Name")),
		WWN:       volumeName(n.Get("Volume wwid")),
		Level:     raid.Level(n.Get("RAID level")),
		State:     raid.State(arrayStates, n.Get("Status of volume")),
		Status:    raid.Text(n.Get("Status of volume")),
		SizeBytes: raid.Bytes(n.Get("Size (in MB)")+" MB", 1024),
	}
	n.All(func(p *outline.Node) {
		switch {
		case !place.MatchString(p.Name):
		case gone[p.Value] != "":
			a.MissingMembers = append(a.MissingMembers, gone[p.Value])
		default:
			a.Members = append(a.Members, p.Value)
		}
	})
	return a
}

// volumeName makes the world wide name that the kernel has of a volume of that which the
// adapter has: its bytes are the other way round, behind those of the maker.
func volumeName(s string) string {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 8 {
		return ""
	}
	slices.Reverse(b)
	return raid.WWN(fmt.Sprintf("600508e000000000%x", b))
}

func drive(controller string, n *outline.Node) report.Drive {
	mb, sectors, _ := strings.Cut(n.Get("Size (in MB)/(in sectors)"), "/")
	bytes := raid.Bytes(mb+" MB", 1024)
	// The number is that of the last sector.
	if last, err := strconv.ParseUint(sectors, 10, 64); err == nil {
		bytes = raid.Exact(last+1, bytes)
	}
	status := n.Get("State")
	return report.Drive{
		Transport:       raid.Transport(n.Get("Protocol")),
		Vendor:          raid.Vendor(n.Get("Manufacturer")),
		Model:           raid.Text(n.Get("Model Number")),
		SerialNumber:    raid.Text(n.Get("Unit Serial No(VPD)", "Serial No")),
		FirmwareVersion: raid.Text(n.Get("Firmware Revision")),
		WWN:             raid.WWN(n.Get("GUID")),
		SizeBytes:       bytes,
		Rotational:      raid.Rotational(n.Get("Drive Type")),
		Member: &report.Member{
			Controller: controller,
			Slot:       n.Get("Enclosure #") + ":" + n.Get("Slot #"),
			State:      raid.State(memberStates, status),
			Status:     raid.Text(status),
		},
	}
}
