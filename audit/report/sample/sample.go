// Package sample makes up reports for tests.
package sample

import (
	"fmt"
	"strings"
	"time"

	"bee/audit/report"
)

func pointer[T any](v T) *T { return &v }

// Start is when the samples' audits began.
var Start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// Server is a large server: 2 processors, 32 memory slots, 62 drives, 8 GPUs and
// one missing, 10 network interfaces, with a finding or two.
func Server() *report.Report {
	r := &report.Report{
		SchemaVersion: report.SchemaVersion,
		Audit:         report.Audit{Version: "1.2.0"},
		Host:          report.Host{Hostname: "bee", KernelRelease: "6.12.1", Architecture: "x86_64"},
		BeeRelease: &report.BeeRelease{Version: "0.9.0", Commit: "0123456789abcdef0123456789abcdef01234567", Base: "debian", Release: "trixie", Kernel: "6.12.1",
			VendorPrograms: []report.VendorProgram{{Name: "storcli64", Version: "007.2705.0000.0000", SHA256: strings.Repeat("5f70", 16)}, {Name: "sas3ircu", SHA256: strings.Repeat("0a1b", 16)}}},
		StartedAt: Start, FinishedAt: Start.Add(12340 * time.Millisecond),
		Collectors: []report.CollectorRun{
			{Name: "board", Status: report.Done, DurationSeconds: 0.014},
			{Name: "cpu", Status: report.Done, DurationSeconds: 0.021},
			{Name: "memory", Status: report.Done, DurationSeconds: 0.018},
			{Name: "storage", Status: report.GivenUp, DurationSeconds: 12.3},
			{Name: "pcie", Status: report.Done, DurationSeconds: 0.2},
			{Name: "psu", Status: report.Skipped, MissingTools: []string{"ipmitool"}},
		},
		NotExamined: []report.Gap{
			{Reason: "no ipmitool", Sections: []string{"psu"}},
			{Reason: "smartctl reached its time limit", Sections: []string{"storage"}},
			{Reason: "smartctl exited with status 2", Sections: []string{"storage"}, Count: 9},
		},
		Board: &report.Board{
			BIOS:       &report.BIOS{Vendor: "ACME BIOS", Version: "3.2a", ReleaseDate: "01/02/2026"},
			System:     &report.System{Manufacturer: "ACME Computer Inc.", ProductName: "AI Server 9000-TNRT", SerialNumber: "S937425X4C19233"},
			Baseboards: []report.Baseboard{{Manufacturer: "ACME Computer Inc.", ProductName: "X14DGQ", Version: "1.01", SerialNumber: "ZM23AS012345"}},
			Chassis:    []report.Chassis{{Type: "Rack Mount Chassis"}},
			BMC:        &report.BMCIdentity{Manufacturer: "ACME Computer Inc.", FirmwareVersion: "1.07"},
		},
		CPU:     &report.CPU{},
		Memory:  &report.Memory{},
		Storage: &report.Storage{},
		NVIDIA:  &report.NVIDIA{DriverVersion: "580.95.05", CUDAVersion: "13.0", Source: "xml", MissingGPUs: []report.MissingGPU{{PCIAddress: "0000:d9:00.0", Reason: "GPU is lost."}}},
		Network: &report.Network{IPAddresses: []report.IPAddress{{Interface: "eth0", Address: "192.0.2.10/24"}, {Interface: "eth0", Address: "2001:db8::10/64"}, {Interface: "bond0.117", Address: "198.51.100.7/24"}}},
		BMC:     &report.BMC{LAN: &report.BMCLAN{IPAddress: "192.0.2.110", VLANID: pointer(uint64(40))}},
		PSU:     &report.PSU{Redundancy: []report.Redundancy{{Name: "PS Redundancy", States: []string{"Redundancy Degraded"}}}},
		PCIe:    &report.PCIe{Devices: []report.PCIDevice{{Address: "0000:00:00.0", ClassID: "0600", Class: "Host bridge"}}},
		Findings: []report.Finding{
			{Rule: "gpu-missing", Severity: report.Critical, Section: "nvidia", Component: "0000:d9:00.0", Message: "The PCI bus has this GPU, the NVIDIA driver does not know it.", Advice: "Reseat it; look for Xid messages in the kernel's log.", Evidence: []string{"pcie: 0000:d9:00.0 10de:2331", "nvidia: 7 GPUs"}},
			{Rule: "drive-failed", Severity: report.Critical, Section: "storage", Component: "/dev/sdaf", Message: "The drive says that it fails.", Advice: "Replace it."},
			{Rule: "memory-speed", Severity: report.Warning, Section: "memory", Message: "Modules run at 4400 MT/s although all of them can do 4800 MT/s, which costs bandwidth of memory on every processor.", Advice: "Look at the memory settings of the firmware."},
		},
		Errors: []report.Error{{Collector: "storage", Kind: report.TimeLimit, Message: "smartctl reached its time limit", Tool: "smartctl", Args: []string{"-j", "-a", "/dev/sdb"}, Stderr: []string{"waiting"}}},
	}
	silent := report.Error{Collector: "storage", Kind: report.ExitStatus, Message: "smartctl exited with status 2", Tool: "smartctl", Args: []string{"-j", "-a", "/dev/" + name("sd", 40)}}
	for i := 1; i < 9; i++ {
		silent.Again = append(silent.Again, report.FailedRun{Collector: "storage", Args: []string{"-j", "-a", "/dev/" + name("sd", 40+i)}})
	}
	r.Errors = append(r.Errors, silent)
	for i := 1; i <= 2; i++ {
		r.CPU.Sockets = append(r.CPU.Sockets, report.Socket{Handle: "0x0004", Designation: fmt.Sprint("CPU", i), Populated: true, Version: "ACME(R) Fast(TM)   9654 96-Core Processor", Cores: 96, CoresEnabled: 96, Threads: 192, MaxSpeedMHz: 3700})
	}
	for i := range 32 {
		name := fmt.Sprintf("P%d-DIMM%c%d", i/16+1, 'A'+i/2%8, i%2+1)
		slot := report.MemorySlot{Locator: name, BankLocator: fmt.Sprintf("P%d_Node0_Channel%d_Dimm%d", i/16, i/2%8, i%2)}
		if i%4 != 3 {
			slot.Populated, slot.SizeBytes, slot.Type, slot.SpeedMTs, slot.ConfiguredSpeedMTs, slot.Ranks = true, 64<<30, "DDR5", 4800, 4400, 2
			slot.Manufacturer, slot.PartNumber, slot.SerialNumber = "Größe", "M321R8GA0BB0-CQKZJ", fmt.Sprintf("80CE0322%04X", i)
		}
		r.Memory.Slots = append(r.Memory.Slots, slot)
		r.Findings = append(r.Findings[:len(r.Findings):len(r.Findings)], report.Finding{Rule: "memory-odd", Severity: report.Info, Section: "memory", Component: name, Message: "Worth a look.", Advice: "Have a look."})
	}
	for i := range 60 {
		d := report.Drive{
			Path: "/dev/" + name("sd", i), Type: "disk", Transport: "sas", RotationRPM: 7200, SizeBytes: 16000900661248,
			Vendor: "ACME", Model: "ST16000NM004J", SerialNumber: fmt.Sprintf("ZR5%05d", i), FirmwareVersion: "E004",
			SMART: &report.SMART{Passed: pointer(true), TemperatureCelsius: pointer(int64(28 + i%9)), PowerOnHours: pointer(uint64(12000 + 7*i))},
		}
		if i == 31 {
			d.SMART.Passed, d.SMART.Warnings = pointer(false), []string{"failing", "error_log"}
		}
		r.Storage.Drives = append(r.Storage.Drives, d)
	}
	r.Storage.Controllers = []report.RAIDController{{
		Name: "storcli64 /c0", Model: "MegaRAID 9560-16i 8GB", SerialNumber: "SKC0000001", FirmwareVersion: "52.26.0-5179", PCIAddress: "0000:c1:00.0", State: "degraded", Status: "Needs Attention", CacheBytes: 8 << 30,
		Backup: &report.CacheBackup{Kind: "capacitor", Model: "CVPM05", State: "ok", Status: "Optimal"},
		Arrays: []report.RAIDArray{{Name: "0/239", Path: "/dev/sda", Level: "RAID6", State: "degraded", Status: "Dgrd", SizeBytes: 64003602644992, Members: []string{"252:0", "252:1"}, MissingMembers: []string{"drive group 0, row 2"}}},
	}}
	r.Storage.Drives[0].Member = &report.Member{Controller: "storcli64 /c0", Slot: "252:0", State: "ok", Status: "Onln"}
	for i := range 2 {
		r.Storage.Drives = append(r.Storage.Drives, report.Drive{
			Path: fmt.Sprintf("/dev/nvme%dn1", i), Type: "disk", Transport: "nvme", SizeBytes: 7681501126656, Model: "内存 7450 MTFDKCC7T6TFR", SerialNumber: fmt.Sprint("2241", i), FirmwareVersion: "E2MU200",
			SMART: &report.SMART{Passed: pointer(true), TemperatureCelsius: pointer(int64(41 + i)), PowerOnHours: pointer(uint64(900)), UsedPercent: pointer(uint64(3))},
			NVMe:  &report.NVMe{Health: &report.NVMeHealth{CriticalWarning: pointer(uint64(4 * i))}},
		})
	}
	for i := range 8 {
		address := fmt.Sprintf("0000:%02x:00.0", 0x19+0x10*i)
		gpu := report.PCIDevice{Address: address, ClassID: "0302", Class: "3D controller", VendorID: "10de", Vendor: "ACME Graphics", DeviceID: "2331", Driver: "nvidia",
			Link: &report.PCIeLink{SpeedGTs: 32, MaxSpeedGTs: 32, WidthLanes: 16, MaxWidthLanes: 16}}
		if i == 3 {
			gpu.Link.SpeedGTs, gpu.Link.WidthLanes = 2.5, 8
		}
		r.PCIe.Devices = append(r.PCIe.Devices, gpu)
		r.NVIDIA.GPUs = append(r.NVIDIA.GPUs, report.GPU{
			PCIAddress: address, Name: "NVIDIA H100 80GB HBM3", MemoryTotalBytes: 81559 << 20, SerialNumber: fmt.Sprintf("165292300%02d", i),
			Temperature: &report.GPUTemperature{GPUCelsius: pointer(int64(30 + i))}, Power: &report.GPUPower{DrawWatts: pointer(71.5)},
			ECC: &report.GPUECC{Enabled: pointer(true)}, NVLinks: []report.NVLink{{Link: 0, Active: true}, {Link: 1, Active: i != 3}},
		})
	}
	for i := range 10 {
		up := i < 2
		nic := report.Interface{Name: fmt.Sprint("eth", i), MACAddress: fmt.Sprintf("3c:ec:ef:00:00:%02x", i), Up: true, Link: &up, Driver: "mlx5_core", FirmwareVersion: "28.39.1002", BusAddress: fmt.Sprintf("0000:%02x:00.0", 0x21+i)}
		if up {
			nic.SpeedMbps, nic.MaxSpeedMbps = 25000, 400000
			nic.Neighbours = []report.Neighbour{{SystemName: "leaf-07", PortID: fmt.Sprint("Ethernet1/", i+1), ChassisID: "00:1c:73:00:00:01"}}
		}
		r.Network.Interfaces = append(r.Network.Interfaces, nic)
		r.PCIe.Devices = append(r.PCIe.Devices, report.PCIDevice{Address: nic.BusAddress, ClassID: "0200", Class: "Ethernet controller", Vendor: "Mellanox Technologies", Device: "MT2910 Family [ConnectX-7]", Driver: nic.Driver})
	}
	for i := range 4 {
		r.PSU.Supplies = append(r.PSU.Supplies, report.PowerSupply{Name: fmt.Sprint("PSU", i+1), State: "ok", Manufacturer: "ACME", Model: "PWS-3K06G-2R", SerialNumber: fmt.Sprint("P3K6GCK", i), MaxWatts: 3000})
	}
	r.PSU.Supplies[3].State = "no_input"
	return r
}

// name counts as the kernel names drives: sda, …, sdz, sdaa, …
func name(prefix string, i int) string {
	if i < 26 {
		return prefix + string(rune('a'+i))
	}
	return name(prefix, i/26-1) + string(rune('a'+i%26))
}
