package report

// Finding is something about the machine that an operator needs to see.
type Finding struct {
	// Name of the rule that made it, words joined by hyphens: pcie-link-degraded.
	Rule string `json:"rule"`
	// critical: broken, or data is at risk. warning: works, but not as it should.
	// info: worth a look.
	Severity Severity `json:"severity" jsonschema:"enum=critical,enum=warning,enum=info"`
	// Section of the report that it is about: memory, storage, …; audit for the
	// audit itself.
	Section string `json:"section"`
	// The part it is about, as the report names it: a slot's locator, a device
	// file, a PCI address.
	Component string `json:"component,omitempty"`
	// What is wrong, in a sentence.
	Message string `json:"message"`
	// What it was concluded from, as the report has it.
	Evidence []string `json:"evidence,omitempty"`
	// What to do about it.
	Advice string `json:"advice,omitempty"`
}

// Severity is how bad a [Finding] is.
type Severity string

// The severities; see [Finding.Severity].
const (
	Critical Severity = "critical"
	Warning  Severity = "warning"
	Info     Severity = "info"
)
