package burn

import (
	"cmp"
	"fmt"
	"strings"

	"bee/audit/report"
	"bee/audit/report/label"
)

// Warning is something about a GPU that does not make it fail.
type Warning struct {
	// slower_than_others (of its kind in the machine), slower_than_expected (than others of its
	// kind were elsewhere). Before the burn-in: ecc_off (errors of its memory are not seen),
	// repair_pending (its memory is repaired when it is reset), power_limit_lowered,
	// fabric_not_ready (it has not come into the machine's NVLink fabric).
	Kind WarningKind `json:"kind" jsonschema:"enum=slower_than_others,enum=slower_than_expected,enum=ecc_off,enum=repair_pending,enum=power_limit_lowered,enum=fabric_not_ready"`
	// What it is, and what to do about it.
	Message string `json:"message"`
	// What may be behind it: reasons for which it was slowed down, a power limit below the
	// default, a narrow PCIe link.
	Evidence []string `json:"evidence,omitempty"`
}

// WarningKind is the kind of a [Warning].
type WarningKind string

// The kinds of warnings; see [Warning.Kind].
const (
	SlowerThanOthers   WarningKind = "slower_than_others"
	SlowerThanExpected WarningKind = "slower_than_expected"
	ECCOff             WarningKind = "ecc_off"
	RepairPending      WarningKind = "repair_pending"
	PowerLimitLowered  WarningKind = "power_limit_lowered"
	FabricNotReady     WarningKind = "fabric_not_ready"
)

// checkState warns of what a burn-in should not begin with, and does all the same.
func (d *device) checkState() {
	g := d.Before
	warn := func(kind WarningKind, format string, args ...any) {
		d.Warnings = append(d.Warnings, Warning{Kind: kind, Message: fmt.Sprintf(format, args...)})
	}
	is := func(b *bool) bool { return b != nil && *b }
	if g.ECC != nil && g.ECC.Enabled != nil && !*g.ECC.Enabled {
		warn(ECCOff, "ECC is off: errors of its memory are not seen; nvidia-smi -i %d -e 1 turns it on at the next reset", d.Index)
	}
	ecc, rows, pages := cmp.Or(g.ECC, &report.GPUECC{}), cmp.Or(g.RemappedRows, &report.RemappedRows{}), cmp.Or(g.RetiredPages, &report.RetiredPages{})
	if is(rows.Pending) || is(pages.Pending) || is(ecc.ChannelRepairPending) || is(ecc.TPCRepairPending) {
		warn(RepairPending, "it waits for a reset to put bad memory out of use; nvidia-smi -i %d -r resets it, and then burn it in again", d.Index)
	}
	if limit, usual, lowered := powerLimit(g); lowered {
		warn(PowerLimitLowered, "its power limit is %.0f W, by default %.0f W; nvidia-smi -i %d -pl %.0f sets that", limit, usual, d.Index, usual)
	}
	// A GPU alone may calculate all the same: gpu_burn will tell.
	if g.FabricState == "Not Started" || g.FabricState == "In Progress" {
		warn(FabricNotReady, "it has not come into the NVLink fabric (state: %s): GPUs reach each other by PCIe alone, if CUDA starts at all; /var/log/bee-fabric.log says why NVIDIA's Fabric Manager did not set it up", g.FabricState)
	}
}

// powerLimit returns a GPU's power limit and the one that it has by default, in watts, and
// whether it was lowered.
func powerLimit(g report.GPU) (limit, usual float64, lowered bool) {
	p := g.Power
	if p == nil || p.LimitWatts == nil || p.DefaultLimitWatts == nil {
		return 0, 0, false
	}
	return *p.LimitWatts, *p.DefaultLimitWatts, *p.LimitWatts < *p.DefaultLimitWatts
}

// users are the programs that calculate on a GPU, "" where there are none. Those that draw
// on it leave it alone.
func users(g report.GPU) string {
	var all []string
	for _, p := range g.Processes {
		if strings.Contains(p.Type, "C") {
			all = append(all, strings.TrimSpace(fmt.Sprintf("%s (process %d%s)", p.Name, p.PID, label.Prefix(" with ", label.Memory(*cmp.Or(p.UsedMemoryBytes, new(uint64)))))))
		}
	}
	return strings.Join(all, ", ")
}
