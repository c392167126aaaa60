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
		report.Interface{MACAddress: a, PermanentMACAddress: b, VirtualFunctionOf: "0000:01:00.0"},
		report.Interface{MACAddress: a, PermanentMACAddress: b, Represents: "pf0vf0"},
		report.Interface{MACAddress: a, PermanentMACAddress: b, Master: "bond0"}))
}

func TestNetworkSameMAC(t *testing.T) {
	const a, b = "ac:1f:6b:00:00:01", "ac:1f:6b:00:00:02"
	expect(t, "same", networkSameMAC, network(report.Interface{Name: "eth0", MACAddress: a}, report.Interface{Name: "eth1", MACAddress: b, PermanentMACAddress: a}), "warning eth0, eth1")
	expect(t, "a bond's", networkSameMAC, network(report.Interface{MACAddress: a, PermanentMACAddress: a}, report.Interface{MACAddress: a, PermanentMACAddress: b}))
	expect(t, "a team's", networkSameMAC, network(report.Interface{MACAddress: a, Master: "team0"}, report.Interface{MACAddress: a, Master: "team0"}))
	expect(t, "set, copied, made up", networkSameMAC, network(report.Interface{MACAddress: a, MACAddressSource: "set"}, report.Interface{MACAddress: a, MACAddressSource: "copied"},
		report.Interface{MACAddress: a, MACAddressSource: "random"}, report.Interface{MACAddress: a}))
	expect(t, "permanent", networkSameMAC, network(report.Interface{Name: "eth0", MACAddress: a, MACAddressSource: "permanent"}, report.Interface{Name: "eth1", MACAddress: a}), "warning eth0, eth1")
	expect(t, "a representor", networkSameMAC, network(report.Interface{MACAddress: a}, report.Interface{MACAddress: a, Represents: "pf0vf1"}))
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

func TestNetworkErrors(t *testing.T) {
	blocks := func(n uint64) *uint64 { return &n }
	for name, c := range map[string]struct {
		counters report.InterfaceCounters
		fec      *report.FEC
		want     []string
	}{
		"well":                       {report.InterfaceCounters{RXPackets: 1000, CarrierChanges: 4}, &report.FEC{Active: "RS", CorrectedBlocks: blocks(1e6), UncorrectableBlocks: blocks(3)}, nil},
		"while the link is set up":   {report.InterfaceCounters{RXPackets: 10, RXErrors: 9, RXCRCErrors: 9}, nil, nil},
		"one in many":                {report.InterfaceCounters{RXPackets: 100e6, RXErrors: 50}, nil, nil},
		"damaged":                    {report.InterfaceCounters{RXPackets: 1000, RXErrors: 50, RXCRCErrors: 50}, nil, []string{"warning eth0"}},
		"damaged, not counted twice": {report.InterfaceCounters{RXPackets: 1000, RXCRCErrors: 10}, nil, []string{"warning eth0"}},
		"carrier":                    {report.InterfaceCounters{TXCarrierErrors: 10}, nil, []string{"warning eth0"}},
		"comes and goes":             {report.InterfaceCounters{CarrierChanges: 11}, nil, []string{"info eth0"}},
		"not corrected":              {report.InterfaceCounters{}, &report.FEC{Active: "RS", UncorrectableBlocks: blocks(10)}, []string{"warning eth0"}},
	} {
		r := &report.Report{Network: &report.Network{Interfaces: []report.Interface{{Name: "eth0", Counters: &c.counters, FEC: c.fec}}}}
		expect(t, name, networkErrors, r, c.want...)
	}
}

func TestNetworkModule(t *testing.T) {
	yes, no := true, false
	for name, c := range map[string]struct {
		link   *bool
		module report.Module
		want   []string
	}{
		"well":                    {&yes, report.Module{ReceiveMilliwatts: []float64{0.5}}, nil},
		"a warning":               {&yes, report.Module{Alarms: []string{"Laser rx power low warning"}}, nil},
		"little light":            {&yes, report.Module{ReceiveMilliwatts: []float64{0.01}, Alarms: []string{"Laser rx power low alarm"}}, []string{"warning eth0"}},
		"no link, no light":       {&no, report.Module{ReceiveMilliwatts: []float64{0.0001}, Alarms: []string{"Laser rx power low alarm"}}, nil},
		"lanes that are not used": {&yes, report.Module{ReceiveMilliwatts: []float64{0.7, 0, 0, 0}, Alarms: []string{"Laser rx power low alarm (Chan 2)"}}, nil},
		"hot, without a link":     {&no, report.Module{Alarms: []string{"Module temperature high alarm"}}, []string{"warning eth0"}},
	} {
		r := &report.Report{Network: &report.Network{Interfaces: []report.Interface{{Name: "eth0", Link: c.link, Module: &c.module}}}}
		expect(t, name, networkModule, r, c.want...)
	}
}

func TestInfiniBandPort(t *testing.T) {
	count := func(n uint64) *uint64 { return &n }
	r := &report.Report{Network: &report.Network{InfiniBandPorts: []report.InfiniBandPort{
		{Device: "mlx5_0", Port: 1, State: "ACTIVE", PhysicalState: "LinkUp", SymbolErrors: count(0), LinkDowned: count(1)},
		{Device: "mlx5_1", Port: 1, State: "INIT", PhysicalState: "LinkUp"},
		{Device: "mlx5_2", Port: 1, State: "DOWN", PhysicalState: "Polling"},
		{Device: "mlx5_3", Port: 2, State: "ACTIVE", PhysicalState: "LinkUp", ReceiveErrors: count(500), LinkDowned: count(40)},
	}}}
	expect(t, "ports", infiniBandPort, r, "warning mlx5_1/1", "warning mlx5_3/2")
	expect(t, "no section", infiniBandPort, &report.Report{})
}
