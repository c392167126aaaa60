package checks

import (
	"strings"
	"time"

	"bee/iso/smoke/selftest/live"
)

const authorities = "/etc/ssl/certs/ca-certificates.crt"

// What it takes to deliver results: the drivers of sticks and of what is on them, the program that
// finds these, and the authorities of HTTPS.
func results(s *live.System) outcome {
	folder := "/lib/modules/" + s.Kernel() + "/modules."
	modules := s.Text(folder+"dep") + s.Text(folder+"builtin")
	for _, module := range []string{"vfat", "exfat", "ext4", "nls_cp437", "nls_ascii", "usb-storage", "uas", "mmc_block"} {
		if !strings.Contains(modules, "/"+module+".ko") {
			return fail("the kernel has no %s", module)
		}
	}
	if a := s.Ask("blkid", "-V"); !strings.Contains(a.Output, "util-linux") {
		return fail("blkid is not that of util-linux: %s", a.Output)
	}
	if !strings.Contains(s.Text(authorities), "-----BEGIN CERTIFICATE-----") {
		return fail("%s has no certificate", authorities)
	}
	if a := s.Run(time.Minute, "bee-results", "--help"); a.Status != 0 {
		return fail("bee-results does not start: %s", a.Output)
	}
	return pass("")
}
