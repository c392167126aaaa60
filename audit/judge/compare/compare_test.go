package compare

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bee/audit/report"
)

func pointer[T any](v T) *T { return &v }

// machine is the report of a whole server; n goes into all that differs between
// machines that are built alike.
func machine(n int) *report.Report {
	id := func(what string, i int) string { return fmt.Sprintf("%s-%d-%d", what, n, i) }
	reading := uint64(30 + n)
	r := &report.Report{
		SchemaVersion: report.SchemaVersion,
		Audit:         report.Audit{Version: "1"},
		Host:          report.Host{Hostname: id("node", 0), KernelRelease: "6.12"},
		StartedAt:     time.Date(2026, 1, 2, 3, n, 0, 0, time.UTC),
		Findings:      []report.Finding{},
		Board: &report.Board{
			BMC:        &report.BMCIdentity{FirmwareVersion: "3.4"},
			BIOS:       &report.BIOS{Vendor: "ACME BIOS", Version: "1.2", FirmwareRevision: "3.4"},
			System:     &report.System{Manufacturer: "ACME", ProductName: "Server 1", SerialNumber: id("sys", 0), UUID: id("uuid", 0)},
			Baseboards: []report.Baseboard{{ProductName: "B1", SerialNumber: id("board", 0)}},
			Chassis:    []report.Chassis{{Type: "Rack Mount Chassis", SerialNumber: id("chassis", 0), ThermalState: []string{"Safe", "Warning"}[n%2]}},
		},
		CPU: &report.CPU{Sockets: []report.Socket{}, Packages: []report.CPUPackage{}},
		Memory: &report.Memory{
			Arrays: []report.MemoryArray{
				{Handle: "0x1000", Use: "System Memory", ErrorCorrection: "Multi-bit ECC"},
				{Handle: "0x1001", Use: "Flash Memory", ErrorCorrection: "None"},
			},
		},
		Storage: &report.Storage{Drives: []report.Drive{
			{Path: "/dev/sda", Transport: "usb", Removable: true, Model: id("stick", 0)},
			{Path: "/dev/sr0", Transport: "sata", Removable: true, Type: "rom", Model: "DVD", SizeBytes: uint64(n) * 700e6},
		}},
		PCIe: &report.PCIe{Devices: []report.PCIDevice{
			{Address: "0000:00:01.0", ClassID: "0604", VendorID: "1022", DeviceID: "14ab", Link: &report.PCIeLink{WidthLanes: uint64(8 * (1 + n)), MaxWidthLanes: 16}},
		}},
		Network: &report.Network{}, PSU: &report.PSU{}, NVIDIA: &report.NVIDIA{},
	}
	if n%2 == 1 {
		r.Storage.Drives = r.Storage.Drives[1:] // booted from the network
		r.PCIe.Devices = append(r.PCIe.Devices, report.PCIDevice{Address: "0000:d1:01.0", VendorID: "8086", DeviceID: "1889", VirtualFunctionOf: "0000:d1:00.0"})
		r.Network.Interfaces = append(r.Network.Interfaces, report.Interface{Name: "eth9", BusAddress: "0000:d1:01.0", VirtualFunctionOf: "0000:d1:00.0"})
	}
	for i := range 2 {
		r.CPU.Sockets = append(r.CPU.Sockets, report.Socket{Designation: fmt.Sprint("CPU", i), Populated: true, Version: "ACME Fast  9", Cores: 64, CurrentSpeedMHz: 1000 + reading})
		r.CPU.Packages = append(r.CPU.Packages, report.CPUPackage{ID: pointer(int64(i)), ModelName: "ACME Fast 9", Microcode: "0x2b"})
		r.PSU.Supplies = append(r.PSU.Supplies, report.PowerSupply{
			Name: fmt.Sprint("PSU", i), Model: "P1", MaxWatts: 1600, State: "ok", SerialNumber: id("psu", i),
			Sensors: []report.Sensor{{Name: "in", Value: float64(reading), Unit: "watts"}},
		})
		address := fmt.Sprintf("0000:%d0:00.0", i+n)
		r.PCIe.Devices = append(r.PCIe.Devices, report.PCIDevice{
			Address: address, VendorID: "8086", DeviceID: "1592", Vendor: "Intel", Device: id("E810", 0), Driver: id("driver", 0),
			Link: &report.PCIeLink{SpeedGTs: []float64{16, 2.5}[n%2], MaxSpeedGTs: 16, WidthLanes: 16, MaxWidthLanes: 16},
		})
		r.Network.Interfaces = append(r.Network.Interfaces, report.Interface{
			Name: id("eth", i), BusAddress: address, PermanentMACAddress: id("mac", i), Driver: "ice", DriverVersion: id("v", i), FirmwareVersion: "4.1",
			Link: pointer(true), SpeedMbps: 100000, MaxSpeedMbps: 100000,
		})
		gpu := fmt.Sprintf("0000:%d8:00.0", i+n)
		r.PCIe.Devices = append(r.PCIe.Devices, report.PCIDevice{Address: gpu, VendorID: "10de", DeviceID: "2331"})
		r.NVIDIA.GPUs = append(r.NVIDIA.GPUs, report.GPU{
			PCIAddress: gpu, Name: "NVIDIA H100", VBIOSVersion: "96.00", UUID: id("gpu", i), SerialNumber: id("gpusn", i), MemoryTotalBytes: 81559 << 20,
			Temperature: &report.GPUTemperature{GPUCelsius: pointer(int64(reading))}, Power: &report.GPUPower{DrawWatts: pointer(float64(reading)), LimitWatts: pointer(700.0)},
			Clocks: &report.GPUClocks{SMMHz: &reading}, MemoryUsedBytes: &reading, GPUUtilisationPercent: &reading, PCIe: &report.GPULink{Generation: &reading, MaxGeneration: pointer(uint64(5))},
			ECC: &report.GPUECC{Enabled: pointer(true), VolatileCorrected: &reading}, Processes: []report.GPUProcess{{PID: reading}},
		})
	}
	for i := range 8 {
		r.Memory.Slots = append(r.Memory.Slots, report.MemorySlot{
			Locator: fmt.Sprint("DIMM_", i), Populated: true, SizeBytes: 64 << 30, Type: "DDR5", SpeedMTs: 4800, ConfiguredSpeedMTs: 4800,
			Manufacturer: "Samsung", PartNumber: "M321R8GA0BB0-CQK", SerialNumber: id("dimm", i),
		})
	}
	r.Memory.Slots = append(r.Memory.Slots, report.MemorySlot{Locator: "DIMM_8"})
	for i := range 4 {
		r.Storage.Drives = append(r.Storage.Drives, report.Drive{
			Path: fmt.Sprintf("/dev/nvme%dn1", i), PCIAddress: fmt.Sprintf("0000:c%d:00.0", i), Transport: "nvme", Model: "SAMSUNG MZQL23T8", SerialNumber: id("nvme", i),
			FirmwareVersion: "GDC5602Q", SizeBytes: 3840755982336, SMART: &report.SMART{TemperatureCelsius: pointer(int64(reading)), PowerOnHours: &reading},
		})
	}
	r.Platform = &report.Platform{BootMode: "uefi", SecureBoot: pointer(true), TPMs: []report.TPM{{Name: "tpm0", Version: "2.0"}}}
	r.Storage.Controllers = []report.RAIDController{{
		Name: "storcli64 /c0", PCIAddress: id("0000:18:00.", 0), Model: "MegaRAID 9560-16i", SerialNumber: id("raid", 0), FirmwareVersion: "52.26.0-5179", CacheBytes: 8 << 30,
		State: "ok", TemperatureCelsius: pointer(int64(reading)), Backup: &report.CacheBackup{Kind: "capacitor", State: "ok"},
		Arrays: []report.RAIDArray{{Name: "1", Level: "RAID6"}, {Name: "0", Level: "RAID1"}},
	}}
	for _, name := range []string{"board", "platform", "cpu", "memory", "storage", "pcie", "network", "psu", "nvidia"} {
		r.Collectors = append(r.Collectors, report.CollectorRun{Name: name, Status: report.Done, DurationSeconds: float64(reading)})
	}
	r.Collectors[4].Tools = []report.ToolRun{{Tool: "lsblk"}, {Tool: "smartctl"}}
	return r
}

// lines are what a comparison found, each in a line.
func lines(c *Comparison) []string {
	var all []string
	for _, d := range c.Differences {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%d %s %s: %v -> %v %s", d.Components, d.Kind, d.What, d.Expected, d.Got, strings.Join(d.Where, " "))))
	}
	for _, u := range c.NotCompared {
		all = append(all, strings.TrimSpace(fmt.Sprintf("? %s %s %s %s %s", u.Section, u.Kind, u.What, u.Side, u.Reason)))
	}
	return all
}

func check(t *testing.T, name string, c *Comparison, want ...string) {
	t.Helper()
	if got := lines(c); !slices.Equal(got, want) {
		t.Errorf("%s: got\n  %s\nwant\n  %s", name, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	if c.Same != !slices.ContainsFunc(want, func(s string) bool { return !strings.Contains(s, " both") }) {
		t.Errorf("%s: same is %v", name, c.Same)
	}
	if _, err := json.Marshal(c); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// Machines that are built alike differ in nothing, whatever their names, numbers,
// temperatures, addresses and the medium that they were booted from.
func TestAlike(t *testing.T) {
	for n := range 2 {
		c := Reports("a", machine(0), "b", machine(n), Options{})
		check(t, "alike", c)
		if want := 1 + 1 + 1 + 1 + 1 + 1 + 1 + 2 + 1 + 8 + 5 + 1 + 5 + 2 + 2 + 2; sum(c.Equal) != want {
			t.Errorf("%d components are equal, want %d: %v", sum(c.Equal), want, c.Equal)
		}
	}
}

func sum(all []Equal) (n int) {
	for _, e := range all {
		n += e.Components
	}
	return n
}

func TestReports(t *testing.T) {
	for name, c := range map[string]struct {
		change func(r *report.Report)
		want   []string
	}{
		"a module is missing": {
			func(r *report.Report) { r.Memory.Slots[3] = report.MemorySlot{Locator: "DIMM_3"} },
			[]string{"1 memory total_bytes: 5.49755813888e+11 -> 4.81036337152e+11", "1 module count: 8 -> 7 DIMM_3"},
		},
		"two modules more": {
			func(r *report.Report) {
				for _, i := range []int{8, 8} {
					r.Memory.Slots = append(r.Memory.Slots, r.Memory.Slots[0])
					r.Memory.Slots[len(r.Memory.Slots)-1].Locator = fmt.Sprint("DIMM_", i+len(r.Memory.Slots))
				}
			},
			[]string{"1 memory total_bytes: 5.49755813888e+11 -> 6.8719476736e+11", "1 memory slots: 9 -> 11", "2 module count: 8 -> 10 DIMM_18 DIMM_19"},
		},
		"slower modules": {
			func(r *report.Report) {
				r.Memory.Slots[2].ConfiguredSpeedMTs, r.Memory.Slots[5].ConfiguredSpeedMTs = 4400, 4400
			},
			[]string{"2 module configured_speed_mts: 4800 -> 4400 DIMM_2 DIMM_5"},
		},
		"a module of another make": {
			func(r *report.Report) { r.Memory.Slots[2].PartNumber = "OTHER" },
			[]string{"1 module count: 8 -> 7 DIMM_2", "1 module count: 0 -> 1 DIMM_2"},
		},
		"other firmware on all drives, and one is missing": {
			func(r *report.Report) {
				for i := range r.Storage.Drives[2:] {
					r.Storage.Drives[2+i].FirmwareVersion = "GDC5902Q"
				}
				r.Storage.Drives = r.Storage.Drives[:5]
			},
			[]string{"1 drive count: 4 -> 3 /dev/nvme3n1", "3 drive firmware_version: GDC5602Q -> GDC5902Q /dev/nvme0n1 /dev/nvme1n1 /dev/nvme2n1"},
		},
		"another BIOS and BMC": {
			func(r *report.Report) { r.Board.BIOS.Version, r.Board.BIOS.FirmwareRevision = "1.3", "3.5" },
			[]string{"1 bios version: 1.2 -> 1.3", "1 bios firmware_revision: 3.4 -> 3.5"},
		},
		"another system": {
			func(r *report.Report) { r.Board.System.ProductName = "Server 2" },
			[]string{"1 system product_name: Server 1 -> Server 2"},
		},
		"other microcode": {
			func(r *report.Report) { r.CPU.Packages[0].Microcode, r.CPU.Packages[1].Microcode = "0x2c", "0x2c" },
			[]string{"2 processor microcode: 0x2b -> 0x2c CPU0 CPU1"},
		},
		"a processor that the kernel does not use": {
			func(r *report.Report) { r.CPU.Packages = r.CPU.Packages[:1] },
			[]string{"1 cpu packages: 2 -> 1", "? cpu processor microcode got"},
		},
		"older firmware of a RAID controller, an array of another level, and a battery": {
			func(r *report.Report) {
				c := &r.Storage.Controllers[0]
				c.FirmwareVersion, c.Arrays[0].Level, c.Backup.Kind = "52.20.0-4354", "RAID5", "battery"
			},
			[]string{
				"1 raid_controller firmware_version: 52.26.0-5179 -> 52.20.0-4354 storcli64 /c0", "1 raid_controller array_levels: RAID1 RAID6 -> RAID1 RAID5 storcli64 /c0",
				"1 raid_controller backup: capacitor -> battery storcli64 /c0",
			},
		},
		"no program of a RAID controller": {
			func(r *report.Report) { r.Storage.Controllers = nil },
			[]string{"? storage raid_controller  got the audit found nothing"},
		},
		"started by BIOS, and no TPM": {
			func(r *report.Report) { r.Platform = &report.Platform{BootMode: "bios", TPMs: []report.TPM{}} },
			[]string{"1 platform boot_mode: uefi -> bios", "1 platform tpm_versions: 2.0 -> none", "? platform platform secure_boot got"},
		},
		"a narrower link": {
			func(r *report.Report) { r.PCIe.Devices[1].Link.WidthLanes = 8 },
			[]string{"1 pci_device width_lanes: 16 -> 8 0000:00:00.0"},
		},
		"a port without a link": {
			func(r *report.Report) {
				r.Network.Interfaces[1].Link, r.Network.Interfaces[1].SpeedMbps = pointer(false), 0
			},
			[]string{"1 interface link: true -> false eth-0-1", "1 interface speed_mbps: 100000 -> 0 eth-0-1"},
		},
		"an empty place for a power supply": {
			func(r *report.Report) { r.PSU.Supplies[1] = report.PowerSupply{Name: "PSU1", State: "absent"} },
			[]string{"1 power_supply count: 2 -> 1 PSU1"},
		},
		"a supply without power": {
			func(r *report.Report) { r.PSU.Supplies[1].State = "no_input" },
			[]string{"1 power_supply state: ok -> no_input PSU1"},
		},
		"a GPU off the bus, another with an old VBIOS": {
			func(r *report.Report) {
				r.NVIDIA.GPUs = r.NVIDIA.GPUs[:1]
				r.NVIDIA.GPUs[0].VBIOSVersion = "95.00"
			},
			[]string{"1 gpu count: 2 -> 1 0000:18:00.0", "1 gpu vbios_version: 96.00 -> 95.00 0000:08:00.0"},
		},
		// What is not known is not missing.
		"a GPU is missing": {
			func(r *report.Report) { r.NVIDIA.GPUs = r.NVIDIA.GPUs[1:] },
			[]string{"1 gpu count: 2 -> 1 0000:08:00.0"},
		},
		"another error correction": {
			func(r *report.Report) { r.Memory.Arrays[0].ErrorCorrection = "Single-bit ECC" },
			[]string{"1 memory error_correction: Multi-bit ECC -> Single-bit ECC"},
		},
		"a collector was skipped": {
			func(r *report.Report) {
				r.PSU = nil
				r.Collectors[7].Status, r.Collectors[7].MissingTools = report.Skipped, []string{"ipmitool"}
			},
			[]string{"? psu   got the machine has no ipmitool"},
		},
		"a collector was not asked for": {
			func(r *report.Report) { r.NVIDIA, r.Collectors = nil, r.Collectors[:8] },
			[]string{"? nvidia   got the audit was not asked for it, or did not know it yet"},
		},
		"a collector failed": {
			func(r *report.Report) {
				r.Board = nil
				r.Errors = []report.Error{{Collector: "board", Message: "dmidecode exited with status 1"}}
			},
			[]string{"? board   got dmidecode exited with status 1"},
		},
		"collectors failed for the same reason": {
			func(r *report.Report) {
				r.Memory, r.Storage.Drives[3] = nil, report.Drive{Path: "/dev/nvme1n1", SizeBytes: 3840755982336, Transport: "nvme"}
				r.Errors = []report.Error{
					{Collector: "board", Message: "this machine has no SMBIOS", Again: []report.FailedRun{{Collector: "memory"}}},
					{Collector: "storage", Message: "late", Args: []string{"/dev/sda"}, Again: []report.FailedRun{{Collector: "storage", Args: []string{"/dev/nvme1n1"}}}},
				}
			},
			[]string{"? memory   got this machine has no SMBIOS", "? storage drive model got late", "? storage drive firmware_version got late"},
		},
		"trouble with the driver": {
			func(r *report.Report) {
				r.NVIDIA = &report.NVIDIA{Trouble: report.VersionMismatch, UnknownGPUs: []string{"0000:1a:00.0"}}
				r.Errors = []report.Error{{Collector: "nvidia", Message: "of different versions"}}
			},
			[]string{"? nvidia   got of different versions"},
		},
		"a drive did not answer": {
			func(r *report.Report) {
				r.Storage.Drives[3] = report.Drive{Path: "/dev/nvme1n1", SizeBytes: 3840755982336, Transport: "nvme"}
				r.Errors = []report.Error{{Collector: "storage", Message: "smartctl reached its time limit", Args: []string{"-a", "/dev/nvme1n1"}}}
			},
			[]string{"? storage drive model got smartctl reached its time limit", "? storage drive firmware_version got smartctl reached its time limit"},
		},
		"drives are missing and a tool failed": {
			func(r *report.Report) {
				r.Storage.Drives = r.Storage.Drives[:4]
				r.Errors = []report.Error{{Collector: "storage", Message: "lsblk reached its time limit"}, {Collector: "storage", Message: "more"}}
			},
			[]string{
				"2 drive count: 4 -> 2 /dev/nvme2n1 /dev/nvme3n1",
				"? storage   got there may be more than it lists: lsblk reached its time limit (and 1 more)",
			},
		},
		"no firmware version of any port": {
			func(r *report.Report) {
				for i := range r.Network.Interfaces {
					r.Network.Interfaces[i].FirmwareVersion = ""
				}
			},
			[]string{"? network interface firmware_version got"},
		},
		"no SMBIOS": {
			func(r *report.Report) {
				r.Board = &report.Board{BMC: r.Board.BMC}
				r.Memory.Slots, r.CPU.Sockets = nil, nil
				r.Errors = []report.Error{{Collector: "board", Message: "dmidecode exited with status 1"}}
			},
			[]string{
				"? board system  got dmidecode exited with status 1", "? board bios  got dmidecode exited with status 1",
				"? board baseboard  got dmidecode exited with status 1", "? board chassis  got dmidecode exited with status 1",
				"? cpu cpu sockets got", "? cpu processor cores got", "? memory   got the audit found nothing",
			},
		},
		"no BMC driver": {
			func(r *report.Report) { r.Board.BMC, r.PSU.Supplies = nil, []report.PowerSupply{} },
			[]string{"? board bmc  got the audit found nothing", "? psu   got the audit found nothing"},
		},
		"a tool less": {
			func(r *report.Report) {
				r.Storage.Drives = r.Storage.Drives[:5]
				r.Collectors[4].Tools = []report.ToolRun{{Tool: "lsblk"}}
			},
			[]string{"1 drive count: 4 -> 3 /dev/nvme3n1", "? storage   got there may be more than it lists: smartctl was not run"},
		},
		"no PCI devices, by which ports are known": {
			func(r *report.Report) { r.PCIe = nil },
			[]string{"? pcie   got the audit found nothing", "? network interface vendor_id got", "? network interface device_id got"},
		},
	} {
		a, b := machine(0), machine(0)
		c.change(b)
		check(t, name, Reports("a", a, "b", b, Options{}), c.want...)

		// The other way round it is as much.
		swapped := Reports("b", b, "a", a, Options{})
		if len(lines(swapped)) != len(c.want) || swapped.Same {
			t.Errorf("%s: swapped: %s", name, strings.Join(lines(swapped), "\n"))
		}
		check(t, name+", itself", Reports("b", b, "b", b, Options{}), neither(b)...)
		check(t, name+", itself, with serials", Reports("b", b, "b", b, Options{Serials: true}), neither(b)...)
	}
}

// neither is what a machine does not know of itself: the sections without anything.
func neither(r *report.Report) (all []string) {
	for _, section := range Sections() {
		if !slices.ContainsFunc(kinds, func(k kind) bool { return k.section == section && k.parts(r) != nil }) {
			all = append(all, fmt.Sprintf("? %s   both", section))
		}
	}
	return all
}

func TestSerials(t *testing.T) {
	for name, c := range map[string]struct {
		change func(r *report.Report)
		want   []string
	}{
		"another machine's board": {
			func(r *report.Report) { r.Board.System.SerialNumber = "X" },
			[]string{"1 system serial_number: sys-0-0 -> X"},
		},
		"modules swapped their places": {
			func(r *report.Report) {
				s := r.Memory.Slots
				s[0].SerialNumber, s[1].SerialNumber = s[1].SerialNumber, s[0].SerialNumber
			},
			[]string{"1 module place: DIMM_0 -> DIMM_1 DIMM_1", "1 module place: DIMM_1 -> DIMM_0 DIMM_0"},
		},
		"a drive moved, and has other firmware": {
			func(r *report.Report) {
				r.Storage.Drives[2].PCIAddress, r.Storage.Drives[2].Path, r.Storage.Drives[2].FirmwareVersion = "0000:c9:00.0", "/dev/nvme9n1", "NEW"
			},
			[]string{"1 drive firmware_version: GDC5602Q -> NEW /dev/nvme9n1", "1 drive place: 0000:c0:00.0 -> 0000:c9:00.0 /dev/nvme9n1"},
		},
		"a drive was replaced": {
			func(r *report.Report) { r.Storage.Drives[2].SerialNumber = "X" },
			[]string{"1 drive serial_number: nvme-0-0 -> X /dev/nvme0n1"},
		},
		"a drive was replaced by another model": {
			func(r *report.Report) { r.Storage.Drives[2].SerialNumber, r.Storage.Drives[2].Model = "X", "OTHER" },
			[]string{"1 drive count: 4 -> 3 /dev/nvme0n1", "1 drive count: 0 -> 1 /dev/nvme0n1"},
		},
		"other names for the same drives": {
			func(r *report.Report) {
				r.Storage.Drives[2].Path, r.Storage.Drives[3].Path = r.Storage.Drives[3].Path, r.Storage.Drives[2].Path
			},
			nil,
		},
	} {
		a, b := machine(0), machine(0)
		c.change(b)
		check(t, name, Reports("a", a, "b", b, Options{Serials: true}), c.want...)
	}
	if c := Reports("a", machine(0), "b", machine(1), Options{Serials: true}); len(c.Differences) < 20 {
		t.Errorf("two machines differ in their numbers: %s", strings.Join(lines(c), "\n"))
	}
}

func TestSections(t *testing.T) {
	a, b := machine(0), machine(0)
	b.Memory.Slots[0].SizeBytes, b.Board = 1<<30, nil
	check(t, "only drives and processors", Reports("a", a, "b", b, Options{Sections: []string{"storage", "cpu"}}))
}

// Programs and findings are told, and do not count.
func TestInformational(t *testing.T) {
	a, b := machine(0), machine(0)
	b.Host.KernelRelease = "6.13"
	a.Findings = []report.Finding{{Rule: "drive-hot", Component: "/dev/sda", Severity: report.Warning, Message: "55 °C"}}
	b.Findings = []report.Finding{
		{Rule: "drive-hot", Component: "/dev/sda", Severity: report.Warning, Message: "56 °C"},
		{Rule: "ecc-off", Severity: report.Critical, Message: "Memory errors are not corrected"},
	}
	c := Reports("a", a, "b", b, Options{})
	check(t, "informational", c)
	if len(c.Informational) != 2 || c.Informational[0].What != "kernel_release" || c.Informational[1].Component != "Memory errors are not corrected" || c.Informational[1].Got != 1 {
		t.Errorf("informational: %+v", c.Informational)
	}
}

// manyDevices is a report of so many PCI devices with a link of so many lanes.
func manyDevices(n int, lanes uint64) *report.Report {
	r := &report.Report{PCIe: &report.PCIe{}}
	for i := range n {
		r.PCIe.Devices = append(r.PCIe.Devices, report.PCIDevice{
			Address: fmt.Sprintf("%04x:%02x:00.0", i>>8, i&0xff), ClassID: "0200", VendorID: "8086", DeviceID: "1572",
			Link: &report.PCIeLink{MaxWidthLanes: lanes},
		})
	}
	return r
}

// Of more parts than pairs can be judged, each is compared with the one at its place.
func TestManyParts(t *testing.T) {
	const n = 2000
	c := Reports("a", manyDevices(n+1, 8), "b", manyDevices(n, 4), Options{})
	what := map[string]int{}
	for _, d := range c.Differences {
		what[d.What] = d.Components
	}
	if len(what) != 2 || what["max_width_lanes"] != n || what["count"] != 1 {
		t.Errorf("differences %+v", c.Differences)
	}
	few := Want{Fact: "max_width_lanes", Expected: 4.0, Accepts: func(v any) bool { return v == 4.0 }}
	many := Want{Fact: "max_width_lanes", Expected: 8.0, Accepts: func(v any) bool { return v == 8.0 }}
	mixed := manyDevices(n, 8)
	mixed.PCIe.Devices = append(mixed.PCIe.Devices, manyDevices(n, 4).PCIe.Devices...)
	groups := []Group{{Name: "few", Count: n, Min: n, Wants: []Want{few}}, {Name: "many", Count: n, Min: n, Wants: []Want{many}}}
	if c := Expectations("baseline", []Expectation{{Kind: Device, Groups: groups}}, "report", mixed); !c.Same {
		t.Errorf("differences %+v, not compared %+v", c.Differences, c.NotCompared)
	}
}

func BenchmarkReports(b *testing.B) {
	for _, n := range []int{3000, 24000} {
		one, other := manyDevices(n, 8), manyDevices(n, 4)
		b.Run(fmt.Sprintf("%d devices", n), func(b *testing.B) {
			for b.Loop() {
				Reports("a", one, "b", other, Options{})
			}
		})
	}
}
