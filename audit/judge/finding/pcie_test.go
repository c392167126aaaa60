package finding

import (
	"strings"
	"testing"

	"bee/audit/report"
)

func devices(all ...report.PCIDevice) *report.Report {
	for i := range all {
		if all[i].Address == "" {
			all[i].Address = "0000:01:00.0"
		}
	}
	return &report.Report{PCIe: &report.PCIe{Devices: all}}
}

func TestPCIeNotAnswering(t *testing.T) {
	gone := report.PCIDevice{ClassID: "0302", Vendor: "ACME", Revision: "ff"}
	expect(t, "revision ff", pcieNotAnswering, devices(gone, report.PCIDevice{Revision: "0f"}, report.PCIDevice{}), "critical 0000:01:00.0")
	expect(t, "its driver", pcieNoDriver, devices(gone))
}

func TestPCIeLinkDegraded(t *testing.T) {
	link := func(lanes uint64, speed float64) *report.PCIeLink {
		return &report.PCIeLink{WidthLanes: lanes, SpeedGTs: speed, MaxWidthLanes: 16, MaxSpeedGTs: 32, UpstreamMaxWidthLanes: 8, UpstreamMaxSpeedGTs: 16}
	}
	nic := func(l *report.PCIeLink) report.PCIDevice {
		return report.PCIDevice{ClassID: "0200", VendorID: "8086", UpstreamPort: "0000:00:01.0", Link: l}
	}
	gpu := func(vendor string, l *report.PCIeLink) report.PCIDevice {
		return report.PCIDevice{ClassID: "0302", VendorID: vendor, UpstreamPort: "0000:00:01.0", Link: l}
	}
	bridge := report.PCIDevice{ClassID: "0604", VendorID: vendorATI, UpstreamPort: "0000:00:01.0", Link: link(8, 2.5)}
	for name, c := range map[string]struct {
		device report.PCIDevice
		want   string
	}{
		"all that the port can do": {nic(link(8, 16)), ""},
		"narrow":                   {nic(link(4, 16)), "warning"},
		"slow":                     {nic(link(8, 8)), "warning"},
		"narrow and slow":          {nic(link(4, 8)), "warning"},
		"down":                     {nic(link(0, 0)), ""},
		"no link":                  {nic(nil), ""},
		"port unknown":             {nic(&report.PCIeLink{WidthLanes: 1, MaxWidthLanes: 16, SpeedGTs: 1, MaxSpeedGTs: 16}), ""},
		"root port":                {report.PCIDevice{Link: link(4, 8)}, ""},
		"idle GPU":                 {gpu(vendorATI, link(8, 2.5)), "info"},
		"bridge of an idle GPU":    {bridge, "info"},
		"narrow GPU":               {gpu(vendorATI, link(4, 2.5)), "warning"},
		"idle NVIDIA GPU":          {gpu(vendorNVIDIA, link(8, 2.5)), ""},
		"narrow NVIDIA GPU":        {gpu(vendorNVIDIA, link(4, 2.5)), "warning"},
	} {
		if c.want == "" {
			expect(t, name, pcieLinkDegraded, devices(c.device))
		} else {
			expect(t, name, pcieLinkDegraded, devices(c.device), c.want+" 0000:01:00.0")
		}
	}

	second := nic(link(4, 16))
	second.Address = "0000:01:00.1"
	expect(t, "two functions", pcieLinkDegraded, devices(nic(link(4, 16)), second), "warning 0000:01:00.0")

	if f := pcieLinkDegraded(devices(nic(link(4, 8)))); !strings.Contains(f[0].Message, "x4 and 8 GT/s, where x8 and 16 GT/s") {
		t.Errorf("message %q", f[0].Message)
	}

	// A slot with four lanes behind a port with eight.
	for name, c := range map[string]struct {
		slot report.ExpansionSlot
		want []string
	}{
		"slot with four lanes, by the card": {report.ExpansionSlot{Lanes: 4, BusAddress: "0000:01:00.0"}, nil},
		"slot with four lanes, by the port": {report.ExpansionSlot{Lanes: 4, BusAddress: "0000:00:01.0"}, nil},
		"slot that cannot be":               {report.ExpansionSlot{Lanes: 1, BusAddress: "0000:00:01.0"}, []string{"warning 0000:01:00.0"}},
		"slot with enough":                  {report.ExpansionSlot{Lanes: 16, BusAddress: "0000:00:01.0"}, []string{"warning 0000:01:00.0"}},
		"another slot":                      {report.ExpansionSlot{Lanes: 4}, []string{"warning 0000:01:00.0"}},
	} {
		r := devices(nic(link(4, 16)))
		r.PCIe.Slots = []report.ExpansionSlot{c.slot}
		expect(t, name, pcieLinkDegraded, r, c.want...)
	}
}

func TestPCIeNoDriver(t *testing.T) {
	for class, want := range map[string]bool{"0107": true, "0108": true, "0200": true, "1200": true, "0302": true, "0380": true, "0300": false, "0604": false, "0c03": false, "": false} {
		var found []string
		if want {
			found = []string{"info 0000:01:00.0"}
		}
		expect(t, class, pcieNoDriver, devices(report.PCIDevice{ClassID: class, Modules: []string{"some"}}), found...)
		expect(t, class+" driven", pcieNoDriver, devices(report.PCIDevice{ClassID: class, Driver: "some"}))
		expect(t, class+" virtual", pcieNoDriver, devices(report.PCIDevice{ClassID: class, VirtualFunctionOf: "0000:01:00.0"}))
	}
	expect(t, "VGA of a GPU", pcieNoDriver, devices(report.PCIDevice{ClassID: "0300", VendorID: vendorNVIDIA, Link: &report.PCIeLink{}}), "info 0000:01:00.0")
	expect(t, "VGA of an old BMC", pcieNoDriver, devices(report.PCIDevice{ClassID: "0300", VendorID: vendorATI}))
}
