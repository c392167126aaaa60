package workflows

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"bee/core/versions"
)

// Renovate knows each pin of VERSIONS, or it is said here why it does not.
func TestRenovate(t *testing.T) {
	without := map[string]string{
		"BASE":                   "a choice",
		"KERNEL_VERSION":         "the series of the bases' kernels, which stops a build of another one",
		"DEBIAN_RELEASE":         "a choice",
		"DEBIAN_SNAPSHOT":        "any time; each build of a new one differs",
		"DEBIAN_MIRROR":          "a place",
		"ALPINE_MIRROR":          "a place",
		"NVIDIA_ORIGIN":          "a choice",
		"NVIDIA_VERSION":         "a choice, with digests that nobody publishes",
		"NVIDIA_RUN_SHA256":      "of NVIDIA_VERSION",
		"FABRIC_MANAGER_ORIGIN":  "a choice",
		"FABRIC_MANAGER_SHA256":  "of the driver",
		"NVLSM_VERSION":          "NVIDIA's folder of archives is no source of Renovate's",
		"NVLSM_SHA256":           "of NVLSM_VERSION",
		"CUDA_ORIGIN":            "a choice",
		"GPU_BURN_ARCHITECTURES": "a choice",
	}
	text, err := os.ReadFile(github + "renovate.json")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		CustomManagers []struct{ ManagerFilePatterns, MatchStrings []string }
	}
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	pins, err := os.ReadFile("../../" + versions.File)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := versions.Lines(versions.File, string(pins))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{} // what Renovate takes for the version or digest
	for _, m := range config.CustomManagers {
		for _, pattern := range m.MatchStrings {
			// RE2, as Renovate has it, but without flags, where JavaScript has none
			if strings.Contains(pattern, "(?m") || strings.Contains(pattern, "(?s") {
				t.Errorf("%s has flags", pattern)
			}
			match := regexp.MustCompile(pattern)
			for _, at := range match.FindAllStringSubmatchIndex(string(pins), -1) {
				for i, group := range match.SubexpNames() {
					if strings.HasPrefix(group, "current") && at[2*i] >= 0 {
						number := strings.Count(string(pins[:at[2*i]]), "\n") + 1
						for _, line := range lines {
							if line.Number == number {
								known[line.Key] += string(pins[at[2*i]:at[2*i+1]]) + " "
							}
						}
					}
				}
			}
		}
	}
	for _, line := range lines {
		if (known[line.Key] != "") == (without[line.Key] != "") {
			t.Errorf("%s: Renovate knows %q; why not: %q", line.Key, known[line.Key], without[line.Key])
		}
		for _, part := range strings.Fields(known[line.Key]) {
			if !strings.Contains(line.Value, part) {
				t.Errorf("%s=%s: Renovate takes %s for it", line.Key, line.Value, part)
			}
		}
	}
}
