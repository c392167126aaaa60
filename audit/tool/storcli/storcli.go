// Package storcli reads what storcli and perccli print as JSON, which are one program under
// two names, for RAID controllers of Broadcom (LSI, Avago) and what Dell, HPE, Lenovo and
// others make of them.
package storcli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"bee/audit/report"
	"bee/audit/tool/internal/tolerant"
	"bee/audit/tool/raid"
)

var controllerStates = map[string]string{
	"optimal": "ok", "ok": "ok", "needs attention": "degraded", "degraded": "degraded", "failed": "failed",
}

var backupStates = map[string]string{
	"optimal": "ok", "charging": "charging", "discharging": "charging", "learning": "charging",
	"dgd": "degraded", "degraded": "degraded", "needs attention": "degraded",
	"failed": "failed", "fld": "failed", "missing": "absent", "msng": "absent", "absent": "absent",
}

var arrayStates = map[string]string{
	"optl": "ok", "dgrd": "degraded", "pdgd": "degraded", "rec": "rebuilding", "ofln": "failed",
}

var memberStates = map[string]string{
	"onln": "ok", "jbod": "ok", "ghs": "spare", "dhs": "spare", "ugood": "unused", "ubad": "bad",
	"rbld": "rebuilding", "cpybck": "rebuilding", "offln": "failed", "failed": "failed", "fld": "failed",
}

var writeCaches = []struct{ part, means string }{
	{"WB", "write_back"}, {"WT", "write_through"}, {"WriteBack", "write_back"}, {"WriteThrough", "write_through"},
}

// property is a line of a table of two columns.
type property struct {
	Name  tolerant.String `json:"Property"`
	Value json.RawMessage
}

// text is a value, which may be a number.
func (p property) text() string {
	var s string
	if json.Unmarshal(p.Value, &s) != nil {
		s = string(p.Value)
	}
	return strings.TrimSpace(s)
}

// backup is a battery or capacitor in a list of them, or one property of the only one.
type backup struct {
	property
	Model       tolerant.String
	State       tolerant.String
	Temperature tolerant.String `json:"Temp"`
}

// row is a drive in a list.
type row struct {
	Slot   tolerant.String `json:"EID:Slt"`
	State  tolerant.String
	Group  json.RawMessage `json:"DG"`
	Size   tolerant.String
	Link   tolerant.String `json:"Intf"`
	Medium tolerant.String `json:"Med"`
	Sector tolerant.String `json:"SeSz"`
	Model  tolerant.String
}

// slot is enclosure:slot, or the slot alone where there is no enclosure.
func (r row) slot() string { return strings.TrimPrefix(strings.TrimSpace(string(r.Slot)), ":") }

// group is the number of the drive group, F for a foreign drive, - for none.
func (r row) group() string { return strings.Trim(string(r.Group), `" `) }

type details struct {
	State struct {
		MediaErrors        tolerant.Number `json:"Media Error Count"`
		OtherErrors        tolerant.Number `json:"Other Error Count"`
		PredictiveFailures tolerant.Number `json:"Predictive Failure Count"`
		Alert              tolerant.String `json:"S.M.A.R.T alert flagged by drive"`
		Temperature        tolerant.String `json:"Drive Temperature"`
	}
	Attributes struct {
		Serial   tolerant.String `json:"SN"`
		Vendor   tolerant.String `json:"Manufacturer Id"`
		Model    tolerant.String `json:"Model Number"`
		WWN      tolerant.String
		Firmware tolerant.String `json:"Firmware Revision"`
		RawSize  tolerant.String `json:"Raw size"`
		Physical tolerant.String `json:"Physical Sector Size"`
	}
}

// array is a virtual drive in a list.
type array struct {
	Name  tolerant.String `json:"DG/VD"`
	Type  tolerant.String `json:"TYPE"`
	State tolerant.String
	Cache tolerant.String
	Size  tolerant.String
	Label tolerant.String `json:"Name"`
}

// number is that of the virtual drive, without the drive group's.
func (a array) number() string {
	_, number, _ := strings.Cut(string(a.Name), "/")
	return number
}

// answer is what a controller answered to one question.
type answer struct {
	Basics struct {
		Model      tolerant.String
		Serial     tolerant.String `json:"Serial Number"`
		PCIAddress tolerant.String `json:"PCI Address"`
	}
	Version struct {
		Package  tolerant.String `json:"Firmware Package Build"`
		Firmware tolerant.String `json:"Firmware Version"`
	}
	Status struct {
		Controller tolerant.String `json:"Controller Status"`
	}
	Hardware struct {
		Battery     tolerant.String `json:"BBU"`
		Memory      tolerant.String `json:"On Board Memory Size"`
		Temperature tolerant.Number `json:"ROC temperature(Degree Celsius)"`
	} `json:"HwCfg"`
	Topology []struct {
		Group json.RawMessage `json:"DG"`
		Row   json.RawMessage
		Type  tolerant.String
		State tolerant.String
	} `json:"TOPOLOGY"`
	Arrays     []array  `json:"VD LIST"`
	Drives     []row    `json:"PD LIST"`
	Capacitors []backup `json:"Cachevault_Info"`
	Batteries  []backup `json:"BBU_Info"`

	CapacitorFirmware []property `json:"Firmware_Status"`
	BatteryFirmware   []property `json:"BBU_Firmware_Status"`
}

// Parse reads the answers of a program to several questions, which complete each other. It
// returns no controllers, and no error, where the machine has none. With an error comes what
// could be read all the same.
func Parse(program string, outs ...[]byte) ([]raid.Controller, error) {
	all := map[uint64]*controller{}
	var bad []error
	for _, out := range outs {
		bad = append(bad, parse(all, out))
	}
	var controllers []raid.Controller
	for n, c := range all {
		controllers = append(controllers, c.conclude(fmt.Sprintf("%s /c%d", program, n)))
	}
	slices.SortFunc(controllers, func(a, b raid.Controller) int {
		return cmp.Or(len(a.Name)-len(b.Name), strings.Compare(a.Name, b.Name))
	})
	return controllers, errors.Join(bad...)
}

func parse(all map[uint64]*controller, out []byte) error {
	var o struct {
		Controllers []struct {
			Command struct {
				Controller  tolerant.Number
				Status      tolerant.String
				Description tolerant.String
			} `json:"Command Status"`
			Data json.RawMessage `json:"Response Data"`
		}
	}
	// Some versions say first that it takes a while.
	if i := bytes.IndexByte(out, '{'); i > 0 {
		out = out[i:]
	}
	err := tolerant.Unmarshal(out, &o)
	if err != nil {
		err = fmt.Errorf("the output is not the JSON it should be: %w", err)
	} else if len(o.Controllers) == 0 {
		err = errors.New("the output says nothing of controllers, nor that there are none")
	}
	for _, answered := range o.Controllers {
		n := answered.Command.Controller.Uint()
		if n == nil {
			if answered.Command.Status == "Failure" && !strings.EqualFold(string(answered.Command.Description), "No Controller found") {
				err = fmt.Errorf("it says: %s", answered.Command.Description)
			}
			continue
		}
		if len(answered.Data) == 0 {
			continue
		}
		if all[*n] == nil {
			all[*n] = &controller{drives: map[string]*drive{}, arrays: map[string]*virtual{}}
		}
		all[*n].learn(answered.Data)
	}
	return err
}

// controller is what is known of a controller by all of its answers.
type controller struct {
	answer
	drives map[string]*drive   // by slot
	arrays map[string]*virtual // by number
}

type drive struct {
	row
	details
}

type virtual struct {
	array
	members  []row
	settings struct {
		Blocks tolerant.Number `json:"Number of Blocks"`
		Cache  tolerant.String `json:"Write Cache(initial setting)"`
		Path   tolerant.String `json:"OS Drive Name"`
		WWN    tolerant.String `json:"SCSI NAA Id"`
	}
}

var (
	driveKey   = regexp.MustCompile(`^Drive /c[0-9]+(?:/e([0-9]+))?/s([0-9]+)( - Detailed Information)?$`)
	arrayKey   = regexp.MustCompile(`^/c[0-9]+/v([0-9]+)$`)
	membersKey = regexp.MustCompile(`^PDs for VD ([0-9]+)$`)
	settingKey = regexp.MustCompile(`^VD([0-9]+) Properties$`)
)

// learn adds an answer. The keys of what it is a list of are made of numbers.
func (c *controller) learn(data json.RawMessage) {
	var a answer
	_ = json.Unmarshal(data, &a) // an odd field costs itself only
	capacitors, batteries := a.Capacitors, a.Batteries
	if len(c.Capacitors) > 0 {
		capacitors = append(c.Capacitors, capacitors...)
	}
	if len(c.Batteries) > 0 {
		batteries = append(c.Batteries, batteries...)
	}
	_ = json.Unmarshal(data, &c.answer)
	c.Capacitors, c.Batteries = capacitors, batteries
	for _, r := range a.Drives {
		c.drive(r.slot()).row = r
	}
	for _, v := range a.Arrays {
		c.array(v.number()).array = v
	}
	var values map[string]json.RawMessage
	_ = json.Unmarshal(data, &values)
	for key, value := range values {
		if m := driveKey.FindStringSubmatch(key); m != nil {
			d := c.drive(strings.TrimPrefix(m[1]+":"+m[2], ":"))
			if m[3] != "" {
				d.learn(value)
			} else if rows := listed[row](value); len(rows) > 0 {
				d.row = rows[0]
			}
		} else if m := arrayKey.FindStringSubmatch(key); m != nil {
			if list := listed[array](value); len(list) > 0 {
				c.array(m[1]).array = list[0]
			}
		} else if m := membersKey.FindStringSubmatch(key); m != nil {
			c.array(m[1]).members = listed[row](value)
		} else if m := settingKey.FindStringSubmatch(key); m != nil {
			_ = json.Unmarshal(value, &c.array(m[1]).settings)
		}
	}
}

func listed[T any](value json.RawMessage) []T {
	var list []T
	_ = json.Unmarshal(value, &list)
	return list
}

func (c *controller) drive(slot string) *drive {
	if c.drives[slot] == nil {
		c.drives[slot] = &drive{}
	}
	return c.drives[slot]
}

func (c *controller) array(number string) *virtual {
	if c.arrays[number] == nil {
		c.arrays[number] = &virtual{array: array{Name: tolerant.String("/" + number)}}
	}
	return c.arrays[number]
}

// learn adds the details of a drive, whose keys begin with its place.
func (d *drive) learn(value json.RawMessage) {
	var parts map[string]json.RawMessage
	_ = json.Unmarshal(value, &parts)
	for key, part := range parts {
		switch {
		case strings.HasSuffix(key, " State"):
			_ = json.Unmarshal(part, &d.details.State)
		case strings.HasSuffix(key, " Device attributes"):
			_ = json.Unmarshal(part, &d.Attributes)
		}
	}
}

func (c *controller) conclude(name string) raid.Controller {
	r := raid.Controller{RAIDController: report.RAIDController{
		Name:            name,
		Model:           raid.Text(c.Basics.Model),
		SerialNumber:    raid.Text(c.Basics.Serial),
		FirmwareVersion: cmp.Or(raid.Text(c.Version.Package), raid.Text(c.Version.Firmware)),
		PCIAddress:      raid.PCIAddress(strings.Split(string(c.Basics.PCIAddress), ":")),
		State:           raid.State(controllerStates, string(c.Status.Controller)),
		Status:          raid.Text(c.Status.Controller),
		CacheBytes:      raid.Bytes(string(c.Hardware.Memory), 1024),
		Backup:          c.backup(),
	}}
	if t := c.Hardware.Temperature.Int(); t != nil {
		r.TemperatureCelsius = raid.Celsius(strconv.FormatInt(*t, 10))
	}
	for _, slot := range ordered(c.drives) {
		r.Drives = append(r.Drives, c.drives[slot].conclude(name, slot))
	}
	for _, number := range ordered(c.arrays) {
		r.Arrays = append(r.Arrays, c.concludeArray(c.arrays[number]))
	}
	return r
}

// ordered returns the keys of a map, which are made of numbers, as people count.
func ordered[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		before, after, _ := strings.Cut(a, ":")
		otherBefore, otherAfter, _ := strings.Cut(b, ":")
		return cmp.Or(len(before)-len(otherBefore), strings.Compare(before, otherBefore), len(after)-len(otherAfter), strings.Compare(after, otherAfter))
	})
	return keys
}

// backup is the battery or capacitor, nil where there is no cache that could want one.
func (c *controller) backup() *report.CacheBackup {
	switch {
	case len(c.Capacitors) > 0:
		return backupOf("capacitor", c.Capacitors, c.CapacitorFirmware)
	case len(c.Batteries) > 0:
		return backupOf("battery", c.Batteries, c.BatteryFirmware)
	case c.Hardware.Battery == "Absent" && raid.Bytes(string(c.Hardware.Memory), 1024) > 0:
		return &report.CacheBackup{State: "absent", Status: "Absent"}
	}
	return nil
}

func backupOf(kind string, parts []backup, firmware []property) *report.CacheBackup {
	b := &report.CacheBackup{Kind: kind}
	for _, p := range parts {
		b.Model = cmp.Or(b.Model, raid.Text(p.Model))
		b.Status = cmp.Or(b.Status, raid.Text(p.state()))
		b.TemperatureCelsius = cmp.Or(b.TemperatureCelsius, raid.Celsius(string(p.Temperature)))
		switch p.Name {
		case "Type":
			b.Model = cmp.Or(b.Model, raid.Text(p.text()))
		case "Temperature":
			b.TemperatureCelsius = cmp.Or(b.TemperatureCelsius, raid.Celsius(p.text()))
		}
	}
	b.State = raid.State(backupStates, b.Status)
	for _, p := range firmware {
		if p.text() != "Yes" {
			continue
		}
		state := map[tolerant.String]string{
			"Battery Pack Missing": "absent", "Replacement required": "failed", "Battery Replacement required": "failed",
			"Pack is about to fail & should be replaced": "failed",
		}[p.Name]
		if state != "" {
			b.State, b.Status = state, strings.TrimPrefix(b.Status+", "+string(p.Name), ", ")
		}
	}
	return b
}

// state is the word for the state.
func (b backup) state() string {
	if b.Name == "State" || b.Name == "Battery State" {
		return b.text()
	}
	return string(b.State)
}

var sectors = regexp.MustCompile(`\[0x([0-9a-fA-F]{1,16}) Sectors\]`)

func (d *drive) conclude(controller, slot string) report.Drive {
	s, a := d.details.State, d.Attributes
	bytes := cmp.Or(raid.Bytes(string(a.RawSize), 1024), raid.Bytes(string(d.Size), 1024))
	if m := sectors.FindStringSubmatch(string(a.RawSize)); m != nil {
		n, _ := strconv.ParseUint(m[1], 16, 64)
		bytes = raid.Exact(n, bytes)
	}
	m := &report.Member{
		Controller:         controller,
		Slot:               slot,
		State:              raid.State(memberStates, string(d.row.State)),
		Status:             raid.Text(d.row.State),
		MediaErrors:        raid.Counted(s.MediaErrors.Uint()),
		OtherErrors:        raid.Counted(s.OtherErrors.Uint()),
		PredictiveFailures: raid.Counted(s.PredictiveFailures.Uint()),
	}
	if d.group() == "F" {
		m.State, m.Status = "foreign", strings.TrimSpace(m.Status+" F")
	}
	if s.Alert == "Yes" || s.Alert == "No" {
		alert := s.Alert == "Yes"
		m.SMARTAlert = &alert
	}
	r := report.Drive{
		Transport:          raid.Transport(string(d.Link)),
		Vendor:             raid.Vendor(string(a.Vendor)),
		Model:              cmp.Or(raid.Text(a.Model), raid.Text(d.Model)),
		SerialNumber:       raid.Text(a.Serial),
		FirmwareVersion:    raid.Text(a.Firmware),
		WWN:                raid.WWN(string(a.WWN)),
		SizeBytes:          bytes,
		LogicalBlockBytes:  raid.Bytes(string(d.Sector), 1024),
		PhysicalBlockBytes: raid.Bytes(string(a.Physical), 1024),
		Rotational:         raid.Rotational(string(d.Medium)),
		Member:             m,
	}
	if t := raid.Celsius(string(s.Temperature)); t != nil {
		r.SMART = &report.SMART{TemperatureCelsius: t}
	}
	return r
}

func (c *controller) concludeArray(v *virtual) report.RAIDArray {
	r := report.RAIDArray{
		Name:      strings.TrimPrefix(string(v.Name), "/"),
		Label:     raid.Text(v.Label),
		WWN:       raid.WWN(string(v.settings.WWN)),
		Level:     raid.Level(string(v.Type)),
		State:     raid.State(arrayStates, string(v.State)),
		Status:    raid.Text(v.State),
		SizeBytes: raid.Bytes(string(v.Size), 1024),
	}
	if path := string(v.settings.Path); strings.HasPrefix(path, "/dev/") {
		r.Path = path
	}
	if n := v.settings.Blocks.Uint(); n != nil {
		r.SizeBytes = raid.Exact(*n, r.SizeBytes)
	}
	for _, cache := range writeCaches {
		if strings.Contains(string(v.Cache), cache.part) {
			r.WriteCache = cache.means
		}
		if strings.Contains(strings.ReplaceAll(string(v.settings.Cache), " ", ""), cache.part) {
			r.WriteCacheSetting = cache.means
		}
	}
	group, _, _ := strings.Cut(string(v.Name), "/")
	for _, m := range v.members {
		r.Members = append(r.Members, m.slot())
	}
	if r.Members == nil && group != "" && group != "-" {
		for _, slot := range ordered(c.drives) {
			if c.drives[slot].group() == group {
				r.Members = append(r.Members, slot)
			}
		}
	}
	for _, t := range c.Topology {
		if t.Type == "DRIVE" && strings.EqualFold(string(t.State), "Msng") && strings.Trim(string(t.Group), `" `) == group {
			r.MissingMembers = append(r.MissingMembers, fmt.Sprintf("drive group %s, row %s", group, strings.Trim(string(t.Row), `" `)))
		}
	}
	return r
}
