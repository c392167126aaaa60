package nvidiasmi

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	csvHeader = "pci.bus_id, name, uuid, driver_version, memory.total [MiB], fan.speed [%], temperature.gpu, power.draw [W], power.limit [W], " +
		"enforced.power.limit [W], pcie.link.gen.current, pcie.link.width.max, clocks_event_reasons.gpu_idle, clocks_throttle_reasons.gpu_idle, " +
		"clocks_throttle_reasons.hw_slowdown, clocks_event_reasons_counters.sw_power_cap [us], ecc.mode.current, ecc.errors.corrected.volatile.total, " +
		"ecc.errors.uncorrected.aggregate.total, ecc.errors.uncorrected.aggregate.dram, ecc.errors.uncorrected.aggregate.device_memory, " +
		"retired_pages.pending, remapped_rows.failure, inforom.checksum_validation, mig.mode.current, something.new [MiB]\n"
	csvWithout = "00000000:3A:00.0, NVIDIA Test, GPU-1, 580.1, 1000, 30, 38, 71.15, 80.00, 70.00, 4, 16, Active, Active, Not Active, 2500000, Enabled, 7, " +
		"9, 4, 4, No, Yes, valid, Disabled, 5\n"
	csvWith = "00000000:3B:00.0, NVIDIA Test, GPU-2, 580.1, 1000 MiB, 30 %, 38, 71.15 W, 80.00 W, 70.00 W, 4, 16, Active, Active, Not Active, 2500000 us, Enabled, 7, " +
		"9, 4, 4, No, Yes, valid, Disabled, 5 MiB\n"
	csvSilent = "00000000:3C:00.0, [N/A], [Not Supported], [N/A], [N/A], [N/A], N/A, [Unknown Error], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], " +
		"[N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [Requested functionality has been deprecated]\n"
	csvWant = `{"pci_address": "0000:3a:00.0", "name": "NVIDIA Test", "uuid": "GPU-1", "inforom_corrupted": false, "memory_total_bytes": 1048576000, "fan_percent": 30,
		"temperature": {"gpu_celsius": 38}, "power": {"draw_watts": 71.15, "limit_watts": 70}, "throttle_reasons": ["gpu_idle"],
		"throttle_times": {"sw_power_cap_seconds": 2.5}, "pcie": {"generation": 4, "max_width_lanes": 16},
		"ecc": {"enabled": true, "volatile_corrected": 7, "aggregate_uncorrected": 9, "aggregate_dram_uncorrected": 4, "aggregate_sram_uncorrected": 5},
		"retired_pages": {"pending": false}, "remapped_rows": {"failure": true}, "mig": {"enabled": false}}`
	csvLost = "Unable to determine the device handle for GPU0000:3D:00.0: GPU is lost. Reboot, or else.\n"
)

func TestCSV(t *testing.T) {
	log, err := ParseCSV([]byte(csvHeader + csvWithout + csvWith + csvSilent))
	if err != nil || len(log.GPUs) != 3 || log.DriverVersion != "580.1" || len(log.Messages) != 0 {
		t.Fatalf("%+v, error %v", log, err)
	}
	second := strings.NewReplacer(":3a:", ":3b:", "GPU-1", "GPU-2").Replace(csvWant)
	for i, want := range []string{csvWant, second, `{"pci_address": "0000:3c:00.0", "read_errors": ["Unknown Error"]}`} {
		if got := canonical(t, log.GPUs[i]); got != canonical(t, decode(t, want)) {
			t.Errorf("GPU %d: got\n%s\nwant\n%s", i, got, canonical(t, decode(t, want)))
		}
	}
}

func TestCSVTrouble(t *testing.T) {
	for name, c := range map[string]struct {
		out     string
		gpus    int
		fails   bool
		message string
	}{
		"empty":           {"", 0, true, ""},
		"header alone":    {csvHeader, 0, true, ""},
		"words":           {"No devices were found\n", 0, true, "No devices were found"},
		"words around":    {"WARNING: a, b\n" + csvHeader + "\n" + csvWith + csvLostShort + csvWithout + "WARNING: c\n", 2, false, "WARNING: a, b"},
		"a lost GPU":      {csvHeader + csvWith + csvLost + csvWithout, 2, true, ""},
		"cut off":         {csvHeader + csvWithout + csvWith[:90], 1, true, ""},
		"line ends":       {strings.ReplaceAll(csvHeader+csvWithout, "\n", "\r\n"), 1, false, ""},
		"quotation marks": {csvHeader + strings.Replace(csvWithout, "NVIDIA Test", `NVIDIA "Test`, 1) + csvWith, 2, false, ""},
	} {
		log, err := ParseCSV([]byte(c.out))
		if len(log.GPUs) != c.gpus || (err != nil) != c.fails {
			t.Errorf("%s: %d GPUs, error %v", name, len(log.GPUs), err)
		}
		if got := strings.Join(log.Messages, "|"); c.message == "" && got != "" || !strings.HasPrefix(got, c.message) {
			t.Errorf("%s: messages %q", name, got)
		}
	}
	log, err := ParseCSV([]byte(csvHeader + strings.Replace(csvWith, "Test", "T\xffst", 1)))
	if err != nil || log.GPUs[0].Name != `NVIDIA T\xffst` {
		t.Errorf("%+v, error %v", log, err)
	}
}

// What stands behind a value as its unit is from outside, too.
func TestCSVUnit(t *testing.T) {
	log, err := ParseCSV([]byte("pci.bus_id, name [\x1b[2J]\n00000000:3A:00.0, 9000\n"))
	if err != nil || len(log.GPUs) != 1 || log.GPUs[0].Name != `9000 \x1b[2J` {
		t.Errorf("%+v, error %v", log, err)
	}
}

func TestCSVInforom(t *testing.T) {
	for word, want := range map[string]string{"valid": "false", "invalid": "true", "[N/A]": "unknown", "maybe": "unknown"} {
		log, err := ParseCSV([]byte("name, inforom.checksum_validation\nNVIDIA Test, " + word + "\n"))
		got := "unknown"
		if err == nil && log.GPUs[0].InforomCorrupted != nil {
			got = strconv.FormatBool(*log.GPUs[0].InforomCorrupted)
		}
		if got != want {
			t.Errorf("%s: damaged %s, want %s, error %v", word, got, want, err)
		}
	}
}

// csvLostShort has no comma.
const csvLostShort = "Unable to determine the device handle for GPU0000:3D:00.0: GPU is lost.\n"

func TestProperties(t *testing.T) {
	known := ParseProperties([]byte("List of valid properties to query for the switch \"--query-gpu\":\n\n\"name\" or \"gpu_name\"\nThe \"official\" name.\n" +
		"\"clocks_event_reasons.gpu_idle\" or \"clocks_throttle_reasons.gpu_idle\"\n\"broken\n"))
	for name, want := range map[string]bool{"name": true, "gpu_name": true, "clocks_throttle_reasons.gpu_idle": true, "official": false, "--query-gpu": false, "uuid": false} {
		if known[name] != want {
			t.Errorf("%s is known: %t", name, known[name])
		}
	}
	if got := Properties(func(p string) bool { return known[p] }); !slices.Equal(got, []string{"name", "clocks_event_reasons.gpu_idle"}) {
		t.Errorf("properties %v", got)
	}
	delete(known, "clocks_event_reasons.gpu_idle")
	if got := Properties(func(p string) bool { return known[p] }); !slices.Equal(got, []string{"name", "clocks_throttle_reasons.gpu_idle"}) {
		t.Errorf("properties of an older driver %v", got)
	}
	all := Properties(func(string) bool { return true })
	if !slices.Contains(all, "pci.bus_id") || len(all) != strings.Count(properties, "\n") {
		t.Errorf("all properties %v", all)
	}
}

// Every property ends up in the report: a misspelt path would go nowhere.
func TestPropertyPaths(t *testing.T) {
	read := func(path, value string) string {
		g := gpu{}
		g.set("ecc_mode/current_ecc", "Enabled")
		g.set(path, value)
		return canonical(t, g.finish())
	}
	for line := range strings.Lines(properties) {
		path := strings.Fields(line)[0]
		changes := func(v string) bool { return read(path, v) != read("", "") }
		if !slices.ContainsFunc([]string{"7 MiB", "Active", "Yes", "Disabled", "valid", "0000:01:00.0"}, changes) && path != "driver_version" {
			t.Errorf("%s is not in the report", path)
		}
	}
}

func TestRefused(t *testing.T) {
	for out, want := range map[string]string{
		"Field \"kmd_version\" is not a valid field to query.\n\n": "kmd_version",
		"":                                "",
		csvHeader:                         "",
		`" is not a valid field to query`: "",
	} {
		if got := Refused([]byte(out)); got != want {
			t.Errorf("%q refuses %q, want %q", out, got, want)
		}
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"", csvHeader + csvWithout + csvWith, csvHeader + csvSilent + csvLost, "name\n\"a\nb\"\n", "Field \"x\" is not a valid field to query."} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, out []byte) {
		log, err := ParseCSV(out)
		if lines := bytes.Count(out, []byte("\n")) + bytes.Count(out, []byte("\r")) + 1; len(log.GPUs) >= lines || len(log.GPUs) == 0 && err == nil {
			t.Fatalf("%d GPUs in %d lines, error %v", len(log.GPUs), lines, err)
		}
		checkText(t, log)
		for p := range ParseProperties(out) {
			if !bytes.Contains(out, []byte(p)) {
				t.Fatalf("property %q", p)
			}
		}
		if p := Refused(out); !bytes.Contains(out, []byte(p)) {
			t.Fatalf("refused %q", p)
		}
	})
}
