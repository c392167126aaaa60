package finding

import (
	"testing"

	"bee/audit/report"
)

// psuOf is a machine with supplies in these states, and those that a change makes
// of them.
func psuOf(states string, change ...func(*report.PSU)) *report.Report {
	p := &report.PSU{}
	for i, state := range states {
		s := report.PowerSupply{
			Name: "PSU" + string(rune('1'+i)), Manufacturer: "ACME", Model: "PWR", PartNumber: "P1", MaxWatts: 750, SerialNumber: "S" + string(rune('1'+i)),
			State: map[rune]string{'o': "ok", 'f': "failed", 'n': "no_input", '-': "absent", '?': "unknown"}[state], Status: []string{"Present, OK"},
		}
		if state != '?' {
			s.Present = pointer(state != '-')
		}
		p.Supplies = append(p.Supplies, s)
	}
	for _, c := range change {
		c(p)
	}
	return &report.Report{PSU: p}
}

func TestPowerSupplies(t *testing.T) {
	for _, rule := range rules {
		if rule.section == "psu" {
			expect(t, "good: "+rule.name, rule.check, psuOf("oo"))
			expect(t, "unknown: "+rule.name, rule.check, psuOf("?-"))
		}
	}
	expect(t, "failed", eachSupply(psuFailed), psuOf("ofn-"), "critical PSU2")
	expect(t, "no input", eachSupply(psuNoInput), psuOf("ofn-"), "warning PSU3")

	says := func(i int, word string) func(*report.PSU) {
		return func(p *report.PSU) { p.Supplies[i].Status = append(p.Supplies[i].Status, word) }
	}
	expect(t, "degraded", eachSupply(psuDegraded), psuOf("oof", says(1, "Predictive failure"), says(2, "Predictive failure")), "warning PSU2")

	expect(t, "one of two", psuAbsent, psuOf("o-"), "warning PSU2")
	expect(t, "two of four", psuAbsent, psuOf("oo--"), "info PSU3, PSU4")
	expect(t, "no place for another", psuAbsent, psuOf("o"))

	expect(t, "watts", psuMixed, psuOf("oo", func(p *report.PSU) { p.Supplies[1].MaxWatts = 800 }), "warning ")
	expect(t, "models", psuMixed, psuOf("oo", func(p *report.PSU) { p.Supplies[1].PartNumber = "P2" }), "info ")
	expect(t, "the end of a model", psuMixed, psuOf("oo", func(p *report.PSU) { p.Supplies[1].PartNumber = `P1\` }))
	expect(t, "of an absent one", psuMixed, psuOf("o-", func(p *report.PSU) { p.Supplies[1].MaxWatts = 800 }))

	expect(t, "serial numbers", psuSameSerial, psuOf("ooo", func(p *report.PSU) { p.Supplies[2].SerialNumber = "S1" }), "info PSU1, PSU3")
}

func TestPowerSensors(t *testing.T) {
	measures := func(statuses ...string) func(*report.PSU) {
		return func(p *report.PSU) {
			for _, s := range statuses {
				p.Supplies[0].Sensors = append(p.Supplies[0].Sensors, report.Sensor{Name: "Temp", Value: 71.5, Unit: "celsius", Status: s})
			}
		}
	}
	expect(t, "of a supply", psuSensor, psuOf("o", measures("ok", "nc", "cr", "nr", "ns")), "warning PSU1", "critical PSU1", "critical PSU1")
	expect(t, "of all", psuSensor, psuOf("o", func(p *report.PSU) {
		p.Sensors = []report.Sensor{{Name: "Power", Value: 900, Unit: "watts", Status: "cr"}}
	}), "critical ")

	redundancy := func(states ...string) func(*report.PSU) {
		return func(p *report.PSU) { p.Redundancy = []report.Redundancy{{Name: "PS Redundancy", States: states}} }
	}
	expect(t, "redundant", psuNotRedundant, psuOf("oo", redundancy("Fully Redundant")))
	for _, state := range []string{"Redundancy Lost", "Redundancy Degraded", "Non-Redundant: Sufficient from Redundant"} {
		expect(t, state, psuNotRedundant, psuOf("oo", redundancy(state)), "warning ")
	}
}
