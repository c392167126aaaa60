package summary

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"

	"bee/audit/report"
	"bee/audit/report/sample"
	"bee/audit/show/terminal"
)

const password = "bee: SSH password for root and bee: abcdefgh234567"

func overview(t *testing.T, r *report.Report, rows int, ways ...string) string {
	t.Helper()
	var b strings.Builder
	if err := WriteOverview(&b, r, ways, Options{Terminal: terminal.Terminal{Columns: 80, Rows: rows}}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// crowded is a machine of which more is to be said than a screen holds.
func crowded() *report.Report {
	r := sample.Server()
	r.Host.SSHHostKey = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
	r.NotExamined = []report.Gap{{Reason: "no ipmitool", Sections: []string{"psu", "bmc"}}, {Reason: "no answer", Sections: []string{"psu", "storage"}}}
	for i := range 12 {
		link := true
		name := fmt.Sprint("ens", i)
		r.Network.Interfaces = append(r.Network.Interfaces, report.Interface{Name: name, MACAddress: "02:00:00:00:00:01", Up: true, Link: &link})
		r.Findings = append(r.Findings, report.Finding{Severity: report.Warning, Component: name, Message: strings.Repeat("It is not as it ought to be. ", 40)})
	}
	return r
}

func TestOverview(t *testing.T) {
	got := overview(t, crowded(), 25, password, "bee: SSH host key SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU")
	path := filepath.Join("testdata", "overview.txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s", got)
	}
}

// Whatever there is to say, it is on the screen together with the shell's prompt, and so are
// those who are let in, the worst finding, and where the machine is reached.
func TestOverviewFits(t *testing.T) {
	quiet := sample.Server()
	quiet.Findings = quiet.Findings[:2]
	narrow := crowded()
	narrow.Network.Interfaces = narrow.Network.Interfaces[:2]
	long := crowded()
	long.Board.System.ProductName = strings.Repeat("内存", 200)
	long.Host.Hostname, long.Network.Interfaces[0].Name = strings.Repeat("h", 300), strings.Repeat("e", 300)
	for name, r := range map[string]*report.Report{"crowded": crowded(), "few findings": quiet, "few interfaces": narrow, "long words": long, "empty": {}} {
		for _, rows := range []int{24, 25, 43, 50, 100} {
			text := overview(t, r, rows, password)
			if n := strings.Count(text, "\n"); n > rows-2 {
				t.Errorf("%s: %d lines on a screen of %d:\n%s", name, n, rows, text)
			}
			for line := range strings.Lines(text) {
				if width := displaywidth.String(strings.TrimSuffix(line, "\n")); width > 80 {
					t.Errorf("%s: %d columns: %q", name, width, line)
				}
			}
			wants := []string{password + "\n"}
			if r.Findings != nil {
				wants = append(wants, "CRITICAL", "S/N S937425X4C19233", "192.0.2.110", "192.0.2.10/24", "leaf-07 Ethernet1/1")
			}
			if name == "long words" {
				wants = wants[:2]
			}
			for _, want := range wants {
				if !strings.Contains(text, want) {
					t.Errorf("%s, %d rows: no %q in\n%s", name, rows, want, text)
				}
			}
		}
	}
}

// Nothing is lost without a word: what is shown and what is counted are all there is.
func TestOverviewCounts(t *testing.T) {
	r := crowded()
	for i := range r.Network.Interfaces { // each in a row of its own
		link := true
		r.Network.Interfaces[i].Link = &link
	}
	text := overview(t, r, 24)
	_, where, _ := strings.Cut(text, "BMC")
	shown, more := len(regexp.MustCompile(`(?m)^  (eth|ens|bond)`).FindAllString(where, -1)), 0
	if _, err := fmt.Sscanf(where[strings.Index(where, "and "):], "and %d more", &more); err != nil || shown == 0 || shown+more != len(r.Network.Interfaces)+1 {
		t.Errorf("%d shown, %d more, error %v, of %d interfaces and bond0.117:\n%s", shown, more, err, len(r.Network.Interfaces), text)
	}
}

// Where nobody says how the machine lets people in, the report does.
func TestOverviewOfFile(t *testing.T) {
	r := crowded()
	r.BeeRelease.SSH = "keys"
	if text := overview(t, r, 0); !strings.Contains(text, "\nSSH by key only\nSSH host key "+r.Host.SSHHostKey+"\n") || strings.Contains(text, "more\n") {
		t.Errorf("got\n%s", text)
	}
}
