package collect

import (
	"fmt"
	"testing"
	"testing/fstest"
)

func TestCountedErrors(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	const mc = "sys/devices/system/edac/mc/"
	const pci = "sys/bus/pci/devices/0000:c1:00.0/aer_dev_"
	const cpu = "sys/devices/system/cpu/"
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"nothing is known": {nil, "0 [] [] []"},
		"memory": {fstest.MapFS{
			mc + "mc0/dimm10/dimm_ce_count": file("3\n"), mc + "mc0/dimm10/dimm_ue_count": file("1\n"), mc + "mc0/dimm10/dimm_label": file("P1-DIMMB1\n"),
			mc + "mc0/dimm2/dimm_ce_count": file("0\n"), mc + "mc0/dimm2/dimm_ue_count": file("0\n"), mc + "mc0/dimm2/dimm_label": file("\n"),
			mc + "mc1/ce_noinfo_count": file("7\n"), mc + "mc1/ue_noinfo_count": file("0\n"),
			mc + "mc1/rank0/dimm_ce_count": file("-1\n"), mc + "mc1/rank0/dimm_ue_count": file("nonsense\n"),
			mc + "power/control": file("auto\n"),
		}, "0 [{ mc0/dimm2 0 0} {P1-DIMMB1 mc0/dimm10 3 1} { mc1 7 0}] [] []"},
		"PCIe": {fstest.MapFS{
			pci + "correctable": file("RxErr 0\nBadTLP 12\nTOTAL_ERR_COR 12\n"),
			pci + "nonfatal":    file("Undefined 0\nCmpltTO 1\nTOTAL_ERR_NONFATAL 1\n"),
			pci + "fatal":       file("DLP 0\nTOTAL_ERR_FATAL 0\n"),
			"sys/bus/pci/devices/0000:c2:00.0/aer_dev_correctable": file("RxErr 0\nTOTAL_ERR_COR 0\n"),
			// before version 5.1
			"sys/bus/pci/devices/0000:c3:00.0/aer_dev_fatal": file("Malformed TLP 2\nTOTAL_ERR_FATAL 2\n"),
		}, "0 [] [{0000:c1:00.0 12 1 0 [BadTLP 12 CmpltTO 1]} {0000:c3:00.0 0 0 2 [Malformed TLP 2]}] []"},
		"processors": {fstest.MapFS{
			cpu + "cpu0/thermal_throttle/core_throttle_count": file("2\n"), cpu + "cpu0/thermal_throttle/package_throttle_count": file("5\n"), cpu + "cpu0/topology/physical_package_id": file("1\n"),
			cpu + "cpu1/thermal_throttle/core_throttle_count": file("9\n"), cpu + "cpu1/thermal_throttle/package_throttle_count": file("4\n"), cpu + "cpu1/topology/physical_package_id": file("1\n"),
			cpu + "cpu2/thermal_throttle/core_throttle_count": file("0\n"), cpu + "cpu2/thermal_throttle/package_throttle_count": file("0\n"), cpu + "cpu2/topology/physical_package_id": file("0\n"),
			cpu + "cpufreq/boost": file("1\n"),
		}, "0 [] [] [{1 5 9}]"},
		"uptime":             {fstest.MapFS{"proc/uptime": file("4711.25 9000.00\n")}, "4711.25 [] [] []"},
		"nonsense as uptime": {fstest.MapFS{"proc/uptime": file("nan inf\n")}, "0 [] [] []"},
	} {
		k := countedErrors(c.files)
		if got := fmt.Sprint(k.UptimeSeconds, k.MemoryErrors, k.PCIeErrors, k.Throttling); got != c.want {
			t.Errorf("%s: %s\nwant %s", name, got, c.want)
		}
	}
}
