package beerelease

import (
	"fmt"
	"strings"
	"time"
)

// Release is what the build writes into the file.
type Release struct {
	// Commit that the ISO was built from: 40 hex digits, and "-dirty" behind
	// them where the work tree held changes that were not committed.
	Commit string
	// Time of the commit.
	Date time.Time
	// Base of the ISO, alpine or debian, and its release.
	Base, BaseRelease string
	// What uname -r says on the ISO.
	Kernel string
	// Version of the NVIDIA driver; empty where the ISO has none.
	Nvidia string
	// Versions of NVIDIA's Fabric Manager, and of its subnet manager NVLSM; empty where the ISO
	// has none.
	FabricManager, NVLSM string
	// How SSH lets people in: keys, password or random.
	SSH string
	// Names of the vendor programs on the ISO.
	Vendor []string
	// How the packages are to the lock of the base: kept, differs, or none without a lock.
	Lock string
	// Keys of VERSIONS that had another value, where it was built, than at the commit.
	Overrides []string
}

// Version names the ISO: the day of its commit and the commit's beginning, such
// as 20261105-0123456789ab, and "-dirty" for a commit that is.
func (r Release) Version() string {
	commit, dirty := strings.CutSuffix(r.Commit, "-dirty")
	version := r.Date.UTC().Format("20060102") + "-" + commit[:min(12, len(commit))]
	if dirty {
		version += "-dirty"
	}
	return version
}

// String is the text of the file.
func (r Release) String() string {
	lines := []struct{ key, value string }{
		{"BEE_VERSION", r.Version()},
		{"BEE_COMMIT", r.Commit},
		{"BEE_DATE", r.Date.UTC().Format(time.RFC3339)},
		{"BEE_BASE", r.Base},
		{"BEE_RELEASE", r.BaseRelease},
		{"BEE_KERNEL", r.Kernel},
		{"BEE_AUDIT", r.Version()},
		{"BEE_NVIDIA", r.Nvidia},
		{"BEE_FABRIC_MANAGER", r.FabricManager},
		{"BEE_NVLSM", r.NVLSM},
		{"BEE_SSH", r.SSH},
		{"BEE_VENDOR", strings.Join(r.Vendor, " ")},
		{"BEE_LOCK", r.Lock},
		{"BEE_OVERRIDES", strings.Join(r.Overrides, " ")},
		{"BEE_BUILD_INFO", r.info()},
	}
	var text strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&text, "%s=\"%s\"\n", line.key, escape.Replace(line.value))
	}
	return text.String()
}

// info is the release in one line.
func (r Release) info() string {
	info := fmt.Sprintf("bee %s on %s %s, Linux %s", r.Version(), r.Base, r.BaseRelease, r.Kernel)
	if r.Nvidia != "" {
		info += ", NVIDIA " + r.Nvidia
	}
	if r.FabricManager != "" {
		info += " with Fabric Manager"
	}
	if len(r.Overrides) > 0 {
		info += ", pins overridden: " + strings.Join(r.Overrides, " ")
	}
	return info
}

// escape makes a value safe within double quotes of a POSIX shell.
var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`")
