package hardware

import (
	"testing"

	"bee/core/check"
	"bee/core/machine"
)

// FuzzCheck is of the audit's report, which the machine wrote.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"board": {"baseboards": [{"manufacturer": "bee", "product_name": "smoke"}]}, "storage": {"drives": [
		{"transport": "nvme", "serial_number": "SMOKE-DRIVE-1", "size_bytes": 8589934592}]}, "network": {"interfaces": {}}}`))
	f.Add([]byte(`[1e400]`))
	machines := []machine.Machine{{Profile: machine.Plain, Network: machine.Four, Disk: machine.NVMe, BMC: true}, {Profile: machine.Server}}
	f.Fuzz(func(t *testing.T, report []byte) {
		for _, m := range machines {
			for _, c := range Check(m, report) {
				if c.Name == "" || c.Detail == "" || c.Status != check.Pass && c.Status != check.Fail {
					t.Errorf("%+v", c)
				}
			}
		}
	})
}
