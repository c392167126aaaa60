package checks

import (
	"encoding/json"
	"path"
	"slices"
	"time"

	"bee/iso/smoke/selftest/live"
)

// reportFile is the audit's.
const reportFile = "/var/log/bee-audit.json"

func noReport(s *live.System) bool {
	info := s.Info(reportFile)
	return info == nil || info.Size() == 0
}

func auditReport(s *live.System) outcome {
	if noReport(s) {
		return fail("%s is missing or empty; audit said: %s", reportFile, last(3, s.Text("/var/log/bee-audit.log")))
	}
	if a := s.Run(30*time.Second, "audit", "validate", reportFile); a.Status != 0 {
		return fail("%s", a.Output)
	}
	return pass("%d bytes", s.Info(reportFile).Size())
}

// report is what has to be in an audit's report, whatever its version: what a section
// holds is told apart from what it says. Its format is in audit/.
type report struct {
	sections map[string]map[string]json.RawMessage // those that are objects

	drives     []struct{ Path string }
	functions  []struct{ Address string }
	interfaces []struct{ Name, Type string }
	collectors []struct{ Status string }
	findings   []json.RawMessage // nil where there is no list, not even an empty one
}

func parseReport(text []byte) (*report, error) {
	var document map[string]json.RawMessage
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	r := &report{sections: map[string]map[string]json.RawMessage{}}
	for name, text := range document {
		var section map[string]json.RawMessage
		if json.Unmarshal(text, &section) == nil {
			r.sections[name] = section
		}
	}
	// what is no such list is none, and will be missed
	json.Unmarshal(r.sections["storage"]["drives"], &r.drives)
	json.Unmarshal(r.sections["pcie"]["devices"], &r.functions)
	json.Unmarshal(r.sections["network"]["interfaces"], &r.interfaces)
	json.Unmarshal(document["collectors"], &r.collectors)
	json.Unmarshal(document["findings"], &r.findings)
	return r, nil
}

// has tells whether a section has a list that is not empty, or an object that is not.
func (r *report) has(section, name string) bool {
	var list []map[string]json.RawMessage
	var object map[string]json.RawMessage
	text := r.sections[section][name]
	return json.Unmarshal(text, &list) == nil && len(list) > 0 || json.Unmarshal(text, &object) == nil && len(object) > 0
}

// Each section is there; drives, PCI functions and network cards are those that
// the kernel has, and NVIDIA GPUs those on the PCI bus.
func auditComplete(s *live.System) outcome {
	if noReport(s) {
		return fail("%s is missing or empty", reportFile)
	}
	r, err := parseReport([]byte(s.Text(reportFile)))
	if err != nil {
		return fail("%s is no report: %v", reportFile, err)
	}
	for _, section := range []string{"board", "cpu", "memory", "storage", "pcie", "network", "psu"} {
		if len(r.sections[section]) == 0 {
			return fail("no section %s", section)
		}
	}
	for _, part := range [][2]string{{"board", "bios"}, {"cpu", "sockets"}, {"memory", "slots"}, {"storage", "drives"}, {"pcie", "devices"}} {
		if !r.has(part[0], part[1]) {
			return fail("%s has no %s", part[0], part[1])
		}
	}
	for _, device := range s.Glob("/sys/block/*/device") {
		drive := "/dev/" + path.Base(path.Dir(device))
		if !slices.Contains(r.drives, struct{ Path string }{drive}) {
			return fail("no drive %s", drive)
		}
	}
	for _, device := range s.Glob("/sys/bus/pci/devices/*") {
		address := path.Base(device)
		if !slices.Contains(r.functions, struct{ Address string }{address}) {
			return fail("no PCI function %s", address)
		}
	}
	for _, card := range s.NetworkCards() {
		if !slices.Contains(r.interfaces, struct{ Name, Type string }{card, "ethernet"}) {
			return fail("no network interface %s", card)
		}
	}
	if gpus := s.GPUs(); gpus > 0 {
		if len(r.sections["nvidia"]) == 0 {
			return fail("no section nvidia, but %d NVIDIA GPU(s) on the PCI bus", gpus)
		}
		if _, missing := r.sections["nvidia"]["missing_gpus"]; missing {
			return fail("the driver does not know every NVIDIA GPU on the PCI bus")
		}
	}
	if r.findings == nil {
		return fail("no findings, not even an empty list")
	}
	if slices.Contains(r.collectors, struct{ Status string }{"given_up"}) {
		return fail("a collector did not end in time")
	}
	return pass("")
}
