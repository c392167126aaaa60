package beerelease

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

func release() Release {
	return Release{
		Commit:      "0123456789abcdef0123456789abcdef01234567",
		Date:        time.Date(2026, 11, 5, 1, 0, 0, 0, time.FixedZone("", 2*3600)),
		Base:        "debian",
		BaseRelease: "trixie",
		Kernel:      "6.12.107+deb13-amd64",
		Nvidia:      "550.163.01",
		SSH:         "random",
		Vendor:      []string{"gpu_burn", "storcli64"},
	}
}

func TestVersion(t *testing.T) {
	r := release()
	if got, want := r.Version(), "20261104-0123456789ab"; got != want {
		t.Errorf("Version is %s, want %s", got, want)
	}
	r.Commit += "-dirty"
	if got, want := r.Version(), "20261104-0123456789ab-dirty"; got != want {
		t.Errorf("Version is %s, want %s", got, want)
	}
}

// The file is sourced by the ISO's services, so a shell judges it.
func TestShellReadsItBack(t *testing.T) {
	r := release()
	r.Vendor = []string{"a$(false)`false`\"b\\c"}
	script := r.String() + `printf '%s|%s|%s' "$BEE_VENDOR" "$BEE_KERNEL" "$BEE_BUILD_INFO"`
	out, err := exec.Command("sh", "-euc", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := strings.Join([]string{r.Vendor[0], r.Kernel,
		"bee 20261104-0123456789ab on debian trixie, Linux 6.12.107+deb13-amd64, NVIDIA 550.163.01"}, "|")
	if string(out) != want {
		t.Errorf("got  %s\nwant %s", out, want)
	}
}

// An ISO of other pins than its commit's says so, in the line that people see, too.
func TestOverrides(t *testing.T) {
	r := release()
	if said := Parse(r.String()); said["BEE_OVERRIDES"] != "" || strings.Contains(said["BEE_BUILD_INFO"], "overrid") {
		t.Errorf("without: %q", said)
	}
	if !strings.Contains(r.String(), "\nBEE_OVERRIDES=\"\"\n") {
		t.Errorf("no BEE_OVERRIDES in\n%s", r)
	}
	r.Overrides = []string{"DEBIAN_MIRROR", "GOLANG_IMAGE"}
	said := Parse(r.String())
	if said["BEE_OVERRIDES"] != "DEBIAN_MIRROR GOLANG_IMAGE" ||
		!strings.HasSuffix(said["BEE_BUILD_INFO"], ", NVIDIA 550.163.01, pins overridden: DEBIAN_MIRROR GOLANG_IMAGE") {
		t.Errorf("with: %q", said)
	}
}

// FuzzString: what is written is read back.
func FuzzString(f *testing.F) {
	f.Add("storcli64")
	f.Add("a$(false)`false`\"b\\c\\")
	f.Fuzz(func(t *testing.T, program string) {
		if strings.ContainsAny(program, "\n\r") {
			return
		}
		r := release()
		r.Vendor = []string{program}
		if got := Parse(r.String())["BEE_VENDOR"]; got != program {
			t.Errorf("%q is read as %q", program, got)
		}
	})
}
