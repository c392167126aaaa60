package collect

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"bee/audit/collect/machine"
	"bee/audit/report"
)

const psuSample = `# dmidecode 3.6
SMBIOS 3.2.0 present.

Handle 0x0027, DMI type 39, 22 bytes
System Power Supply
	Location: PSU1
	Name: PWR 750
	Serial Number: S1
	Max Power Capacity: Unknown
	Status: Present, OK
	Plugged: Yes
	Hot Replaceable: Yes

Handle 0x0028, DMI type 39, 22 bytes
System Power Supply
	Location: PSU2
	Max Power Capacity: 800 W
	Status: Not Present
`

const (
	fruCommand = "ipmitool fru print"
	sdrCommand = "ipmitool sdr elist all"
	mcCommand  = "ipmitool mc info"
)

// withBMC is a machine with a BMC and two power supplies.
func withBMC() script {
	return script{
		files: fstest.MapFS{"dev/ipmi0": {}},
		out: map[string]string{
			"dmidecode -t 39":      psuSample,
			"dmidecode -t 0,1,2,3": dmiSample,
			fruCommand: "FRU Device Description : PSU1 (ID 3)\n Product Manufacturer  : AC\xffME\n Product Serial        : S1\n\n" +
				"FRU Device Description : PSU2 (ID 4)\n Device not present (Timeout)\n",
			"ipmitool -v fru print 3": " Product Serial        : S1\n Power Supply Record\n  Capacity                   : 750 W\n",
			sdrCommand: "PS1 Status       | C8h | ok  | 10.1 | Presence detected, Power Supply AC lost\n" +
				"PS2 Status       | C9h | ok  | 10.2 | \n",
			mcCommand: "Firmware Revision         : 1.74\nManufacturer ID           : 10876\nManufacturer Name         : ACME\n",
		},
		// One inventory could not be read.
		err: map[string]error{fruCommand: &machine.ExitError{Status: 1}},
	}
}

func TestPSU(t *testing.T) {
	r := audit(t, t.Context(), withBMC(), board, psu)
	if len(r.Errors) > 0 {
		t.Fatalf("errors %+v", r.Errors)
	}
	if len(r.PSU.Supplies) != 2 {
		t.Fatalf("supplies %+v", r.PSU.Supplies)
	}
	one, two := r.PSU.Supplies[0], r.PSU.Supplies[1]
	if one.Name != "PSU1" || one.Handle != "0x0027" || *one.FRUID != 3 || one.State != "no_input" || one.MaxWatts != 750 || one.Manufacturer != `AC\xffME` {
		t.Errorf("supply %+v", one)
	}
	if two.Handle != "0x0028" || two.State != "absent" || two.MaxWatts != 800 || *two.FRUID != 4 {
		t.Errorf("supply %+v", two)
	}
	if b := r.Board.BMC; b == nil || b.FirmwareVersion != "1.74" || b.Manufacturer != "ACME" || *b.ManufacturerID != 10876 || len(r.Board.Baseboards) != 1 {
		t.Errorf("board %+v, BMC %+v", r.Board, b)
	}
}

func TestWithoutBMC(t *testing.T) {
	m := withBMC()
	m.files = nil
	r := audit(t, t.Context(), m, board, psu)
	if len(r.Errors) > 0 || r.Board.BMC != nil || len(r.PSU.Supplies) != 2 || r.PSU.Supplies[0].State != "ok" || r.PSU.Supplies[1].State != "absent" {
		t.Errorf("PSU %+v, errors %+v", r.PSU, r.Errors)
	}
	for _, c := range r.Collectors {
		if slices.ContainsFunc(c.Tools, func(run report.ToolRun) bool { return run.Tool == "ipmitool" }) {
			t.Errorf("%s asked a BMC that there is not", c.Name)
		}
	}

	// ipmitool is not installed.
	m = withBMC()
	for line := range m.out {
		if strings.HasPrefix(line, "ipmitool") {
			delete(m.out, line)
		}
	}
	m.err = nil
	if r := audit(t, t.Context(), m, board, psu); len(r.Errors) > 0 || len(r.PSU.Supplies) != 2 {
		t.Errorf("PSU %+v, errors %+v", r.PSU, r.Errors)
	}

	// Nobody to ask.
	if r := audit(t, t.Context(), script{}, psu); len(r.Errors) > 0 || r.PSU != nil {
		t.Errorf("PSU %+v, errors %+v", r.PSU, r.Errors)
	}
}

func TestBMCFails(t *testing.T) {
	// Whichever fails, the others' answers stand; so does what a tool printed until
	// it was killed.
	m := withBMC()
	m.err = map[string]error{fruCommand: machine.ErrTimeLimit}
	m.out["dmidecode -t 39"] = "# dmidecode 3.6\n# No SMBIOS nor DMI entry point found, sorry.\n"
	m.out[sdrCommand] = "Could not open device at /dev/ipmi0\n"
	m.out[mcCommand] = ""
	m.err[mcCommand] = &machine.ExitError{Status: 1}
	r := audit(t, t.Context(), m, board, psu)
	if len(r.PSU.Supplies) != 2 || r.PSU.Supplies[0].SerialNumber != "S1" || r.PSU.Supplies[0].MaxWatts != 750 {
		t.Errorf("supplies %+v", r.PSU.Supplies)
	}
	var kinds []string
	for _, e := range r.Errors {
		kinds = append(kinds, e.Tool+" "+strings.Join(e.Args, " ")+": "+string(e.Kind))
	}
	slices.Sort(kinds)
	want := []string{"dmidecode -t 39: bad_output", "ipmitool fru print: time_limit", "ipmitool mc info: exit_status", "ipmitool sdr elist all: bad_output"}
	if !slices.Equal(kinds, want) {
		t.Errorf("errors %q, want %q", kinds, want)
	}

	// Another inventory of the same ID.
	m = withBMC()
	m.out["ipmitool -v fru print 3"] = " Product Serial        : S2\n Power Supply Record\n  Capacity                   : 750 W\n"
	if r := audit(t, t.Context(), m, psu); r.PSU.Supplies[0].MaxWatts != 0 {
		t.Errorf("supply %+v", r.PSU.Supplies[0])
	}
	// A BMC without records.
	m = withBMC()
	m.out[sdrCommand] = ""
	if r := audit(t, t.Context(), m, psu); len(r.Errors) > 0 || len(r.PSU.Supplies) != 2 {
		t.Errorf("supplies %+v, errors %+v", r.PSU.Supplies, r.Errors)
	}
}

// mute is a machine whose BMC does not answer.
type mute struct{ script }

func (s mute) Run(ctx context.Context, c machine.Command) machine.Result {
	if c.Tool == "ipmitool" {
		<-ctx.Done()
		return machine.Result{Command: c, Err: machine.ErrInterrupted}
	}
	return s.script.Run(ctx, c)
}

// What SMBIOS says is in the report before the BMC has answered.
func TestSlowBMC(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	r := audit(t, ctx, mute{withBMC()}, board, psu)
	if r.Board == nil || len(r.Board.Baseboards) != 1 || r.PSU == nil || len(r.PSU.Supplies) != 2 || len(r.Errors) != 1 || len(r.Errors[0].Runs()) != 3 {
		t.Errorf("board %+v, PSU %+v, errors %+v", r.Board, r.PSU, r.Errors)
	}
}

// No power supply that SMBIOS knows is lost.
func TestPSUCorpus(t *testing.T) {
	for _, file := range corpus(t, "dmidecode", "*", "*.txt") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		blocks := smbiosBlocks(text)
		if len(blocks) == 0 {
			continue
		}
		r := audit(t, t.Context(), script{out: map[string]string{"dmidecode -t 39": string(text)}}, psu)
		if len(r.Errors) > 0 || r.PSU == nil {
			t.Errorf("%s: errors %+v", file, r.Errors)
			continue
		}
		if got, want := len(r.PSU.Supplies), len(blocks["39"]); got != want {
			t.Errorf("%s: %d power supplies, want %d", file, got, want)
			continue
		}
		for i, s := range r.PSU.Supplies {
			block := blocks["39"][i]
			if there := strings.Contains(block, "\tStatus: Present"); s.Present != nil && *s.Present != there {
				t.Errorf("%s: %s is present: %v, its status is %q", file, s.Handle, *s.Present, s.Status)
			}
			if _, rest, ok := strings.Cut(block, "\tModel Part Number: "); ok && s.PartNumber != "" && !strings.HasPrefix(strings.TrimLeft(rest, " "), s.PartNumber) {
				t.Errorf("%s: %s has part number %q", file, s.Handle, s.PartNumber)
			}
		}
	}
}
