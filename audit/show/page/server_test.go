package page

import (
	"fmt"
	"time"

	"bee/audit/report"
)

// server is a machine with much in it, and with something wrong in most of it.
func server() *report.Report {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r := &report.Report{
		SchemaVersion: report.SchemaVersion,
		Audit:         report.Audit{Version: "1.2"},
		BeeRelease:    &report.BeeRelease{Version: "0.9", Base: "debian", Release: "trixie", Kernel: "6.12.1"},
		StartedAt:     start, FinishedAt: start.Add(8200 * time.Millisecond),
		Replay: &report.Replay{Capture: "capture.tar.gz", CapturedAt: start.Add(-time.Hour), AuditVersion: "1.1"},
		Host:   report.Host{SSHHostKey: "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", Hostname: "bee", KernelRelease: "6.12.1-amd64", Architecture: "x86_64"},
		Board: &report.Board{
			BIOS:       &report.BIOS{Vendor: "ACME BIOS", Version: "3.2a", ReleaseDate: "01/02/2026", ROMBytes: 32 << 20},
			System:     &report.System{Manufacturer: "ACME", ProductName: "ACME Server 8000", SerialNumber: "S-77", UUID: "0f0e0d0c-0b0a-0908-0706-050403020100"},
			Baseboards: []report.Baseboard{{Handle: "0x0002", Type: "Motherboard", ProductName: "AB-1", SerialNumber: "B1"}, {Handle: "0x0003", Type: "Interconnect Board", ProductName: "Riser", SerialNumber: "B2"}},
			Chassis:    []report.Chassis{{Handle: "0x0004", Type: "Rack Mount Chassis", HeightUnits: 8, SerialNumber: "C1", ThermalState: "Safe"}},
		},
		CPU: &report.CPU{},
		Memory: &report.Memory{Arrays: []report.MemoryArray{
			{Handle: "0x0010", Use: "System Memory", ErrorCorrection: "Multi-bit ECC", MaximumCapacityBytes: 8 << 40, Slots: 32},
		}},
		Storage: &report.Storage{},
		PCIe:    &report.PCIe{},
		Network: &report.Network{},
		PSU: &report.PSU{Supplies: []report.PowerSupply{
			{Name: "PSU1", Handle: "0x0040", State: "ok", Present: new(true), Manufacturer: "ACME Power", Model: "P-3000", SerialNumber: "P1", MaxWatts: 3000,
				Sensors: []report.Sensor{{Name: "PSU1 Power In", Value: 812, Unit: "watts", Status: "ok"}, {Name: "PSU1 Temp", Value: 31.5, Unit: "celsius", Status: "ok"}}},
			{Name: "PSU2", Handle: "0x0041", State: "failed", Present: new(true), Manufacturer: "ACME Power", Model: "P-3000", SerialNumber: "P2", MaxWatts: 3000, Status: []string{"Failure detected"}},
			{Name: "PSU3", State: "absent", Present: new(false)},
			{Name: "PSU4", State: "no_input", Present: new(true), Manufacturer: "ACME Power"},
		}},
		NVIDIA:      &report.NVIDIA{DriverVersion: "570.1", CUDAVersion: "12.8", Source: "xml", MissingGPUs: []report.MissingGPU{{PCIAddress: "0000:e0:00.0", Reason: "GPU is lost"}}, UnknownGPUs: []string{"0000:e1:00.0"}},
		NotExamined: []report.Gap{{Reason: "this machine has no SMBIOS", Sections: []string{"board", "memory"}, Count: 2}},
		Findings: []report.Finding{
			{Rule: "drive-failed", Severity: report.Critical, Section: "storage", Component: "/dev/sdc", Message: "The drive says that it fails.",
				Evidence: []string{"SMART verdict: failed", "prefail: Reallocated_Sector_Ct is 1, threshold 10"}, Advice: "Replace the drive; copy its data first."},
			{Rule: "psu-failed", Severity: report.Critical, Section: "psu", Component: "PSU2", Message: "The power supply has failed.", Evidence: []string{"state: failed"}, Advice: "Replace it."},
			{Rule: "gpu-missing", Severity: report.Critical, Section: "nvidia", Component: "0000:e0:00.0", Message: "The NVIDIA driver does not know a GPU that is on the PCI bus.", Advice: "Look for Xid 79 in the kernel log; seat the GPU again."},
			{Rule: "memory-speed-mismatch", Severity: report.Warning, Section: "memory", Component: "CPU2_DIMM_C1", Message: "The module is slower than the others.", Evidence: []string{"CPU2_DIMM_C1: 4400 MT/s", "31 others: 5600 MT/s"}, Advice: "All modules run at the speed of the slowest: replace it."},
			{Rule: "pcie-link-degraded", Severity: report.Warning, Section: "pcie", Component: "0000:1b:00.0", Message: "The link is narrower than both ends can do.", Evidence: []string{"width 8 of 16 lanes"}},
			{Rule: "drive-worn", Severity: report.Warning, Section: "storage", Component: "/dev/nvme3n1", Message: "The drive has used 96 % of its life."},
			{Rule: "network-no-link", Severity: report.Info, Section: "network", Component: "eno4", Message: "The interface is up without a link."},
			{Rule: "ecc-off", Severity: report.Info, Section: "nvidia", Component: "0000:19:00.0", Message: "ECC is off."},
		},
		Errors: []report.Error{
			{Collector: "storage", Kind: report.TimeLimit, Message: "smartctl reached its time limit", Tool: "smartctl", Args: []string{"-j", "-a", "/dev/sdk"}, DurationSeconds: 90, Stderr: []string{"waiting for the drive", "still waiting"}},
			{Collector: "board", Kind: report.ExitStatus, Message: "dmidecode exited with status 1", Tool: "dmidecode", DurationSeconds: 0.01, ExitStatus: new(1)},
		},
	}
	for i := range 2 {
		r.CPU.Sockets = append(r.CPU.Sockets, report.Socket{Handle: fmt.Sprintf("0x003%d", i), Designation: fmt.Sprintf("CPU%d", i+1), Populated: true, Status: "Populated, Enabled",
			Manufacturer: "ACME", Version: "ACME(R) Fast(R) Platinum 9468V CPU @ 2.40GHz", Cores: 48, CoresEnabled: 48, Threads: 96, MaxSpeedMHz: 3800, CurrentSpeedMHz: 2400})
		for channel := range 8 {
			for slot := range 2 {
				m := report.MemorySlot{Handle: fmt.Sprintf("0x1%d%d%d", i, channel, slot), ArrayHandle: "0x0010", Locator: fmt.Sprintf("CPU%d_DIMM_%c%d", i+1, 'A'+channel, slot+1), BankLocator: fmt.Sprintf("NODE %d", i), FormFactor: "DIMM"}
				if slot == 0 || channel < 4 {
					m.Populated, m.SizeBytes, m.Type, m.SpeedMTs, m.ConfiguredSpeedMTs = true, 64<<30, "DDR5", 5600, 4400
					m.Manufacturer, m.PartNumber, m.SerialNumber, m.Ranks, m.ConfiguredVolts = "Größe", "M321R8GA0BB0-CQKZJ", fmt.Sprintf("80CE%04X", 4711*(channel*2+slot+i*16)), 2, 1.1
					if i == 1 && channel == 2 && slot == 0 {
						m.SpeedMTs = 4400
					}
				}
				r.Memory.Slots = append(r.Memory.Slots, m)
			}
		}
	}
	for i := range 16 {
		d := report.Drive{Path: fmt.Sprintf("/dev/sd%c", 'a'+i), Type: "disk", Transport: "sas", Vendor: "ACME", Model: "HDD18T-7200E", SerialNumber: fmt.Sprintf("ZR5%05dE", 7919*i), FirmwareVersion: "E004",
			WWN: fmt.Sprintf("0x5000c500%08x", 104729*i), SizeBytes: 18000207937536, LogicalBlockBytes: 512, PhysicalBlockBytes: 4096, Rotational: new(true), RotationRPM: 7200, HCTL: fmt.Sprintf("0:0:%d:0", i),
			SMART: &report.SMART{Passed: new(i != 2), TemperatureCelsius: new(int64(29 + i%5)), PowerOnHours: new(uint64(21000 + i))}}
		if i == 2 {
			d.SMART.Warnings = []string{"failing", "prefail"}
			d.SMART.ATAAttributes = []report.ATAAttribute{{ID: 5, Name: "Reallocated_Sector_Ct", Value: 1, Worst: 1, Threshold: 10, Raw: 1984, RawText: "1984", WhenFailed: "now"}, {ID: 9, Name: "Power_On_Hours", Value: 76, Worst: 76, Raw: 21002, RawText: "21002"}}
		}
		if i == 10 {
			d.SMART = nil
		}
		r.Storage.Drives = append(r.Storage.Drives, d)
	}
	for i := range 8 {
		used := []uint64{1, 3, 0, 96, 12, 45, 2, 7}[i]
		r.Storage.Drives = append(r.Storage.Drives, report.Drive{Path: fmt.Sprintf("/dev/nvme%dn1", i), Type: "disk", Transport: "nvme", Model: "ACME Flash PM9A3 MZQL23T8HCLS-00A07", SerialNumber: fmt.Sprintf("S64HNE0R%06d", 7907*i), FirmwareVersion: "GDC5602Q", SizeBytes: 3840755982336,
			SMART: &report.SMART{Passed: new(true), TemperatureCelsius: new(int64(38 + i)), UsedPercent: &used},
			NVMe:  &report.NVMe{VendorID: "144d", Health: &report.NVMeHealth{CriticalWarning: new(uint64(0)), UsedPercent: &used, WrittenBytes: new(uint64(88) << 40), AvailableSparePercent: new(uint64(100)), TemperatureCelsius: new(int64(38 + i))}}})
	}
	for i := range 8 {
		address := fmt.Sprintf("0000:%02x:00.0", 0x19+i*2)
		g := report.GPU{PCIAddress: address, Minor: new(uint64(i)), Name: "NVIDIA H100 80GB HBM3", Brand: "NVIDIA", Architecture: "Hopper", UUID: fmt.Sprintf("GPU-%08x-0000-1111-2222-333344445555", 99991*i), SerialNumber: fmt.Sprintf("16520230%05d", 97*i), VBIOSVersion: "96.00.61.00.01",
			MemoryTotalBytes: 80 << 30, MemoryUsedBytes: new(uint64(i) * 9 << 30), PersistenceMode: new(true),
			Temperature: &report.GPUTemperature{GPUCelsius: new(int64(31 + 6*i)), MemoryCelsius: new(int64(40)), SlowdownCelsius: new(int64(89))},
			Power:       &report.GPUPower{DrawWatts: new(70.5 + 80*float64(i)), LimitWatts: new(700.0)},
			ECC:         &report.GPUECC{Enabled: new(i != 0), AggregateUncorrected: new(uint64(i / 7 * 3))},
			PCIe:        &report.GPULink{Generation: new(uint64(5)), MaxGeneration: new(uint64(5)), WidthLanes: new(uint64(16)), MaxWidthLanes: new(uint64(16))}}
		for l := range uint64(18) {
			g.NVLinks = append(g.NVLinks, report.NVLink{Link: l, Active: i != 5 || l != 7, SpeedGBs: 26.562})
		}
		if i == 1 {
			g.MIG = &report.MIG{Enabled: new(true), Devices: []report.MIGInstance{{Index: new(uint64(0)), MemoryTotalBytes: 10 << 30}, {Index: new(uint64(1)), MemoryTotalBytes: 10 << 30}}}
			g.Processes = []report.GPUProcess{{PID: 4242, Name: "train", Type: "C", UsedMemoryBytes: new(uint64(8) << 30)}}
		}
		r.NVIDIA.GPUs = append(r.NVIDIA.GPUs, g)
		r.PCIe.Devices = append(r.PCIe.Devices, report.PCIDevice{Address: address, ClassID: "0302", Class: "3D controller", Vendor: "NVIDIA Corporation", VendorID: "10de", Device: "GH100 [H100 SXM5 80GB]", DeviceID: "2330", Driver: "nvidia", PhysicalSlot: fmt.Sprint(i + 1), NUMANode: new(int64(i / 4)),
			Link: &report.PCIeLink{SpeedGTs: 32, MaxSpeedGTs: 32, WidthLanes: 16, MaxWidthLanes: 16}},
			report.PCIDevice{Address: fmt.Sprintf("0000:%02x:00.0", 0x18+i*2), ClassID: "0604", Class: "PCI bridge", Vendor: "ACME", DeviceID: "352a"})
	}
	r.PCIe.Devices[2].Link.WidthLanes = 8
	for i := range 4 {
		r.Network.Interfaces = append(r.Network.Interfaces, report.Interface{Name: fmt.Sprintf("eno%d", i+1), MACAddress: fmt.Sprintf("02:00:00:00:00:%02x", i), Up: i != 2, Driver: "mlx5_core", BusAddress: fmt.Sprintf("0000:a0:00.%d", i), FirmwareVersion: "28.39.1002"})
		if i != 2 {
			r.Network.Interfaces[i].Link = new(i != 3)
		}
		if i < 2 {
			r.Network.Interfaces[i].SpeedMbps = 200000
		}
	}
	for i, name := range []string{"board", "cpu", "memory", "storage", "pcie", "network", "psu", "nvidia"} {
		r.Collectors = append(r.Collectors, report.CollectorRun{Name: name, Status: report.Done, DurationSeconds: []float64{0.02, 0.03, 0.03, 8.1, 0.4, 0.2, 3.2, 2.5}[i],
			Tools: []report.ToolRun{{Tool: "tool-of-" + name, Args: []string{"-j", "-a"}, DurationSeconds: 0.01 * float64(i), ExitStatus: new(0)}}})
	}
	r.Collectors[6].Status, r.Collectors[6].MissingTools, r.Collectors[6].Tools = report.Skipped, []string{"ipmitool"}, nil
	return r
}
