package collect

import (
	"context"
	"strconv"
	"sync"

	"bee/audit/collect/powersupply"
	"bee/audit/report"
	"bee/audit/tool/dmidecode"
	"bee/audit/tool/ipmitool"
)

var psu = Collector{
	Name:  "psu",
	About: "power supplies (dmidecode where it is installed; ipmitool where there is a BMC)",
	Collect: func(ctx context.Context, t *Task) {
		var (
			mu      sync.Mutex
			smbios  []dmidecode.Structure
			frus    []ipmitool.FRU
			records []ipmitool.Record
			found   *report.PSU
		)
		// What is known is in the report before the slowest has answered.
		learn := func(store func()) {
			mu.Lock()
			defer mu.Unlock()
			store()
			found = powersupply.All(smbios, frus, records)
			t.Update(func(r *report.Report) { r.PSU = found })
		}
		bmc := hasBMC(t)
		t.Each(3, func(i int) {
			switch {
			case i == 0 && t.Has("dmidecode"):
				if all, ok := structures(ctx, t, "39"); ok {
					learn(func() { smbios = all })
				}
			case i == 1 && bmc:
				if all, ok := askBMC(ctx, t, ipmitool.ParseFRU, "fru", "print"); ok {
					learn(func() { frus = all })
				}
			case i == 2 && bmc:
				if all, ok := askBMC(ctx, t, ipmitool.ParseSDR, "sdr", "elist", "all"); ok {
					learn(func() { records = all })
				}
			}
		})
		if found != nil {
			askWatts(ctx, t, found)
		}
	},
}

// askWatts reads from inventories what supplies can give, where SMBIOS does not
// say so. ipmitool prints that only with -v, and is known to end badly then: so
// one inventory at a time, with the others read already. Other controllers than
// the BMC have inventories of the same ID, so it has to be the one that was read
// before.
func askWatts(ctx context.Context, t *Task, found *report.PSU) {
	var unknown []int
	asked := map[uint64]bool{} // a broken BMC repeats itself
	for i, s := range found.Supplies {
		if s.MaxWatts == 0 && s.FRUID != nil && s.SerialNumber != "" && !asked[*s.FRUID] {
			asked[*s.FRUID] = true
			unknown = append(unknown, i)
		}
	}
	const most = 32 // no machine has more, only a BMC that talks nonsense
	t.Each(min(len(unknown), most), func(i int) {
		s := &found.Supplies[unknown[i]]
		all, ok := askBMC(ctx, t, ipmitool.ParseFRU, "-v", "fru", "print", strconv.FormatUint(*s.FRUID, 10))
		if ok && len(all) == 1 && all[0].Text("Product Serial", "Board Serial") == s.SerialNumber {
			t.Update(func(*report.Report) { s.MaxWatts = all[0].Watts() })
		}
	})
}
