package checks

import (
	"strings"
	"testing"

	"bee/iso/smoke/selftest/live"
)

const goodReport = `{"board": {"bios": {"vendor": "ACME"}}, "cpu": {"sockets": [{}]}, "memory": {"slots": [{}]},
	"storage": {"drives": [{"path": "/dev/sda"}]}, "pcie": {"devices": [{"address": "0000:02:00.0"}]},
	"network": {"interfaces": [{"name": "eth0", "up": true, "type": "ethernet"}]}, "psu": {"supplies": []},
	"nvidia": {"source": "xml", "gpus": [{}]}, "findings": [],
	"collectors": [{"status": "done"}]}`

func TestAuditReport(t *testing.T) {
	for name, c := range map[string]struct {
		files   files
		answers programs
		want    string
	}{
		"good":    {files{reportFile: goodReport}, programs{"audit validate " + reportFile: {}}, "PASS check: 394 bytes"},
		"missing": {files{"/var/log/bee-audit.log": "1\n2\n3\nno memory\n"}, nil, "FAIL check: /var/log/bee-audit.json is missing or empty; audit said: 2 3 no memory"},
		"empty":   {files{reportFile: ""}, nil, "FAIL check: /var/log/bee-audit.json is missing or empty; audit said:"},
		"invalid": {files{reportFile: "{}"}, programs{"audit validate": {Output: "audit: no schema_version\n", Status: 1}}, "FAIL check: audit: no schema_version"},
		"hangs":   {files{reportFile: "{}"}, programs{"audit validate": {Status: live.StatusTimeout}}, "FAIL check: for no known reason"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := line(system(t, c.files, c.answers), auditReport); !strings.HasPrefix(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A report that lacks what the kernel has is not complete.
func TestAuditComplete(t *testing.T) {
	kernel := files{
		"/sys/block/sda/device/x": "", "/sys/block/loop0/size": "0", "/sys/class/net/eth0/device/x": "", "/sys/class/net/eth0/type": "1\n",
		"/sys/bus/pci/devices/0000:02:00.0/vendor": "0x10de\n", "/sys/bus/pci/devices/0000:02:00.0/class": "0x030200\n",
	}
	for name, c := range map[string]struct{ from, to, want string }{
		"good":               {"", "", "PASS check"},
		"no section":         {`"psu"`, `"pus"`, "FAIL check: no section psu"},
		"an empty section":   {`{"supplies": []}`, `{}`, "FAIL check: no section psu"},
		"no list":            {`"bios": {`, `"soib": {`, "FAIL check: board has no bios"},
		"an empty list":      {`"slots": [{}]`, `"slots": []`, "FAIL check: memory has no slots"},
		"elsewhere":          {`"memory": {"slots": [{}]}`, `"memory": {"x": 1}, "x": {"slots": [{}]}`, "FAIL check: memory has no slots"},
		"no object":          {`"sockets": [{}]`, `"sockets": [1]`, "FAIL check: cpu has no sockets"},
		"another drive":      {"/dev/sda", "/dev/sdb", "FAIL check: no drive /dev/sda"},
		"another function":   {"0000:02", "0000:03", "FAIL check: no PCI function 0000:02:00.0"},
		"another interface":  {"eth0", "eth1", "FAIL check: no network interface eth0"},
		"another kind":       {"ethernet", "infiniband", "FAIL check: no network interface eth0"},
		"GPU without driver": {`"nvidia"`, `"nvdia"`, "FAIL check: no section nvidia, but 1 NVIDIA GPU(s) on the PCI bus"},
		"GPU lost":           {`"gpus": [{}]`, `"gpus": [], "missing_gpus": ["0000:02:00.0"]`, "FAIL check: the driver does not know every NVIDIA GPU on the PCI bus"},
		"no findings":        {`"findings": []`, `"errors": []`, "FAIL check: no findings, not even an empty list"},
		"null for findings":  {`"findings": []`, `"findings": null`, "FAIL check: no findings, not even an empty list"},
		"findings":           {`"findings": []`, `"findings": [{"rule": "x"}]`, "PASS check"},
		"a hang":             {"done", "given_up", "FAIL check: a collector did not end in time"},
		"not all":            {`"done"}]}`, "", "FAIL check: /var/log/bee-audit.json is no report: unexpected end of JSON input"},
	} {
		t.Run(name, func(t *testing.T) {
			s := system(t, kernel.with(files{reportFile: strings.Replace(goodReport, c.from, c.to, 1)}), nil)
			if got := line(s, auditComplete); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got := line(system(t, kernel, nil), auditComplete); got != "FAIL check: /var/log/bee-audit.json is missing or empty" {
		t.Errorf("no report: %q", got)
	}
}

func FuzzParseReport(f *testing.F) {
	f.Add([]byte(goodReport))
	f.Add([]byte(`{"storage": 1, "pcie": {"devices": {"a": 1}}, "collectors": [1, {"status": 2}], "findings": {}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(_ *testing.T, text []byte) {
		if r, err := parseReport(text); err == nil {
			r.has("storage", "drives")
		}
	})
}
