package machine

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for name, want := range map[string]string{
		"":                                "bios-cd-1024-virtio-nvme",
		"uefi":                            "uefi-cd-1024-virtio-nvme",
		"512":                             "bios-cd-512-virtio-nvme",
		"bmc-ahci-four-usb-uefi":          "uefi-usb-1024-four-ahci-bmc",
		"ttys1":                           "bios-cd-1024-virtio-nvme-ttys1",
		"usb-uefi-secure":                 "uefi-secure-usb-1024-virtio-nvme",
		"uefi-secure":                     "uefi-secure-cd-1024-virtio-nvme",
		"ttys1-bmc-uefi":                  "uefi-cd-1024-virtio-nvme-bmc-ttys1",
		"none":                            "bios-cd-1024-none-nvme",
		"virtio-blk":                      "bios-cd-1024-virtio-virtio-blk",
		"virtio-scsi-virtio":              "bios-cd-1024-virtio-virtio-scsi",
		"uefi-cd-4096-virtio-virtio-scsi": "uefi-cd-4096-virtio-virtio-scsi",
		"server":                          "bios-cd-1024-server",
		"server-usb-uefi-2048":            "uefi-usb-2048-server",
		"slow-usb-ttys1":                  "bios-usb-1024-virtio-nvme-ttys1-slow",
		"uefi-pxe":                        "uefi-pxe-1024-virtio-nvme",
		"http-2048-uefi":                  "uefi-http-2048-virtio-nvme",
		"pxe-e1000e":                      "bios-pxe-1024-e1000e-nvme",
		"pxe-server":                      "bios-pxe-1024-server",
		"slow-server":                     "bios-cd-1024-server-slow",
	} {
		m, err := Parse(name)
		if err != nil || m.Name() != want {
			t.Errorf("%q: got %s, %v, want %s", name, m.Name(), err, want)
		}
		if again, err := Parse(m.Name()); err != nil || again != m {
			t.Errorf("%q: %+v reads back as %+v, %v", name, m, again, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, want := range map[string]string{
		"uefi-floppy":             `machine "uefi-floppy": "floppy" is none of the words of a machine`,
		"uefi-":                   `"" is none of the words`,
		"-uefi":                   `"" is none of the words`,
		"virtioblk":               `"virtioblk" is none of the words`,
		"bios-uefi":               "bios and uefi are both its firmware",
		"uefi-uefi":               "uefi and uefi are both its firmware",
		"uefi-http-none":          "it has no network card to boot over: leave http or none out",
		"http":                    "BIOS loads nothing by http: say uefi, or uefi-secure, too",
		"bios-http":               "BIOS loads nothing by http",
		"uefi-pxe-e1000e":         "QEMU's UEFI has no driver to boot over e1000e: leave pxe or e1000e out",
		"pxe-none":                "it has no network card to boot over: leave pxe or none out",
		"slow-pxe":                "it has no medium that could be slow: leave pxe or slow out",
		"slow-slow":               "slow and slow are both its slow",
		"512-1024":                "512 and 1024 are both its memory",
		"99999999999999999999":    "99999999999999999999 is no memory in MiB",
		"uefi-0":                  "0 is no memory in MiB",
		"-1":                      `"" is none of the words`,
		"server-ahci":             "a server has network cards, drives, a BMC and a console of its own; leave ahci out",
		"uefi-cd-1024-server-bmc": "leave bmc out",
		"server-ttys1":            "leave ttys1 out",
	} {
		if m, err := Parse(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %+v, %v, want %q", name, m, err, want)
		}
	}
}

// What is slow has time to be.
func TestTimeLimit(t *testing.T) {
	const iso = 1 << 30
	if slow := (Machine{Slow: true}).TimeLimit(); slow <= (Machine{}).TimeLimit() || slow.Seconds() < iso/SlowBytes {
		t.Errorf("a slow machine has %s, which is no time to read an ISO in", slow)
	}
}

// Words tells of each word that there is.
func TestWords(t *testing.T) {
	for _, p := range parts {
		for _, word := range append(p.words, p.name) {
			if !strings.Contains(Words, word) {
				t.Errorf("Words do not tell of %s", word)
			}
		}
	}
}

func TestComplete(t *testing.T) {
	for typed, want := range map[string]string{
		"u":             "uefi uefi-secure usb",
		"uefi-n":        "uefi-none uefi-nvme",
		"virtio":        "virtio virtio-blk virtio-scsi",
		"virtio-b":      "virtio-blk virtio-bios virtio-bmc",
		"uefi-server-c": "uefi-server-cd",
		"uefi-server-f": "",
		"uefi-slow-u":   "uefi-slow-usb",
		"x":             "",
	} {
		if got := strings.Join(Complete(typed), " "); got != want {
			t.Errorf("%q: got %s, want %s", typed, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("uefi-cd-1024-virtio-virtio-blk-bmc")
	f.Add("server-512")
	f.Fuzz(func(t *testing.T, name string) {
		m, err := Parse(name)
		if err != nil {
			return
		}
		if again, err := Parse(m.Name()); err != nil || again != m {
			t.Errorf("%q: %+v reads back as %+v, %v", name, m, again, err)
		}
	})
}
