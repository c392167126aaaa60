package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bee/audit/report"
	"bee/audit/report/label"
	"bee/audit/report/schema"
)

// replay audits a captured machine as a user does. Where a report is wrong in the
// field, its capture becomes a folder in testdata, and a test says what the
// report should have been.
func replay(t *testing.T, capture string) *report.Report {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.json")
	if _, stderr, code := cli(t, t.Context(), nil, "run", "--root", capture, "--output", file); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if err := schema.ValidateFile(file); err != nil {
		t.Error(err)
	}
	r, err := report.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReplay(t *testing.T) {
	r := replay(t, "testdata/server")
	for _, e := range r.Errors {
		t.Errorf("error %+v", e)
	}
	for _, c := range r.Collectors {
		if c.Status != report.Done {
			t.Errorf("%s: %s", c.Name, c.Status)
		}
	}
	storage := r.Collectors[slices.IndexFunc(r.Collectors, func(c report.CollectorRun) bool { return c.Name == "storage" })]
	smartctl := slices.IndexFunc(storage.Tools, func(run report.ToolRun) bool { return slices.Contains(run.Args, "/dev/sda") })
	var populated []string
	for _, s := range r.Memory.Slots {
		if s.Populated {
			populated = append(populated, s.Locator)
		}
	}
	var findings []string
	for _, f := range r.Findings {
		findings = append(findings, f.Rule+" "+f.Component)
	}
	gpu, module := r.NVIDIA.GPUs[0], *r.Network.Interfaces[0].Module
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"replay", r.Replay.Capture + " of " + r.Replay.CapturedAt.String(), "testdata/server of 2026-03-04 05:06:07 +0000 UTC"},
		{"host", r.Host, report.Host{Hostname: "r1-42", KernelRelease: "6.12.1-amd64", Architecture: "x86_64"}},
		{"live system", r.BeeRelease.Version, "1.0"},
		{"a tool's time, as it was", storage.Tools[smartctl].DurationSeconds, 1.204},
		{"a tool's exit status, as it was", *storage.Tools[smartctl].ExitStatus, 64},
		{"system", r.Board.System.ProductName + r.Board.System.SerialNumber + r.Board.System.Version, "Rack OneR1-000042"},
		{"platform", platform(r.Platform), "uefi, Secure Boot true, setup mode false, lockdown integrity, [{tpm0 2.0 IFX 7.85 INFINEON}], IOMMU {true [dmar0 dmar1] 3}"},
		{"since the kernel's start", fmt.Sprintf("%v %+v %+v", r.Kernel.UptimeSeconds, r.Kernel.MemoryErrors, r.Kernel.PCIeErrors),
			"312.5 [{Label:P1-DIMMA1 Place:mc0/dimm0 Corrected:0 Uncorrected:0} {Label:P1-DIMMB1 Place:mc0/dimm1 Corrected:12 Uncorrected:0}] " +
				"[{Address:0000:65:00.0 Corrected:1207 NonFatal:0 Fatal:0 Kinds:[BadTLP 1200 RxErr 3 Timeout 4]}]"},
		{"kernel's log", kernelLog(r), []string{"memory_error mc0 1", "drive_error sda 2"}},
		{"sockets", len(r.CPU.Sockets), 2},
		{"slots", len(r.Memory.Slots), 8},
		{"modules", populated, []string{"P1-DIMMA1", "P1-DIMMB1", "P2-DIMMA1", "P2-DIMMB1"}},
		{"drives", drives(r), []string{"/dev/nvme0n1 NV-0003 nvme 0000:65:00.0", "/dev/sda HD-0001 sata 0000:00:17.0", "/dev/sdb SS-0002 sas 0000:18:00.0"}},
		{"PCI functions", len(r.PCIe.Devices), 8},
		{"expansion slots", len(r.PCIe.Slots), 2},
		{"interfaces", interfaces(r), []string{"eth0 02:ac:3e:00:00:01 true", "eth1 02:ac:3e:00:00:02 false"}},
		{"power supplies", supplies(r), []string{"PSU1 PS-001 ok", "PSU2 PS-002 no_input"}},
		{"counters", fmt.Sprintf("%+v", *r.Network.Interfaces[0].Counters), "{RXPackets:104422 TXPackets:8123 RXErrors:412 RXCRCErrors:412 RXFrameErrors:0 RXMissedErrors:3 TXErrors:0 TXCarrierErrors:0 CarrierChanges:2}"},
		{"FEC", fmt.Sprint(r.Network.Interfaces[0].FEC.Active, *r.Network.Interfaces[0].FEC.CorrectedBlocks, *r.Network.Interfaces[0].FEC.UncorrectableBlocks, r.Network.Interfaces[1].FEC), "RS88123 14 <nil>"},
		{"module", fmt.Sprint(label.Join(module.Type, module.Vendor, module.PartNumber, module.Revision, module.SerialNumber, module.DateCode), *module.TemperatureCelsius, module.ReceiveMilliwatts, module.TransmitMilliwatts, module.Alarms, r.Network.Interfaces[1].Module),
			"SFP ACME Optics AO-25G-SR B OPT-0001 25061138.42 [0.0126] [0.7121] [Laser rx power low alarm Laser rx power low warning] <nil>"},
		{"InfiniBand", fmt.Sprint(r.Network.InfiniBandPorts[0].Device, r.Network.InfiniBandPorts[0].State, r.Network.InfiniBandPorts[0].BusAddress), "mlx5_0INIT0000:66:00.0"},
		{"BMC's network", fmt.Sprintf("%s %s/%s via %s, %s, VLAN %d", r.BMC.LAN.MACAddress, r.BMC.LAN.IPAddress, r.BMC.LAN.SubnetMask, r.BMC.LAN.Gateway, r.BMC.LAN.AddressSource, *r.BMC.LAN.VLANID),
			"02:ac:3e:00:00:42 192.0.2.42/255.255.255.0 via 192.0.2.1, DHCP Address, VLAN 117"},
		{"chassis", fmt.Sprint(*r.BMC.Chassis.Intrusion, *r.BMC.Chassis.FanFault, r.BMC.Chassis.PowerRestorePolicy, r.BMC.Chassis.LastPowerEvent), "true falsealways-onac-failed"},
		{"event log", fmt.Sprintf("%d, %d %%, lost %v, newest %+v", r.BMC.EventLog.Entries, *r.BMC.EventLog.UsedPercent, *r.BMC.EventLog.Overflow, r.BMC.EventLog.Newest[0]),
			"4, 2 %, lost false, newest {ID:4 Time:2026-03-03 22:10:07 Sensor:Memory P1-DIMMB1 Event:Uncorrectable ECC Direction:asserted Severity:critical Detail:}"},
		{"sensors", sensors(r), []string{"CPU1 Temp 41 celsius ok", "CPU2 Temp 44 celsius ok", "12V 12.031 volts ok", "FAN1 7700 rpm ok", "FAN2 400 rpm cr", "FAN3 -"}},
		{"GPU", gpu.SerialNumber + " " + gpu.PCIAddress, "1000000000042 0000:17:00.0"},
		{"no GPU is missing", len(r.NVIDIA.MissingGPUs), 0},
	} {
		if fmt.Sprint(c.got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
	for _, want := range []string{"drive-bad-sectors /dev/sda", "drive-link-slow /dev/sda", "network-no-link eth1", "memory-errors P1-DIMMB1", "pcie-errors 0000:65:00.0", "drive-error sda", "bmc-events Memory P1-DIMMB1", "bmc-sensor FAN2", "bmc-chassis chassis", "network-errors eth0", "network-module eth0", "infiniband-port mlx5_0/1", "gpu-ecc-errors 0000:17:00.0"} {
		if !slices.Contains(findings, want) {
			t.Errorf("findings %q: no %q", findings, want)
		}
	}
}

func platform(p *report.Platform) string {
	return fmt.Sprintf("%s, Secure Boot %v, setup mode %v, lockdown %s, %v, IOMMU %v", p.BootMode, *p.SecureBoot, *p.SetupMode, p.KernelLockdown, p.TPMs, *p.IOMMU)
}

func kernelLog(r *report.Report) (all []string) {
	for _, e := range r.Kernel.Events {
		all = append(all, fmt.Sprint(e.Kind, " ", e.Device, " ", e.Count))
	}
	return all
}

func sensors(r *report.Report) (all []string) {
	for _, s := range r.BMC.Sensors {
		value := "-"
		if s.Value != nil {
			value = fmt.Sprint(*s.Value)
		}
		all = append(all, strings.TrimSpace(label.Join(s.Name, value, s.Unit, s.Status)))
	}
	return all
}

func drives(r *report.Report) (all []string) {
	for _, d := range r.Storage.Drives {
		all = append(all, fmt.Sprint(d.Path, " ", d.SerialNumber, " ", d.Transport, " ", d.PCIAddress))
	}
	return all
}

func interfaces(r *report.Report) (all []string) {
	for _, i := range r.Network.Interfaces {
		all = append(all, fmt.Sprint(i.Name, " ", i.PermanentMACAddress, " ", *i.Link))
	}
	return all
}

func supplies(r *report.Report) (all []string) {
	for _, s := range r.PSU.Supplies {
		all = append(all, fmt.Sprint(s.Name, " ", s.SerialNumber, " ", s.State))
	}
	return all
}
