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
	boot := func(p *report.PSU) { p.Supplies[0].Status = []string{"Present, Critical"} }
	expect(t, "failed when it booted", eachSupply(psuFailed), psuOf("f", boot), "warning PSU1")
	expect(t, "failed when it booted, and the BMC cannot read it", eachSupply(psuFailed), psuOf("f", boot, func(p *report.PSU) {
		p.Supplies[0].Status = append(p.Supplies[0].Status, "Device not present (Timeout)")
	}), "warning PSU1")
	expect(t, "failed when it booted, and now", eachSupply(psuFailed), psuOf("f", boot, func(p *report.PSU) { p.Supplies[0].Status = append(p.Supplies[0].Status, "Failure detected") }), "critical PSU1")
	expect(t, "no input", eachSupply(psuNoInput), psuOf("ofn-"), "warning PSU3")

	says := func(i int, word string) func(*report.PSU) {
		return func(p *report.PSU) { p.Supplies[i].Status = append(p.Supplies[i].Status, word) }
	}
	expect(t, "degraded", eachSupply(psuDegraded), psuOf("oof", says(1, "Predictive failure"), says(2, "Predictive failure")), "warning PSU2")

	for word, want := range map[string][]string{
		"PSU 1 PF Failure: Transition to Critical from less severe": {"warning PSU1"}, "PSU 1 Failure: Transition to Non-critical from more severe": {"warning PSU1"},
		"Transition to OK": nil, "Monitor": nil, "PSU 1 Mode: State Asserted": nil,
	} {
		expect(t, word, eachSupply(psuDegraded), psuOf("o", says(0, word)), want...)
	}

	expect(t, "one of two", psuAbsent, psuOf("o-"), "warning PSU2")
	expect(t, "two of four", psuAbsent, psuOf("oo--"), "info PSU3, PSU4")
	expect(t, "no place for another", psuAbsent, psuOf("o"))

	other := func(part string, watts uint64) func(*report.PSU) {
		return func(p *report.PSU) { p.Supplies[1].PartNumber, p.Supplies[1].MaxWatts = part, watts }
	}
	expect(t, "watts", psuMixed, psuOf("oo", other("P2", 800)), "warning ")
	expect(t, "watts of unknown models", psuMixed, psuOf("oo", func(p *report.PSU) { p.Supplies[0].PartNumber, p.Supplies[0].Model = "", "" }, other("P2", 800)), "warning ")
	expect(t, "watts at another input", psuMixed, psuOf("oo", other("P1", 800)))
	revision := func(p *report.PSU) { p.Supplies[0].PartNumber = "0Y26KXA00" }
	expect(t, "another revision", psuMixed, psuOf("oo", revision, other("0Y26KXA02", 750)))
	expect(t, "another part", psuMixed, psuOf("oo", revision, other("0W8R3CA01", 750)), "info ")
	expect(t, "a part number of one alone", psuMixed, psuOf("oo", other("", 750)))
	expect(t, "in SMBIOS's words and in the BMC's", psuMixed, psuOf("oo", func(p *report.PSU) { p.Supplies[0].Handle = "0x2700" }, other("P2", 750)))
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
