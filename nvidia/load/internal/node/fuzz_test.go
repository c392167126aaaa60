package node

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzWanted is of /proc/devices and of what the driver says of a GPU.
func FuzzWanted(f *testing.F) {
	f.Add(devices, "Model: \t\t NVIDIA A100\nDevice Minor: \t 0\nGPU Excluded:\t No\n")
	f.Add("Character devices:\n-1 nvidia\n4294967296 nvidia-uvm\n", "Device Minor: \t N/A\n")
	root := f.TempDir()
	information := filepath.Join(root, "proc/driver/nvidia/gpus/0000:01:00.0/information")
	if err := os.MkdirAll(filepath.Dir(information), 0o755); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, devices, gpu string) {
		for path, text := range map[string]string{devicesFile(root): devices, information: gpu} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		nodes, err := Wanted(root, true, true)
		for _, n := range nodes {
			if filepath.Dir(n.Path) != filepath.Join(root, "dev") || n.Minor > minorControl {
				t.Errorf("%+v", n)
			}
		}
		if err == nil && len(nodes) != 5 {
			t.Errorf("%+v without an error", nodes)
		}
	})
}
