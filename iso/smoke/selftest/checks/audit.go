package checks

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
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
	collectors []collector
	// nil where there is no list, not even an empty one
	findings []json.RawMessage
	errors   []auditError
}

type collector struct {
	Name, Status string
	MissingTools []string `json:"missing_tools"`
}

// auditError is a question to which the audit has no answer that it can use.
type auditError struct {
	Collector, Kind, Message, Tool string
	Args, Stderr                   []string
	ExitStatus                     *int `json:"exit_status"`
}

// refusal tells whether smartctl said that a drive has no SMART, as most USB sticks have
// none: it is the one tool that tells of what is not there by failing.
func (e auditError) refusal() bool {
	return e.Tool == "smartctl" && e.Kind == "exit_status" && e.ExitStatus != nil
}

func (e auditError) String() string {
	text := e.Collector + ": " + e.Message
	if len(e.Args) > 0 {
		text += " (" + strings.Join(append([]string{e.Tool}, e.Args...), " ") + ")"
	}
	return strings.Join(append([]string{text}, e.Stderr[:min(1, len(e.Stderr))]...), ": ")
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
	json.Unmarshal(document["errors"], &r.errors)
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
			return fail("no section nvidia, but %s on the PCI bus", count(gpus))
		}
		if _, missing := r.sections["nvidia"]["missing_gpus"]; missing {
			return fail("the driver does not know every NVIDIA GPU on the PCI bus")
		}
		if _, unknown := r.sections["nvidia"]["unknown_gpus"]; unknown {
			return fail("the audit knows nothing of an NVIDIA GPU on the PCI bus")
		}
	}
	if r.findings == nil {
		return fail("no findings, not even an empty list")
	}
	return pass("")
}

// The audit has had an answer to all that it asked: what did not answer in time, or with
// what nobody understands, is missing in the report, even where each section is there.
func auditAnswers(s *live.System) outcome {
	if noReport(s) {
		return fail("%s is missing or empty", reportFile)
	}
	r, err := parseReport([]byte(s.Text(reportFile)))
	if err != nil {
		return fail("%s is no report: %v", reportFile, err)
	}
	if len(r.collectors) == 0 || r.errors == nil {
		return fail("it does not tell of its collectors and its errors, not even by an empty list")
	}
	var missing, refused, skipped []string
	for _, c := range r.collectors {
		switch c.Status {
		case "done":
		case "skipped":
			skipped = append(skipped, c.Name+" was not examined: "+strings.Join(c.MissingTools, ", ")+" is not on this machine")
		default:
			missing = append(missing, c.Name+" did not come to its end: "+c.Status)
		}
	}
	for _, e := range r.errors {
		if e.refusal() {
			refused = append(refused, e.String())
		} else {
			missing = append(missing, e.String())
		}
	}
	const most = 5
	if n := len(missing); n > most {
		missing = append(missing[:most], fmt.Sprintf("and %d more", n-most))
	}
	switch {
	case len(missing) > 0:
		return fail("%s", strings.Join(missing, "; "))
	case len(skipped) > 0:
		return skip("%s", strings.Join(append(skipped, refused...), "; "))
	}
	return pass("%s", strings.Join(refused, "; "))
}
