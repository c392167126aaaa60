package part

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"bee/bench/internal/result"
	"bee/bench/internal/worktree"
	"bee/core/check"
	"bee/core/manifest"
	"bee/core/report"
)

// engine records calls, and does something in each.
type engine struct {
	calls []string
	do    func(folder string, args []string) error
}

func (e *engine) Call(_ context.Context, folder string, args ...string) (time.Duration, error) {
	e.calls = append(e.calls, strings.Join(args, " "))
	return time.Duration(len(e.calls)) * time.Second, e.do(folder, args)
}

func bench(t *testing.T, top string, e Engine) *Bench {
	t.Helper()
	return &Bench{
		Top: top, Scratch: t.TempDir(),
		Engine: func() (Engine, error) {
			if e == nil {
				return nil, errors.New("no Dagger engine")
			}
			return e, nil
		},
		Copy: func() (string, error) {
			copied := filepath.Join(t.TempDir(), "bee")
			if _, err := os.Stat(filepath.Join(top, "bench")); err != nil { // no bee
				return copied, os.Mkdir(copied, 0o755)
			}
			return copied, worktree.Copy(t.Context(), top, copied)
		},
		Progress: t.Logf,
	}
}

// measure measures the part of a name.
func measurePart(t *testing.T, name string, b *Bench) result.Part {
	t.Helper()
	for _, kind := range All() {
		if kind.Name == name {
			return kind.Measure(t.Context(), b)
		}
	}
	t.Fatalf("no part %s", name)
	return result.Part{}
}

func put(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func file(path string, size int64) manifest.MediumFile {
	return manifest.MediumFile{Path: path, Type: "file", SizeBytes: &size}
}

var debian = &manifest.Manifest{
	SchemaVersion: manifest.SchemaVersion,
	ISO:           manifest.Image{SizeBytes: 2000, SHA256: "abc"},
	Release:       map[string]string{"BEE_BASE": "debian", "BEE_NVIDIA": "550"},
	Medium: []manifest.MediumFile{
		{Path: "/", Type: "directory"}, file("/boot.catalog", 1), file("/boot/grub/bios.img", 10),
		{Path: "/boot/grub", Type: "directory"}, file("/boot/grub/efi.img", 20),
		file("/live/00-base.squashfs", 1000), file("/live/90-bee.squashfs", 300), file("/live/bee-0123", 0),
		file("/live/initrd", 70), file("/live/vmlinuz", 80),
	},
	Layers: []manifest.Layer{{Path: "/live/00-base.squashfs"}, {Path: "/live/90-bee.squashfs"}},
}

func TestSizes(t *testing.T) {
	alpine := &manifest.Manifest{
		ISO: manifest.Image{SizeBytes: 1200},
		Medium: []manifest.MediumFile{
			file("/.alpine-release", 5), file("/apks/x86_64/APKINDEX.tar.gz", 3), file("/apks/x86_64/busybox.apk", 4),
			file("/boot/bee.img", 10), file("/live/90-bee.squashfs", 30), file("/boot/grub/efi.img", 20), file("/boot/initramfs-lts", 70),
			file("/boot/modloop-lts", 800), file("/boot/syslinux/isolinux.bin", 2), file("/boot/vmlinuz-lts", 80),
			file("/efi/boot/bootx64.efi", 6),
		},
		Layers: []manifest.Layer{{Path: "/boot/modloop-lts"}, {Path: "/live/90-bee.squashfs"}},
	}
	for _, c := range []struct {
		m    *manifest.Manifest
		want string
	}{
		{debian, "boot loader 31, layer 00-base.squashfs 1000, layer 90-bee.squashfs 300, initrd 70, vmlinuz 80, between files 519, total 2000"},
		{alpine, "other files 5, packages 7, initrd 80, layer 90-bee.squashfs 30, boot loader 28, layer modloop-lts 800, vmlinuz 80, between files 170, total 1200"},
	} {
		var got []string
		for _, f := range sizes(c.m) {
			got = append(got, fmt.Sprintf("%s %.0f", f.Name, f.Value))
		}
		if got := strings.Join(got, ", "); got != c.want {
			t.Errorf("got\n%s, want\n%s", got, c.want)
		}
	}
}

// dist is a repository with a manifest of an ISO, and the ISO.
func dist(t *testing.T) string {
	t.Helper()
	top := t.TempDir()
	var text strings.Builder
	if err := debian.Write(&text); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(top, manifestFile), text.String(), 0o644)
	put(t, filepath.Join(top, isoFile), "", 0o644)
	return top
}

func TestISO(t *testing.T) {
	p := measurePart(t, "iso", bench(t, dist(t), nil))
	if p.Missing != "" || p.Of != "base debian with the NVIDIA driver" || !p.AnyMachine || len(p.Figures) != 7 {
		t.Errorf("%+v", p)
	}
}

func TestNoISO(t *testing.T) {
	for _, name := range []string{"iso", "boot"} {
		p := measurePart(t, name, bench(t, t.TempDir(), &engine{}))
		if want := "there is no dist/bee.iso.manifest.json: make build makes it"; p.Missing != want {
			t.Errorf("%s: got %q", name, p.Missing)
		}
	}
	top := dist(t)
	if err := os.Remove(filepath.Join(top, isoFile)); err != nil {
		t.Fatal(err)
	}
	if p := measurePart(t, "boot", bench(t, top, &engine{})); !strings.Contains(p.Missing, "make build makes it") {
		t.Errorf("got %q", p.Missing)
	}
}

func TestNoEngine(t *testing.T) {
	top := dist(t)
	versions, err := os.ReadFile("../../../VERSIONS")
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(top, "VERSIONS"), string(versions), 0o644)
	for _, name := range []string{"build", "boot"} {
		if p := measurePart(t, name, bench(t, top, nil)); p.Missing != "no Dagger engine" {
			t.Errorf("%s: got %q", name, p.Missing)
		}
	}
}

// booting is an engine that writes a report of a smoke test.
func booting(sha256 string, checks ...check.Check) *engine {
	return &engine{do: func(copied string, args []string) error {
		if _, err := os.Stat(filepath.Join(copied, "dist")); err == nil {
			return errors.New("the user's folder is where it was called")
		}
		r := &report.Report{
			ISO:      &report.ISO{SHA256: sha256},
			Machine:  &report.Machine{Firmware: "bios", MemoryMiB: 1024, Accelerator: "tcg"},
			Timeline: []report.Milestone{{Name: "kernel", Seconds: 2.5}, {Name: "ssh", Seconds: 20}},
			Checks:   checks,
		}
		r.Conclude()
		folder := args[len(args)-1]
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		return r.Write(folder, "")
	}}
}

func TestBoot(t *testing.T) {
	passed := check.Check{Name: "a", Status: check.Pass}
	e := booting("abc", passed)
	b := bench(t, dist(t), e)
	b.Machine.Accelerator = "kvm"
	p := measurePart(t, "boot", b)
	want := result.Part{
		Name: "boot", Of: "base debian with the NVIDIA driver, bios, 1024 MiB, tcg",
		Figures: []result.Figure{result.Of("kernel", result.Seconds, 2.5), result.Of("ssh", result.Seconds, 20)},
	}
	if !reflect.DeepEqual(p, want) {
		t.Errorf("got %+v", p)
	}
	if want := "--kvm=true smoke-report --iso " + b.Top + "/dist/bee.iso --machine bios export --path " + b.Scratch + "/boot"; e.calls[0] != want {
		t.Errorf("called %q", e.calls)
	}
	for want, e := range map[string]*engine{
		"is not the ISO that": booting("def", passed),
		"the boot is no PASS, so its times mean little: FAIL b: gone": booting("abc", passed, check.Check{Name: "b", Status: check.Fail, Detail: "gone"}),
		"no space": {do: func(string, []string) error { return errors.New("no space") }},
	} {
		if p := measurePart(t, "boot", bench(t, dist(t), e)); !strings.Contains(p.Missing, want) {
			t.Errorf("got %q, want %q", p.Missing, want)
		}
	}
}

// TestBuild builds this very repository, as far as the engine is concerned.
func TestBuild(t *testing.T) {
	top, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	var changes []string
	e := &engine{do: func(folder string, args []string) error {
		if folder == top {
			return errors.New("the user's files are built")
		}
		text, _ := os.ReadFile(filepath.Join(folder, changed)) // most calls are without
		changes = append(changes, string(text))
		return nil
	}}
	b := bench(t, top, e)
	p := measurePart(t, "build", b)
	want := []result.Figure{
		result.Of("no-op", result.Seconds, 2, 3, 4),
		result.Of("one change", result.Seconds, 5, 6, 7),
		result.Of("from nothing", result.Seconds, 9),
	}
	if p.Missing != "" || !reflect.DeepEqual(p.Figures, want) || !strings.HasPrefix(p.Of, "base ") {
		t.Errorf("got %+v", p)
	}
	whole := "build export --path " + b.Scratch + "/dist"
	if got, want := strings.Join(e.calls, "\n"), strings.Repeat(whole+"\n", 7)+"--nvidia=false build-iso size\n--nvidia=false verify-reproducible"; got != want {
		t.Errorf("called\n%s", got)
	}
	seen := map[string]bool{"": true}
	for i, text := range changes {
		if i < 4 || i > 6 {
			if text != "" {
				t.Errorf("call %d: a change", i)
			}
			continue
		}
		if seen[text] {
			t.Errorf("call %d has the change of an earlier one: %q", i, text)
		}
		seen[text] = true
	}
}

// TestBuildFails keeps what was measured before.
func TestBuildFails(t *testing.T) {
	top, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{do: func(folder string, _ []string) error {
		if _, err := os.Stat(filepath.Join(folder, changed)); err == nil {
			return errors.New("it does not compile")
		}
		return nil
	}}
	p := measurePart(t, "build", bench(t, top, e))
	if len(p.Figures) != 1 || p.Missing != "it does not compile" {
		t.Errorf("got %+v", p)
	}
}

// tools has these programs, with the text of a shell script each, in PATH.
func tools(t *testing.T, programs map[string]string) {
	t.Helper()
	folder := t.TempDir()
	for name, script := range programs {
		put(t, filepath.Join(folder, name), "#!/bin/sh\n"+script+"\n", 0o755)
	}
	sh, err := os.Readlink("/bin/sh")
	if err != nil {
		sh = "sh"
	}
	if err := os.Symlink(filepath.Join("/bin", filepath.Base(sh)), filepath.Join(folder, "sh")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
}

// goBuild is a go that compiles an audit, which writes a report where it is told to.
const goBuild = `for program in "$@"; do [ "$last" = -o ] && break; last=$program; done
[ "$CGO_ENABLED" = 0 ] || exit 1
echo '#!/bin/sh
echo "{\"collectors\":[{\"name\":\"cpu\",\"status\":\"done\"},{\"name\":\"psu\",\"status\":\"skipped\"}]}" >"$3"' >"$program"
/bin/chmod +x "$program"`

func TestAudit(t *testing.T) {
	for name, c := range map[string]struct {
		programs map[string]string
		peers    []string
		notes    []string
		missing  string
	}{
		"both": {map[string]string{"go": goBuild, "lshw": `[ "$*" = -json ]`, "inxi": `[ "$*" = -F ]`},
			[]string{"lshw -json", "inxi -F"}, []string{"the tools for psu are not installed here"}, ""},
		"none": {map[string]string{"go": goBuild},
			nil, []string{"lshw is not installed", "inxi is not installed", "psu"}, ""},
		"one fails": {map[string]string{"go": goBuild, "lshw": "echo no bus >&2; exit 1", "inxi": ""},
			[]string{"inxi -F"}, []string{"there is no ratio to lshw -json: lshw: exit status 1: no bus", "psu"}, ""},
		"no compiler": {map[string]string{"go": "echo no package >&2; exit 1"},
			nil, nil, "./audit/cmd/audit: exit status 1: no package"},
		"audit fails": {map[string]string{"go": strings.Replace(goBuild, `>"$3"`, "; exit 3", 1), "lshw": "", "inxi": ""},
			nil, nil, "exit status 3"},
	} {
		t.Run(name, func(t *testing.T) {
			tools(t, c.programs)
			b := bench(t, t.TempDir(), nil)
			b.Machine.Root = true
			p := measurePart(t, "audit", b)
			if !strings.Contains(p.Missing, c.missing) || (p.Missing == "") != (c.missing == "") {
				t.Fatalf("got %q, want %q", p.Missing, c.missing)
			}
			if len(p.Notes) != len(c.notes) {
				t.Fatalf("notes %q", p.Notes)
			}
			for i, want := range c.notes {
				if !strings.Contains(p.Notes[i], want) {
					t.Errorf("got %q, want %q", p.Notes[i], want)
				}
			}
			if c.missing != "" {
				return
			}
			var names []string
			for _, f := range p.Figures {
				names = append(names, f.Name)
				var peers []string
				for _, peer := range f.Peers {
					peers = append(peers, peer.Name)
				}
				if !reflect.DeepEqual(peers, c.peers) {
					t.Errorf("%s has the peers %q", f.Name, peers)
				}
				if f.Runs != auditRuns || f.Value < f.Low || f.Value > f.High {
					t.Errorf("%+v", f)
				}
			}
			if !reflect.DeepEqual(names, []string{"wall", "CPU", "peak memory"}) {
				t.Errorf("figures %q", names)
			}
		})
	}
}

func TestNotRoot(t *testing.T) {
	tools(t, map[string]string{"go": goBuild})
	p := measurePart(t, "audit", bench(t, t.TempDir(), nil))
	if len(p.Notes) == 0 || !strings.HasPrefix(p.Notes[0], "not as root") {
		t.Errorf("notes %q", p.Notes)
	}
}
