package collect

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"bee/audit/collect/machine"
	"bee/audit/report"
)

const dmiSample = `# dmidecode 3.6
SMBIOS 3.2.0 present.

Handle 0x0000, DMI type 0, 26 bytes
BIOS Information
	Vendor: ACME BIOS
	Version: 3.2a
	Release Date: 01/02/2026
	ROM Size: 16 MB
	BIOS Revision: 5.14

Handle 0x0001, DMI type 1, 27 bytes
System Information
	Manufacturer: ACME
	Product Name: Server 1
	Serial Number: 0123456789

Handle 0x0002, DMI type 2, 15 bytes
Base Board Information
	Manufacturer: ACME
	Type: Motherboard

Handle 0x0003, DMI type 3, 22 bytes
Chassis Information
	Type: Rack Mount Chassis
	Serial Number: C-77
	Height: 2 U

Handle 0x0004, DMI type 4, 48 bytes
Processor Information
	Socket Designation: CPU1
	Type: Central Processor
	Version: ACME Fast 9000
	Max Speed: 4000 MHz
	Status: Populated, Enabled
	Upgrade: Socket SP5
	Core Count: 96
	Thread Count: 192

Handle 0x0005, DMI type 4, 48 bytes
Processor Information
	Socket Designation: CPU2
	Version: left behind by the firmware
	Status: Unpopulated
	Core Count: 4

Handle 0x0010, DMI type 16, 23 bytes
Physical Memory Array
	Use: System Memory
	Error Correction Type: None
	Maximum Capacity: 3 TB
	Number Of Devices: 2

Handle 0x0011, DMI type 17, 92 bytes
Memory Device
	Array Handle: 0x0010
	Total Width: 80 bits
	Data Width: 64 bits
	Size: 64 GB
	Locator: P1-DIMMA1
	Type: DDR5
	Speed: 4800 MT/s
	Manufacturer: Samsung
	Serial Number: ` + "\xff\xfe12" + `
	Part Number: M321R8GA0BB0-CQKZJ  
	Rank: 2
	Configured Memory Speed: 4400 MT/s
	Configured Voltage: 1.1 V
	Minimum Voltage: 1.1 V
	Maximum Voltage: 44.975 V

Handle 0x0012, DMI type 17, 92 bytes
Memory Device
	Array Handle: 0x0010
	Size: No Module Installed
	Locator: P1-DIMMA2
	Manufacturer: NO DIMM

Handle 0x0013, DMI type 17, 92 bytes
Memory Device
	Size: 2048 MB
	Total Width: 72 bits
	Data Width: 65506 bits
	Configured Clock Speed: 667 MHz
	Minimum voltage:  1.35 V
	Configured voltage: 1.500 V
	Manufacturer: 00AD063200AD

Handle 0x0014, DMI type 17, 92 bytes
Memory Device
	Size: Unknown
	Manufacturer: Unknown
	Module Manufacturer ID: Bank 2, Hex 0x98

Handle 0x0015, DMI type 17, 92 bytes
Memory Device
	Size: 0 kB
	Manufacturer: NOT SUPPORT
	Module Manufacturer ID: Unknown
`

func smbios(text string) script {
	return script{out: map[string]string{
		"dmidecode -t 0,1,2,3": text, "dmidecode -t 4": text, "dmidecode -t 16,17": text,
	}}
}

func TestDmidecode(t *testing.T) {
	r := audit(t, t.Context(), smbios(dmiSample), board, cpu, memory)
	if len(r.Errors) > 0 {
		t.Fatalf("errors %+v", r.Errors)
	}
	if b := r.Board; b.BIOS.Version != "3.2a" || b.BIOS.ROMBytes != 16<<20 || b.System.ProductName != "Server 1" ||
		b.System.SerialNumber != "" || len(b.Baseboards) != 1 || len(b.Chassis) != 1 || b.Chassis[0].HeightUnits != 2 {
		t.Errorf("board %+v", b)
	}
	want := []report.Socket{{
		Handle: "0x0004", Designation: "CPU1", Populated: true, Status: "Populated, Enabled", Type: "Central Processor",
		Version: "ACME Fast 9000", Upgrade: "Socket SP5", Cores: 96, Threads: 192, MaxSpeedMHz: 4000,
	}, {
		Handle: "0x0005", Designation: "CPU2", Status: "Unpopulated",
	}}
	for i := range want {
		if got := r.CPU.Sockets[i]; got != want[i] {
			t.Errorf("socket %+v\nwant %+v", got, want[i])
		}
	}
	slots := []report.MemorySlot{{
		Handle: "0x0011", ArrayHandle: "0x0010", Locator: "P1-DIMMA1", Populated: true, SizeBytes: 64 << 30, Type: "DDR5",
		SpeedMTs: 4800, ConfiguredSpeedMTs: 4400, ConfiguredVolts: 1.1, MinVolts: 1.1, Manufacturer: "Samsung", SerialNumber: `\xff\xfe12`,
		PartNumber: "M321R8GA0BB0-CQKZJ", Ranks: 2, TotalWidthBits: 80, DataWidthBits: 64,
	}, {
		Handle: "0x0012", ArrayHandle: "0x0010", Locator: "P1-DIMMA2",
	}, {
		Handle: "0x0013", Populated: true, SizeBytes: 2 << 30, ConfiguredSpeedMTs: 667, ConfiguredVolts: 1.5, MinVolts: 1.35,
		Manufacturer: "SK hynix", ManufacturerID: "00AD063200AD", TotalWidthBits: 72,
	}, {
		Handle: "0x0014", Populated: true, Manufacturer: "Kingston", ManufacturerID: "Bank 2, Hex 0x98",
	}, {
		Handle: "0x0015", Populated: true,
	}}
	for i := range slots {
		if got := r.Memory.Slots[i]; got != slots[i] {
			t.Errorf("slot %+v\nwant %+v", got, slots[i])
		}
	}
	if a := r.Memory.Arrays[0]; a.MaximumCapacityBytes != 3<<40 || a.ErrorCorrection != "None" || a.Slots != 2 {
		t.Errorf("array %+v", a)
	}
}

func TestWhatTheKernelHas(t *testing.T) {
	m := smbios(dmiSample)
	m.files = fstest.MapFS{
		"proc/meminfo": {Data: []byte("MemTotal: 1024 kB\n")},
		"sys/devices/system/node/node0/x86/sgx_total_bytes": {Data: []byte("4096\n")},
		"sys/devices/system/edac/mc/mc0/size_mb":            {Data: []byte("2\n")},
	}
	r := audit(t, t.Context(), m, memory)
	if got := r.Memory; got.UsableBytes != 1<<20 || got.ControllerBytes != 2<<20 || !slices.Equal(got.Reserved, []report.MemoryReservation{{For: "SGX", Bytes: 4096}}) || len(r.Errors) > 0 {
		t.Errorf("%+v, errors %+v", got, r.Errors)
	}
}

// A number that no memory has is left out.
func TestImpossibleModules(t *testing.T) {
	for fields, want := range map[string]report.MemorySlot{
		"Size: 32767 MB":      {},
		"Size: 65535 kB":      {},
		"Size: 2147483647 MB": {},
		"Size: 32768 MB":      {SizeBytes: 32 << 30},
		"Size: 129408 MB":     {SizeBytes: 129408 << 20},
		"Size: 1 GB\n\tSpeed: 32768 MT/s\n\tConfigured Memory Speed: 65535 MT/s":                           {SizeBytes: 1 << 30},
		"Size: 1 GB\n\tSpeed: 1 MT/s\n\tConfigured Clock Speed: 8800 MHz":                                  {SizeBytes: 1 << 30, ConfiguredSpeedMTs: 8800},
		"Size: 1 GB\n\tConfigured Voltage: 0.003 V\n\tMinimum Voltage: 0.5 V\n\tMaximum Voltage: 65.535 V": {SizeBytes: 1 << 30, MinVolts: 0.5},
		"Size: 1 GB\n\tRank: 255\n\tTotal Width: 255 bits\n\tNon-Volatile Size: 32767 MB":                  {SizeBytes: 1 << 30},
	} {
		r := audit(t, t.Context(), smbios("SMBIOS 3.2.0 present.\nHandle 0x0011, DMI type 17, 40 bytes\nMemory Device\n\t"+fields+"\n"), memory)
		want.Handle, want.Populated = "0x0011", true
		if got := r.Memory.Slots[0]; got != want {
			t.Errorf("%q: %+v, want %+v", fields, got, want)
		}
	}
}

// So is one that no processor or chassis has.
func TestImpossibleProcessors(t *testing.T) {
	r := audit(t, t.Context(), smbios("SMBIOS 3.2.0 present.\nHandle 0x0003, DMI type 3, 22 bytes\nChassis Information\n\tHeight: 255 U\n\tNumber Of Power Cords: 255\n\n"+
		"Handle 0x0004, DMI type 4, 48 bytes\nProcessor Information\n\tStatus: Populated, Enabled\n\tMax Speed: 65535 MHz\n\tCurrent Speed: 32768 MHz\n\tCore Count: 65535\n\tCore Enabled: 8\n"), board, cpu)
	if c := r.Board.Chassis[0]; c.HeightUnits != 0 || c.PowerCords != 0 {
		t.Errorf("%+v", c)
	}
	if s := r.CPU.Sockets[0]; s.MaxSpeedMHz != 0 || s.CurrentSpeedMHz != 0 || s.Cores != 0 || s.CoresEnabled != 8 {
		t.Errorf("%+v", s)
	}
}

func TestDmidecodeFails(t *testing.T) {
	// Killed half-way: what it had printed counts.
	m := smbios(dmiSample)
	m.err = map[string]error{"dmidecode -t 16,17": machine.ErrTimeLimit}
	r := audit(t, t.Context(), m, memory)
	if r.Memory == nil || len(r.Memory.Slots) != 5 || len(r.Errors) != 1 || r.Errors[0].Kind != report.TimeLimit {
		t.Errorf("memory %+v, errors %+v", r.Memory, r.Errors)
	}
	// No table at all: no section.
	r = audit(t, t.Context(), smbios("# dmidecode 3.6\n# No SMBIOS nor DMI entry point found, sorry.\n"), board, cpu, memory)
	if r.Board != nil || r.CPU != nil || r.Memory != nil || len(r.Errors) != 1 || r.Errors[0].Kind != report.BadOutput || len(r.Errors[0].Again) != 2 {
		t.Errorf("without a table: %+v", r)
	}
	// A table without processors: a section that says so.
	r = audit(t, t.Context(), smbios("# dmidecode 3.6\nSMBIOS 2.8 present.\n"), cpu)
	if r.CPU == nil || len(r.CPU.Sockets) != 0 || len(r.Errors) != 0 {
		t.Errorf("a table without processors: %+v", r)
	}
}

// No socket, slot, board or chassis of a real machine is lost, and no module in a
// slot counts as none or the other way around. What there is comes from the text,
// read in another way.
func TestDmidecodeCorpus(t *testing.T) {
	for _, file := range corpus(t, "dmidecode", "*", "*.txt") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		blocks := smbiosBlocks(text)
		r := audit(t, t.Context(), smbios(string(text)), board, cpu, memory)
		if bytes.Contains(text, []byte("No SMBIOS nor DMI entry point found")) {
			if r.Board != nil || r.CPU != nil || r.Memory != nil || len(blocks) != 0 {
				t.Errorf("%s: sections without a table", file)
			}
			continue
		}
		if len(r.Errors) > 0 {
			t.Errorf("%s: errors %+v", file, r.Errors)
			continue
		}
		sockets := 0
		for _, s := range r.CPU.Sockets {
			if s.Populated {
				sockets++
			}
		}
		for _, c := range []struct {
			what      string
			got, want int
		}{
			{"base boards", len(r.Board.Baseboards), len(blocks["2"])},
			{"chassis", len(r.Board.Chassis), len(blocks["3"])},
			{"sockets", len(r.CPU.Sockets), len(blocks["4"])},
			{"populated sockets", sockets, bytes.Count(text, []byte("\tStatus: Populated, "))},
			{"memory arrays", len(r.Memory.Arrays), len(blocks["16"])},
			{"memory slots", len(r.Memory.Slots), len(blocks["17"])},
		} {
			if c.got != c.want {
				t.Errorf("%s: %d %s, want %d", file, c.got, c.what, c.want)
			}
		}
		for i, s := range r.Memory.Slots[:min(len(r.Memory.Slots), len(blocks["17"]))] {
			size := sizeLine.FindStringSubmatch(blocks["17"][i])
			populated := size != nil && !strings.HasPrefix(size[1], "No")
			sized := populated && size[1] != "Unknown" && !strings.HasPrefix(size[1], "0 ")
			if s.Populated != populated || (s.SizeBytes > 0) != sized {
				t.Errorf("%s: slot %s is populated %v with %d bytes; its size line is %q", file, s.Handle, s.Populated, s.SizeBytes, size)
			}
		}
		if (r.Board.System != nil) != (len(blocks["1"]) > 0) || (r.Board.BIOS != nil) != (len(blocks["0"]) > 0) {
			t.Errorf("%s: no system or BIOS, or one that there is not", file)
		}
	}
}

var (
	handleLine = regexp.MustCompile(`(?m)^Handle 0x[0-9A-F]+, DMI type (\d+), \d+ bytes`)
	sizeLine   = regexp.MustCompile(`(?m)^\tSize: (.*?)\s*$`)
)

// smbiosBlocks cuts dmidecode's output into its structures, by their type.
func smbiosBlocks(text []byte) map[string][]string {
	blocks := map[string][]string{}
	handles := handleLine.FindAllSubmatchIndex(text, -1)
	for i, h := range handles {
		end := len(text)
		if i+1 < len(handles) {
			end = handles[i+1][0]
		}
		kind := string(text[h[2]:h[3]])
		blocks[kind] = append(blocks[kind], string(text[h[1]:end]))
	}
	return blocks
}
