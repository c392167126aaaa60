package finding

import (
	"testing"

	"bee/audit/report"
)

func network(all ...report.Interface) *report.Report {
	return &report.Report{Network: &report.Network{Interfaces: all}}
}

func TestNetworkNoLink(t *testing.T) {
	yes, no := pointer(true), pointer(false)
	down, virtual := report.Interface{Name: "down"}, report.Interface{Name: "vf", Link: no, VirtualFunctionOf: "0000:01:00.0"}
	linked, unlinked := report.Interface{Name: "eth0", Link: yes}, report.Interface{Name: "eth1", Link: no, NoLinkReason: "No cable"}
	expect(t, "one of two", networkNoLink, network(down, linked, unlinked, virtual), "info eth1")
	expect(t, "none at all", networkNoLink, network(down, unlinked, unlinked), "warning ")
	expect(t, "unknown", networkNoLink, network(down, virtual))
}

func TestNetworkSlow(t *testing.T) {
	expect(t, "slow", networkSlow, network(report.Interface{Name: "eth0", SpeedMbps: 1000, MaxSpeedMbps: 25000}), "info eth0")
	expect(t, "not slow", networkSlow, network(report.Interface{SpeedMbps: 25000, MaxSpeedMbps: 25000}, report.Interface{SpeedMbps: 1000}, report.Interface{MaxSpeedMbps: 1000}))
}

func TestNetworkHalfDuplex(t *testing.T) {
	expect(t, "half", networkHalfDuplex, network(report.Interface{Name: "eth0", Duplex: "half"}, report.Interface{Duplex: "full"}, report.Interface{}), "warning eth0")
}

func TestNetworkMACChanged(t *testing.T) {
	const a, b = "ac:1f:6b:00:00:01", "ac:1f:6b:00:00:02"
	expect(t, "changed", networkMACChanged, network(report.Interface{Name: "eth0", MACAddress: a, PermanentMACAddress: b}), "info eth0")
	expect(t, "not changed", networkMACChanged, network(report.Interface{MACAddress: a, PermanentMACAddress: a}, report.Interface{MACAddress: a},
		report.Interface{PermanentMACAddress: a}, report.Interface{Type: "infiniband", MACAddress: a, PermanentMACAddress: b},
		report.Interface{MACAddress: a, PermanentMACAddress: b, VirtualFunctionOf: "0000:01:00.0"}))
}

func TestNetworkSameMAC(t *testing.T) {
	const a, b = "ac:1f:6b:00:00:01", "ac:1f:6b:00:00:02"
	expect(t, "same", networkSameMAC, network(report.Interface{Name: "eth0", MACAddress: a}, report.Interface{Name: "eth1", MACAddress: b, PermanentMACAddress: a}), "warning eth0, eth1")
	expect(t, "a bond's", networkSameMAC, network(report.Interface{MACAddress: a, PermanentMACAddress: a}, report.Interface{MACAddress: a, PermanentMACAddress: b}))
	expect(t, "paravirtual", networkSameMAC, network(report.Interface{MACAddress: a, Driver: "hv_netvsc"}, report.Interface{MACAddress: a}, report.Interface{}, report.Interface{}))
}

func TestNetworkMixedFirmware(t *testing.T) {
	r := network(report.Interface{Name: "eth0", BusAddress: "a", FirmwareVersion: "1"}, report.Interface{Name: "eth1", BusAddress: "b", FirmwareVersion: "2"},
		report.Interface{Name: "eth2", BusAddress: "c", FirmwareVersion: "3"}, report.Interface{Name: "eth3", BusAddress: "d"},
		report.Interface{Name: "usb0", BusAddress: "1-1", FirmwareVersion: "4"})
	expect(t, "without PCI", networkMixedFirmware, r)
	nic := func(address, id string) report.PCIDevice {
		return report.PCIDevice{Address: address, VendorID: "8086", Vendor: "ACME", DeviceID: id}
	}
	r.PCIe = &report.PCIe{Devices: []report.PCIDevice{nic("a", "1"), nic("b", "1"), nic("c", "2"), nic("d", "1")}}
	expect(t, "two of a model", networkMixedFirmware, r, "info ACME 1")
	r.PCIe.Devices[1].DeviceID = "3"
	expect(t, "three models", networkMixedFirmware, r)
}
