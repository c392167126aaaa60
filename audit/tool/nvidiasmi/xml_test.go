package nvidiasmi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"bee/audit/report"
)

// document is what nvidia-smi -q -x prints with these GPUs.
func document(gpus ...string) string {
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\" ?>\n<!DOCTYPE nvidia_smi_log SYSTEM \"nvsmi_device_v13.dtd\">\n<nvidia_smi_log>\n" +
		"\t<timestamp>Thu Jan  1 00:00:00 2026</timestamp>\n\t<driver_version>580.1</driver_version>\n\t<cuda_version>13.0</cuda_version>\n")
	fmt.Fprintf(&b, "\t<attached_gpus>%d</attached_gpus>\n", len(gpus))
	for i, g := range gpus {
		fmt.Fprintf(&b, "\t<gpu id=\"00000000:%02X:00.0\">\n%s\n\t</gpu>\n", 0x3a+i, g)
	}
	b.WriteString("\n</nvidia_smi_log>\n")
	return b.String()
}

const newGPU = `<product_name>NVIDIA Test 9000</product_name><product_brand>NVIDIA</product_brand>
<product_architecture>Tester</product_architecture><display_mode>Requested functionality has been deprecated</display_mode>
<persistence_mode>Enabled</persistence_mode>
<mig_mode><current_mig>Enabled</current_mig><pending_mig>Disabled</pending_mig></mig_mode>
<mig_devices>
	<mig_device><index>0</index><gpu_instance_id>3</gpu_instance_id><compute_instance_id>0</compute_instance_id>
		<device_attributes><shared><multiprocessor_count>14</multiprocessor_count></shared></device_attributes>
		<ecc_error_count><volatile_count><sram_uncorrectable>0</sram_uncorrectable></volatile_count></ecc_error_count>
		<fb_memory_usage><total>100 MiB</total><used>12 MiB</used></fb_memory_usage></mig_device>
	<mig_device><index>1</index></mig_device>
</mig_devices>
<serial>1650522009999</serial><uuid>GPU-1</uuid><minor_number>7</minor_number><vbios_version>1.2.3</vbios_version>
<board_part_number>692-1</board_part_number><gpu_part_number>20B2</gpu_part_number><gpu_fru_part_number>FRU-1</gpu_fru_part_number>
<platformInfo><module_id>5</module_id></platformInfo>
<inforom_version><img_version>G5</img_version><ecc_object>N/A</ecc_object></inforom_version>
<gpu_recovery_action>None</gpu_recovery_action><gsp_firmware_version>580.1</gsp_firmware_version>
<pci><pci_bus_id>00000000:3A:00.0</pci_bus_id><pci_gpu_link_info>
	<pcie_gen><max_link_gen>5</max_link_gen><current_link_gen>1</current_link_gen><device_current_link_gen>1</device_current_link_gen><max_device_link_gen>6</max_device_link_gen><max_host_link_gen>N/A</max_host_link_gen></pcie_gen>
	<link_widths><max_link_width>16x</max_link_width><current_link_width>8x</current_link_width></link_widths></pci_gpu_link_info>
	<replay_counter>9</replay_counter></pci>
<fan_speed>104 %</fan_speed><performance_state>P8</performance_state>
<clocks_event_reasons>
	<clocks_event_reason_gpu_idle>Active</clocks_event_reason_gpu_idle><clocks_event_reason_hw_slowdown>Not Active</clocks_event_reason_hw_slowdown>
	<clocks_event_reason_hw_thermal_slowdown>Active</clocks_event_reason_hw_thermal_slowdown></clocks_event_reasons>
<clocks_event_reasons_counters><clocks_event_reasons_counters_sw_power_cap>2500000 us</clocks_event_reasons_counters_sw_power_cap>
	<clocks_event_reasons_counters_hw_therm_slowdown>0 us</clocks_event_reasons_counters_hw_therm_slowdown></clocks_event_reasons_counters>
<fb_memory_usage><total>1000 MiB</total><reserved>20 MiB</reserved><used>1 MiB</used></fb_memory_usage>
<bar1_memory_usage><total>2000 MiB</total></bar1_memory_usage>
<cc_protected_memory_usage><total>0 MiB</total></cc_protected_memory_usage>
<compute_mode>Default</compute_mode>
<utilization><gpu_util>04 %</gpu_util><memory_util>N/A</memory_util></utilization>
<ecc_mode><current_ecc>Enabled</current_ecc><pending_ecc>Disabled</pending_ecc></ecc_mode>
<ecc_errors>
	<volatile><sram_correctable>1</sram_correctable><sram_uncorrectable_parity>2</sram_uncorrectable_parity><sram_uncorrectable_secded>4</sram_uncorrectable_secded><dram_correctable>8</dram_correctable><dram_uncorrectable>16</dram_uncorrectable></volatile>
	<aggregate><sram_correctable>N/A</sram_correctable><sram_uncorrectable>32</sram_uncorrectable><dram_correctable>64</dram_correctable><dram_uncorrectable>128</dram_uncorrectable><sram_threshold_exceeded>Yes</sram_threshold_exceeded></aggregate>
	<aggregate_uncorrectable_sram_sources><sram_l2>1</sram_l2></aggregate_uncorrectable_sram_sources>
	<channel_repair_pending>No</channel_repair_pending><tpc_repair_pending>Yes</tpc_repair_pending><unrepairable_memory>N/A</unrepairable_memory></ecc_errors>
<retired_pages><multiple_single_bit_retirement><retired_count>N/A</retired_count></multiple_single_bit_retirement><pending_retirement>N/A</pending_retirement></retired_pages>
<remapped_rows><remapped_row_corr>1</remapped_row_corr><remapped_row_corr_inactive>0</remapped_row_corr_inactive><remapped_row_unc>2</remapped_row_unc><remapped_row_pending>Yes</remapped_row_pending><remapped_row_failure>No</remapped_row_failure>
	<row_remapper_histogram><row_remapper_histogram_max>96 bank(s)</row_remapper_histogram_max><row_remapper_histogram_none>1 bank(s)</row_remapper_histogram_none></row_remapper_histogram></remapped_rows>
<temperature><gpu_temp>38 C</gpu_temp><gpu_temp_tlimit>49 C</gpu_temp_tlimit><gpu_temp_max_tlimit_threshold>-7 C</gpu_temp_max_tlimit_threshold><gpu_temp_slow_tlimit_threshold>-2 C</gpu_temp_slow_tlimit_threshold><memory_temp>N/A</memory_temp></temperature>
<gpu_power_readings><average_power_draw>8.81 W</average_power_draw><instant_power_draw>9.99 W</instant_power_draw>
	<gpu_ceiling_power_limit><current_power_limit>60.00 W</current_power_limit><requested_power_limit>65.00 W</requested_power_limit><default_power_limit>70.00 W</default_power_limit></gpu_ceiling_power_limit>
	<gpu_base_power><current_base_power>1.00 W</current_base_power></gpu_base_power>
	<min_power_limit>30.00 W</min_power_limit><max_power_limit>70.00 W</max_power_limit></gpu_power_readings>
<module_power_readings><average_power_draw>500.00 W</average_power_draw><current_power_limit>900.00 W</current_power_limit></module_power_readings>
<clocks><graphics_clock>210 MHz</graphics_clock><sm_clock>211 MHz</sm_clock><mem_clock>405 MHz</mem_clock><video_clock>765 MHz</video_clock></clocks>
<applications_clocks><graphics_clock>1 MHz</graphics_clock></applications_clocks>
<max_clocks><graphics_clock>3105 MHz</graphics_clock><sm_clock>3106 MHz</sm_clock><mem_clock>7001 MHz</mem_clock><video_clock>2415 MHz</video_clock></max_clocks>
<fabric><state>Completed</state><status>Success</status><cliqueId>0</cliqueId><health><summary>Healthy</summary></health></fabric>
<supported_clocks><supported_mem_clock><value>7001 MHz</value><supported_graphics_clock>3105 MHz</supported_graphics_clock></supported_mem_clock></supported_clocks>
<processes><process_info><gpu_instance_id>N/A</gpu_instance_id><pid>42</pid><type>C</type><process_name>/bin/a&b</process_name><used_memory>10 MiB</used_memory></process_info>
	<process_info><pid>43</pid><type>G</type><process_name>[Insufficient Permissions]</process_name><used_memory>N/A</used_memory></process_info></processes>`

const newWant = `{"pci_address": "0000:3a:00.0", "minor": 7, "name": "NVIDIA Test 9000", "brand": "NVIDIA", "architecture": "Tester",
	"uuid": "GPU-1", "serial_number": "1650522009999", "board_part_number": "692-1", "gpu_part_number": "20B2", "fru_part_number": "FRU-1",
	"module_id": 5, "vbios_version": "1.2.3", "inforom_version": "G5", "gsp_firmware_version": "580.1", "persistence_mode": true,
	"compute_mode": "Default", "performance_state": "P8",
	"memory_total_bytes": 1048576000, "memory_reserved_bytes": 20971520, "memory_used_bytes": 1048576, "bar1_total_bytes": 2097152000,
	"gpu_utilisation_percent": 4, "fan_percent": 104,
	"temperature": {"gpu_celsius": 38, "margin_celsius": 49, "slowdown_margin_celsius": -2, "shutdown_margin_celsius": -7},
	"power": {"draw_watts": 8.81, "limit_watts": 60, "default_limit_watts": 70, "min_limit_watts": 30, "max_limit_watts": 70},
	"clocks": {"graphics_mhz": 210, "sm_mhz": 211, "memory_mhz": 405, "video_mhz": 765,
		"max_graphics_mhz": 3105, "max_sm_mhz": 3106, "max_memory_mhz": 7001, "max_video_mhz": 2415},
	"throttle_reasons": ["gpu_idle", "hw_thermal_slowdown"],
	"throttle_times": {"sw_power_cap_seconds": 2.5, "hw_thermal_slowdown_seconds": 0},
	"pcie": {"generation": 1, "max_generation": 5, "device_max_generation": 6, "width_lanes": 8, "max_width_lanes": 16, "replays": 9},
	"ecc": {"enabled": true, "pending": false, "volatile_corrected": 9, "volatile_uncorrected": 22, "aggregate_corrected": 64,
		"aggregate_uncorrected": 160, "volatile_dram_uncorrected": 16, "volatile_sram_uncorrected": 6, "aggregate_dram_uncorrected": 128,
		"aggregate_sram_uncorrected": 32, "sram_threshold_exceeded": true, "channel_repair_pending": false, "tpc_repair_pending": true},
	"remapped_rows": {"corrected": 1, "uncorrected": 2, "pending": true, "failure": false, "banks_full": 96, "banks_none": 1},
	"mig": {"enabled": true, "pending": false, "devices": [
		{"index": 0, "gpu_instance_id": 3, "compute_instance_id": 0, "multiprocessor_count": 14, "memory_total_bytes": 104857600}, {"index": 1}]},
	"recovery_action": "None", "fabric_state": "Completed", "fabric_status": "Success", "fabric_health": "Healthy",
	"processes": [{"pid": 42, "name": "/bin/a&b", "type": "C", "used_memory_bytes": 10485760}, {"pid": 43, "type": "G"}]}`

// As drivers from 304 to 530 wrote it.
const oldGPU = `<product_name>Tesla Old</product_name><serial>N/A</serial><uuid>GPU-2</uuid>
<pci><pci_bus_id>0000:3A:00.0</pci_bus_id></pci>
<gpu_reset_status><reset_required>Yes</reset_required><drain_and_reset_recommended>No</drain_and_reset_recommended></gpu_reset_status>
<clocks_throttle_reasons><clocks_throttle_reason_user_defined_clocks>Active</clocks_throttle_reason_user_defined_clocks></clocks_throttle_reasons>
<memory_usage><total>4799 MB</total><used>12 MB</used></memory_usage>
<ecc_mode><current_ecc>Disabled</current_ecc><pending_ecc>Disabled</pending_ecc></ecc_mode>
<ecc_errors><volatile>
	<single_bit><device_memory>5</device_memory><register_file>1</register_file><l1_cache>N/A</l1_cache><total>7</total></single_bit>
	<double_bit><device_memory>1</device_memory><l2_cache>2</l2_cache><total>3</total></double_bit></volatile>
	<aggregate><single_bit><total>N/A</total></single_bit><double_bit><device_memory>4</device_memory><total>N/A</total></double_bit></aggregate></ecc_errors>
<retired_pages><multiple_single_bit_retirement><retired_count>3</retired_count><retired_page_addresses><retired_page_address>0x1</retired_page_address></retired_page_addresses></multiple_single_bit_retirement>
	<double_bit_retirement><retired_count>1</retired_count></double_bit_retirement><pending_blacklist>Yes</pending_blacklist><pending_retirement>No</pending_retirement></retired_pages>
<remapped_rows>N/A</remapped_rows>
<temperature><gpu_temp>91 C</gpu_temp><gpu_temp_max_threshold>95 C</gpu_temp_max_threshold><gpu_temp_slow_threshold>90 C</gpu_temp_slow_threshold></temperature>
<power_readings><power_draw>48.05 W</power_draw><power_limit>225.00 W</power_limit><default_power_limit>235.00 W</default_power_limit><enforced_power_limit>220.00 W</enforced_power_limit></power_readings>
<compute_processes><process_info><pid>5495</pid><process_name>job</process_name><used_memory>98 MiB</used_memory></process_info></compute_processes>`

const oldWant = `{"pci_address": "0000:3a:00.0", "name": "Tesla Old", "uuid": "GPU-2", "memory_total_bytes": 5032116224, "memory_used_bytes": 12582912,
	"temperature": {"gpu_celsius": 91, "slowdown_celsius": 90, "shutdown_celsius": 95},
	"power": {"draw_watts": 48.05, "limit_watts": 220, "default_limit_watts": 235}, "throttle_reasons": ["user_defined_clocks"],
	"ecc": {"enabled": false, "pending": false, "volatile_corrected": 7, "volatile_uncorrected": 3, "volatile_dram_uncorrected": 1,
		"volatile_sram_uncorrected": 2, "aggregate_uncorrected": 4, "aggregate_dram_uncorrected": 4},
	"retired_pages": {"single_bit": 3, "double_bit": 1, "pending": true}, "recovery_action": "Reset",
	"processes": [{"pid": 5495, "name": "job", "used_memory_bytes": 102760448}]}`

// What only some drivers have: no limit in force, no current generation, limits
// in the group that driver 610 brought.
const (
	earlyGPU  = `<gpu_module_id>4</gpu_module_id><power_readings><power_limit>225.00 W</power_limit><min_power_limit>150.00 W</min_power_limit><max_power_limit>230.00 W</max_power_limit></power_readings>`
	earlyWant = `{"pci_address": "0000:3a:00.0", "module_id": 4, "power": {"limit_watts": 225, "min_limit_watts": 150, "max_limit_watts": 230}}`
	lateGPU   = `<pci><pci_gpu_link_info><pcie_gen><current_link_gen>Requested functionality has been deprecated</current_link_gen><device_current_link_gen>3</device_current_link_gen></pcie_gen></pci_gpu_link_info></pci>
		<ecc_errors><unrepairable_memory>Yes</unrepairable_memory></ecc_errors>
		<gpu_power_readings><gpu_ceiling_power_limit><current_power_limit>N/A</current_power_limit><requested_power_limit>65.00 W</requested_power_limit><min_power_limit>30.00 W</min_power_limit><max_power_limit>70.00 W</max_power_limit></gpu_ceiling_power_limit></gpu_power_readings>`
	lateWant = `{"pci_address": "0000:3a:00.0", "pcie": {"generation": 3}, "ecc": {"unrepairable_memory": true}, "power": {"limit_watts": 65, "min_limit_watts": 30, "max_limit_watts": 70}}`
)

// lostGPU is a GPU that fell off the bus while it was asked.
const lostGPU = `<product_name>NVIDIA Lost</product_name><serial>GPU is lost</serial><uuid>GPU is lost</uuid>
<fan_speed>GPU is lost</fan_speed><performance_state>Unknown Error</performance_state>
<ecc_mode><current_ecc>ERR!</current_ecc></ecc_mode><utilization>GPU is lost</utilization>
<processes><process_info><pid>1</pid><process_name>Unknown Error</process_name></process_info></processes>`

const lostWant = `{"pci_address": "0000:3a:00.0", "name": "NVIDIA Lost", "read_errors": ["GPU is lost", "Unknown Error", "ERR!"], "processes": [{"pid": 1}]}`

func TestXML(t *testing.T) {
	for name, c := range map[string]struct{ gpu, want string }{
		"new": {newGPU, newWant}, "old": {oldGPU, oldWant}, "lost": {lostGPU, lostWant},
		"early": {earlyGPU, earlyWant}, "late": {lateGPU, lateWant},
		"nothing": {"<mig_devices>\n\tNone\n</mig_devices><remapped_rows>N/A</remapped_rows>", `{"pci_address": "0000:3a:00.0"}`},
		"silent":  {silenced(newGPU), `{"pci_address": "0000:3a:00.0", "mig": {"devices": [{}, {}]}}`},
		"without ECC": {`<ecc_mode><current_ecc>N/A</current_ecc></ecc_mode><ecc_errors><volatile><dram_uncorrectable>N/A</dram_uncorrectable></volatile>
			<channel_repair_pending>No</channel_repair_pending></ecc_errors>`, `{"pci_address": "0000:3a:00.0"}`},
	} {
		log, err := ParseXML([]byte(document(c.gpu)))
		if err != nil || len(log.GPUs) != 1 || len(log.Messages)+len(log.Cut) > 0 || log.DriverVersion != "580.1" || log.CUDAVersion != "13.0" {
			t.Errorf("%s: %+v, error %v", name, log, err)
			continue
		}
		if got := canonical(t, log.GPUs[0]); got != canonical(t, decode(t, c.want)) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, canonical(t, decode(t, c.want)))
		}
	}
}

// silenced returns a GPU with N/A for every value. It has no empty parts in the
// report.
func silenced(gpu string) string {
	parts := strings.Split(gpu, ">")
	for i, p := range parts {
		if text, tag, found := strings.Cut(p, "</"); found && strings.TrimSpace(text) != "" {
			parts[i] = "N/A</" + tag
		}
	}
	return strings.Join(parts, ">")
}

func TestVersions(t *testing.T) {
	out := strings.NewReplacer(
		"<driver_version>580.1<", "<driver_version>610.1 [Deprecated; will be removed]<",
		"<cuda_version>13.0</cuda_version>", "<cuda_version>Deprecated, see the next</cuda_version><cuda_umd_version>13.3</cuda_umd_version>",
	).Replace(document(newGPU))
	log, err := ParseXML([]byte(out))
	if err != nil || log.DriverVersion != "610.1" || log.CUDAVersion != "13.3" {
		t.Errorf("driver %q, CUDA %q, error %v", log.DriverVersion, log.CUDAVersion, err)
	}
}

// Wherever the text ends, the GPUs before are whole, and it is known which is not.
func TestXMLCutOff(t *testing.T) {
	whole := document(oldGPU, newGPU, lostGPU)
	all, err := ParseXML([]byte(whole))
	if err != nil || len(all.GPUs) != 3 {
		t.Fatal(all, err)
	}
	end := strings.LastIndex(whole, ">") + 1
	for i := 0; i < end; i += 11 {
		text := whole[:i]
		log, err := ParseXML([]byte(text))
		if err == nil {
			t.Fatalf("cut at %d: no error", i)
		}
		ended := strings.Count(text, "</gpu>")
		if begun := strings.Count(text, "<gpu id=") - ended; len(log.GPUs) < ended || len(log.GPUs) > ended+begun || len(log.Cut) != len(log.GPUs)-ended {
			t.Fatalf("cut at %d, after %d whole GPUs: %d GPUs, cut %v", i, ended, len(log.GPUs), log.Cut)
		}
		if ended > 0 && !reflect.DeepEqual(log.GPUs[:ended], all.GPUs[:ended]) {
			t.Fatalf("cut at %d: the whole GPUs are not as they were", i)
		}
	}
	half, _, _ := strings.Cut(whole, "<fan_speed>104")
	log, _ := ParseXML([]byte(half))
	if len(log.GPUs) != 2 || log.GPUs[1].SerialNumber != "1650522009999" || log.Cut[0] != "0000:3b:00.0" {
		t.Errorf("half a GPU is %+v", log)
	}
}

func TestXMLDamaged(t *testing.T) {
	two := document(newGPU, oldGPU)
	for name, c := range map[string]struct {
		out     string
		gpus    int
		fails   bool
		message string
	}{
		"empty":                  {"", 0, true, ""},
		"no XML":                 {"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\nMake sure …\n\n", 0, true, "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."},
		"no GPU":                 {document(), 0, false, ""},
		"no GPU, but words":      {strings.Replace(document(), "</nvidia_smi_log>", "Unable to determine the device handle\n", 1), 0, true, "Unable to determine the device handle"},
		"no root":                {"<gpu id=\"0000:3A:00.0\"></gpu>", 1, true, ""},
		"words before":           {"WARNING: something\n" + two, 2, false, "WARNING: something"},
		"words after":            {two + "WARNING: infoROM is corrupted at gpu 0000:3B:00.0\n", 2, false, "WARNING: infoROM is corrupted at gpu 0000:3B:00.0"},
		"words between":          {strings.Replace(two, "</gpu>", "</gpu>\nUnable to <talk> \x07", 1), 2, false, `Unable to`},
		"GPU without end":        {strings.Replace(two, "</gpu>", "Unable to determine", 1), 2, true, "Unable to determine"},
		"stray <":                {strings.Replace(two, "Test 9000", "Test < 9000", 1), 2, true, ""},
		"stray &":                {strings.Replace(two, "Test 9000", "Test & &nbsp; &#0; 9000", 1), 2, false, ""},
		"control character":      {strings.Replace(two, "Test 9000", "Test \x00\x1b\ufffe 9000", 1), 2, false, ""},
		"other encoding":         {strings.Replace(two, `version="1.0"`, `version="1.0" encoding="UTF-16"`, 1), 2, false, ""},
		"embedded DTD":           {strings.Replace(two, `SYSTEM "nvsmi_device_v13.dtd"`, "[<!ENTITY a \"b\"><!ELEMENT gpu (c, d)>]", 1), 2, false, ""},
		"ends that do not match": {strings.Replace(two, "</product_brand>", "</product_brand></b></pci>", 1), 2, false, ""},
	} {
		log, err := ParseXML([]byte(c.out))
		if len(log.GPUs) != c.gpus || (err != nil) != c.fails {
			t.Errorf("%s: %d GPUs, error %v", name, len(log.GPUs), err)
		}
		if got := strings.Join(log.Messages, "|"); c.message == "" && got != "" || !strings.HasPrefix(got, c.message) {
			t.Errorf("%s: messages %q, want %q", name, got, c.message)
		}
		if c.gpus == 2 && (log.GPUs[0].SerialNumber != "1650522009999" || log.GPUs[1].UUID != "GPU-2") {
			t.Errorf("%s: GPUs %+v", name, log.GPUs)
		}
		if name == "words after" != (log.Find("0000:3b:00.0") >= 0 && log.GPUs[1].InforomCorrupted != nil) {
			t.Errorf("%s: damaged inforom %v", name, log.GPUs)
		}
	}
}

func TestXMLBytes(t *testing.T) {
	out := strings.NewReplacer("Test 9000", "T\xe9st \\xff\n9", "<serial>1650522009999", "<serial>\xff\x0012").Replace(document(newGPU))
	log, err := ParseXML([]byte(strings.Replace(out, `"1.0"`, `"1.0" encoding="ISO-8859-1"`, 1)))
	if err != nil || log.GPUs[0].Name != `NVIDIA T\xe9st \x5cxff\x0a9` || log.GPUs[0].SerialNumber != `\xff\x0012` {
		t.Errorf("%+v, error %v", log, err)
	}
}

// Rubbish does not become more than it is.
func TestXMLRubbish(t *testing.T) {
	for name, unit := range map[string]string{
		"nesting": "<a>", "GPUs": "<gpu id=\"0000:01:00.0\">", "faults": "<", "ends": "</gpu>", "text": "x\n", "attributes": "<gpu a=1 ",
		"open GPU": "<gpu/><b></b>",
	} {
		out := bytes.Repeat([]byte(unit), 1<<20/len(unit))
		log, err := ParseXML(out)
		if err == nil || len(log.GPUs) > maxGPUs || len(log.Messages) > maxMessages {
			t.Errorf("%s: %d GPUs, %d messages, error %v", name, len(log.GPUs), len(log.Messages), err)
		}
	}
}

func FuzzXML(f *testing.F) {
	for _, s := range []string{"", document(newGPU), document(oldGPU, lostGPU), "x", document()[:50], "<gpu", "<gpu></nvidia_smi_log>0", `<!DOCTYPE a [<!ENTITY b "c">]><gpu id="1:2:3.4"/>`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, out []byte) {
		log, err := ParseXML(out)
		if len(log.GPUs) == 0 && err == nil && !bytes.Contains(out, []byte(root)) {
			t.Fatal("no GPU, no root and no error")
		}
		if len(log.Cut) > len(log.GPUs) || len(log.Cut) > 0 && err == nil {
			t.Fatalf("%d of %d GPUs are cut, error %v", len(log.Cut), len(log.GPUs), err)
		}
		checkText(t, log)
	})
}

// checkText checks that all text in a log is printable: what went wrong would be
// replaced by U+FFFD, or be a control character.
func checkText(t *testing.T, log Log) {
	t.Helper()
	b, err := json.Marshal(log)
	if err != nil {
		t.Fatal(err)
	}
	if i := bytes.IndexFunc(b, func(r rune) bool { return r < ' ' }); i >= 0 || bytes.Contains(b, []byte(`\u00`)) && !bytes.Contains(b, []byte(`\u003`)) && !bytes.Contains(b, []byte(`\u0026`)) {
		t.Fatalf("not printable: %s", b)
	}
	for _, g := range log.GPUs {
		if g.PCIAddress != "" && g.PCIAddress != Address(g.PCIAddress) {
			t.Fatalf("address %q", g.PCIAddress)
		}
		if r := g.RemappedRows; r != nil && *r == (report.RemappedRows{}) {
			t.Fatal("an empty part")
		}
	}
}

func decode(t *testing.T, s string) report.GPU {
	t.Helper()
	var g report.GPU
	d := json.NewDecoder(strings.NewReader(s))
	d.DisallowUnknownFields()
	if err := d.Decode(&g); err != nil {
		t.Fatal(err)
	}
	return g
}

func canonical(t *testing.T, g report.GPU) string {
	t.Helper()
	b, err := json.MarshalIndent(g, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
