package checks

import (
	"strings"
	"testing"

	"bee/iso/smoke/selftest/live"
)

func TestResults(t *testing.T) {
	const dep, builtin = "/lib/modules/6.12.117/modules.dep", "/lib/modules/6.12.117/modules.builtin"
	whole := files{
		"/proc/sys/kernel/osrelease": "6.12.117\n",
		dep: `kernel/fs/fat/vfat.ko: kernel/fs/fat/fat.ko
kernel/fs/exfat/exfat.ko.gz:
kernel/fs/nls/nls_cp437.ko:
kernel/fs/nls/nls_ascii.ko:
kernel/drivers/usb/storage/usb-storage.ko:
kernel/drivers/usb/storage/uas.ko: kernel/drivers/usb/storage/usb-storage.ko
kernel/drivers/mmc/core/mmc_block.ko:
`,
		builtin:     "kernel/fs/ext4/ext4.ko\n",
		authorities: "-----BEGIN CERTIFICATE-----\n",
	}
	good := programs{"blkid -V": {Output: "blkid from util-linux 2.41\n"}, "bee-results --help": {}}
	for name, c := range map[string]struct {
		files    files
		programs programs
		want     string
	}{
		"all":            {whole, good, "PASS check"},
		"no ext4":        {whole.without(builtin), good, "FAIL check: the kernel has no ext4"},
		"no exfat":       {whole.with(files{dep: strings.Replace(whole[dep], "exfat", "fatex", 2)}), good, "FAIL check: the kernel has no exfat"},
		"busybox's":      {whole, programs{"blkid -V": {Output: "BusyBox"}, "bee-results --help": {}}, "FAIL check: blkid is not that of util-linux: BusyBox"},
		"no authorities": {whole.without(authorities), good, "FAIL check: " + authorities + " has no certificate"},
		"no program":     {whole, programs{"blkid -V": good["blkid -V"], "bee-results --help": live.Answer{Status: 127, Output: "not found"}}, "FAIL check: bee-results does not start: not found"},
	} {
		if got := line(system(t, c.files, c.programs), results); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
