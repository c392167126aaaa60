package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"bee/audit/report"
	"bee/audit/report/schema"
)

// replay audits a captured machine as a user does. Where a report is wrong in the
// field, its capture becomes a folder in testdata, and a test says what the
// report should have been.
func replay(t *testing.T, capture string) *report.Report {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.json")
	if _, stderr, code := cli(t, t.Context(), nil, "run", "--root", capture, "--output", file); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if err := schema.ValidateFile(file); err != nil {
		t.Error(err)
	}
	r, err := report.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReplay(t *testing.T) {
	r := replay(t, "testdata/server")
	for _, e := range r.Errors {
		t.Errorf("error %+v", e)
	}
	for _, c := range r.Collectors {
		if c.Status != report.Done {
			t.Errorf("%s: %s", c.Name, c.Status)
		}
	}
	smartctl := slices.IndexFunc(r.Collectors[3].Tools, func(run report.ToolRun) bool { return slices.Contains(run.Args, "/dev/sda") })
	var populated []string
	for _, s := range r.Memory.Slots {
		if s.Populated {
			populated = append(populated, s.Locator)
		}
	}
	var findings []string
	for _, f := range r.Findings {
		findings = append(findings, f.Rule+" "+f.Component)
	}
	gpu := r.NVIDIA.GPUs[0]
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"replay", r.Replay.Capture + " of " + r.Replay.CapturedAt.String(), "testdata/server of 2026-03-04 05:06:07 +0000 UTC"},
		{"host", r.Host, report.Host{Hostname: "r1-42", KernelRelease: "6.12.1-amd64", Architecture: "x86_64"}},
		{"live system", r.BeeRelease.Version, "1.0"},
		{"a tool's time, as it was", r.Collectors[3].Tools[smartctl].DurationSeconds, 1.204},
		{"a tool's exit status, as it was", *r.Collectors[3].Tools[smartctl].ExitStatus, 64},
		{"system", r.Board.System.ProductName + r.Board.System.SerialNumber + r.Board.System.Version, "Rack OneR1-000042"},
		{"sockets", len(r.CPU.Sockets), 2},
		{"slots", len(r.Memory.Slots), 8},
		{"modules", populated, []string{"P1-DIMMA1", "P1-DIMMB1", "P2-DIMMA1", "P2-DIMMB1"}},
		{"drives", drives(r), []string{"/dev/nvme0n1 NV-0003 nvme 0000:65:00.0", "/dev/sda HD-0001 sata 0000:00:17.0", "/dev/sdb SS-0002 sas 0000:18:00.0"}},
		{"PCI functions", len(r.PCIe.Devices), 8},
		{"expansion slots", len(r.PCIe.Slots), 2},
		{"interfaces", interfaces(r), []string{"eth0 02:ac:3e:00:00:01 true", "eth1 02:ac:3e:00:00:02 false"}},
		{"power supplies", supplies(r), []string{"PSU1 PS-001 ok", "PSU2 PS-002 no_input"}},
		{"GPU", gpu.SerialNumber + " " + gpu.PCIAddress, "1000000000042 0000:17:00.0"},
		{"no GPU is missing", len(r.NVIDIA.MissingGPUs), 0},
	} {
		if fmt.Sprint(c.got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
	for _, want := range []string{"drive-bad-sectors /dev/sda", "drive-link-slow /dev/sda", "network-no-link eth1", "gpu-ecc-errors 0000:17:00.0"} {
		if !slices.Contains(findings, want) {
			t.Errorf("findings %q: no %q", findings, want)
		}
	}
}

func drives(r *report.Report) (all []string) {
	for _, d := range r.Storage.Drives {
		all = append(all, fmt.Sprint(d.Path, " ", d.SerialNumber, " ", d.Transport, " ", d.PCIAddress))
	}
	return all
}

func interfaces(r *report.Report) (all []string) {
	for _, i := range r.Network.Interfaces {
		all = append(all, fmt.Sprint(i.Name, " ", i.PermanentMACAddress, " ", *i.Link))
	}
	return all
}

func supplies(r *report.Report) (all []string) {
	for _, s := range r.PSU.Supplies {
		all = append(all, fmt.Sprint(s.Name, " ", s.SerialNumber, " ", s.State))
	}
	return all
}
