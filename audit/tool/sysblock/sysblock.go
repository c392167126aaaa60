// Package sysblock reads from sysfs which drives the kernel knows, and what it
// says of them. The kernel answers from memory, whatever state a drive is in.
//
// The files are those of the kernel's Documentation/ABI/stable/sysfs-block,
// its SCSI and NVMe drivers, and the SAS transport class.
package sysblock

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"bee/core/printable"
)

// Drive is a drive that the kernel knows. What it does not say is "", 0 or nil.
type Drive struct {
	// Name of the device file in /dev: sda, nvme0n1. A SCSI disk that the kernel
	// leaves alone, because it is a member of a RAID controller's array, has only
	// a generic one: sg3. An NVMe controller without a namespace has its own:
	// nvme1.
	Name string
	// disk or rom, as lsblk names it; "" for what is no block device.
	Type string
	// How it is attached, as lsblk names it: sata, sas, usb, nvme, …
	Transport       string
	Vendor          string
	Model           string
	Serial          string
	Revision        string
	WWN             string
	Bytes           uint64
	LogicalBlock    uint64
	PhysicalBlock   uint64
	Rotational      *bool
	Removable       bool
	HCTL            string // SCSI address host:channel:target:lun
	PCIAddress      string // of the NVMe controller or the host adapter
	LinkSpeed       string // of a SAS link: 12.0 Gb/s
	RAIDLevel       string // of an array of a RAID controller whose driver says so
	NVMeControllers []string
	NVMeState       string // of the controller; of several, of one that is not live
	// Network that an NVMe controller is across: tcp, rdma, fc; "" where it is in this machine.
	Fabric string

	// Driver of the SCSI host adapter.
	Driver string

	virtual bool // SCSI, but made by a hypervisor
}

// SMART reports whether the drive speaks a protocol that smartctl knows, and has
// a medium.
func (d Drive) SMART() bool {
	if d.Type == "rom" || d.Removable && d.Bytes == 0 || d.virtual {
		return false
	}
	return d.NVMe() || d.HCTL != ""
}

// NVMe reports whether the drive is an NVMe controller or a namespace of one.
func (d Drive) NVMe() bool { return strings.HasPrefix(d.Name, "nvme") }

// RAIDVolume reports whether the drive is an array of a RAID controller: its driver says so,
// or has arrays, and nothing else, on this channel; or it is what a controller on an M.2 card
// makes of its two drives.
func (d Drive) RAIDVolume() bool {
	if d.RAIDLevel != "" || boot.MatchString(d.Model) {
		return true
	}
	parts := strings.Split(d.HCTL, ":")
	return len(parts) > 1 && slices.Contains(arrayChannels[d.Driver], parts[1])
}

// arrayChannels are those of a host adapter that its driver puts arrays on, by the driver's
// name. On others are drives that are passed through; those of NVMe, too, with mpt3sas.
var arrayChannels = map[string][]string{
	"3w-9xxx": {"0"}, "3w-sas": {"0"}, "aacraid": {"0"}, "arcmsr": {"0"}, "hpsa": {"1", "2"},
	"megaraid_sas": {"2", "3"}, "mpt2sas": {"1"}, "mpt3sas": {"1"}, "mvumi": {"0"}, "smartpqi": {"1", "3"},
}

var boot = regexp.MustCompile(`(?i)^dell ?boss`)

var part = regexp.MustCompile(`^mmcblk[0-9]+(boot[0-9]+|gp[0-9]+|rpmb)$`)

// IsPart reports whether a block device is a hardware partition of an eMMC, which the kernel
// shows as a disk of its own.
func IsPart(name string) bool { return part.MatchString(name) }

// Read returns the drives that the kernel knows: block devices that hardware
// stands behind, SCSI disks without a block device, and NVMe controllers without
// a namespace.
func Read(files fs.FS) []Drive {
	s := sysfs{files}
	var drives []Drive
	used := map[string]bool{} // NVMe controllers
	for _, name := range s.list("sys/block") {
		dir := path.Join("sys/block", name)
		// What no hardware stands behind has no device. A path to a namespace that
		// has several is hidden.
		if !s.has(dir+"/device") || s.text(dir+"/hidden") == "1" || IsPart(name) {
			continue
		}
		d := s.block(deviceFile(name), dir)
		for _, c := range d.NVMeControllers {
			used[c] = true
		}
		drives = append(drives, d)
	}
	for _, name := range s.list("sys/class/scsi_generic") {
		dir := path.Join("sys/class/scsi_generic", name, "device")
		if s.text(dir+"/type") == "0" && !s.has(dir+"/driver") {
			d := Drive{Name: deviceFile(name)}
			s.scsi(&d, dir, path.Join("sys/class/scsi_generic", name))
			drives = append(drives, d)
		}
	}
	for _, name := range s.list("sys/class/nvme") {
		dir := path.Join("sys/class/nvme", name)
		if kind := s.text(dir + "/cntrltype"); !used[name] && kind != "discovery" {
			d := Drive{Name: deviceFile(name), NVMeControllers: []string{name}}
			s.nvme(&d, dir)
			drives = append(drives, d)
		}
	}
	return drives
}

// deviceFile is the name in /dev of what has this one in sysfs.
func deviceFile(name string) string {
	return printable.Escape([]byte(strings.ReplaceAll(name, "!", "/")))
}

// sysfs reads files of sysfs. All that cannot be read is empty.
type sysfs struct{ files fs.FS }

func (s sysfs) list(dir string) []string {
	entries, _ := fs.ReadDir(s.files, dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

func (s sysfs) has(name string) bool {
	_, err := fs.Stat(s.files, name)
	return err == nil
}

func (s sysfs) text(name string) string {
	b, _ := fs.ReadFile(s.files, name)
	return printable.Escape([]byte(strings.Trim(string(b), " \t\n\x00")))
}

func (s sysfs) number(name string) uint64 {
	n, _ := strconv.ParseUint(s.text(name), 10, 64)
	return n
}

// where returns the folder that a link of sysfs leads to, in parts: it tells how
// a device is attached.
func (s sysfs) where(link string) []string {
	target, err := fs.ReadLink(s.files, link)
	if err != nil {
		return nil
	}
	return strings.Split(path.Join(path.Dir(link), target), "/")
}

func (s sysfs) block(name, dir string) Drive {
	d := Drive{
		Name:          name,
		Type:          "disk",
		Removable:     s.text(dir+"/removable") == "1",
		LogicalBlock:  s.number(dir + "/queue/logical_block_size"),
		PhysicalBlock: s.number(dir + "/queue/physical_block_size"),
		Serial:        s.text(dir + "/serial"), // virtio
	}
	if strings.HasPrefix(name, "sr") {
		d.Type = "rom"
	}
	// Whatever the block size, in units of 512 bytes.
	if sectors := s.number(dir + "/size"); sectors < 1<<55 {
		d.Bytes = sectors * 512
	}
	if rota := s.text(dir + "/queue/rotational"); rota != "" {
		d.Rotational = new(bool)
		*d.Rotational = rota == "1"
	}
	if !d.NVMe() {
		s.scsi(&d, dir+"/device", dir)
		return d
	}
	d.WWN = s.text(dir + "/wwid")
	// The device is the controller, or the subsystem of several controllers.
	for _, entry := range s.list(dir + "/device") {
		if n, ok := strings.CutPrefix(entry, "nvme"); ok && number(n) {
			d.NVMeControllers = append(d.NVMeControllers, entry)
		}
	}
	if at := s.where(dir + "/device"); len(d.NVMeControllers) == 0 && len(at) > 0 {
		d.NVMeControllers = []string{at[len(at)-1]}
	}
	s.nvme(&d, dir+"/device")
	if d.PCIAddress == "" { // old kernels do not say
		for _, part := range s.where(dir) {
			if pciAddress.MatchString(part) {
				d.PCIAddress = part
			}
		}
	}
	return d
}

// nvme reads what an NVMe controller or subsystem says of itself.
func (s sysfs) nvme(d *Drive, dir string) {
	d.Transport = "nvme"
	d.Model = s.text(dir + "/model")
	d.Serial = s.text(dir + "/serial")
	d.Revision = s.text(dir + "/firmware_rev")
	for _, name := range d.NVMeControllers {
		dir := path.Join("sys/class/nvme", name)
		if address := s.text(dir + "/address"); d.PCIAddress == "" && pciAddress.MatchString(address) {
			d.PCIAddress = address // that of a controller across a network is another
		}
		if transport := s.text(dir + "/transport"); d.Fabric == "" && transport != "pcie" {
			d.Fabric = transport
		}
		if state := s.text(dir + "/state"); d.NVMeState == "" || d.NVMeState == "live" {
			d.NVMeState = state
		}
	}
}

var pciAddress = regexp.MustCompile(`^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$`)

// scsi reads what a SCSI device or one of a simpler kind says of itself, and
// where link says that it is attached.
func (s sysfs) scsi(d *Drive, dir, link string) {
	d.Vendor = s.text(dir + "/vendor")
	d.Model = s.text(dir + "/model")
	d.Revision = s.text(dir + "/rev")
	if level := s.text(dir + "/raid_level"); level != "N/A" && level != "Unknown" {
		d.RAIDLevel = level
	}
	if naa, ok := strings.CutPrefix(s.text(dir+"/wwid"), "naa."); ok {
		d.WWN = "0x" + naa
	}
	// Vital product data page 0x80: four bytes of header, then the serial number.
	if page, _ := fs.ReadFile(s.files, dir+"/vpd_pg80"); len(page) > 4 && d.Serial == "" {
		d.Serial = printable.Escape([]byte(strings.Trim(string(page[4:]), " \x00")))
	}
	at := s.where(link)
	for i, part := range at {
		kind := strings.TrimRight(part, "0123456789:-.")
		switch {
		case pciAddress.MatchString(part):
			d.PCIAddress = part
		case isHCTL(part):
			d.HCTL = part
			host, _, _ := strings.Cut(part, ":")
			d.Driver = s.text("sys/class/scsi_host/host" + host + "/proc_name")
		case kind == "mmc" && strings.Contains(part, ":"):
			d.Transport = "mmc"
			d.Model = s.text(dir + "/name")
			d.Serial = s.text(dir + "/serial")
			d.Revision = s.text(dir + "/fwrev")
		case kind == "virtio" && d.Transport == "":
			d.Transport = "virtio"
			d.virtual = true
		case kind == "usb":
			d.Transport = "usb"
		case kind == "ata":
			d.Transport = "sata"
		case kind == "rport":
			d.Transport = "fc"
		case kind == "session":
			d.Transport = "iscsi"
		case kind == "end_device":
			d.Transport = "sas"
		case kind == "port":
			d.LinkSpeed = s.sasSpeed(path.Join(at[:i+1]...))
		}
	}
}

func isHCTL(s string) bool {
	parts := strings.Split(s, ":")
	return len(parts) == 4 && !slices.ContainsFunc(parts, func(s string) bool { return !number(s) })
}

func number(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil
}

// sasSpeed reads the link speed of a SAS port: of its fastest link, if it has
// several.
func (s sysfs) sasSpeed(port string) string {
	var speeds []string
	for _, name := range s.list(port) {
		if strings.HasPrefix(name, "phy-") {
			speed, ok := strings.CutSuffix(s.text("sys/class/sas_phy/"+name+"/negotiated_linkrate"), " Gbit")
			if ok {
				speeds = append(speeds, speed+" Gb/s")
			}
		}
	}
	if len(speeds) == 0 {
		return ""
	}
	// 1.5, 3.0, 6.0, 12.0, 22.5: the longer is the faster.
	return slices.MaxFunc(speeds, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
}
