package finding

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"bee/audit/report"
	"bee/audit/report/label"
)

func drives(r *report.Report) []report.Drive {
	if r.Storage == nil {
		return nil
	}
	return r.Storage.Drives
}

// aboutDrive is a finding about a drive: which one it is comes first in the
// evidence. The advice says where the drive is, if it has its place behind a RAID controller.
func aboutDrive(d report.Drive, severity report.Severity, message, advice string, evidence ...string) *report.Finding {
	return &report.Finding{
		Severity:  severity,
		Component: d.Name(),
		Message:   message,
		Evidence:  append([]string{about("drive", d.Vendor, d.Model, d.SerialNumber)}, evidence...),
		Advice:    advice + inSlot(d),
	}
}

// inSlot says where a drive behind a RAID controller is.
func inSlot(d report.Drive) string {
	if d.Member == nil {
		return ""
	}
	return fmt.Sprintf(" It is in slot %s%s (%s).", d.Member.Slot, label.Prefix(", S/N ", d.SerialNumber), d.Member.Controller)
}

// eachDrive makes a rule of one that looks at a single drive and its health; it
// returns nil where it is content. Drives of which nothing is known are passed over.
func eachDrive(check func(report.Drive, report.SMART) *report.Finding) func(*report.Report) []report.Finding {
	return func(r *report.Report) []report.Finding {
		var found []report.Finding
		for _, d := range drives(r) {
			if d.SMART == nil && d.Member == nil {
				continue
			}
			if f := check(d, *cmp.Or(d.SMART, &report.SMART{})); f != nil {
				found = append(found, *f)
			}
		}
		return found
	}
}

// health is the NVMe health log, empty where there is none.
func health(d report.Drive) report.NVMeHealth {
	if d.NVMe == nil || d.NVMe.Health == nil {
		return report.NVMeHealth{}
	}
	return *d.NVMe.Health
}

// or0 returns what a pointer points to, and an empty value for nil.
func or0[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// driveFailing looks for drives that say of themselves that they fail. NVMe
// drives say why: see driveCriticalWarning.
func driveFailing(d report.Drive, s report.SMART) *report.Finding {
	var evidence []string
	if s.Passed != nil && !*s.Passed {
		evidence = append(evidence, "passed: false")
	}
	if slices.Contains(s.Warnings, "failing") {
		evidence = append(evidence, "warning: failing")
	}
	if len(evidence) == 0 || or0(health(d).CriticalWarning) != 0 {
		return nil
	}
	return aboutDrive(d, report.Critical, "The drive says that it is failing.", "Save the data and replace the drive.", evidence...)
}

// failed returns the attributes that failed now or in the past.
func failed(s report.SMART, when string) []report.ATAAttribute {
	return slices.DeleteFunc(slices.Clone(s.ATAAttributes), func(a report.ATAAttribute) bool { return a.WhenFailed != when })
}

func attributeText(a report.ATAAttribute) string {
	return fmt.Sprintf("%d %s: value %d, worst %d, threshold %d, raw %s",
		a.ID, cmp.Or(a.Name, "attribute"), a.Value, a.Worst, a.Threshold, cmp.Or(a.RawText, strconv.FormatUint(a.Raw, 10)))
}

// drivePrefail looks for attributes at or below their threshold: of those that
// announce a failure, and of those that only tell of age.
func drivePrefail(d report.Drive, s report.SMART) *report.Finding {
	now := failed(s, "now")
	prefail := slices.Contains(s.Warnings, "prefail")
	if len(now) == 0 && !prefail {
		return nil
	}
	f := aboutDrive(d, report.Warning, "The drive is older than it was made for, by one of its attributes.", "Plan to replace the drive.")
	if prefail || slices.ContainsFunc(now, func(a report.ATAAttribute) bool { return a.Prefail }) {
		f.Severity = report.Critical
		f.Message = "The drive is about to fail, by one of its attributes."
		f.Advice = "Save the data and replace the drive."
	}
	for _, a := range now {
		f.Evidence = append(f.Evidence, attributeText(a))
	}
	if prefail {
		f.Evidence = append(f.Evidence, "warning: prefail")
	}
	return f
}

// drivePastPrefail looks for attributes that were at or below their threshold in
// the past. That of the temperature says more of the place than of the drive.
func drivePastPrefail(d report.Drive, s report.SMART) *report.Finding {
	past := failed(s, "past")
	warned := slices.Contains(s.Warnings, "past_prefail")
	if len(past) == 0 && !warned {
		return nil
	}
	f := aboutDrive(d, report.Warning, "An attribute of the drive has been at its threshold in the past.", "Watch the drive; run its extended self-test (smartctl -t long).")
	if len(past) > 0 && !slices.ContainsFunc(past, func(a report.ATAAttribute) bool { return a.ID != 190 && a.ID != 194 }) {
		f.Severity = report.Info
		f.Message = "The drive has been too hot in the past."
		f.Advice = "Check the fans and the way of the air."
	}
	for _, a := range past {
		f.Evidence = append(f.Evidence, attributeText(a))
	}
	if warned {
		f.Evidence = append(f.Evidence, "warning: past_prefail")
	}
	return f
}

// criticalWarnings are the bits of an NVMe drive's critical warning.
var criticalWarnings = []string{
	"the spare capacity is below its threshold",
	"the temperature is out of range",
	"the drive has become unreliable",
	"the medium can only be read",
	"the backup of the volatile memory has failed",
	"the persistent memory region can only be read, or is unreliable",
}

func driveCriticalWarning(d report.Drive, _ report.SMART) *report.Finding {
	mask := or0(health(d).CriticalWarning)
	if mask == 0 {
		return nil
	}
	var names []string
	for bit := range 64 {
		switch {
		case mask&(1<<bit) == 0:
		case bit < len(criticalWarnings):
			names = append(names, criticalWarnings[bit])
		default:
			names = append(names, fmt.Sprintf("bit %d, which is of a newer standard", bit))
		}
	}
	f := aboutDrive(d, report.Critical, "The drive warns: "+strings.Join(names, "; ")+".", "Save the data and replace the drive.", fmt.Sprintf("critical warning: 0x%02x", mask))
	if mask == 2 {
		f.Advice = "Check the fans and the way of the air."
	}
	return f
}

// driveSpareLow looks for NVMe drives whose spare capacity is used up, unless
// they warn of it themselves.
func driveSpareLow(d report.Drive, _ report.SMART) *report.Finding {
	h := health(d)
	if h.AvailableSparePercent == nil || h.SpareThresholdPercent == nil || *h.AvailableSparePercent >= *h.SpareThresholdPercent || or0(h.CriticalWarning)&1 != 0 {
		return nil
	}
	return aboutDrive(d, report.Critical, fmt.Sprintf("The drive has %d %% of its spare capacity left, less than its threshold.", *h.AvailableSparePercent),
		"Save the data and replace the drive.", fmt.Sprintf("available spare: %d %%, threshold: %d %%", *h.AvailableSparePercent, *h.SpareThresholdPercent))
}

// Wear at which a drive is worth a look, and at which its maker no longer vouches
// for it.
const worn, wornOut = 80, 100

func driveWorn(d report.Drive, s report.SMART) *report.Finding {
	used := or0(s.UsedPercent)
	if used < worn {
		return nil
	}
	f := aboutDrive(d, report.Warning, fmt.Sprintf("The drive has used %d %% of its rated life.", used), "Plan to replace the drive.", fmt.Sprintf("used: %d %%", used))
	if used >= wornOut {
		f.Severity = report.Critical
		f.Advice = "Replace the drive: it may refuse to write at any time, or lose data while it is without power."
	}
	return f
}

// counter is an ATA attribute that counts events in its raw value. The number of
// an attribute has more than one meaning among drives, its name in smartctl's
// database has not.
type counter struct {
	id   uint64
	name string // a part of it
}

// counted returns the attributes that are of the given kinds and above 0.
func counted(s report.SMART, kinds ...counter) []string {
	var all []string
	for _, a := range s.ATAAttributes {
		is := func(c counter) bool { return c.id == a.ID && strings.Contains(a.Name, c.name) }
		if n := rawCount(a); n > 0 && slices.ContainsFunc(kinds, is) {
			all = append(all, fmt.Sprintf("%d %s: %d", a.ID, a.Name, n))
		}
	}
	return all
}

// rawCount is the number that smartctl makes of a raw value, which may hold
// several: "8 (0 3)".
func rawCount(a report.ATAAttribute) uint64 {
	digits := a.RawText[:len(a.RawText)-len(strings.TrimLeft(a.RawText, "0123456789"))]
	if n, err := strconv.ParseUint(digits, 10, 64); err == nil {
		return n
	}
	return a.Raw
}

func driveBadSectors(d report.Drive, s report.SMART) *report.Finding {
	bad := counted(s, counter{5, "eallo"}, counter{197, "Pending"}, counter{198, "Uncorrect"})
	if n := or0(s.SCSIGrownDefects); n > 0 {
		bad = append(bad, fmt.Sprintf("grown defects: %d", n))
	}
	if n := or0(s.PendingDefects); n > 0 {
		bad = append(bad, fmt.Sprintf("pending defects: %d", n))
	}
	if len(bad) == 0 {
		return nil
	}
	return aboutDrive(d, report.Warning, "The drive has bad sectors.", "Watch whether they become more, and replace the drive then; run its extended self-test (smartctl -t long).", bad...)
}

// driveMediaErrors looks for drives that have lost data.
func driveMediaErrors(d report.Drive, s report.SMART) *report.Finding {
	errors := counted(s, counter{187, "Uncorrect"})
	if n := or0(health(d).MediaErrors); n > 0 {
		errors = append(errors, fmt.Sprintf("media errors: %d", n))
	}
	if n := or0(s.SCSIUncorrectedErrors); n > 0 {
		errors = append(errors, fmt.Sprintf("uncorrected errors: %d", n))
	}
	if d.Member != nil && or0(d.Member.MediaErrors) > 0 {
		errors = append(errors, fmt.Sprintf("media errors that its controller counted: %d", *d.Member.MediaErrors))
	}
	if len(errors) == 0 {
		return nil
	}
	return aboutDrive(d, report.Warning, "The drive had errors that it could not correct.", "Watch whether they become more, and replace the drive then; check what is stored on it.", errors...)
}

// driveLinkErrors leaves out the links of SAS drives, which count errors while a drive is
// plugged in.
func driveLinkErrors(d report.Drive, s report.SMART) *report.Finding {
	errors := counted(s, counter{199, "CRC"})
	for _, e := range s.LinkErrors {
		if e.Link == "" {
			errors = append(errors, fmt.Sprintf("%s: %d", e.Name, e.Count))
		}
	}
	if len(errors) == 0 {
		return nil
	}
	return aboutDrive(d, report.Info, "Data was damaged on the way between the drive and its controller, and sent again.", "If there are more of these errors later, check the cable and the backplane.", errors...)
}

// driveErrorLog looks for entries in the error log. That of NVMe drives is no
// sign of trouble: they log there every command that they do not know, too, and
// tools send such commands to find out.
func driveErrorLog(d report.Drive, s report.SMART) *report.Finding {
	n := or0(s.ATAErrors)
	if n == 0 {
		return nil
	}
	return aboutDrive(d, report.Info, fmt.Sprintf("The drive has logged errors: %d.", n), "Read the log (smartctl -l error) for what they were and how long ago.", fmt.Sprintf("errors: %d", n))
}

func driveSelfTest(d report.Drive, s report.SMART) *report.Finding {
	n := or0(s.SelfTestErrors)
	if n == 0 {
		return nil
	}
	return aboutDrive(d, report.Warning, "The drive has failed a self-test, and no complete one since has gone well.", "Read the log (smartctl -l selftest); run the extended self-test (smartctl -t long); replace the drive if that fails.", fmt.Sprintf("failed self-tests: %d", n))
}

// What a drive may have that gives no limit of its own: makers allow hard disks
// 60 °C, and solid-state drives 70 °C.
const hotDisk, hotSolidState = 60, 70

func driveHot(d report.Drive, s report.SMART) *report.Finding {
	if s.TemperatureCelsius == nil {
		return nil
	}
	limit, whose := int64(hotSolidState), "of solid-state drives"
	switch {
	case s.MaxTemperatureCelsius != nil:
		limit, whose = *s.MaxTemperatureCelsius, "of the drive"
	case d.RotationRPM > 0 || d.Rotational != nil && *d.Rotational:
		limit, whose = hotDisk, "of hard disks"
	}
	t := *s.TemperatureCelsius
	if t <= limit {
		return nil
	}
	f := aboutDrive(d, report.Warning, fmt.Sprintf("The drive is too hot: %d °C.", t), "Check the fans and the way of the air.", fmt.Sprintf("temperature: %d °C, limit %s: %d °C", t, whose, limit))
	if d.NVMe != nil && d.NVMe.CriticalCelsius != nil && t >= *d.NVMe.CriticalCelsius {
		f.Severity = report.Critical
	}
	return f
}

func driveLinkSlow(r *report.Report) []report.Finding {
	var found []report.Finding
	for _, d := range drives(r) {
		now, most := gigabits(d.InterfaceSpeed), gigabits(d.InterfaceMaxSpeed)
		if now > 0 && now < most {
			found = append(found, *aboutDrive(d, report.Warning,
				fmt.Sprintf("The drive's link runs at %s, the drive can do %s.", d.InterfaceSpeed, d.InterfaceMaxSpeed),
				"If the controller can do more, check the cable and the backplane.",
				fmt.Sprintf("interface speed: %s, at most: %s", d.InterfaceSpeed, d.InterfaceMaxSpeed)))
		}
	}
	return found
}

// gigabits reads "6.0 Gb/s"; 0 is unknown.
func gigabits(s string) float64 {
	number, _, _ := strings.Cut(s, " Gb/s")
	v, _ := strconv.ParseFloat(number, 64)
	return v
}

// driveMixedFirmware looks for drives of one model with different firmware. The
// kernel and programs of RAID controllers' makers know only the beginning of some names, so
// that drives that smartctl could not ask are compared among themselves.
func driveMixedFirmware(r *report.Report) []report.Finding {
	type model struct {
		name  string
		asked bool
	}
	versions, evidence := map[model][]string{}, map[model][]string{}
	for _, d := range drives(r) {
		if d.Model == "" || d.FirmwareVersion == "" || d.RAIDVolume {
			continue
		}
		m := model{d.Model, d.SMART != nil && d.Path != ""}
		versions[m] = append(versions[m], d.FirmwareVersion)
		evidence[m] = append(evidence[m], about(d.Name(), d.FirmwareVersion))
	}
	var found []report.Finding
	for _, m := range slices.SortedFunc(maps.Keys(versions), func(a, b model) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(fmt.Sprint(a.asked), fmt.Sprint(b.asked)))
	}) {
		if differ(versions[m]) {
			found = append(found, report.Finding{
				Severity:  report.Warning,
				Component: m.name,
				Message:   "Drives of the same model have different firmware.",
				Evidence:  evidence[m],
				Advice:    "Update all of them to the same version.",
			})
		}
	}
	return found
}

// driveSilent looks for drives that smartctl got nothing from. Many a USB bridge
// lets no question through.
func driveSilent(r *report.Report) []report.Finding {
	var found []report.Finding
	for _, d := range drives(r) {
		if d.SMART != nil || d.RAIDVolume || d.Transport == "usb" {
			continue
		}
		for _, e := range r.Errors {
			asked := e.Tool == "smartctl" && slices.ContainsFunc(e.Runs(), func(run report.FailedRun) bool {
				return len(run.Args) > 0 && run.Args[len(run.Args)-1] == d.Path && (d.SmartctlType == "" || slices.Contains(run.Args, d.SmartctlType))
			})
			if asked && slices.Contains([]report.Kind{report.ExitStatus, report.TimeLimit, report.Stuck}, e.Kind) {
				found = append(found, *aboutDrive(d, report.Warning, "The drive does not say how it is.", "Ask it again (smartctl -x), and look for its errors in the kernel's log. If there are some, save the data and replace the drive.",
					append([]string{about("smartctl", e.Message)}, e.Stderr...)...))
				break
			}
		}
	}
	return found
}

// driveArrayUnexamined looks for arrays whose drives nobody has asked: what is broken behind
// them is not in the report.
func driveArrayUnexamined(r *report.Report) []report.Finding {
	var arrays, evidence []string
	for _, d := range r.Storage.UnexaminedArrays() {
		arrays = append(arrays, d.Path)
		evidence = append(evidence, about(d.Path, d.Vendor, d.Model, label.Prefix("S/N ", d.SerialNumber)))
	}
	if len(arrays) == 0 {
		return nil
	}
	return []report.Finding{{
		Severity:  report.Info,
		Component: strings.Join(arrays, ", "),
		Message:   fmt.Sprintf("The drives behind the arrays of a RAID controller were not examined: arrays: %d.", len(arrays)),
		Evidence:  evidence,
		Advice:    "Ask the controller by its maker's program (storcli64, perccli64, ssacli, arcconf, sas3ircu); where that is in PATH, audit does so.",
	}}
}

// driveDead looks for NVMe controllers that the kernel has given up on.
func driveDead(r *report.Report) []report.Finding {
	var found []report.Finding
	for _, d := range drives(r) {
		if d.NVMe != nil && d.NVMe.State == "dead" {
			found = append(found, *aboutDrive(d, report.Critical, "The kernel has given up on the drive's controller.",
				"Look for its errors in the kernel's log, and restart the machine. If the drive stays away, reseat it; if that does not help, replace it.", "state: dead"))
		}
	}
	return found
}

// driveNoCapacity looks for disks without a capacity, but for empty readers of
// cards and the like.
func driveNoCapacity(r *report.Report) []report.Finding {
	var found []report.Finding
	for _, d := range drives(r) {
		if d.Type == "disk" && d.SizeBytes == 0 && !d.Removable {
			found = append(found, *aboutDrive(d, report.Warning, "The drive has no capacity: it does not answer, or cannot read its own tables.", "Look for its errors in the kernel's log. If there are some, replace the drive.", "size: 0 bytes"))
		}
	}
	return found
}

// driveNoNamespace looks for NVMe controllers without a namespace: the kernel
// shows only these as disks.
func driveNoNamespace(r *report.Report) []report.Finding {
	var found []report.Finding
	for _, d := range drives(r) {
		// A state is what only the kernel knows of a controller.
		if d.Type != "" || d.NVMe == nil || d.NVMe.State == "" || d.NVMe.State == "dead" {
			continue
		}
		evidence := "namespaces: none"
		if d.NVMe.TotalBytes > 0 {
			evidence = fmt.Sprintf("namespaces: none; capacity: %d bytes, not in use: %d bytes", d.NVMe.TotalBytes, d.NVMe.UnallocatedBytes)
		}
		found = append(found, *aboutDrive(d, report.Info, "The NVMe drive has no namespace, and so no room for data.", "Make a namespace and attach it (nvme create-ns, nvme attach-ns).", evidence))
	}
	return found
}

// driveSameSerial looks for drives of one model that claim to be the same one.
// The namespaces of an NVMe drive are; the logical units of a SCSI drive, such as those of
// its two actuators, are told apart by their world wide names.
func driveSameSerial(r *report.Report) []report.Finding {
	type identity struct{ model, serial string }
	paths, names := map[identity][]string{}, map[identity]map[string]bool{}
	var order []identity
	for _, d := range drives(r) {
		if d.SerialNumber == "" || d.NVMe != nil || d.Transport == "nvme" || d.RAIDVolume {
			continue
		}
		id := identity{d.Model, d.SerialNumber}
		if paths[id] == nil {
			order = append(order, id)
			names[id] = map[string]bool{}
		}
		if d.WWN != "" {
			names[id][d.WWN] = true
		}
		paths[id] = append(paths[id], d.Name())
	}
	var found []report.Finding
	for _, id := range order {
		if len(paths[id]) > 1 && len(names[id]) < len(paths[id]) {
			found = append(found, report.Finding{
				Severity:  report.Warning,
				Component: strings.Join(paths[id], ", "),
				Message:   "Drives have the same serial number.",
				Evidence:  []string{about("drives", id.model, id.serial)},
				Advice:    "If it is one drive with several paths, set up multipathing before you use it; else tell the drives apart by their slots.",
			})
		}
	}
	return found
}
