package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// auditFirst is an edit that has the audit run before the NVIDIA driver is loaded.
var auditFirst = [3]string{"iso/overlay/etc/init.d/bee-audit",
	"after bee-network bee-nvidia", "after bee-network\n\tbefore bee-nvidia"}

func TestBuildRefusesWrongOrder(t *testing.T) {
	dir := copyRepository(t)
	edit(t, dir, auditFirst[0], auditFirst[1], auditFirst[2])
	iso := filepath.Join(t.TempDir(), "bee.iso")
	refuses(t, dir, "OpenRC would start the services in the wrong order", "call", "--progress=plain", "build-iso", "export", "--path", iso)
}

// TestBrokenISO breaks the ISO on purpose, each time in one way that was a real
// bug once, and wants the smoke test to fail on exactly what is broken.
func TestBrokenISO(t *testing.T) {
	// foreignModule is what makes a module one for another kernel: the checksum of one
	// symbol's type. The layer's own check is over by then.
	foreignModule := [3]string{"iso/debian/layer.sh", "trap ", `module=usr/local/lib/nvidia/open/nvidia.ko
if [ -e "$tree/$module" ]; then
	cp -a "$tree" /var/tmp/changed
	tree=/var/tmp/changed
	name=$(grep -abo module_layout "$tree/$module" | cut -d: -f1 | xargs | cut -d' ' -f1)
	printf '~~~~' | dd of="$tree/$module" bs=1 conv=notrunc seek=$((name - 8)) status=none
fi
trap `}
	tests := map[string]struct {
		edits [][3]string // file, old text, new text
		check string      // that has to fail
		says  string      // part of its reason
	}{
		"audit before nvidia": {
			[][3]string{auditFirst,
				// the build would notice
				{"iso/service-order.sh", "in_order localmount bee-network bee-nvidia bee-audit", "true"}},
			"service-order", "bee-nvidia"},
		"SSH needs a network": {
			[][3]string{
				{"iso/overlay/etc/init.d/dropbear", "need localmount", "need localmount net"},
				{"iso/overlay/etc/init.d/bee-network", "need localmount", "need localmount\n\tprovide net"},
			},
			"dropbear-without-network", "net"},
		"no audit program": {
			[][3]string{{"ci/main.go", `"usr/local/bin/audit"`, `"usr/local/bin/audit.gone"`}},
			"audit-report", "audit"},
		"module for another kernel": {
			[][3]string{foreignModule},
			"modules-insert", "is for another kernel"},
		"service exits 1": {
			[][3]string{{"iso/overlay/etc/init.d/bee-nvidia", "/usr/local/lib/bee/nvidia-load", "false"}},
			"services-started", "bee-nvidia"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := copyRepository(t)
			for _, e := range test.edits {
				edit(t, dir, e[0], e[1], e[2])
			}
			iso := filepath.Join(t.TempDir(), "bee.iso")
			mustDagger(t, dir, "call", "--progress=plain", "build-iso", "export", "--path", iso)
			failures := smoke(t, iso).failures()
			reason, failed := failures[test.check]
			if !failed || !strings.Contains(reason, test.says) {
				t.Errorf("%s did not fail because of %q; what failed: %v", test.check, test.says, failures)
			}
		})
	}
}
