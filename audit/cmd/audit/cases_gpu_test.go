package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bee/audit/report"
)

// Cases from the field about GPUs and network adapters; the README of each says where it
// comes from and what is right.
func TestGPUCases(t *testing.T) {
	for name, check := range map[string]func(t *testing.T, r *report.Report){
		"12-bond-without-ethtool": func(t *testing.T, r *report.Report) {
			var got []string
			for _, i := range r.Network.Interfaces {
				got = append(got, i.Name+" "+i.PermanentMACAddress+" "+i.Master)
			}
			if want := []string{"eth0 02:00:00:00:00:01 bond0", "eth1 02:00:00:00:00:02 bond0"}; !slices.Equal(got, want) || len(r.Findings) != 0 {
				t.Errorf("%q, findings %q", got, rules(r))
			}
		},
		"17-gb200-fabric": func(t *testing.T, r *report.Report) {
			if got := rules(r); !slices.Equal(got, []string{"gpu-fabric"}) || r.Findings[0].Component != "0018:01:00.0" {
				t.Errorf("findings %+v", r.Findings)
			}
		},
		"18-nvlink-two-down": func(t *testing.T, r *report.Report) {
			if f := r.Findings; len(f) != 1 || f[0].Rule != "gpu-nvlink-down" || !slices.Contains(f[0].Evidence, "links down: 3, 5") {
				t.Errorf("findings %+v", f)
			}
		},
		"19-pcie-no-bridge": func(t *testing.T, r *report.Report) {
			if len(r.Findings) != 0 {
				t.Errorf("findings %+v", r.Findings)
			}
		},
		"23-nvme-virtual-functions": func(t *testing.T, r *report.Report) {
			if len(r.Storage.Drives) != 1 || slices.Contains(rules(r), "drive-no-namespace") {
				t.Errorf("drives %+v, findings %q", r.Storage.Drives, rules(r))
			}
		},
		"28-h100-in-a-vm": func(t *testing.T, r *report.Report) {
			if len(r.Errors) != 1 || r.Errors[0].Message != "this machine has no SMBIOS" || len(r.Errors[0].Runs()) != 5 {
				t.Errorf("errors %+v", r.Errors)
			}
			smbios := report.Gap{Reason: "this machine has no SMBIOS", Sections: []string{"board", "cpu", "memory", "pcie", "psu"}, Count: 5}
			if !slices.ContainsFunc(r.NotExamined, func(g report.Gap) bool { return fmt.Sprint(g) == fmt.Sprint(smbios) }) {
				t.Errorf("not examined: %+v", r.NotExamined)
			}
			g := r.NVIDIA.GPUs[0]
			got := fmt.Sprint(g.MemoryTotalBytes>>20, *g.ECC.Enabled, *g.Power.LimitWatts, *g.PCIe.WidthLanes, *g.PCIe.MaxGeneration, g.NVLinks == nil)
			if got != "81559 true 700 16 5 true" {
				t.Error(got)
			}
		},
		"29-driver-library-mismatch": func(t *testing.T, r *report.Report) {
			n := r.NVIDIA
			if n.Trouble != report.VersionMismatch || n.LibraryVersion != "550.163" || len(n.MissingGPUs) != 0 || !slices.Equal(n.UnknownGPUs, []string{"0000:00:06.0"}) {
				t.Errorf("%+v", n)
			}
			if got := rules(r); !slices.Contains(got, "gpu-driver") || slices.Contains(got, "gpu-missing") || slices.Contains(got, "gpu-not-examined") {
				t.Errorf("findings %q", got)
			}
			for _, f := range r.Findings {
				for _, harm := range []string{"ower the machine off", "eseat", "eplace"} {
					if strings.Contains(f.Message+f.Advice, harm) {
						t.Errorf("%s: %s", f.Rule, f.Advice)
					}
				}
			}
			if len(r.Errors) != 2 {
				t.Errorf("errors %+v", r.Errors)
			}
		},
	} {
		t.Run(name, func(t *testing.T) { check(t, replay(t, "testdata/cases/"+name)) })
	}
}

// Where the kernel module says which version it is, the finding has both.
func TestMismatchWithModule(t *testing.T) {
	capture := t.TempDir()
	if err := os.CopyFS(capture, os.DirFS("testdata/cases/29-driver-library-mismatch")); err != nil {
		t.Fatal(err)
	}
	version := filepath.Join(capture, "files/proc/driver/nvidia/version")
	if err := os.MkdirAll(filepath.Dir(version), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(version, []byte("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := replay(t, capture)
	if r.NVIDIA.DriverVersion != "580.159.04" || r.NVIDIA.LibraryVersion != "550.163" {
		t.Errorf("%+v", r.NVIDIA)
	}
	i := slices.Index(rules(r), "gpu-driver")
	if i < 0 || !strings.Contains(r.Findings[i].Message, "library 550.163") || !strings.Contains(r.Findings[i].Message, "kernel module 580.159.04") {
		t.Errorf("findings %+v", r.Findings)
	}
}

// What could not be examined is on the console, on the page and in the QR codes, once and
// before the sections; command lines are cut there, and whole in the report.
func TestNotExaminedEverywhere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.json")
	stdout, stderr, code := cli(t, t.Context(), nil, "run", "--root", "testdata/cases/28-h100-in-a-vm", "--output", file)
	if code != 0 {
		t.Fatal(stderr)
	}
	const reason = "this machine has no SMBIOS"
	shown, _, _ := cli(t, t.Context(), nil, "show", file)
	codes, _, _ := cli(t, t.Context(), nil, "show", "--qr", file)
	page, _, _ := cli(t, t.Context(), nil, "report", "--html", file)
	for what, text := range map[string]string{"run": stdout, "show": shown} {
		if before, _, found := strings.Cut(text, "\nCPU:"); !found || strings.Count(before, reason) != 1 || strings.Count(text, reason) != 2 {
			t.Errorf("%s:\n%s", what, text)
		}
	}
	if !strings.Contains(codes, reason) {
		t.Errorf("show --qr:\n%.2000s", codes)
	}
	if before, _, found := strings.Cut(page, `<nav `); !found || !strings.Contains(before, reason) {
		t.Errorf("the page does not say so at its top")
	}
	for line := range strings.Lines(shown) {
		if len(line) > 250 {
			t.Errorf("a line of %d bytes: %.100s", len(line), line)
		}
	}
	whole, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(whole, []byte("NAME,KNAME,TYPE,SIZE")) {
		t.Errorf("the report lacks a command line, error %v", err)
	}
}
