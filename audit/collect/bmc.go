package collect

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"bee/audit/collect/machine"
	"bee/audit/report"
	"bee/audit/report/placeholder"
	"bee/audit/tool/ethtool"
	"bee/audit/tool/ipmitool"
)

var bmc = Collector{
	Name:  "bmc",
	About: "what the BMC says: its event log, all sensors with their limits, its address, the chassis (ipmitool where there is a BMC)",
	Collect: func(ctx context.Context, t *Task) {
		if !hasBMC(t) {
			return
		}
		b := &report.BMC{}
		t.Update(func(r *report.Report) { r.BMC = b })
		log := func(f func(*report.BMCEventLog)) {
			t.Update(func(*report.Report) {
				b.EventLog = cmp.Or(b.EventLog, &report.BMCEventLog{})
				f(b.EventLog)
			})
		}
		t.Each(5, func(i int) {
			switch i {
			case 0:
				askLAN(ctx, t, b)
			case 1:
				if chassis, ok := askBMC(ctx, t, fields("System Power"), "chassis", "status"); ok {
					t.Update(func(*report.Report) { b.Chassis = chassisFrom(chassis) })
				}
			case 2:
				if info, ok := askBMC(ctx, t, fields("Entries"), "sel", "info"); ok {
					log(func(l *report.BMCEventLog) { describe(l, info) })
				}
			case 3:
				if events, ok := askBMC(ctx, t, ipmitool.ParseEvents, "sel", "elist", "last", strconv.Itoa(newestEvents)); ok {
					log(func(l *report.BMCEventLog) {
						l.Newest = newest(events)
						l.Entries = max(l.Entries, uint64(len(events)))
					})
				}
			case 4:
				if all, ok := askBMC(ctx, t, ipmitool.ParseSensors, "sensor"); ok {
					t.Update(func(*report.Report) { b.Sensors = sensorsFrom(all) })
				}
			}
		})
	},
}

// askLAN asks for the BMC's own network, which not every BMC has.
func askLAN(ctx context.Context, t *Task, b *report.BMC) {
	result := t.Run(ctx, "ipmitool", "lan", "print")
	lan, err := ipmitool.ParseFields(result.Stdout, "IP Address")
	if err != nil && ipmitool.NoLAN(result.Stdout, result.Stderr) && exitStatus(result) != nil {
		return
	}
	t.Check(result, err)
	if err == nil {
		t.Update(func(*report.Report) { b.LAN = lanFrom(lan) })
	}
}

// newestEvents is how many events are asked for: more than an operator reads, and few
// enough for a slow BMC.
const newestEvents = 200

func fields(named string) func([]byte) (ipmitool.Fields, error) {
	return func(out []byte) (ipmitool.Fields, error) { return ipmitool.ParseFields(out, named) }
}

func lanFrom(f ipmitool.Fields) *report.BMCLAN {
	address := func(field string) string {
		if a := f.Text(field); a != "0.0.0.0" {
			return a
		}
		return ""
	}
	return &report.BMCLAN{
		MACAddress:    ethtool.Address(f.Text("MAC Address")),
		IPAddress:     address("IP Address"),
		SubnetMask:    address("Subnet Mask"),
		Gateway:       address("Default Gateway IP"),
		AddressSource: f.Text("IP Address Source"),
		VLANID:        f.Number("802.1q VLAN ID"),
	}
}

func chassisFrom(f ipmitool.Fields) *report.ChassisStatus {
	return &report.ChassisStatus{
		PowerOverload:      f.Flag("Power Overload"),
		PowerFault:         f.Flag("Main Power Fault"),
		PowerControlFault:  f.Flag("Power Control Fault"),
		Intrusion:          f.Flag("Chassis Intrusion"),
		DriveFault:         f.Flag("Drive Fault"),
		FanFault:           f.Flag("Cooling/Fan Fault"),
		PowerRestorePolicy: f.Text("Power Restore Policy"),
		LastPowerEvent:     f.Text("Last Power Event"),
	}
}

func describe(log *report.BMCEventLog, f ipmitool.Fields) {
	log.UsedPercent, log.Overflow = f.Count("Percent Used"), f.Flag("Overflow")
	if n := f.Count("Entries"); n != nil {
		log.Entries = max(log.Entries, *n)
	}
}

// newest returns events as a report has them, the last of the log first.
func newest(events []ipmitool.Event) []report.BMCEvent {
	var all []report.BMCEvent
	for _, e := range slices.Backward(events[max(0, len(events)-newestEvents):]) {
		found := report.BMCEvent{
			ID: e.ID, Sensor: e.Sensor, Event: e.Text, Direction: strings.ToLower(e.Direction),
			Severity: report.Severity(e.Severity()), Detail: e.More,
		}
		if !e.Time.IsZero() {
			found.Time = e.Time.Format(time.DateTime)
		}
		all = append(all, found)
	}
	return all
}

// sensorsFrom returns the sensors that measure something.
func sensorsFrom(all []ipmitool.Reading) []report.BMCSensor {
	var sensors []report.BMCSensor
	for _, r := range all {
		if r.Unit == "discrete" {
			continue
		}
		s := report.BMCSensor{
			Name: r.Name, Value: r.Value, Unit: cmp.Or(ipmitool.Unit(r.Unit), placeholder.Drop(r.Unit)),
			LowerNonRecoverable: r.LowerNR, LowerCritical: r.LowerCR, LowerNonCritical: r.LowerNC,
			UpperNonCritical: r.UpperNC, UpperCritical: r.UpperCR, UpperNonRecoverable: r.UpperNR,
		}
		if status := ipmitool.Beyond(r.Status); s.Value != nil && slices.Contains([]string{"ok", "nc", "cr", "nr"}, status) {
			s.Status = status
		}
		sensors = append(sensors, s)
	}
	return sensors
}

// hasBMC reports whether there is a BMC to ask, and ipmitool to ask it: whether
// the kernel has one of the device files that ipmitool looks for.
func hasBMC(t *Task) bool {
	for _, device := range []string{"dev/ipmi0", "dev/ipmi/0", "dev/ipmidev/0"} {
		if _, err := fs.Stat(t.Files(), device); err == nil {
			return t.Has("ipmitool")
		}
	}
	t.lack("no BMC")
	return false
}

// askBMC runs ipmitool and reads what it prints, also where it was killed half
// way. It is not ok where there is nothing to read.
//
// ipmitool exits with status 1 where one inventory or sensor of many cannot be
// read, which is common: a supply is not plugged in. As long as it has printed
// others, that is no error.
func askBMC[T any](ctx context.Context, t *Task, parse func(out []byte) (T, error), args ...string) (answer T, ok bool) {
	result := t.Run(ctx, "ipmitool", args...)
	answer, err := parse(result.Stdout)
	var exit *machine.ExitError
	failed := errors.As(result.Err, &exit) && (exit.Signal != 0 || len(result.Stdout) == 0)
	if err != nil || failed || result.Err != nil && exit == nil {
		t.Check(result, err)
	}
	return answer, err == nil && len(result.Stdout) > 0
}
