package collect

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"testing/fstest"

	"bee/audit/machine"
	"bee/audit/report"
)

const lspciCommand = "lspci -vmm -D -nn -k"

const lspciSample = "Slot:\t0000:01:00.0\nClass:\t3D controller [0302]\nVendor:\tNVIDIA Corporation [10de]\n" +
	"Device:\tGH100 [H100 PCIe] [2331]\nRev:\ta1\nDriver:\tnvidia\nModule:\tnvidia\n\n" +
	"Slot:\t0000:02:00.0\nClass:\tEthernet controller [0200]\nVendor:\tACME [1234]\nDevice:\tDevice [0001]\n\n"

func TestPCIe(t *testing.T) {
	files := fstest.MapFS{}
	for name, content := range map[string]string{
		"0000:01:00.0/current_link_speed": "2.5 GT/s PCIe\n", "0000:01:00.0/max_link_speed": "32.0 GT/s PCIe\n",
		"0000:01:00.0/current_link_width": "8\n", "0000:01:00.0/max_link_width": "16\n",
		"0000:01:00.0/numa_node": "0\n",
		// A device that does not answer any more.
		"0000:02:00.0/current_link_speed": "Unknown\n", "0000:02:00.0/max_link_speed": "Unknown\n",
		"0000:02:00.0/current_link_width": "63\n", "0000:02:00.0/max_link_width": "255\n",
		"0000:02:00.0/numa_node": "-1\n",
	} {
		files["sys/bus/pci/devices/"+name] = &fstest.MapFile{Data: []byte(content)}
	}
	r := audit(t, t.Context(), script{out: map[string]string{lspciCommand: lspciSample}, files: files}, pcie)
	if len(r.Errors) != 0 || len(r.PCIe.Devices) != 2 {
		t.Fatalf("%+v", r)
	}
	gpu, nic := r.PCIe.Devices[0], r.PCIe.Devices[1]
	if gpu.ClassID != "0302" || gpu.Device != "GH100 [H100 PCIe]" || gpu.DeviceID != "2331" || gpu.Driver != "nvidia" {
		t.Errorf("%+v", gpu)
	}
	if *gpu.Link != (report.PCIeLink{SpeedGTs: 2.5, MaxSpeedGTs: 32, WidthLanes: 8, MaxWidthLanes: 16}) {
		t.Errorf("link %+v", *gpu.Link)
	}
	if gpu.NUMANode == nil || *gpu.NUMANode != 0 {
		t.Errorf("node %v", gpu.NUMANode)
	}
	if nic.Link != nil || nic.NUMANode != nil || nic.Device != "" {
		t.Errorf("%+v", nic)
	}
}

func TestPCIeFails(t *testing.T) {
	m := script{out: map[string]string{lspciCommand: lspciSample[:200]}, err: map[string]error{lspciCommand: machine.ErrTimeLimit}}
	if r := audit(t, t.Context(), m, pcie); len(r.PCIe.Devices) != 2 || len(r.Errors) != 1 {
		t.Errorf("killed half-way: %+v", r)
	}
	m = script{out: map[string]string{lspciCommand: "?"}, err: map[string]error{lspciCommand: errors.New("broken")}}
	if r := audit(t, t.Context(), m, pcie); r.PCIe != nil || len(r.Errors) != 1 {
		t.Errorf("rubbish: %+v", r)
	}
}

func TestLspciCorpus(t *testing.T) {
	for _, file := range corpus(t, "misc", "*", "*lspci*") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r := audit(t, t.Context(), script{out: map[string]string{lspciCommand: string(text)}}, pcie)
		if len(r.Errors) != 0 || len(r.PCIe.Devices) < 46 {
			t.Errorf("%s: %s", file, fmt.Sprintf("%d devices, errors %+v", len(r.PCIe.Devices), r.Errors))
		}
	}
}
