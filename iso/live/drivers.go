package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// asked are the kinds of devices that a driver was asked for.
var asked = map[string]bool{}

// loadDrivers loads drivers for the devices found so far; each may reveal further ones. It is for
// an initramfs: Alpine's has done so.
func loadDrivers() {
	if !initramfs {
		return
	}
	// not every bus has files called modalias, that of SD cards has none
	files, _ := filepath.Glob("/sys/bus/*/devices/*/uevent") // the pattern is good
	found := map[string]bool{}
	for _, file := range files {
		text, _ := os.ReadFile(file) // a device may be gone
		for line := range strings.Lines(string(text)) {
			alias, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "MODALIAS=")
			if ok && !asked[alias] {
				asked[alias], found[alias] = true, true
			}
		}
	}
	if len(found) > 0 {
		// for most there is none here, -b leaves out those that are not to be loaded by themselves
		exec.Command("modprobe", append([]string{"-a", "-b", "-q"}, slices.Sorted(maps.Keys(found))...)...).Run()
	}
}

// modprobe loads modules, or fails.
func modprobe(names ...string) error {
	out, err := exec.Command("modprobe", append([]string{"-a"}, names...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("modprobe %s: %w: %s", strings.Join(names, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// gatherRandomness has the kernel gather some, as it does while someone waits for it: SSH host
// keys and passwords need it on machines whose processor has no generator.
func gatherRandomness() {
	exec.Command("head", "-c", "1", "/dev/random").Start()
}
