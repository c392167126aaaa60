package collect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bee/audit/report"
	"bee/audit/report/placeholder"
	"bee/audit/tool/lsblk"
	"bee/audit/tool/nvme"
	"bee/audit/tool/smartctl"
	"bee/audit/tool/sysblock"
)

// drive is what the sources say of a drive. What it is in the report follows from
// that alone, not from the order in which they answered.
type drive struct {
	id       driveID
	key      [2]string // its place in the order
	kernel   sysblock.Drive
	lsblk    lsblk.Device
	scanned  string // device type by smartctl's scan
	smartctl *smartAnswer
	// smartctl says that this is an array of a RAID controller.
	raidVolume bool
	controller *nvme.Controller
	health     *nvme.Health

	askedSmartctl, askedNVMe bool
	report                   report.Drive
}

// host is the SCSI host adapter that the drive is behind, or the drive alone.
func (d *drive) host() string {
	host, _, _ := strings.Cut(cmp.Or(d.kernel.HCTL, string(d.lsblk.HCTL), d.id.path), ":")
	return host
}

func (d *drive) speaksSMART() bool {
	return d.kernel.SMART() || d.lsblk.SMART() || d.scanned != ""
}

func (d *drive) speaksNVMe() bool {
	return d.kernel.NVMe() || d.lsblk.NVMe() || d.scanned == "nvme"
}

// conclude makes a drive of the report of what the sources say. Where several
// know the same, the one that asked the drive itself is believed first: smartctl,
// nvme, lsblk, sysfs. What the kernel works with is from the kernel.
func (d *drive) conclude() report.Drive {
	var o smartctl.Output
	kind := d.id.kind
	if d.smartctl != nil {
		o, kind = d.smartctl.Output, d.smartctl.kind
	}
	var c nvme.Controller
	if d.controller != nil {
		c = *d.controller
	}
	b, k := d.lsblk, d.kernel

	r := report.Drive{
		Path:               d.id.path,
		SmartctlType:       kind,
		Type:               cmp.Or(string(b.Type), k.Type),
		Transport:          cmp.Or(k.Fabric, string(b.Transport), k.Transport),
		Protocol:           text(o.Device.Protocol),
		PCIAddress:         k.PCIAddress,
		RAIDVolume:         d.raidVolume || k.RAIDVolume(),
		Vendor:             cmp.Or(text(o.Vendor), text(o.SCSIVendor), vendor(text(b.Vendor)), vendor(placeholder.Drop(k.Vendor))),
		Model:              cmp.Or(text(o.ModelName), text(o.SCSIModelName), text(c.ModelNumber), text(b.Model), placeholder.Drop(k.Model)),
		SerialNumber:       cmp.Or(text(o.SerialNumber), text(c.SerialNumber), text(b.Serial), placeholder.Drop(k.Serial)),
		FirmwareVersion:    cmp.Or(text(o.FirmwareVersion), text(o.Revision), text(o.SCSIRevision), text(c.FirmwareRevision), text(b.Revision), placeholder.Drop(k.Revision)),
		WWN:                cmp.Or(text(b.WWN), placeholder.Drop(k.WWN), o.WWN.String(), text(o.LogicalUnitID)),
		SizeBytes:          cmp.Or(b.Bytes.Or0(), k.Bytes, o.UserCapacity.Bytes.Or0(), o.NVMeCapacity.Or0()),
		LogicalBlockBytes:  cmp.Or(b.LogicalBlock.Or0(), k.LogicalBlock, o.LogicalBlock.Or0()),
		PhysicalBlockBytes: cmp.Or(b.PhysicalBlock.Or0(), k.PhysicalBlock, o.PhysicalBlock.Or0()),
		Rotational:         cmp.Or(b.Rotational.Value(), k.Rotational),
		RotationRPM:        o.RotationRate.Or0(),
		FormFactor:         text(o.FormFactor.Name),
		TrimSupported:      o.Trim.Supported.Value(),
		Removable:          k.Removable || b.IsRemovable(),
		HCTL:               cmp.Or(string(b.HCTL), k.HCTL),
		InterfaceSpeed:     cmp.Or(text(o.InterfaceSpeed.Current.String), k.LinkSpeed),
		InterfaceMaxSpeed:  text(o.InterfaceSpeed.Max.String),
		Content:            content(b, 0),
		NVMe:               d.nvme(o, c),
	}
	if r.Transport == "" && d.speaksNVMe() {
		r.Transport = "nvme"
	}
	r.SMART = d.smart(r.NVMe)
	return r
}

// vendor drops the kernel's name for whatever is behind its ATA layer, and the
// number that stands for a name in virtio.
func vendor(s string) string {
	if s == "ATA" || strings.HasPrefix(s, "0x") {
		return ""
	}
	return s
}

// maxDepth is far above how deep volumes are stacked.
const maxDepth = 16

func content(b lsblk.Device, depth int) report.Content {
	c := report.Content{
		FilesystemType:  string(b.Filesystem),
		FilesystemLabel: string(b.Label),
		FilesystemUUID:  string(b.UUID),
		MountPoint:      string(b.MountPoint),
	}
	if depth == maxDepth {
		return c
	}
	for _, child := range b.Children {
		v := report.Volume{
			Path:           "/dev/" + string(child.KernelName),
			Type:           string(child.Type),
			SizeBytes:      child.Bytes.Or0(),
			PartitionLabel: string(child.PartitionLabel),
			Content:        content(child, depth+1),
		}
		if child.Name != child.KernelName {
			v.Name = string(child.Name)
		}
		c.Volumes = append(c.Volumes, v)
	}
	return c
}

// smart is the health of any drive, from smartctl and the NVMe health log.
func (d *drive) smart(n *report.NVMe) *report.SMART {
	s := &report.SMART{}
	if a := d.smartctl; a != nil {
		s = fromSmartctl(a)
	}
	if n != nil && n.Health != nil {
		h := n.Health
		if w := h.CriticalWarning; w != nil && s.Passed == nil {
			good := *w == 0
			s.Passed = &good
		}
		s.TemperatureCelsius = cmp.Or(s.TemperatureCelsius, h.TemperatureCelsius)
		s.MaxTemperatureCelsius = cmp.Or(s.MaxTemperatureCelsius, n.WarningCelsius)
		s.PowerOnHours = cmp.Or(s.PowerOnHours, h.PowerOnHours)
		s.PowerCycles = cmp.Or(s.PowerCycles, h.PowerCycles)
		s.UsedPercent = cmp.Or(s.UsedPercent, h.UsedPercent)
		s.MediaErrors = h.MediaErrors
	} else if d.smartctl == nil {
		return nil
	}
	return s
}

func fromSmartctl(a *smartAnswer) *report.SMART {
	s := &report.SMART{
		Passed:                    a.SmartStatus.Passed.Value(),
		Warnings:                  smartctl.Warnings(a.status),
		Messages:                  a.Messages(),
		TemperatureCelsius:        a.Celsius(),
		MaxTemperatureCelsius:     a.MaxTemperature(),
		HighestTemperatureCelsius: a.HighestTemperature(),
		PendingDefects:            a.Pending(),
		PowerOnHours:              a.PowerOnTime.Hours.Uint(),
		PowerCycles:               a.PowerCycles.Uint(),
		UsedPercent:               a.UsedPercent(),
		SelfTestErrors:            a.SelfTestErrors(),
		ATAErrors:                 a.ATAErrors(),
		SCSIGrownDefects:          a.GrownDefects(),
		MediaErrors:               a.SCSIUncorrected(),
		SCSIUncorrectedErrors:     a.SCSIUncorrected(),
	}
	for _, e := range a.LinkErrors() {
		s.LinkErrors = append(s.LinkErrors, report.LinkErrors(e))
	}
	for _, a := range a.ATAAttributes.Table {
		prefail := a.Flags.Prefail.Value()
		s.ATAAttributes = append(s.ATAAttributes, report.ATAAttribute{
			ID:         a.ID.Or0(),
			Name:       placeholder.Drop(string(a.Name)),
			Prefail:    prefail != nil && *prefail,
			Value:      a.Value.Or0(),
			Worst:      a.Worst.Or0(),
			Threshold:  a.Threshold.Or0(),
			Raw:        a.Raw.Value.Or0(),
			RawText:    strings.TrimSpace(string(a.Raw.String)),
			WhenFailed: string(a.WhenFailed),
		})
	}
	return s
}

// nvme is what is known of an NVMe controller, nil where there is none.
func (d *drive) nvme(o smartctl.Output, c nvme.Controller) *report.NVMe {
	n := report.NVMe{
		VendorID:          cmp.Or(pciID(c.VendorID.Uint()), pciID(o.NVMeVendor.ID.Uint())),
		SubsystemVendorID: cmp.Or(pciID(c.SubsystemVendorID.Uint()), pciID(o.NVMeVendor.SubsystemID.Uint())),
		SubsystemNQN:      text(c.SubsystemNQN),
		ControllerID:      cmp.Or(c.ControllerID.Uint(), o.NVMeControllerID.Uint()),
		TotalBytes:        cmp.Or(c.TotalBytes.Or0(), o.NVMeCapacity.Or0()),
		UnallocatedBytes:  cmp.Or(c.UnallocatedBytes.Or0(), o.NVMeUnallocated.Or0()),
		MaxNamespaces:     cmp.Or(c.Namespaces.Or0(), o.NVMeNamespaces.Or0()),
		State:             d.kernel.NVMeState,
		WarningCelsius:    cmp.Or(nvme.Celsius(c.WarningKelvin), nvme.Celsius(o.NVMeLimits.Warning)),
		CriticalCelsius:   cmp.Or(nvme.Celsius(c.CriticalKelvin), nvme.Celsius(o.NVMeLimits.Critical)),
	}
	if h := nvme.Merge(d.health, o.NVMeHealth); h != nil {
		n.Health = nvmeHealth(h)
	}
	if n == (report.NVMe{}) {
		return nil
	}
	return &n
}

func nvmeHealth(h *nvme.Health) *report.NVMeHealth {
	return &report.NVMeHealth{
		CriticalWarning:         h.CriticalWarning.Uint(),
		TemperatureCelsius:      nvme.Celsius(h.Temperature),
		SensorsCelsius:          h.SensorsCelsius(),
		AvailableSparePercent:   h.AvailableSparePercent(),
		SpareThresholdPercent:   h.SpareThresholdPercent(),
		UsedPercent:             h.UsedPercent(),
		ReadBytes:               nvme.Bytes(h.DataUnitsRead),
		WrittenBytes:            nvme.Bytes(h.DataUnitsWritten),
		PowerCycles:             h.PowerCycles.Uint(),
		PowerOnHours:            h.PowerOnHours.Uint(),
		UnsafeShutdowns:         h.UnsafeShutdowns.Uint(),
		MediaErrors:             h.MediaErrors.Uint(),
		ErrorLogEntries:         h.ErrorLogEntries.Uint(),
		WarningTemperatureMins:  h.WarningTempTime.Uint(),
		CriticalTemperatureMins: h.CriticalTempTime.Uint(),
	}
}

// withoutDoubles drops drives from the scan that the kernel knows by another
// name: a controller that passes its drives through shows them twice. Those behind
// it that were found by the scan, and by its array, are one, too.
func withoutDoubles(drives []report.Drive) []report.Drive {
	type member struct{ kind, serial string }
	serials, members := map[string]bool{}, map[member]bool{}
	for _, d := range drives {
		if d.Type != "" && d.SerialNumber != "" {
			serials[d.SerialNumber] = true
		}
	}
	return slices.DeleteFunc(drives, func(d report.Drive) bool {
		if d.Type != "" || d.SerialNumber == "" {
			return false
		}
		m := member{d.SmartctlType, d.SerialNumber}
		double := serials[d.SerialNumber] || d.SmartctlType != "" && members[m]
		members[m] = true
		return double
	})
}

// joinPaths makes one drive of those that are the same one behind several paths:
// two ports of a SAS drive, or a volume in a storage network. A world wide name
// alone is not enough, for there are drives that all have the same; SATA and USB
// drives have one path only.
func joinPaths(drives []report.Drive) []report.Drive {
	type identity struct {
		wwn, serial string
		size        uint64
	}
	first := map[identity]int{}
	joined := []report.Drive{}
	for _, d := range drives {
		id := identity{d.WWN, d.SerialNumber, d.SizeBytes}
		if id.wwn != "" && id.serial != "" && slices.Contains([]string{"sas", "fc", "iscsi", "nvme", "tcp", "rdma"}, d.Transport) {
			if i, known := first[id]; known {
				one := &joined[i]
				one.OtherPaths = append(one.OtherPaths, d.Path)
				one.SMART, one.NVMe = cmp.Or(one.SMART, d.SMART), cmp.Or(one.NVMe, d.NVMe)
				continue
			}
			first[id] = len(joined)
		}
		joined = append(joined, d)
	}
	return joined
}

// countable returns what drives are sorted by, so that they come as people and the
// kernel count them: sdb before sdaa, nvme2n1 before nvme10n1, megaraid,4 before
// megaraid,10.
func countable(id driveID) [2]string {
	path := padded(id.path)
	if letters := len("/dev/sd"); path == id.path && len(path) > letters {
		// The kernel counts with letters.
		path = path[:letters] + fmt.Sprintf("%08d", len(path)) + path[letters:]
	}
	return [2]string{path, padded(id.kind)}
}

// padded returns s with all its numbers at the same length.
func padded(s string) string {
	const digits = "0123456789"
	var p strings.Builder
	for s != "" {
		n := len(s) - len(strings.TrimLeft(s, digits))
		p.WriteString(strings.Repeat("0", max(0, 20-n)*min(n, 1)) + s[:n])
		s = s[n:]
		n = strings.IndexAny(s+"0", digits)
		p.WriteString(s[:n])
		s = s[n:]
	}
	return p.String()
}

func text[S ~string](s S) string { return placeholder.Drop(string(s)) }

func pciID(id *uint64) string {
	if id == nil {
		return ""
	}
	return fmt.Sprintf("%04x", *id)
}
