package collect

import (
	"fmt"
	"testing"
	"testing/fstest"

	"bee/audit/report"
	"bee/audit/tool/dmidecode"
)

func TestPlatform(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"nothing is known": {nil, ", secure boot -, setup mode -, lockdown , TPMs [] (known: false), IOMMU -"},
		"BIOS":             {fstest.MapFS{"sys/firmware/memmap/0/start": file("0x0\n")}, "bios, secure boot -, setup mode -, lockdown , TPMs [] (known: false), IOMMU -"},
		"UEFI, its variables cannot be read": {fstest.MapFS{"sys/firmware/efi/runtime": file("0x0\n")},
			"uefi, secure boot -, setup mode -, lockdown , TPMs [] (known: false), IOMMU -"},
		"UEFI without Secure Boot": {fstest.MapFS{variables + "/BootOrder" + global: file("\x07\x00\x00\x00\x00\x00")},
			"uefi, secure boot false, setup mode -, lockdown , TPMs [] (known: false), IOMMU -"},
		"UEFI": {fstest.MapFS{
			variables + "/SecureBoot" + global: file("\x06\x00\x00\x00\x00"), variables + "/SetupMode" + global: file("\x06\x00\x00\x00\x01"),
			"sys/kernel/security/lockdown": file("[none] integrity confidentiality\n"),
			"sys/class/tpm/.keep":          file(""),
			"sys/class/iommu/.keep":        file(""),
		}, "uefi, secure boot false, setup mode true, lockdown none, TPMs [{.keep    }] (known: true), IOMMU {false [.keep] 0}"},
		"nonsense": {fstest.MapFS{
			variables + "/SecureBoot" + global: file("\x06\x00\x00\x00\x07"), variables + "/SetupMode" + global: file("\x06"),
			"sys/kernel/security/lockdown": file("none [everything"),
		}, "uefi, secure boot -, setup mode -, lockdown , TPMs [] (known: false), IOMMU -"},
		"TPM 1.2": {fstest.MapFS{
			"sys/class/tpm/tpm0/device/caps": file("Manufacturer: 0x49465800\nTCG version: 1.2\nFirmware version: 3.19\n"),
		}, ", secure boot -, setup mode -, lockdown , TPMs [{tpm0 1.2 IFX 3.19 }] (known: true), IOMMU -"},
	} {
		p := readPlatform(c.files)
		got := fmt.Sprintf("%s, secure boot %s, setup mode %s, lockdown %s, TPMs %v (known: %v), IOMMU %s",
			p.BootMode, show(p.SecureBoot), show(p.SetupMode), p.KernelLockdown, p.TPMs, p.TPMs != nil, show(p.IOMMU))
		if got != c.want {
			t.Errorf("%s: %s\nwant %s", name, got, c.want)
		}
	}
}

func show[T any](p *T) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprint(*p)
}

func TestTPM(t *testing.T) {
	const one = "# dmidecode 3.6\nSMBIOS 3.5.0 present.\n\nHandle 0x007A, DMI type 43, 31 bytes\nTPM Device\n" +
		"\tVendor ID: IFX\n\tSpecification Version: 2.0\tFirmware Revision: 15.22\n\tDescription: INFINEON\tCharacteristics:\n\t\tFamily configurable via platform software support\n"
	for name, c := range map[string]struct {
		known []report.TPM
		table string
		want  string
	}{
		"the kernel's":                {[]report.TPM{{Name: "tpm0", Version: "2.0"}}, one, "[{tpm0 2.0 IFX 15.22 INFINEON}]"},
		"one that knows itself":       {[]report.TPM{{Name: "tpm0", Version: "2.0", Manufacturer: "STM", FirmwareVersion: "1.0"}}, one, "[{tpm0 2.0 STM 1.0 INFINEON}]"},
		"without a driver":            {[]report.TPM{}, one, "[{ 2.0 IFX 15.22 INFINEON}]"},
		"another one":                 {[]report.TPM{{Name: "tpm0", Version: "1.2"}}, one, "[{tpm0 1.2   } { 2.0 IFX 15.22 INFINEON}]"},
		"none, and SMBIOS has none":   {nil, "# dmidecode 3.6\nSMBIOS 3.5.0 present.\n", "[]"},
		"SMBIOS says it by lines":     {nil, "Handle 0x1, DMI type 43, 31 bytes\nTPM Device\n\tVendor ID: AMD\n\tSpecification Version: 2.0\n\tFirmware Revision: 3.84\n\tDescription: AMD\n", "[{ 2.0 AMD 3.84 AMD}]"},
		"SMBIOS does not say by whom": {nil, "Handle 0x1, DMI type 43, 31 bytes\nTPM Device\n\tVendor ID: \n\tSpecification Version: 2.0\n", "[{ 2.0   }]"},
	} {
		all, err := dmidecode.Parse([]byte(c.table))
		if err != nil {
			t.Fatal(err)
		}
		got := withSMBIOS(c.known, all)
		if fmt.Sprint(got) != c.want || got == nil {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}
