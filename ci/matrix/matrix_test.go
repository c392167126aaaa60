package matrix

import (
	"os"
	"strings"
	"testing"

	"bee/core/machine"
)

// most are the most plain machines that a plan of pairs may have.
var most = map[string]int{"alpine": 18, "debian": 20}

func TestPlanCovers(t *testing.T) {
	for base := range memories {
		all, err := plain(base)
		if err != nil {
			t.Fatal(err)
		}
		for _, coverage := range Coverages {
			plan, err := Plan(base, coverage)
			if err != nil {
				t.Fatal(err)
			}
			covered, names, servers, slow, loaded := map[pair]bool{}, map[string]bool{}, 0, 0, 0
			for _, m := range plan {
				if names[m.Name()] {
					t.Errorf("%s, %s: %s is there twice", base, coverage, m.Name())
				}
				names[m.Name()] = true
				if m.Profile == machine.Server {
					servers++
					continue
				}
				if m.Media == machine.HTTP {
					loaded++
					continue
				}
				if m.Slow {
					slow++
					continue
				}
				for _, p := range pairsOf(m, coverage == Each) {
					covered[p] = true
				}
			}
			if servers != 1 {
				t.Errorf("%s, %s: %d servers", base, coverage, servers)
			}
			if want := map[Coverage]int{Each: 0, Pairs: 1}[coverage]; slow != want {
				t.Errorf("%s, %s: %d slow machines, not %d", base, coverage, slow, want)
			}
			if want := map[string]int{"debian pairs": 1}[base+" "+string(coverage)]; loaded != want {
				t.Errorf("%s, %s: %d machines that load the ISO, not %d", base, coverage, loaded, want)
			}
			for _, m := range all {
				for _, p := range pairsOf(m, coverage == Each) {
					if !covered[p] {
						t.Fatalf("%s, %s: nothing has %v", base, coverage, p)
					}
				}
			}
			if n := len(plan) - servers - slow - loaded; coverage == Each && n != 4 || coverage == Pairs && n > most[base] {
				t.Errorf("%s, %s: %d plain machines", base, coverage, n)
			}
		}
	}
}

// The plans as they are: a change shows. On purpose, write testdata/plans.txt anew.
func TestPlanIsStable(t *testing.T) {
	var text strings.Builder
	for _, base := range []string{"alpine", "debian"} {
		for _, coverage := range Coverages {
			plan, err := Plan(base, coverage)
			if err != nil {
				t.Fatal(err)
			}
			text.WriteString(base + " " + string(coverage) + ":\n")
			for _, m := range plan {
				text.WriteString("  " + m.Name() + "\n")
			}
		}
	}
	want, err := os.ReadFile("testdata/plans.txt")
	if err != nil || text.String() != string(want) {
		t.Errorf("%v; the plans are\n%s", err, &text)
	}
}

func TestFind(t *testing.T) {
	for base := range memories {
		plan, err := Plan(base, Pairs)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range plan {
			if got, err := Find(base, want.Name()); err != nil || got != want {
				t.Errorf("%s: got %+v, %v, want %+v", base, got, err, want)
			}
		}
	}
	if _, err := Find("alpine", "uefi-usb-256-four-nvme-bmc"); err == nil || !strings.Contains(err.Error(), `machine "uefi-usb-256-four-nvme-bmc": base alpine is tested with a memory of [512 1024 4096] MiB, not of 256`) {
		t.Errorf("too little memory for the base: %v", err)
	}
}

// A plan is for an ISO.
func TestFindRefusesNetboot(t *testing.T) {
	if _, err := Find("debian", "uefi-pxe"); err == nil || err.Error() != `machine "uefi-pxe": what is tested is an ISO, as cd, usb, http, not as pxe` {
		t.Errorf("got %v", err)
	}
	if _, err := Find("debian", "uefi-http-4096"); err != nil {
		t.Errorf("by HTTP: %v", err)
	}
}

func TestUnknown(t *testing.T) {
	if _, err := Plan("gentoo", Each); err == nil || err.Error() != `base "gentoo" is not known; the bases are: alpine, debian` {
		t.Errorf("got %v", err)
	}
	if _, err := Plan("debian", "all"); err == nil || err.Error() != `coverage "all" is not known; it is one of ["each" "pairs"]` {
		t.Errorf("got %v", err)
	}
}
