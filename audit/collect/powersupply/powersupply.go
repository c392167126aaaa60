// Package powersupply puts together what a machine says of its power supplies:
// SMBIOS (type 39, read when the machine booted), and the BMC's inventories and
// sensors (read now).
//
// Neither says which supply of the other one of its own is. What is taken for the
// same supply has the same serial number; else the same number in its name, where
// both count from the same number and no serial numbers speak against it. All
// else stays apart: no supply is lost, one may be listed twice.
package powersupply

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"bee/audit/report"
	"bee/audit/tool/dmidecode"
	"bee/audit/tool/ipmitool"
)

// All returns the power supplies of a machine: those that SMBIOS knows, in its
// order, then those that only the BMC knows. Each of the arguments may be empty.
func All(structures []dmidecode.Structure, frus []ipmitool.FRU, records []ipmitool.Record) *report.PSU {
	psu := &report.PSU{Supplies: []report.PowerSupply{}}
	var firmware []supply
	for _, s := range dmidecode.Of(structures, 39) {
		firmware = append(firmware, fromSMBIOS(s))
	}
	distrust(firmware)
	doubt(firmware, absent, noInput)
	bmc := fromBMC(frus, records)
	doubt(bmc, absent)
	taken := make([]bool, len(bmc))
	same := counterparts(firmware, bmc)
	for i, f := range firmware {
		if j, known := same[i]; known {
			f = join(f, bmc[j])
			taken[j] = true
		}
		psu.Supplies = append(psu.Supplies, f.PowerSupply)
	}
	for j, b := range bmc {
		if !taken[j] {
			psu.Supplies = append(psu.Supplies, b.PowerSupply)
		}
	}
	psu.Redundancy, psu.Sensors = together(records)
	return psu
}

// distrust takes back what a table says that is a board maker's template: it knows
// no supply's maker, model or number, so it cannot know how the supplies are. A
// table that does knows an empty place, too.
func distrust(firmware []supply) {
	for _, s := range firmware {
		if is(s.Present) && s.Manufacturer+s.Model+s.PartNumber+s.SerialNumber != "" {
			return
		}
	}
	takeBack(firmware)
}

// doubt takes back what is said of supplies that are all in one of some states, in
// which none could feed the machine: it runs.
func doubt(all []supply, states ...string) {
	for _, s := range all {
		if !slices.Contains(states, s.State) {
			return
		}
	}
	takeBack(all)
}

func takeBack(all []supply) {
	for i := range all {
		all[i].State, all[i].Present = unknown, nil
	}
}

func is(b *bool) bool { return b != nil && *b }

// supply is a power supply and what it is known by.
type supply struct {
	report.PowerSupply
	number int // in its name; -1 where there is none
}

// The values of [report.PowerSupply.State].
const (
	ok      = "ok"
	failed  = "failed"
	noInput = "no_input"
	absent  = "absent"
	unknown = "unknown"
)

func fromSMBIOS(s dmidecode.Structure) supply {
	p := supply{number: -1, PowerSupply: report.PowerSupply{
		Handle:       s.Handle,
		Name:         s.Text("Location"),
		State:        unknown,
		Manufacturer: s.Text("Manufacturer"),
		Model:        s.Text("Name"),
		PartNumber:   s.Text("Model Part Number"),
		SerialNumber: s.Text("Serial Number"),
		AssetTag:     s.Text("Asset Tag"),
		Revision:     s.Text("Revision"),
		Type:         s.Enum("Type"),
		MaxWatts:     s.Within("Max Power Capacity", 1, report.MostWatts),
	}}
	// Where the field for the model has the place.
	if token, _ := numbered(p.Model); token != "" && token == p.Model {
		p.Name, p.Model = cmp.Or(p.Name, p.Model), ""
	}
	if m := patterns().location.FindStringSubmatch(p.Name); m != nil {
		p.number, _ = strconv.Atoi(m[1])
	}
	switch s.Raw("Hot Replaceable") {
	case "Yes", "No":
		hot := s.Raw("Hot Replaceable") == "Yes"
		p.HotPluggable = &hot
	}

	// Of what has no name, a template says Present, OK; see distrust.
	template := p.Name == "" && p.Manufacturer == "" && p.Model == "" && p.PartNumber == "" && p.SerialNumber == "" && p.MaxWatts == 0
	status := s.Raw("Status")
	if status == "" {
		return p
	}
	p.Status = []string{status}
	present := strings.HasPrefix(status, "Present")
	if template || !present && status != "Not Present" {
		return p
	}
	p.Present = &present
	switch {
	case !present:
		p.State = absent
	case s.Raw("Plugged") == "No":
		p.Status = append(p.Status, "Unplugged")
		p.State = noInput
	case status == "Present, Critical":
		p.State = failed
	case status == "Present, OK" || status == "Present, Non-critical":
		p.State = ok
	}
	return p
}

// group is what the BMC has of one supply.
type group struct {
	token   string // its name with its number: PSU1
	number  int
	entity  ipmitool.Entity
	records []ipmitool.Record
	fru     *ipmitool.FRU
}

// fromBMC sorts records and inventories by the supply that they belong to: by the
// number in their name; and where there is none, by their entity.
func fromBMC(frus []ipmitool.FRU, records []ipmitool.Record) []supply {
	// Which numbers the names in an entity have. Some firmware has all supplies in
	// one, or names them in another order.
	numbers := map[ipmitool.Entity]map[int]bool{}
	for _, r := range records {
		if _, n := numbered(r.Name); n >= 0 && r.Entity.ID == ipmitool.PowerSupply {
			if numbers[r.Entity] == nil {
				numbers[r.Entity] = map[int]bool{}
			}
			numbers[r.Entity][n] = true
		}
	}
	type key struct {
		number int
		entity ipmitool.Entity
	}
	var groups []*group
	known := map[key]*group{}
	find := func(name string, e ipmitool.Entity) *group {
		token, number := numbered(name)
		if number < 0 {
			switch len(numbers[e]) {
			case 0:
			case 1:
				for number = range numbers[e] {
				}
			default: // nobody knows which
				return nil
			}
		}
		k := key{number, e}
		if number >= 0 {
			k.entity = ipmitool.Entity{}
		}
		g := known[k]
		if g == nil {
			g = &group{number: number, entity: e}
			groups = append(groups, g)
			known[k] = g
		}
		g.token = cmp.Or(g.token, token)
		return g
	}

	locators := map[uint64][]ipmitool.Record{}
	presence := map[string]bool{}
	for _, r := range records {
		token, _ := numbered(r.Name)
		id, isFRU := r.FRU()
		if isFRU {
			locators[id] = append(locators[id], r)
		}
		// Elsewhere than in a supply's entity, what matters must have its name.
		belongs := r.Entity.ID == ipmitool.PowerSupply || token != "" && strings.HasPrefix(r.Name, token) && (isFRU || r.Read())
		if !belongs || isRedundancy(r) || distribution(r.Name) {
			continue
		}
		if g := find(r.Name, r.Entity); g != nil {
			g.records = append(g.records, r)
			if slices.Contains(r.States(), "Presence detected") {
				presence[kind(r.Name)] = true
			}
		}
	}
	for i, f := range frus {
		entity := ipmitool.Entity{}
		if f.ID != nil {
			// Other controllers have inventories of the same ID.
			for _, r := range locators[*f.ID] {
				if strings.HasPrefix(r.Name, f.Name) {
					entity = r.Entity
					break
				}
			}
		}
		token, _ := numbered(f.Name)
		if distribution(f.Name) || entity.ID != ipmitool.PowerSupply && (token == "" || !strings.HasPrefix(f.Name, token)) {
			continue
		}
		g := find(f.Name, entity)
		if g == nil || g.fru != nil && !g.fru.Empty() {
			if f.Empty() {
				continue
			}
			g = &group{number: -1, entity: entity}
			groups = append(groups, g)
		}
		g.fru = &frus[i]
	}

	var supplies []supply
	for _, g := range groups {
		if s, is := g.supply(presence); is {
			supplies = append(supplies, s)
		}
	}
	slices.SortStableFunc(supplies, func(a, b supply) int {
		if a.number < 0 || b.number < 0 {
			return cmp.Compare(b.number, a.number) // those with a number first
		}
		return cmp.Compare(a.number, b.number)
	})
	return supplies
}

// words are the states of sensors that say how a supply is. Others mean what the
// maker of the BMC wants: a supply with one is not known to be ok.
var words = map[string]string{
	"Presence detected":              present,
	"Present":                        present,
	"Device Present":                 present,
	"Absent":                         absent,
	"Device Absent":                  absent,
	"Device Removed/Device Absent":   absent,
	"Device Inserted/Device Present": present,
	"Failure detected":               failed,
	"Config Error":                   failed,
	"Power Supply AC lost":           noInput,
	"AC lost or out-of-range":        noInput,
	"AC out-of-range, but present":   noted,
	"Predictive failure":             noted,
	"Predictive Failure Asserted":    noted,
	"Power Supply Inactive":          noted,
	"Transition to Degraded":         noted,

	// The severities that a sensor of any kind may have (event type 07h); see ofSeverity.
	"Transition to OK":                               fine,
	"Transition to Non-critical from OK":             nonCritical,
	"Transition to Non-critical from more severe":    nonCritical,
	"Transition to Critical from less severe":        critical,
	"Transition to Critical from Non-recoverable":    critical,
	"Transition to Non-recoverable from less severe": critical,
	"Transition to Non-recoverable":                  critical,
	"Monitor":                                        fine,
	"Informational":                                  fine,

	"State Asserted":                asserted,
	"State Deasserted":              deasserted,
	"Predictive Failure Deasserted": fine,
	"Limit Not Exceeded":            fine,
	"Performance Met":               fine,
	"Device Enabled":                fine,
	"Transition to Running":         fine,
	"Transition to Active":          fine,
	"Transition to On Line":         fine,
}

// What a sensor says besides the states of a supply.
const (
	present     = "present"
	noted       = "noted" // something is wrong, and the supply works
	fine        = "fine"
	nonCritical = "non-critical"
	critical    = "critical"
	asserted    = "asserted"
	deasserted  = "deasserted"
	strange     = "strange" // a state that is not known
)

// ofAssertion returns what it says of a supply that the state in a sensor's name is
// so, or is not: PSU1_AC_OK is good news, PS1 PG Fail is bad news. How bad, nobody
// knows.
func ofAssertion(word, sensor string) string {
	if patterns().good.MatchString(sensor) == (word == asserted) {
		return fine
	}
	return strange
}

// ofSeverity returns what a severity says of a supply: of what, only the name of
// the sensor tells. What is predicted has not happened, and one without power at
// its input has not failed.
func ofSeverity(severity, sensor string) string {
	switch {
	case patterns().predicted.MatchString(sensor):
		return noted
	case patterns().input.MatchString(sensor):
		return noInput
	case severity == critical:
		return failed
	}
	return noted
}

// supply says what the BMC knows of one. It is none where the BMC has no more
// than a place without a name and without a reading. presence are the kinds of
// sensors that say of some supply that it is there: one of them that says nothing
// says that its supply is not.
func (g *group) supply(presence map[string]bool) (s supply, is bool) {
	s = supply{number: g.number, PowerSupply: report.PowerSupply{Name: g.token, State: unknown}}
	is = g.number >= 0
	says := map[string]bool{}
	for _, r := range g.records {
		for _, state := range r.States() {
			word, known := words[state]
			switch word {
			case "":
				word = strange
			case nonCritical, critical:
				word = ofSeverity(word, r.Name)
				state = r.Name + ": " + state
			case asserted, deasserted:
				word = ofAssertion(word, r.Name)
			}
			if word == strange {
				state = r.Name + ": " + state
			}
			says[word] = true
			is = is || known
			if !slices.Contains(s.Status, state) {
				s.Status = append(s.Status, state)
			}
		}
		if sensor, measured := fromRecord(r); measured {
			s.Sensors = append(s.Sensors, sensor)
			if sensor.Value != 0 {
				says["measured"] = true
			}
		} else if id, isFRU := r.FRU(); isFRU {
			is = true
			s.FRUID = &id
			s.Name = cmp.Or(s.Name, r.Name)
		} else if r.Read() && len(r.States()) == 0 && presence[kind(r.Name)] {
			says["not present"] = true
		}
	}
	if f := g.fru; f != nil {
		is = true
		s.FRUID = f.ID
		s.Name = cmp.Or(s.Name, f.Name)
		s.Manufacturer = f.Text("Product Manufacturer", "Board Mfg")
		s.Model = f.Text("Product Name", "Board Product")
		s.PartNumber = f.Text("Product Part Number", "Board Part Number")
		s.SerialNumber = f.Text("Product Serial", "Board Serial")
		s.AssetTag = f.Text("Product Asset Tag")
		s.Revision = f.Text("Product Version")
		s.MaxWatts = f.Watts()
		if f.Problem != "" {
			s.Status = append(s.Status, f.Problem)
		}
	}
	s.Name = cmp.Or(s.Name, fmt.Sprintf("entity %d.%d", g.entity.ID, g.entity.Instance))

	fault := says[failed] || says[noInput]
	missing := !says[present] && !fault && (says[absent] || says["not present"])
	there := fault || says[present] || says["measured"] || g.fru != nil && !g.fru.Empty()
	if missing || there {
		there = !missing
		s.Present = &there
	}
	switch {
	case missing:
		s.State = absent
	case says[noInput]: // which most supplies count as a failure, too
		s.State = noInput
	case says[failed]:
		s.State = failed
	case says[present] && !says[strange]:
		s.State = ok
	}
	return s, is
}

// kind is the name of a sensor without its numbers, the same for each supply.
func kind(name string) string { return patterns().digits.ReplaceAllLiteralString(name, "") }

// together returns what the BMC says of all supplies together.
func together(records []ipmitool.Record) (redundancy []report.Redundancy, sensors []report.Sensor) {
	for _, r := range records {
		if !patterns().power.MatchString(r.Name) {
			continue
		}
		if isRedundancy(r) {
			redundancy = append(redundancy, report.Redundancy{Name: r.Name, States: r.States()})
			continue
		}
		// Of the system board, the power system, or the chassis.
		const board, unit, module, management, chassis = 7, 19, 20, 21, 23
		switch r.Entity.ID {
		case board, unit, module, management, chassis:
			token, _ := numbered(r.Name)
			if s, measured := fromRecord(r); measured && s.Unit == "watts" && token == "" {
				sensors = append(sensors, s)
			}
		}
	}
	return redundancy, sensors
}

// isRedundancy reports whether a sensor says whether a machine could do with a
// supply less.
func isRedundancy(r ipmitool.Record) bool {
	return slices.ContainsFunc(r.States(), func(state string) bool {
		return strings.HasPrefix(state, "Fully Redundant") || strings.HasPrefix(state, "Redundancy ") || strings.HasPrefix(state, "Non-Redundant")
	})
}

// distribution reports whether a name is that of a power distribution board.
func distribution(name string) bool { return patterns().distribution.MatchString(name) }

// fromRecord returns what a sensor measures.
func fromRecord(r ipmitool.Record) (s report.Sensor, measured bool) {
	value, unit, measured := r.Value()
	s = report.Sensor{Name: r.Name, Value: value, Unit: ipmitool.Unit(unit), Status: ipmitool.Beyond(r.Status)}
	if !measured || s.Unit == "" || !r.Read() {
		return report.Sensor{}, false
	}
	return s, true
}

// counterparts returns for supplies of the firmware which of the BMC's is the
// same, by their indices.
func counterparts(firmware, bmc []supply) map[int]int {
	same, taken := map[int]int{}, map[int]bool{}
	serials := map[string][]int{}
	for j, b := range bmc {
		serials[b.SerialNumber] = append(serials[b.SerialNumber], j)
	}
	for i, f := range firmware {
		if js := serials[f.SerialNumber]; f.SerialNumber != "" && len(js) > 0 {
			same[i], taken[js[0]] = js[0], true
			serials[f.SerialNumber] = js[1:]
		}
	}

	one, other := byNumber(firmware), byNumber(bmc)
	if len(one) == 0 || len(other) == 0 || lowest(one) != lowest(other) {
		return same
	}
	for number, is := range one {
		js := other[number]
		if len(is) != 1 || len(js) != 1 {
			continue
		}
		i, j := is[0], js[0]
		if _, known := same[i]; !known && !taken[j] && (firmware[i].SerialNumber == "" || bmc[j].SerialNumber == "") {
			same[i] = j
		}
	}
	return same
}

// byNumber returns the indices of supplies by the number in their name.
func byNumber(all []supply) map[int][]int {
	m := map[int][]int{}
	for i, s := range all {
		if s.number >= 0 {
			m[s.number] = append(m[s.number], i)
		}
	}
	return m
}

func lowest(numbers map[int][]int) int { return slices.Min(slices.Collect(maps.Keys(numbers))) }

// join is one supply of what the firmware and the BMC say. How it is, the BMC
// knows better: it looked just now.
func join(f, b supply) supply {
	f.FRUID = b.FRUID
	f.Name = cmp.Or(f.Name, b.Name)
	f.Manufacturer = cmp.Or(f.Manufacturer, b.Manufacturer)
	f.Model = cmp.Or(f.Model, b.Model)
	f.PartNumber = cmp.Or(f.PartNumber, b.PartNumber)
	f.SerialNumber = cmp.Or(f.SerialNumber, b.SerialNumber)
	f.AssetTag = cmp.Or(f.AssetTag, b.AssetTag)
	f.Revision = cmp.Or(f.Revision, b.Revision)
	f.MaxWatts = cmp.Or(f.MaxWatts, b.MaxWatts)
	f.Status = append(f.Status, b.Status...)
	f.Sensors = b.Sensors
	if b.State != unknown {
		f.State, f.Present = b.State, b.Present
	} else if f.Present == nil {
		f.Present = b.Present
	}
	return f
}

var patterns = sync.OnceValue(func() (p struct{ numbered, location, digits, power, predicted, input, good, distribution *regexp.Regexp }) {
	// PS1, PSU_2, P/S 1, Power Supply 1, Pwr Supply 2, PSU Bay 1; not GPS1.
	p.numbered = regexp.MustCompile(`(?i)(?:^|[^a-z])((?:psu?|p/s|(?:pwr|power)[ _-]*(?:supply|sply|module))[ _.#-]*(?:(?:bay|slot|unit)[ _.#-]*)?([0-9]{1,2}))(?:[^0-9]|$)`)
	p.location = regexp.MustCompile(`(?:^|[^0-9])([0-9]{1,2})[^0-9]*$`)
	p.digits = regexp.MustCompile(`[0-9]+`)
	p.power = regexp.MustCompile(`(?i)ps|pow|pwr|system level`)
	p.predicted = regexp.MustCompile(`(?i)(?:^|[^a-z])pf(?:[^a-z]|$)|predict`)
	p.input = regexp.MustCompile(`(?i)(?:^|[^a-z])v?(?:ac|in|input)[^a-z]*(?:fail|lost|loss)|(?:fail|lost|loss)[a-z]*[^a-z]+(?:of[^a-z]+)?v?(?:ac|in|input)(?:[^a-z]|$)`)
	p.good = regexp.MustCompile(`(?i)(?:^|[^a-z])(?:ok|p?good|present|presence|pres|enabled?)(?:[^a-z]|$)`)
	p.distribution = regexp.MustCompile(`(?i)pdb|distr`)
	return p
})

// numbered returns the part of a name that is a power supply's, with its number:
// "PS1" of "PS1 Status". The number is -1 where there is none.
func numbered(name string) (token string, number int) {
	m := patterns().numbered.FindStringSubmatch(name)
	if m == nil {
		return "", -1
	}
	number, _ = strconv.Atoi(m[2])
	return m[1], number
}
