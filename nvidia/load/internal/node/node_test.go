package node

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

const devices = `Character devices:
  1 mem
195 nvidia
195 nvidia-modeset
195 nvidiactl
511 nvidia-uvm

Block devices:
  8 sd
240 nvidia
`

func TestWanted(t *testing.T) {
	const gpu0 = "Model: \t\t NVIDIA A100\nDevice Minor: \t 0\nGPU Excluded:\t No\n"
	tests := map[string]struct {
		devices, gpu1 string
		modeset, uvm  bool
		want          []Node
		err           string
	}{
		"all": {devices, "Device Minor: \t 1\n", true, true, []Node{
			{"nvidiactl", 195, 255, ""}, {"nvidia0", 195, 0, "0000:01:00.0"}, {"nvidia1", 195, 1, "0000:02:00.0"}, {"nvidia-modeset", 195, 254, ""},
			{"nvidia-uvm", 511, 0, ""}, {"nvidia-uvm-tools", 511, 1, ""}}, ""},
		"old name of the driver": {"Character devices:\n 200 nvidia-frontend\n", "Device Minor: 7", false, false, []Node{
			{"nvidiactl", 200, 255, ""}, {"nvidia0", 200, 0, "0000:01:00.0"}, {"nvidia7", 200, 7, "0000:02:00.0"}}, ""},
		"the driver is not listed": {"Character devices:\n", "Device Minor: 1", false, false, []Node{
			{"nvidiactl", 195, 255, ""}, {"nvidia0", 195, 0, "0000:01:00.0"}, {"nvidia1", 195, 1, "0000:02:00.0"}}, ""},
		"nvidia-uvm is not listed": {"Character devices:\n195 nvidia\n", "Device Minor: 1", false, true, []Node{
			{"nvidiactl", 195, 255, ""}, {"nvidia0", 195, 0, "0000:01:00.0"}, {"nvidia1", 195, 1, "0000:02:00.0"}}, "/proc/devices has no nvidia-uvm"},
		"no minor": {devices, "Model: \t NVIDIA A100\n", false, false, []Node{
			{"nvidiactl", 195, 255, ""}, {"nvidia0", 195, 0, "0000:01:00.0"}}, "0000:02:00.0/information has no Device Minor"},
		"a minor that is none": {devices, "Device Minor: \t N/A\n", true, false, []Node{
			{"nvidiactl", 195, 255, ""}, {"nvidia0", 195, 0, "0000:01:00.0"}, {"nvidia-modeset", 195, 254, ""}}, `parsing "N/A"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			write(t, root, "proc/devices", test.devices)
			write(t, root, "proc/driver/nvidia/gpus/0000:01:00.0/information", gpu0)
			write(t, root, "proc/driver/nvidia/gpus/0000:02:00.0/information", test.gpu1)
			got, err := Wanted(root, test.modeset, test.uvm)
			for i := range test.want {
				test.want[i].Path = filepath.Join(root, "dev", test.want[i].Path)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%v, not %v", got, test.want)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error is %v, not %q", err, test.err)
			}
		})
	}
	t.Run("NVSwitches", func(t *testing.T) {
		root := t.TempDir()
		write(t, root, "proc/devices", "Character devices:\n195 nvidia\n234 nvidia-nvswitch\n235 nvidia-nvlink\n236 nvidia-caps\n")
		write(t, root, "proc/driver/nvidia-nvswitch/devices/0000:83:00.0/information", "BIOS Version: 96.10.3E.00.01\n")
		write(t, root, "proc/driver/nvidia-nvswitch/devices/0000:84:00.0/information", "BIOS Version: 96.10.3E.00.01\n")
		write(t, root, "proc/driver/nvidia-caps/nvlink-minors", "fabric-mgmt 4323\n")
		write(t, root, "proc/driver/nvidia-caps/sys-minors", "fabric-imex-mgmt 4324\nnone x\n")
		got, err := Wanted(root, false, false)
		want := []Node{{"nvidiactl", 195, 255, ""}, {"nvidia-nvswitchctl", 234, 255, ""}, {"nvidia-nvswitch0", 234, 0, ""}, {"nvidia-nvswitch1", 234, 1, ""},
			{"nvidia-nvlink", 235, 0, ""}, {"nvidia-caps/nvidia-cap4323", 236, 4323, ""}, {"nvidia-caps/nvidia-cap4324", 236, 4324, ""}}
		for i := range want {
			want[i].Path = filepath.Join(root, "dev", want[i].Path)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, %v, not %v", got, err, want)
		}
	})
	if nodes, err := Wanted(t.TempDir(), true, true); err == nil {
		t.Errorf("without /proc/devices: %v", nodes)
	}
}
