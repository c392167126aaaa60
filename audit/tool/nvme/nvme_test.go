package nvme

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"bee/audit/tool/internal/tolerant"
)

const controller = `{"vid": 5197, "ssvid": "0x144d", "sn": "N1                  ", "mn": "ACME Flash   ", "fr": "EDA5",
	"cntlid": 4, "tnvmcap": "1,920,383,410,176", "unvmcap": 0, "nn": 32, "wctemp": 360, "cctemp": 0, "subnqn": "nqn.2014-08.org:acme"}`

func TestParseController(t *testing.T) {
	c, err := ParseController([]byte(controller))
	if err != nil {
		t.Fatal(err)
	}
	if c.VendorID.Or0() != 0x144d || c.SubsystemVendorID.Or0() != 0x144d || c.TotalBytes.Or0() != 1920383410176 ||
		*Celsius(c.WarningKelvin) != 87 || Celsius(c.CriticalKelvin) != nil || strings.TrimSpace(string(c.SerialNumber)) != "N1" {
		t.Errorf("%+v", c)
	}
	for _, bad := range []string{"", "[]", `{"sn": "N1"`, `{}`, `{"error": "no such device"}`} {
		if _, err := ParseController([]byte(bad)); err == nil {
			t.Errorf("%q is no error", bad)
		}
	}
}

// logs are one health log, as each tool writes it down.
var logs = map[string]string{
	"nvme-cli 1": `{"critical_warning": 4, "temperature": 313, "avail_spare": 99, "spare_thresh": 10, "percent_used": 101,
		"data_units_read": 1000, "data_units_written": 340282366920938463463374607431768211455, "power_cycles": 7, "power_on_hours": 4221,
		"media_errors": 3, "num_err_log_entries": 12, "warning_temp_time": 5, "critical_comp_time": 0,
		"temperature_sensor_1": 313, "temperature_sensor_2": 0, "temperature_sensor_8": 330}`,
	"nvme-cli 2": `{"critical_warning": {"value": 4, "available_spare": 0, "reliability_degraded": 1}, "temperature": 313, "avail_spare": 99,
		"spare_thresh": 10, "percent_used": 101, "data_units_read": "1,000", "data_units_written": "340282366920938463463374607431768211455",
		"power_cycles": "7", "power_on_hours": "4,221", "media_errors": "3", "num_err_log_entries": "12", "warning_temp_time": 5,
		"critical_comp_time": 0, "temperature_sensor_1": 313, "temperature_sensor_8": 330}`,
	"smartctl": `{"nsid": -1, "critical_warning": 4, "temperature": 40, "available_spare": 99, "available_spare_threshold": 10,
		"percentage_used": 101, "data_units_read": 1000, "power_cycles": 7, "power_on_hours": 4221, "media_errors": 3,
		"num_err_log_entries": 12, "warning_temp_time": 5, "critical_comp_time": 0, "temperature_sensors": [40, 57]}`,
}

func TestParseHealth(t *testing.T) {
	for name, log := range logs {
		h, err := ParseHealth([]byte(log))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := []any{
			h.CriticalWarning.Or0(), *Celsius(h.Temperature), *h.AvailableSparePercent(), *h.SpareThresholdPercent(), *h.UsedPercent(),
			*Bytes(h.DataUnitsRead), Bytes(h.DataUnitsWritten) == nil, h.PowerCycles.Or0(), h.PowerOnHours.Or0(), h.MediaErrors.Or0(),
			h.ErrorLogEntries.Or0(), h.WarningTempTime.Or0(), *h.CriticalTempTime.Uint(), h.SensorsCelsius(),
		}
		if want := "[4 40 99 10 101 512000000 true 7 4221 3 12 5 0 [40 57]]"; fmt.Sprint(got) != want {
			t.Errorf("%s: %v, want %s", name, got, want)
		}
	}
	for _, bad := range []string{"", `{"critical_warning": 0`, `{}`, `{"error": "no such device"}`} {
		if _, err := ParseHealth([]byte(bad)); err == nil {
			t.Errorf("%q is no error", bad)
		}
	}
}

func TestMerge(t *testing.T) {
	parse := func(s string) *Health {
		h, err := ParseHealth([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return &h
	}
	zeros := parse(`{"critical_warning": 0, "temperature": 0, "percent_used": 0, "media_errors": 0}`)
	half := parse(`{"critical_warning": 0, "temperature": 313, "percent_used": 0, "media_errors": nan, "temperature_sensor_1": 313}`)
	full := parse(`{"critical_warning": 0, "temperature": 41, "percentage_used": 7, "media_errors": 12, "power_on_hours": 5, "temperature_sensors": [41, 57]}`)
	for name, c := range map[string]struct {
		logs []*Health
		want string // temperature, used, media errors, sensors
	}{
		"none":            {[]*Health{nil, nil}, "none"},
		"one":             {[]*Health{nil, full}, "41 7 12 [41 57]"},
		"zeros alone":     {[]*Health{zeros, nil}, "none 0 0 []"},
		"zeros":           {[]*Health{zeros, full}, "41 7 12 [41 57]"},
		"field by field":  {[]*Health{half, full}, "40 0 12 [40]"}, // 0 is a value
		"the other first": {[]*Health{full, half}, "41 7 12 [41 57]"},
	} {
		got := "none"
		if h := Merge(c.logs...); h != nil {
			temperature := "none"
			if v := Celsius(h.Temperature); v != nil {
				temperature = fmt.Sprint(*v)
			}
			got = fmt.Sprint(temperature, " ", *h.UsedPercent(), " ", h.MediaErrors.Or0(), " ", h.SensorsCelsius())
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestCelsius(t *testing.T) {
	for in, want := range map[string]string{
		"0": "none", "1": "1", "-40": "-40", "70": "70", "313": "40", "233": "-40", "-273": "none", "65535": "none", "null": "none",
	} {
		var n tolerant.Number
		if err := json.Unmarshal([]byte(in), &n); err != nil {
			t.Fatal(err)
		}
		got := "none"
		if c := Celsius(n); c != nil {
			got = fmt.Sprint(*c)
		}
		if got != want {
			t.Errorf("%s is %s °C, want %s", in, got, want)
		}
	}
}

// Whatever a tool prints, a temperature is one that something can have, and what
// is no JSON is an error.
func FuzzParse(f *testing.F) {
	f.Add([]byte(controller))
	for _, log := range logs {
		f.Add([]byte(log))
	}
	f.Fuzz(func(t *testing.T, out []byte) {
		h, err := ParseHealth(out)
		for _, c := range append(h.SensorsCelsius(), valueOr(Celsius(h.Temperature), 0)) {
			if c < -273 || c > 1000 {
				t.Errorf("%d °C", c)
			}
		}
		_, cErr := ParseController(out)
		if (err == nil || cErr == nil) && !strings.Contains(string(out), "{") {
			t.Errorf("%q is no JSON object", out)
		}
	})
}

func valueOr(p *int64, or int64) int64 {
	if p == nil {
		return or
	}
	return *p
}
