package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/core/hostile"
	"bee/nvidia/internal/kernel"
	"bee/nvidia/load/internal/driver"
)

// Whatever the kernel's command line and its devices are called, the log is printable.
func TestHostileMachine(t *testing.T) {
	const gpu = "sys/bus/pci/devices/0000:01:00.0/"
	for _, text := range hostile.Strings {
		name := strings.NewReplacer("/", "", "\x00", "").Replace(text[:min(len(text), 200)])
		root := t.TempDir()
		for file, content := range map[string]string{
			gpu + "vendor": "0x10de\n", gpu + "class": "0x030200\n", gpu + "device": "0x20b5\n",
			"proc/cmdline": "quiet bee.nvidia=" + text, "usr/local/lib/nvidia/open/nvidia.ko": "",
		} {
			file = filepath.Join(root, file)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink("../drivers/"+name, filepath.Join(root, gpu, "driver")); err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		say := load.LogTo(&log)
		loader := driver.Loader{Root: root, Kernel: kernel.Kernel{}, Say: say.Printf}
		summary, err := loader.Load(t.Context())
		say.Print(summary)
		if found := hostile.Unprintable(log.String()); err != nil || strings.Count(log.String(), "\nbee-nvidia: ") != 2 || found != "" {
			t.Errorf("%.80q: error %v, it writes %s\n%.500s", text, err, found, log.String())
		}
	}
}
