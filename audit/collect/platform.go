package collect

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"io/fs"
	"path"
	"slices"
	"strings"

	"bee/audit/report"
	"bee/audit/report/placeholder"
	"bee/audit/tool/dmidecode"
	"bee/core/printable"
)

var platform = Collector{
	Name:  "platform",
	About: "UEFI or BIOS, Secure Boot, kernel lockdown, TPM, IOMMU (sysfs; dmidecode where it is installed)",
	Collect: func(ctx context.Context, t *Task) {
		p := readPlatform(t.Files())
		t.Update(func(r *report.Report) { r.Platform = p })
		if !t.Has("dmidecode") {
			return
		}
		if all, ok := structures(ctx, t, "43"); ok {
			t.Update(func(*report.Report) { p.TPMs = withSMBIOS(p.TPMs, all) })
		}
	},
}

// readPlatform reads what sysfs has of the platform.
func readPlatform(files fs.FS) *report.Platform {
	p := &report.Platform{TPMs: tpms(files), IOMMU: iommu(files)}
	// The kernel has this folder for whatever the firmware is.
	if _, err := fs.Stat(files, "sys/firmware"); err == nil {
		p.BootMode = "bios"
		if _, err := fs.Stat(files, "sys/firmware/efi"); err == nil {
			p.BootMode = "uefi"
			p.SecureBoot, p.SetupMode = efiFlag(files, "SecureBoot"), efiFlag(files, "SetupMode")
			// Firmware that has variables, and none for it, cannot do it.
			if others, _ := fs.ReadDir(files, variables); p.SecureBoot == nil && len(others) > 0 && !slices.ContainsFunc(others, isSecureBoot) {
				p.SecureBoot = new(bool)
			}
		}
	}
	// none [integrity] confidentiality
	if _, chosen, found := strings.Cut(line(files, "sys/kernel/security/lockdown"), "["); found {
		word, _, _ := strings.Cut(chosen, "]")
		if slices.Contains([]string{"none", "integrity", "confidentiality"}, word) {
			p.KernelLockdown = word
		}
	}
	return p
}

// Where the kernel shows UEFI's variables, and what stands behind the names of its own.
const (
	variables = "sys/firmware/efi/efivars"
	global    = "-8be4df61-93ca-11d2-aa0d-00e098032b8c"
)

func isSecureBoot(e fs.DirEntry) bool { return e.Name() == "SecureBoot"+global }

// efiFlag reads a variable of UEFI's own (UEFI Specification 2.10, 3.3) that holds a byte,
// behind the four that the kernel puts before each; nil where there is none.
func efiFlag(files fs.FS, name string) *bool {
	b, err := fs.ReadFile(files, path.Join(variables, name+global))
	if err != nil || len(b) != 5 || b[4] > 1 {
		return nil
	}
	set := b[4] == 1
	return &set
}

// tpms lists the TPMs that the kernel knows, nil where it cannot say (its
// Documentation/ABI/stable/sysfs-class-tpm and testing/sysfs-class-tpm).
func tpms(files fs.FS) []report.TPM {
	entries, err := fs.ReadDir(files, "sys/class/tpm")
	if err != nil {
		return nil
	}
	all := []report.TPM{}
	for _, e := range entries {
		dir := path.Join("sys/class/tpm", e.Name())
		found := report.TPM{Name: printable.Escape([]byte(e.Name()))}
		major, ok := number(files, dir+"/tpm_version_major")
		caps, _ := fs.ReadFile(files, dir+"/device/caps") // of a TPM 1.2 alone
		switch {
		case ok && major == 2:
			found.Version = "2.0"
		case ok && major == 1, len(caps) > 0:
			found.Version = "1.2"
		}
		for text := range strings.Lines(string(caps)) {
			switch key, value, _ := strings.Cut(text, ":"); key {
			case "Manufacturer":
				found.Manufacturer = letters(strings.TrimSpace(value))
			case "Firmware version":
				found.FirmwareVersion = placeholder.Drop(printable.Escape([]byte(strings.TrimSpace(value))))
			}
		}
		all = append(all, found)
	}
	return all
}

// letters reads the name of a TPM's maker, which is four letters in a number: 0x49465800.
func letters(hexadecimal string) string {
	digits, found := strings.CutPrefix(hexadecimal, "0x")
	b, err := hex.DecodeString(digits)
	if !found || err != nil || len(b) > 4 {
		return ""
	}
	return placeholder.Drop(printable.Escape(bytes.TrimRight(b, " \x00")))
}

// withSMBIOS adds to what the kernel knows what SMBIOS says (type 43): of the one TPM that a
// machine has, the same. Where it is of another version, it is one that the kernel has no
// driver for.
func withSMBIOS(known []report.TPM, all []dmidecode.Structure) []report.TPM {
	if known == nil {
		known = []report.TPM{}
	}
	for _, s := range dmidecode.Of(all, 43) {
		told := report.TPM{
			Version:         s.Text("Specification Version"),
			Manufacturer:    s.Text("Vendor ID"),
			FirmwareVersion: s.Text("Firmware Revision"),
			Description:     s.Text("Description"),
		}
		i := slices.IndexFunc(known, func(k report.TPM) bool {
			return k.Description == "" && (k.Version == "" || told.Version == "" || k.Version == told.Version)
		})
		if i < 0 {
			known = append(known, told)
			continue
		}
		told.Name = known[i].Name
		told.Version = cmp.Or(told.Version, known[i].Version)
		if known[i].Manufacturer != "" { // its own word
			told.Manufacturer, told.FirmwareVersion = known[i].Manufacturer, known[i].FirmwareVersion
		}
		known[i] = told
	}
	return known
}

// iommu tells what the kernel has of IOMMUs, nil where it has no support for them.
func iommu(files fs.FS) *report.IOMMU {
	units, err := fs.ReadDir(files, "sys/class/iommu")
	if err != nil {
		return nil
	}
	groups, _ := fs.ReadDir(files, "sys/kernel/iommu_groups")
	found := &report.IOMMU{Enabled: len(groups) > 0, Groups: uint64(len(groups))}
	for _, u := range units {
		found.Units = append(found.Units, printable.Escape([]byte(u.Name())))
	}
	return found
}
