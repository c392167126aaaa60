package fabric

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func write(t *testing.T, root, name, text string) {
	t.Helper()
	name = filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestNeed(t *testing.T) {
	nvswitch := func(address string) map[string]string {
		return map[string]string{address + "/vendor": "0x10de", address + "/class": "0x068000"}
	}
	bridge := func(address string) map[string]string {
		return map[string]string{address + "/vendor": "0x15b3", address + "/class": "0x020700", address + "/vpd": "\x82ConnectX-7:SMDL=SW_MNG:"}
	}
	for name, test := range map[string]struct {
		devices []map[string]string
		image   []string
		want    *Need
		missing string // how it begins, and what else it has
		flag    string
	}{
		"no switch":           {nil, nil, nil, "", ""},
		"nothing for one":     {[]map[string]string{nvswitch("0000:07:00.0")}, nil, &Need{Switches: "1 NVSwitch"}, "NVIDIA's Fabric Manager 580.159.04 is not in this image", "--fabric-manager FILE"},
		"a Fabric Manager":    {[]map[string]string{nvswitch("0000:07:00.0"), nvswitch("0000:08:00.0")}, []string{Manager}, &Need{Switches: "2 NVSwitches"}, "", ""},
		"nothing for NVLink5": {[]map[string]string{bridge("0000:05:00.0")}, nil, &Need{"NVSwitches of NVLink 5", []string{"0000:05:00.0"}}, "NVIDIA's Fabric Manager", "--fabric-manager FILE"},
		"no NVLSM":            {[]map[string]string{bridge("0000:05:00.0")}, []string{Manager}, &Need{"NVSwitches of NVLink 5", []string{"0000:05:00.0"}}, "NVIDIA's NVLSM", "--nvlsm FILE"},
		"both":                {[]map[string]string{bridge("0000:05:00.0")}, []string{Manager, SubnetManager}, &Need{"NVSwitches of NVLink 5", []string{"0000:05:00.0"}}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for _, device := range test.devices {
				for file, text := range device {
					write(t, root, "sys/bus/pci/devices/"+file, text)
				}
			}
			for _, program := range test.image {
				write(t, root, program, "")
			}
			got, err := Of(root)
			if err != nil || (got == nil) != (test.want == nil) {
				t.Fatalf("%v, %v, not %v", got, err, test.want)
			}
			if got == nil {
				return
			}
			if got.Switches != test.want.Switches || !slices.Equal(got.Bridges, test.want.Bridges) {
				t.Errorf("%v, not %v", got, test.want)
			}
			missing := got.Missing(root, "580.159.04")
			if (missing == "") != (test.missing == "") || !strings.HasPrefix(missing, test.missing) || !strings.Contains(missing, test.flag) {
				t.Errorf("missing: %q", missing)
			}
		})
	}
	root := t.TempDir()
	write(t, root, "sys/bus/pci/devices", "no folder")
	if need, err := Of(root); err == nil {
		t.Errorf("a file in the place of the bus: %v", need)
	}
}
