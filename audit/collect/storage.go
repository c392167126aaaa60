package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bee/audit/lsblk"
	"bee/audit/machine"
	"bee/audit/nvme"
	"bee/audit/placeholder"
	"bee/audit/report"
	"bee/audit/smartctl"
	"bee/audit/tolerant"
)

var storage = Collector{
	Name:  "storage",
	About: "drives and their health (lsblk; smartctl and nvme where they are installed)",
	Tools: []string{"lsblk"},
	// A bad drive keeps smartctl busy for a minute.
	ToolLimit: 90 * time.Second,
	Collect: func(ctx context.Context, t *Task) {
		drives := findDrives(ctx, t)
		found := make([]report.Drive, len(drives))
		for i, d := range drives {
			found[i] = d.Drive
		}
		t.Update(func(r *report.Report) { r.Storage = &report.Storage{Drives: slices.Clone(found)} })

		t.Each(len(drives), func(i int) {
			d := found[i]
			update := func() { t.Update(func(r *report.Report) { r.Storage.Drives[i] = d }) }
			if drives[i].nvme && t.Has("nvme") {
				askNVMe(ctx, t, &d)
				update()
			}
			if drives[i].smart && t.Has("smartctl") {
				askSmartctl(ctx, t, &d)
				update()
			}
		})
		t.Update(func(r *report.Report) { r.Storage.Drives = withoutDoubles(r.Storage.Drives) })
	},
}

// drive is a drive and what it can be asked.
type drive struct {
	report.Drive
	smart, nvme bool
}

// findDrives lists the drives that the kernel knows, and behind them those that
// only smartctl's scan finds: members of a RAID controller's arrays, and NVMe
// controllers without a namespace.
func findDrives(ctx context.Context, t *Task) []drive {
	var disks []lsblk.Device
	var scan smartctl.Output
	t.Each(2, func(i int) {
		var err error
		if i == 0 {
			result := t.Run(ctx, "lsblk", "-J", "-b", "-d", "-o", lsblk.Columns)
			disks, err = lsblk.Parse(result.Stdout)
			t.Check(result, err)
		} else if t.Has("smartctl") {
			result := t.Run(ctx, "smartctl", "--scan", "-j")
			scan, err = smartctl.Parse(result.Stdout)
			t.Check(result, err)
		}
	})

	drives := []drive{}
	for _, d := range disks {
		drives = append(drives, drive{fromLsblk(d), d.SMART(), d.NVMe()})
	}
	for _, d := range scan.Devices {
		path, kind := string(d.Name), string(d.Type)
		known := slices.ContainsFunc(disks, func(b lsblk.Device) bool {
			return devicePath(b) == path || kind == "nvme" && strings.HasPrefix(devicePath(b), path+"n")
		})
		if path == "" || known && !strings.Contains(kind, ",") {
			continue
		}
		extra := drive{Drive: report.Drive{Path: path}, smart: true, nvme: kind == "nvme"}
		// A comma stands before the number of a drive behind a controller.
		if strings.Contains(kind, ",") {
			extra.SmartctlType = kind
		}
		drives = append(drives, extra)
	}
	return drives
}

func devicePath(d lsblk.Device) string { return "/dev/" + string(d.KernelName) }

func fromLsblk(d lsblk.Device) report.Drive {
	drive := report.Drive{
		Path:               devicePath(d),
		Type:               string(d.Type),
		Transport:          string(d.Transport),
		Vendor:             text(d.Vendor),
		Model:              text(d.Model),
		SerialNumber:       text(d.Serial),
		FirmwareVersion:    text(d.Revision),
		WWN:                text(d.WWN),
		SizeBytes:          d.Bytes.Or0(),
		LogicalBlockBytes:  d.LogicalBlock.Or0(),
		PhysicalBlockBytes: d.PhysicalBlock.Or0(),
		Rotational:         d.Rotational.Value(),
		HCTL:               string(d.HCTL),
	}
	if rm := d.Removable.Value(); rm != nil {
		drive.Removable = *rm
	}
	// The kernel's name for whatever is behind its ATA layer is no vendor.
	if drive.Vendor == "ATA" {
		drive.Vendor = ""
	}
	return drive
}

// askSmartctl adds what smartctl knows about a drive.
func askSmartctl(ctx context.Context, t *Task, d *report.Drive) {
	args := []string{"-j", "-a"}
	if d.SmartctlType != "" {
		args = append(args, "-d", d.SmartctlType)
	}
	result := t.Run(ctx, "smartctl", append(args, d.Path)...)
	o, err := smartctl.Parse(result.Stdout)

	var exit *machine.ExitError
	status := 0
	if errors.As(result.Err, &exit) {
		status = exit.Status
		if smartctl.Fatal(status) {
			// smartctl says why on standard output, as JSON.
			result.Stderr = append(result.Stderr, strings.Join(o.Messages(), "\n")...)
		} else {
			result.Err = nil
		}
	}
	t.Check(result, err)
	if (result.Err != nil || err != nil) && o.ModelName == "" && o.SerialNumber == "" {
		return // nothing was read
	}
	addSmartctl(d, o, status)
}

func addSmartctl(d *report.Drive, o smartctl.Output, status int) {
	d.Model = cmp.Or(text(o.ModelName), text(o.SCSIModelName), d.Model)
	d.Vendor = cmp.Or(text(o.Vendor), text(o.SCSIVendor), d.Vendor)
	d.SerialNumber = cmp.Or(text(o.SerialNumber), d.SerialNumber)
	d.FirmwareVersion = cmp.Or(text(o.FirmwareVersion), text(o.Revision), text(o.SCSIRevision), d.FirmwareVersion)
	d.WWN = cmp.Or(d.WWN, o.WWN.String(), text(o.LogicalUnitID))
	d.SizeBytes = cmp.Or(d.SizeBytes, o.UserCapacity.Bytes.Or0(), o.NVMeCapacity.Or0())
	d.LogicalBlockBytes = cmp.Or(d.LogicalBlockBytes, o.LogicalBlock.Or0())
	d.PhysicalBlockBytes = cmp.Or(d.PhysicalBlockBytes, o.PhysicalBlock.Or0())
	d.RotationRPM = o.RotationRate.Or0()
	d.InterfaceSpeed = text(o.InterfaceSpeed.Current.String)
	d.InterfaceMaxSpeed = text(o.InterfaceSpeed.Max.String)
	s := &report.SMART{
		Passed:                o.SmartStatus.Passed.Value(),
		Warnings:              smartctl.Warnings(status),
		Messages:              o.Messages(),
		TemperatureCelsius:    o.Temperature.Current.Int(),
		PowerOnHours:          o.PowerOnTime.Hours.Uint(),
		PowerCycles:           o.PowerCycles.Uint(),
		ATAErrors:             o.ATAErrors(),
		SCSIGrownDefects:      o.SCSIGrownDefects.Uint(),
		SCSIUncorrectedErrors: o.SCSIUncorrected(),
	}
	for _, a := range o.ATAAttributes.Table {
		s.ATAAttributes = append(s.ATAAttributes, report.ATAAttribute{
			ID:         a.ID.Or0(),
			Name:       placeholder.Drop(string(a.Name)),
			Value:      a.Value.Or0(),
			Worst:      a.Worst.Or0(),
			Threshold:  a.Threshold.Or0(),
			Raw:        a.Raw.Value.Or0(),
			RawText:    strings.TrimSpace(string(a.Raw.String)),
			WhenFailed: string(a.WhenFailed),
		})
	}
	d.SMART = s
	if h := o.NVMeHealth; h != nil {
		if d.NVMe == nil {
			d.NVMe = &report.NVMe{
				ControllerID:     o.NVMeControllerID.Uint(),
				TotalBytes:       o.NVMeCapacity.Or0(),
				UnallocatedBytes: o.NVMeUnallocated.Or0(),
				MaxNamespaces:    o.NVMeNamespaces.Or0(),
			}
		}
		if d.NVMe.Health == nil {
			d.NVMe.Health = healthFromSmartctl(h)
		}
	}
}

func healthFromSmartctl(h *smartctl.NVMeHealth) *report.NVMeHealth {
	health := &report.NVMeHealth{
		CriticalWarning:         h.CriticalWarning.Uint(),
		TemperatureCelsius:      h.Temperature.Int(),
		AvailableSparePercent:   h.AvailableSpare.Uint(),
		SpareThresholdPercent:   h.SpareThreshold.Uint(),
		UsedPercent:             h.PercentageUsed.Uint(),
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
	for _, sensor := range h.Sensors {
		if c := sensor.Int(); c != nil {
			health.SensorsCelsius = append(health.SensorsCelsius, *c)
		}
	}
	return health
}

// askNVMe adds what an NVMe controller says of itself.
func askNVMe(ctx context.Context, t *Task, d *report.Drive) {
	result := t.Run(ctx, "nvme", "id-ctrl", "-o", "json", d.Path)
	c, err := nvme.ParseController(result.Stdout)
	t.Check(result, err)
	if err != nil {
		return
	}
	d.Model = cmp.Or(text(c.ModelNumber), d.Model)
	d.SerialNumber = cmp.Or(text(c.SerialNumber), d.SerialNumber)
	d.FirmwareVersion = cmp.Or(text(c.FirmwareRevision), d.FirmwareVersion)
	d.Transport = cmp.Or(d.Transport, "nvme")
	d.NVMe = &report.NVMe{
		VendorID:          pciID(c.VendorID),
		SubsystemVendorID: pciID(c.SubsystemVendorID),
		SubsystemNQN:      text(c.SubsystemNQN),
		ControllerID:      c.ControllerID.Uint(),
		TotalBytes:        c.TotalBytes.Or0(),
		UnallocatedBytes:  c.UnallocatedBytes.Or0(),
		MaxNamespaces:     c.Namespaces.Or0(),
		WarningCelsius:    nvme.Celsius(c.WarningKelvin),
		CriticalCelsius:   nvme.Celsius(c.CriticalKelvin),
	}

	result = t.Run(ctx, "nvme", "smart-log", "-o", "json", d.Path)
	h, err := nvme.ParseHealth(result.Stdout)
	t.Check(result, err)
	if err == nil {
		d.NVMe.Health = healthFromNVMe(h)
	}
}

func healthFromNVMe(h nvme.Health) *report.NVMeHealth {
	health := &report.NVMeHealth{
		CriticalWarning:         h.CriticalWarning.Uint(),
		TemperatureCelsius:      nvme.Celsius(h.Kelvin),
		AvailableSparePercent:   h.AvailableSpare.Uint(),
		SpareThresholdPercent:   h.SpareThreshold.Uint(),
		UsedPercent:             h.PercentageUsed.Uint(),
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
	for _, sensor := range []tolerant.Number{h.Sensor1, h.Sensor2, h.Sensor3, h.Sensor4, h.Sensor5, h.Sensor6, h.Sensor7, h.Sensor8} {
		if c := nvme.Celsius(sensor); c != nil {
			health.SensorsCelsius = append(health.SensorsCelsius, *c)
		}
	}
	return health
}

// withoutDoubles drops drives from the scan that the kernel knows by another
// name: a controller that passes its drives through shows them twice.
func withoutDoubles(drives []report.Drive) []report.Drive {
	serials := map[string]bool{}
	for _, d := range drives {
		if d.Type != "" && d.SerialNumber != "" {
			serials[d.SerialNumber] = true
		}
	}
	return slices.DeleteFunc(drives, func(d report.Drive) bool { return d.Type == "" && serials[d.SerialNumber] })
}

func text(s tolerant.String) string { return placeholder.Drop(string(s)) }

func pciID(n tolerant.Number) string {
	if v := n.Uint(); v != nil {
		return fmt.Sprintf("%04x", *v)
	}
	return ""
}
