// Package smartctl reads what `smartctl -j` prints, and its exit status.
//
// Field names and meanings are those of smartmontools 6.7 (the first with JSON)
// and later; later versions renamed some SCSI fields, and both names are read.
package smartctl

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"bee/audit/tool/internal/tolerant"
	"bee/audit/tool/nvme"
)

// Output is what smartctl printed about one device, or a list of devices.
type Output struct {
	Smartctl struct {
		Messages []struct {
			String   tolerant.String `json:"string"`
			Severity tolerant.String `json:"severity"`
		} `json:"messages"`
		ExitStatus tolerant.Number `json:"exit_status"`
		// Major and minor number.
		Version []tolerant.Number `json:"version"`
	} `json:"smartctl"`

	// Devices that --scan found.
	Devices []Device `json:"devices"`

	Device          Device          `json:"device"`
	ModelName       tolerant.String `json:"model_name"`
	SCSIModelName   tolerant.String `json:"scsi_model_name"`
	Vendor          tolerant.String `json:"vendor"`
	SCSIVendor      tolerant.String `json:"scsi_vendor"`
	SerialNumber    tolerant.String `json:"serial_number"`
	FirmwareVersion tolerant.String `json:"firmware_version"`
	Revision        tolerant.String `json:"revision"`
	SCSIRevision    tolerant.String `json:"scsi_revision"`
	LogicalUnitID   tolerant.String `json:"logical_unit_id"`
	WWN             *WWN            `json:"wwn"`
	UserCapacity    Capacity        `json:"user_capacity"`
	NVMeVendor      struct {
		ID          tolerant.Number `json:"id"`
		SubsystemID tolerant.Number `json:"subsystem_id"`
	} `json:"nvme_pci_vendor"`
	NVMeLimits struct {
		Warning  tolerant.Number `json:"warning"`
		Critical tolerant.Number `json:"critical"`
	} `json:"nvme_composite_temperature_threshold"`
	NVMeCapacity     tolerant.Number `json:"nvme_total_capacity"`
	NVMeUnallocated  tolerant.Number `json:"nvme_unallocated_capacity"`
	NVMeControllerID tolerant.Number `json:"nvme_controller_id"`
	NVMeNamespaces   tolerant.Number `json:"nvme_number_of_namespaces"`
	LogicalBlock     tolerant.Number `json:"logical_block_size"`
	PhysicalBlock    tolerant.Number `json:"physical_block_size"`
	RotationRate     tolerant.Number `json:"rotation_rate"`
	InterfaceSpeed   struct {
		Max     Text `json:"max"`
		Current Text `json:"current"`
	} `json:"interface_speed"`

	FormFactor struct {
		Name tolerant.String `json:"name"`
	} `json:"form_factor"`
	Trim struct {
		Supported tolerant.Bool `json:"supported"`
	} `json:"trim"`

	SmartStatus struct {
		Passed tolerant.Bool `json:"passed"`
	} `json:"smart_status"`
	Temperature struct {
		Current tolerant.Number `json:"current"`
		// The highest that the drive should be run at: of ATA drives by their SCT
		// status, of NVMe drives where they warn.
		OperatingLimit tolerant.Number `json:"op_limit_max"`
		// The same of SCSI drives.
		Trip tolerant.Number `json:"drive_trip"`
		// The highest that an ATA drive had, by its SCT status.
		LifetimeMax tolerant.Number `json:"lifetime_max"`
	} `json:"temperature"`
	PowerOnTime struct {
		Hours tolerant.Number `json:"hours"`
	} `json:"power_on_time"`
	PowerCycles tolerant.Number `json:"power_cycle_count"`

	ATAAttributes struct {
		Table []Attribute `json:"table"`
	} `json:"ata_smart_attributes"`
	ATAErrorLog map[string]struct {
		Count tolerant.Number `json:"count"`
	} `json:"ata_smart_error_log"`
	ATAStatistics struct {
		Pages []StatisticsPage `json:"pages"`
	} `json:"ata_device_statistics"`
	ATASelfTests map[string]struct {
		Errors   tolerant.Number `json:"error_count_total"`
		Outdated tolerant.Number `json:"error_count_outdated"`
	} `json:"ata_smart_self_test_log"`
	ATAPendingDefects PendingDefects `json:"ata_pending_defects_log"`
	SATALink          struct {
		Table []struct {
			ID    tolerant.Number `json:"id"`
			Name  tolerant.String `json:"name"`
			Value tolerant.Number `json:"value"`
		} `json:"table"`
	} `json:"sata_phy_event_counters"`
	NVMeSelfTests *struct {
		Table []struct {
			Code   Value `json:"self_test_code"`
			Result Value `json:"self_test_result"`
		} `json:"table"`
	} `json:"nvme_self_test_log"`
	// By key: scsi_self_test_0 is the latest test.
	SCSISelfTests map[string]SCSISelfTest `json:"-"`
	// By key, such as scsi_sas_port_0, and then phy_0.
	SASPorts map[string]map[string]SASPhy `json:"-"`

	// smartctl's own idea of the wear, from version 7.5 on.
	Endurance struct {
		UsedPercent tolerant.Number `json:"current_percent"`
	} `json:"endurance_used"`
	SCSIUsedPercent tolerant.Number `json:"scsi_percentage_used_endurance_indicator"`
	// See GrownDefects.
	SCSIGrownDefectList tolerant.Number `json:"scsi_grown_defect_list"`
	SCSIErrors          map[string]struct {
		Uncorrected tolerant.Number `json:"total_uncorrected_errors"`
	} `json:"scsi_error_counter_log"`
	SCSIPendingDefects PendingDefects `json:"scsi_pending_defects"`
	NVMeHealth         *nvme.Health   `json:"nvme_smart_health_information_log"`
}

// PendingDefects is a drive's list of places that it could not read.
type PendingDefects struct {
	Count tolerant.Number `json:"count"`
}

// SASPhy is how a SAS drive sees one of its links.
type SASPhy struct {
	InvalidWords    tolerant.Number `json:"invalid_dword_count"`
	DisparityErrors tolerant.Number `json:"running_disparity_error_count"`
	LossOfSync      tolerant.Number `json:"loss_of_dword_synchronization_count"`
	ResetProblems   tolerant.Number `json:"phy_reset_problem_count"`
}

// Device is how smartctl reaches a device.
type Device struct {
	Name     tolerant.String `json:"name"`
	Type     tolerant.String `json:"type"`
	Protocol tolerant.String `json:"protocol"`
}

// WWN is a world wide name in parts.
type WWN struct {
	NAA tolerant.Number `json:"naa"`
	OUI tolerant.Number `json:"oui"`
	ID  tolerant.Number `json:"id"`
}

// String returns the name as the kernel writes it: 0x5000cca264eb01d7.
func (w *WWN) String() string {
	if w == nil || w.NAA.Or0() == 0 {
		return ""
	}
	return fmt.Sprintf("0x%x%06x%09x", w.NAA.Or0(), w.OUI.Or0(), w.ID.Or0())
}

// Capacity is the size of a drive.
type Capacity struct {
	Bytes tolerant.Number `json:"bytes"`
}

// Value is a value for which there are words, too.
type Value struct {
	Value tolerant.Number `json:"value"`
}

// StatisticsPage is a page of an ATA drive's device statistics (log 0x04).
type StatisticsPage struct {
	Number tolerant.Number `json:"number"`
	Table  []struct {
		Offset tolerant.Number `json:"offset"`
		Value  tolerant.Number `json:"value"`
		Flags  struct {
			Valid tolerant.Bool `json:"valid"`
		} `json:"flags"`
	} `json:"table"`
}

// SCSISelfTest is an entry of a SCSI drive's self-test log.
type SCSISelfTest struct {
	Code   Value `json:"code"`
	Result Value `json:"result"`
}

// Text is a value with words for it.
type Text struct {
	String tolerant.String `json:"string"`
}

// Attribute is a SMART attribute of an ATA drive.
type Attribute struct {
	ID         tolerant.Number `json:"id"`
	Name       tolerant.String `json:"name"`
	Value      tolerant.Number `json:"value"`
	Worst      tolerant.Number `json:"worst"`
	Threshold  tolerant.Number `json:"thresh"`
	WhenFailed tolerant.String `json:"when_failed"`
	Flags      struct {
		Prefail tolerant.Bool `json:"prefailure"`
	} `json:"flags"`
	Raw struct {
		Value  tolerant.Number `json:"value"`
		String tolerant.String `json:"string"`
	} `json:"raw"`
}

// Parse reads smartctl's output. With an error come the fields that could be
// read all the same.
func Parse(out []byte) (Output, error) {
	var o Output
	err := tolerant.Unmarshal(out, &o)
	if bytes.Contains(out, []byte(selfTest)) || bytes.Contains(out, []byte(sasPort)) {
		o.numbered(out)
	}
	if err != nil {
		return o, fmt.Errorf("smartctl's output is not the JSON it should be: %w", err)
	}
	return o, nil
}

// What keys with a number behind begin with.
const (
	selfTest = "scsi_self_test_"
	sasPort  = "scsi_sas_port_"
	sasPhy   = "phy_"
)

// numbered reads what stands under keys with a number.
func (o *Output) numbered(out []byte) {
	var values map[string]json.RawMessage
	_ = tolerant.Unmarshal(out, &values)
	o.SCSISelfTests, o.SASPorts = map[string]SCSISelfTest{}, map[string]map[string]SASPhy{}
	for key, value := range values {
		var test SCSISelfTest
		var port map[string]json.RawMessage
		switch {
		case strings.HasPrefix(key, selfTest) && json.Unmarshal(value, &test) == nil:
			o.SCSISelfTests[key] = test
		case strings.HasPrefix(key, sasPort) && json.Unmarshal(value, &port) == nil:
			o.SASPorts[key] = map[string]SASPhy{}
			for key2, value := range port {
				var phy SASPhy
				if strings.HasPrefix(key2, sasPhy) && json.Unmarshal(value, &phy) == nil {
					o.SASPorts[key][key2] = phy
				}
			}
		}
	}
}

// Messages returns what smartctl had to say beside the data, one sentence each.
func (o Output) Messages() []string {
	var all []string
	for _, m := range o.Smartctl.Messages {
		if s := strings.TrimSpace(string(m.String)); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// ATAErrors returns the number of errors in the ATA error log, nil where there
// is none. It is under "summary" or "extended".
func (o Output) ATAErrors() *uint64 {
	var n *uint64
	for _, log := range o.ATAErrorLog {
		if c := log.Count.Uint(); c != nil && (n == nil || *c > *n) {
			n = c
		}
	}
	return n
}

// SCSIUncorrected returns the number of uncorrected reads, writes and verifies,
// nil where the drive does not count them.
func (o Output) SCSIUncorrected() *uint64 {
	var n *uint64
	for _, log := range o.SCSIErrors {
		if c := log.Uncorrected.Uint(); c != nil {
			if n == nil {
				n = new(uint64)
			}
			*n += *c
		}
	}
	return n
}

// SelfTestErrors returns the number of failed tests in the self-test log, but
// for those before a complete test that the drive has passed since; nil where
// there is no log.
func (o Output) SelfTestErrors() *uint64 {
	switch n := uint64(0); {
	case o.ATASelfTests != nil:
		// The log is under "standard" or "extended".
		for _, log := range o.ATASelfTests {
			all := log.Errors.Or0()
			n = max(n, all-min(all, log.Outdated.Or0()))
		}
		return &n
	case o.NVMeSelfTests != nil:
		for _, test := range o.NVMeSelfTests.Table {
			switch test.Result.Value.Or0() {
			case 0:
				if test.Code.Value.Or0() == 2 { // extended
					return &n
				}
			case 5, 6, 7: // the others were aborted
				n++
			}
		}
		return &n
	case len(o.SCSISelfTests) > 0:
		for i := range 20 {
			test := o.SCSISelfTests[fmt.Sprint(selfTest, i)]
			switch code := test.Code.Value.Or0(); test.Result.Value.Or0() {
			case 0:
				if code == 2 || code == 6 { // extended, in the background or foreground
					return &n
				}
			case 3, 4, 5, 6, 7: // the others were aborted, or are not at an end
				n++
			}
		}
		return &n
	}
	return nil
}

// GrownDefects returns how many sectors a SCSI drive has replaced since it was made, nil
// where it does not say. Versions 7.0 and 7.1 print how many bytes the list has, in which
// a sector takes eight.
func (o Output) GrownDefects() *uint64 {
	n := o.SCSIGrownDefectList.Uint()
	if v := o.Smartctl.Version; n != nil && len(v) == 2 && v[0].Or0() == 7 && v[1].Or0() <= 1 {
		defects := *n / 8
		return &defects
	}
	return n
}

// UsedPercent returns how much of a solid-state drive's rated life is used, nil
// where nothing tells. It is from the first of these that there is: the NVMe
// health log; a SCSI drive's endurance indicator; the same of an ATA drive, in
// its device statistics; ATA attributes that are known to count down from 100, the
// worst if there are several; smartctl's own guess.
func (o Output) UsedPercent() *uint64 {
	if o.NVMeHealth != nil {
		if n := o.NVMeHealth.UsedPercent(); n != nil {
			return n
		}
	}
	if n := o.SCSIUsedPercent.Uint(); n != nil {
		return n
	}
	for _, page := range o.ATAStatistics.Pages {
		if page.Number.Or0() != 7 { // solid-state devices
			continue
		}
		for _, s := range page.Table {
			if valid := s.Flags.Valid.Value(); s.Offset.Or0() == 8 && valid != nil && *valid {
				return s.Value.Uint()
			}
		}
	}
	var used *uint64
	for _, a := range o.ATAAttributes.Table {
		if left := o.lifeLeft(a); left != nil {
			if n := 100 - *left; used == nil || n > *used {
				used = &n
			}
		}
	}
	if used != nil {
		return used
	}
	return o.Endurance.UsedPercent.Uint()
}

// lifeLeft returns how much of the rated life is left by an attribute, in percent, nil
// where it does not say. That is its normalised value, which by the standard is 1 to 253.
func (o Output) lifeLeft(a Attribute) *uint64 {
	left := a.Value.Or0()
	if !a.countsLifeLeft() || left == 0 || left > 253 {
		return nil
	}
	left = min(left, 100)
	// Some drives leave that at 100 for ever, and count in the raw value.
	if raw := a.Raw.Value.Or0(); left == 100 && a.Worst.Or0() == 100 && a.rawIsPercent() && raw > 1 && raw < 100 && o.erasedAs(raw) {
		left = raw
	}
	return &left
}

// rawIsPercent reports whether an attribute that counts the life that is left may have it
// in its raw value, too. In that of Micron's is what is used.
func (a Attribute) rawIsPercent() bool {
	return a.ID.Or0() != 202 && !a.mediaWearout() && !a.wearLevelling()
}

// erasedAs reports whether the counts of erased blocks, where the drive has them, bear out
// how much life is left.
func (o Output) erasedAs(left uint64) bool {
	var average, most uint64
	for _, a := range o.ATAAttributes.Table {
		switch a.Name {
		case "Average_Erase_Count":
			average = a.Raw.Value.Or0()
		case "Max_Erase_Count_of_Spec":
			most = a.Raw.Value.Or0()
		}
	}
	if average == 0 || most == 0 || average > most {
		return true
	}
	const near = 10 // percent
	by := 100 - average*100/most
	return max(by, left)-min(by, left) <= near
}

// mediaWearout is Intel's and others'. The one of WD and SanDisk, which smartctl's database
// calls the same, has the number 230: it counts up in some drives, and stays at 100 in others.
func (a Attribute) mediaWearout() bool {
	return strings.Contains(strings.ToLower(string(a.Name)), "media_wearout") && a.ID.Or0() != 230
}

func (a Attribute) wearLevelling() bool {
	return strings.Contains(strings.ToLower(string(a.Name)), "wear_leveling")
}

// countsLifeLeft reports whether an attribute's normalised value counts how much of
// the rated life is left, in percent. The number of an attribute says little;
// smartctl's database has a name where it knows the drive.
func (a Attribute) countsLifeLeft() bool {
	name := strings.ToLower(string(a.Name))
	life := strings.Contains(name, "life")
	switch {
	case a.mediaWearout(), a.wearLevelling():
	case life && (strings.Contains(name, "remain") || strings.Contains(name, "left")):
	// Micron's raw value counts up, but not the normalised one.
	case life && strings.Contains(name, "used") && a.ID.Or0() == 202:
	default:
		return false
	}
	return a.ID.Or0() >= 100
}

// Celsius returns the drive's temperature, nil where it gives none. SCSI drives
// without a sensor give 0 for it and for its limit.
func (o Output) Celsius() *int64 {
	if trip := o.Temperature.Trip.Int(); trip != nil && *trip == 0 && o.Temperature.Current.Or0() == 0 {
		return nil
	}
	return o.Temperature.Current.Int()
}

// MaxTemperature returns the temperature in degrees Celsius above which the drive
// should not be run, nil where it gives none.
func (o Output) MaxTemperature() *int64 {
	for _, limit := range []tolerant.Number{o.Temperature.OperatingLimit, o.Temperature.Trip} {
		if c := limit.Int(); c != nil && *c > 0 {
			return c
		}
	}
	return nil
}

// HighestTemperature returns the highest temperature in degrees Celsius that the drive had in
// its life, nil where it does not say.
func (o Output) HighestTemperature() *int64 {
	c := o.Temperature.LifetimeMax.Int()
	// An SCT status has a byte for it, and 0x80 where it is not known.
	if c != nil && (*c <= 0 || *c >= 127) {
		return nil
	}
	return c
}

// Pending returns how many places the drive has on its list of those that it could not read,
// nil where it has no such list.
func (o Output) Pending() *uint64 {
	return cmp.Or(o.ATAPendingDefects.Count.Uint(), o.SCSIPendingDefects.Count.Uint())
}

// LinkErrors is how often something went wrong on one of a drive's links.
type LinkErrors struct {
	// Port and phy of a SAS drive, such as "0:1"; "" of a SATA drive, which has one link.
	Link string
	// What went wrong, in smartctl's words.
	Name  string
	Count uint64
}

// LinkErrors returns the errors of the drive's links, in order, those that happened: of a
// SATA drive since its link was last reset, of a SAS drive since it has power.
func (o Output) LinkErrors() []LinkErrors {
	const noLongerReady, comReset, makers = 9, 10, 0x8000 // which are no errors, or nobody knows
	var all []LinkErrors
	for _, e := range o.SATALink.Table {
		if id := e.ID.Or0(); id != noLongerReady && id != comReset && id < makers && e.Value.Or0() > 0 {
			all = append(all, LinkErrors{Name: string(e.Name), Count: e.Value.Or0()})
		}
	}
	for _, port := range slices.Sorted(maps.Keys(o.SASPorts)) {
		for _, phy := range slices.Sorted(maps.Keys(o.SASPorts[port])) {
			p := o.SASPorts[port][phy]
			link := strings.TrimPrefix(port, sasPort) + ":" + strings.TrimPrefix(phy, sasPhy)
			for _, e := range []LinkErrors{
				{link, "Invalid DWORD count", p.InvalidWords.Or0()},
				{link, "Running disparity error count", p.DisparityErrors.Or0()},
				{link, "Loss of DWORD synchronization count", p.LossOfSync.Or0()},
				{link, "Phy reset problem count", p.ResetProblems.Or0()},
			} {
				if e.Count > 0 {
					all = append(all, e)
				}
			}
		}
	}
	return all
}

// UnknownBridge reports whether smartctl gave up because it does not know how to
// reach the drive behind a USB bridge.
func (o Output) UnknownBridge() bool { return o.says("USB bridge") }

// RAIDVolume returns the kind of device type that smartctl asked for, such as megaraid of
// -d megaraid,N, because the device is an array of a RAID controller, and each of its drives
// has to be asked for by its number; "" where it is none.
func (o Output) RAIDVolume() string {
	for _, m := range o.Messages() {
		if kind := numbered.FindStringSubmatch(m); kind != nil {
			return kind[1]
		}
	}
	return ""
}

var numbered = regexp.MustCompile(`-d ([a-z0-9+_]+),\[?[A-Z]`)

func (o Output) says(words string) bool {
	return slices.ContainsFunc(o.Messages(), func(m string) bool { return strings.Contains(m, words) })
}

// Fatal reports whether an exit status says that there is no data: smartctl did
// not understand its command line (bit 0), or could not open or identify the
// device (bit 1). The other bits are about the drive, see [Warnings].
func Fatal(exitStatus int) bool { return exitStatus < 0 || exitStatus&3 != 0 }

// TooOld reports whether smartctl is of a version before 6.7 that knows no -j: it
// did not understand its command line, and said so in plain text.
func TooOld(exitStatus int, out []byte) bool {
	return exitStatus > 0 && exitStatus&1 != 0 && !bytes.HasPrefix(bytes.TrimSpace(out), []byte("{"))
}

// Warnings returns what an exit status says about the drive, by bit 2 to 7.
func Warnings(exitStatus int) []string {
	var all []string
	for bit, name := range []string{2: "command_failed", 3: "failing", 4: "prefail", 5: "past_prefail", 6: "error_log", 7: "self_test_log"} {
		if name != "" && exitStatus > 0 && exitStatus&(1<<bit) != 0 {
			all = append(all, name)
		}
	}
	return all
}
