package burn

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bee/audit/burn/fakegpu"
)

// What a burn-in should not begin with is said, with the way out, and costs no verdict.
func TestState(t *testing.T) {
	const good = `progress "5 (6 Gflop/s)" 0; watched; finish "50 (6 Gflop/s)" 0 OK`
	for name, c := range map[string]struct {
		gpu  string
		kind WarningKind
		say  string
	}{
		"well":            {fakegpu.GPU(0), "", ""},
		"ECC is off":      {fakegpu.GPU(0, "<current_ecc>Enabled", "<current_ecc>Disabled"), ECCOff, "nvidia-smi -i 0 -e 1"},
		"rows to remap":   {fakegpu.GPU(0, "<clocks>", "<remapped_rows><remapped_row_pending>Yes</remapped_row_pending></remapped_rows><clocks>"), RepairPending, "nvidia-smi -i 0 -r"},
		"pages to retire": {fakegpu.GPU(0, "<clocks>", "<retired_pages><pending_retirement>Yes</pending_retirement></retired_pages><clocks>"), RepairPending, "nvidia-smi -i 0 -r"},
		"capped":          {fakegpu.GPU(0, "300.50 W</power_draw>", "300.50 W</power_draw><current_power_limit>300.00 W</current_power_limit><default_power_limit>700.00 W</default_power_limit>"), PowerLimitLowered, "nvidia-smi -i 0 -pl 700"},
		"no fabric":       {fakegpu.GPU(0, "<clocks>", "<fabric><state>In Progress</state><status>N/A</status></fabric><clocks>"), FabricNotReady, "/var/log/bee-fabric.log"},
		"fabric":          {fakegpu.GPU(0, "<clocks>", "<fabric><state>Completed</state><status>Success</status></fabric><clocks>"), "", ""},
		"as it should be": {fakegpu.GPU(0, "300.50 W</power_draw>", "300.50 W</power_draw><current_power_limit>700.00 W</current_power_limit><default_power_limit>700.00 W</default_power_limit>"), "", ""},
		"a screen's":      {fakegpu.GPU(0, "<clocks>", "<processes><process_info><pid>7</pid><type>G</type><process_name>Xorg</process_name></process_info></processes><clocks>"), "", ""},
	} {
		m := fakegpu.New(t, fakegpu.Answer(c.gpu), good)
		r, err := run1(t, m, nil)
		if err != nil || r.Verdict != Pass {
			t.Errorf("%s: %v, %s", name, err, r.Verdict)
			continue
		}
		found := slices.ContainsFunc(r.GPUs[0].Warnings, func(w Warning) bool { return w.Kind == c.kind && strings.Contains(w.Message, c.say) })
		if found != (c.kind != "") || len(r.GPUs[0].Warnings) > 1 {
			t.Errorf("%s: %+v", name, r.GPUs[0].Warnings)
		}
	}

	m := fakegpu.New(t, fakegpu.Answer(fakegpu.GPU(0), fakegpu.GPU(1, "<clocks>",
		"<processes><process_info><pid>4711</pid><type>C</type><process_name>python3</process_name><used_memory>1024 MiB</used_memory></process_info></processes><clocks>")), good)
	r, err := run1(t, m, nil)
	if !errors.As(err, new(NothingError)) || !strings.Contains(err.Error(), "GPU 1 (0000:3b:00.0) is in use by python3 (process 4711 with 1 GiB): end that, or name the others") || r.GPUBurn != nil {
		t.Errorf("in use: %v", err)
	}
	if r, err = run1(t, m, func(o *Options) { o.GPUs = []string{"0"} }); err != nil || r.Verdict != Pass {
		t.Errorf("another is in use: %v", err)
	}
}
