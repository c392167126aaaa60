// Package debian tests what the scripts of this folder decide.
package debian

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// modulesDep is depmod's list of a kernel with few modules: a line has all that its module
// depends on, also through others.
const modulesDep = `kernel/drivers/scsi/scsi_mod.ko:
kernel/drivers/scsi/sd_mod.ko: kernel/drivers/scsi/scsi_mod.ko
kernel/drivers/scsi/bnx2i/bnx2i.ko: kernel/drivers/net/cnic.ko kernel/drivers/uio/uio.ko kernel/drivers/scsi/scsi_mod.ko
kernel/drivers/scsi/sd_mod_extra/x.ko:
kernel/drivers/net/cnic.ko: kernel/drivers/uio/uio.ko
kernel/drivers/uio/uio.ko:
kernel/drivers/usb/storage/uas.ko: kernel/drivers/scsi/scsi_mod.ko
`

func TestModules(t *testing.T) {
	for name, c := range map[string]struct{ list, want, says string }{
		"a module, with what it depends on": {"drivers/usb/storage/uas.ko\n", "scsi/scsi_mod.ko usb/storage/uas.ko", ""},
		"a folder, and comments": {"# all\n\ndrivers/scsi\t# SCSI\n",
			"net/cnic.ko scsi/bnx2i/bnx2i.ko scsi/scsi_mod.ko scsi/sd_mod.ko scsi/sd_mod_extra/x.ko uio/uio.ko", ""},
		"without what depends on a folder": {"drivers/scsi\n- drivers/net\n", "scsi/scsi_mod.ko scsi/sd_mod.ko scsi/sd_mod_extra/x.ko", ""},
		"without a module":                 {"- drivers/scsi/sd_mod.ko\ndrivers/scsi/sd_mod.ko\ndrivers/uio\n", "", "list:2: rules with - leave nothing of drivers/scsi/sd_mod.ko"},
		"without a folder in a folder":     {"drivers/scsi\n- drivers/scsi/bnx2i\n", "scsi/scsi_mod.ko scsi/sd_mod.ko scsi/sd_mod_extra/x.ko", ""},
		"a module that is not there":       {"drivers/scsi\ndrivers/scsi/sd.ko # disks\n", "", "list:2: modules.dep has no drivers/scsi/sd.ko: name what is in its place"},
		"half a name":                      {"drivers/scsi/sd_mod\n", "", "list:1: modules.dep has no drivers/scsi/sd_mod:"},
		"without what nothing needs":       {"drivers/scsi\n- drivers/usb\n", "", "list:2: nothing that is asked for needs drivers/usb: take the rule away"},
		"two paths":                        {"drivers/scsi drivers/usb\n", "", "list:1: a rule is PATH or - PATH"},
		"no path":                          {"drivers/scsi\n-\n", "", "list:2: a rule is PATH or - PATH"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{"list": c.list, "modules.dep": modulesDep} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			script, err := filepath.Abs("modules.sh")
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(script, "list", "modules.dep")
			cmd.Dir = dir
			var stderr strings.Builder
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if failed := err != nil; failed != (c.says != "") || failed && !strings.HasPrefix(stderr.String(), "modules.sh: "+c.says) {
				t.Errorf("%v: %q, want %q", err, stderr.String(), c.says)
			}
			if got := strings.ReplaceAll(strings.Join(strings.Fields(string(out)), " "), "kernel/drivers/", ""); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
