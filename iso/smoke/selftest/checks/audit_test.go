package checks

import (
	"fmt"
	"strings"
	"testing"

	"bee/iso/smoke/selftest/live"
)

const goodReport = `{"board": {"bios": {"vendor": "ACME"}}, "cpu": {"sockets": [{}]}, "memory": {"slots": [{}]},
	"storage": {"drives": [{"path": "/dev/sda"}]}, "pcie": {"devices": [{"address": "0000:02:00.0"}]},
	"network": {"interfaces": [{"name": "eth0", "up": true, "type": "ethernet"}]}, "psu": {"supplies": []},
	"nvidia": {"source": "xml", "gpus": [{}]}, "findings": [], "errors": [],
	"collectors": [{"name": "board", "status": "done"}, {"name": "nvidia", "status": "done"}]}`

func TestAuditReport(t *testing.T) {
	for name, c := range map[string]struct {
		files   files
		answers programs
		want    string
	}{
		"good":    {files{reportFile: goodReport}, programs{"audit validate " + reportFile: {}}, fmt.Sprintf("PASS check: %d bytes", len(goodReport))},
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
		"GPU without driver": {`"nvidia"`, `"nvdia"`, "FAIL check: no section nvidia, but 1 NVIDIA GPU on the PCI bus"},
		"GPU lost":           {`"gpus": [{}]`, `"gpus": [], "missing_gpus": ["0000:02:00.0"]`, "FAIL check: the driver does not know every NVIDIA GPU on the PCI bus"},
		"GPU unknown":        {`"gpus": [{}]`, `"gpus": [], "unknown_gpus": ["0000:02:00.0"]`, "FAIL check: the audit knows nothing of an NVIDIA GPU on the PCI bus"},
		"no findings":        {`"findings": []`, `"found": []`, "FAIL check: no findings, not even an empty list"},
		"null for findings":  {`"findings": []`, `"findings": null`, "FAIL check: no findings, not even an empty list"},
		"findings":           {`"findings": []`, `"findings": [{"rule": "x"}]`, "PASS check"},
		"an error":           {`"errors": []`, `"errors": [{}]`, "PASS check"}, // auditAnswers looks for it
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

// What was not examined is no pass, though each section is there.
func TestAuditAnswers(t *testing.T) {
	const none = `"errors": []`
	with := func(errors ...string) string { return `"errors": [` + strings.Join(errors, ", ") + `]` }
	slow := `{"collector": "board", "kind": "time_limit", "message": "ipmitool reached its time limit of 15s", "tool": "ipmitool", "args": ["mc", "info"], "stderr": ["no", "answer"]}`
	stuck := `{"collector": "storage", "kind": "stuck", "message": "sys/block does not answer"}`
	stick := `{"collector": "storage", "kind": "exit_status", "message": "smartctl exited with status 1", "tool": "smartctl", "args": ["-j", "-a", "/dev/sda"], "exit_status": 1}`
	const slowly, stuckly, stickly = "board: ipmitool reached its time limit of 15s (ipmitool mc info): no", "storage: sys/block does not answer",
		"storage: smartctl exited with status 1 (smartctl -j -a /dev/sda)"
	const silent = "FAIL check: it does not tell of its collectors and its errors, not even by an empty list"
	const skipped = `"nvidia", "status": "skipped", "missing_tools": ["nvidia-smi"]`
	for name, c := range map[string]struct{ from, to, want string }{
		"good":                  {"", "", "PASS check"},
		"slow":                  {none, with(slow), "FAIL check: " + slowly},
		"no tool in it":         {none, with(stuck), "FAIL check: " + stuckly},
		"two":                   {none, with(slow, stuck), "FAIL check: " + slowly + "; " + stuckly},
		"many":                  {none, with(stuck, stuck, stuck, stuck, stuck, slow, slow), "FAIL check: " + strings.Repeat(stuckly+"; ", 5) + "and 2 more"},
		"a stick without SMART": {none, with(stick), "PASS check: " + stickly},
		"a stick that is slow":  {none, with(strings.Replace(stick, "exit_status", "time_limit", 1)), "FAIL check: " + stickly},
		"smartctl crashes":      {none, with(strings.Replace(stick, `, "exit_status": 1`, "", 1)), "FAIL check: " + stickly},
		"another tool fails":    {none, with(strings.ReplaceAll(stick, "smartctl", "lsblk")), "FAIL check: storage: lsblk exited with status 1 (lsblk -j -a /dev/sda)"},
		"both":                  {none, with(stick, slow), "FAIL check: " + slowly},
		"no driver":             {`"nvidia", "status": "done"`, skipped, "SKIP check: nvidia was not examined: nvidia-smi is not on this machine"},
		"no driver, and slow": {none + `,
	"collectors": [{"name": "board", "status": "done"}, {"name": "nvidia", "status": "done"`, with(slow) + `, "collectors": [{"name": ` + skipped, "FAIL check: " + slowly},
		"given up":              {`"board", "status": "done"`, `"board", "status": "given_up"`, "FAIL check: board did not come to its end: given_up"},
		"no errors":             {`"errors"`, `"terrors"`, silent},
		"null for errors":       {none, `"errors": null`, silent},
		"no collectors":         {`"collectors": [`, `"collectors": [], "x": [`, silent},
		"an error that is none": {none, with(`1`), "FAIL check: :"},
		"not all":               {`"done"}]}`, "", "FAIL check: /var/log/bee-audit.json is no report: unexpected end of JSON input"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(goodReport, c.from, c.to, 1)
			if text == goodReport && name != "good" {
				t.Fatalf("the report has no %s", c.from)
			}
			got := line(system(t, files{reportFile: text}, nil), auditAnswers)
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got := line(system(t, nil, nil), auditAnswers); got != "FAIL check: /var/log/bee-audit.json is missing or empty" {
		t.Errorf("no report: %q", got)
	}
}

func FuzzParseReport(f *testing.F) {
	f.Add([]byte(goodReport))
	f.Add([]byte(`{"storage": 1, "pcie": {"devices": {"a": 1}}, "collectors": [1, {"status": 2}], "findings": {}}`))
	f.Add([]byte(`{"collectors": [{"status": "skipped"}], "errors": [1, {"tool": "smartctl", "kind": "exit_status", "exit_status": 1, "stderr": []}]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(_ *testing.T, text []byte) {
		if r, err := parseReport(text); err == nil {
			r.has("storage", "drives")
			for _, e := range r.errors {
				_ = e.refusal() || e.String() == ""
			}
		}
	})
}
