package module

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"bee/nvidia/kmod"
	"bee/nvidia/kmod/kmodtest"
)

func named(name string, depends ...string) Module {
	return Module{"/m/" + name + ".ko", kmod.Module{Name: name, Depends: depends}}
}

func namesOf(all []Module) (list []string) {
	for _, m := range all {
		list = append(list, m.Name)
	}
	return list
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	write := func(file string, m kmod.Module) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, file), kmodtest.Build(m), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := Read(dir); err != nil || all != nil {
		t.Errorf("of an empty folder: %v, %v", all, err)
	}
	write("nvidia.ko", kmod.Module{Name: "nvidia", Version: "550.163.01", Vermagic: "6.12.107 SMP", Depends: []string{"drm"}})
	write("nvidia-drm.ko", kmod.Module{Name: "nvidia_drm", Vermagic: "6.12.107 SMP", Depends: []string{"drm", "nvidia-modeset"}})
	write("other.ko", kmod.Module{Name: "other", Vermagic: "6.12.107 SMP"})
	all, err := Read(dir)
	if err != nil || !slices.Equal(namesOf(all), []string{"nvidia", "nvidia_drm"}) {
		t.Fatalf("%v, %v", namesOf(all), err)
	}
	if m := all[0]; m.Path != filepath.Join(dir, "nvidia.ko") || m.Version != "550.163.01" || m.Kernel() != "6.12.107" {
		t.Errorf("%+v", m)
	}
	if got := all[1].Depends; !slices.Equal(got, []string{"drm", "nvidia_modeset"}) {
		t.Errorf("depends on %v", got)
	}
	write("nvidia-uvm.ko", kmod.Module{Name: "nvidia", Vermagic: "6.12.107"})
	if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), "nvidia-uvm.ko: it is module nvidia, not nvidia_uvm") {
		t.Errorf("another module under its name: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "nvidia-uvm.ko"), []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), "nvidia-uvm.ko") {
		t.Errorf("no module: %v", err)
	}
}

func TestOrder(t *testing.T) {
	tests := map[string]struct {
		modules []Module
		want    []string
		err     string
	}{
		"as they are": {
			[]Module{named("nvidia", "drm"), named("nvidia_uvm", "nvidia"), named("nvidia_modeset", "video", "nvidia"), named("nvidia_drm", "drm", "nvidia_modeset")},
			[]string{"nvidia", "nvidia_uvm", "nvidia_modeset", "nvidia_drm"}, ""},
		"backwards": {
			[]Module{named("nvidia_drm", "drm", "nvidia_modeset"), named("nvidia_modeset", "nvidia"), named("nvidia_uvm", "nvidia"), named("nvidia", "drm")},
			[]string{"nvidia", "nvidia_modeset", "nvidia_drm", "nvidia_uvm"}, ""},
		"one is missing": {
			[]Module{named("nvidia_drm", "nvidia_modeset", "nvidia"), named("nvidia")},
			[]string{"nvidia", "nvidia_drm"}, ""},
		"circle": {
			[]Module{named("nvidia", "nvidia_drm"), named("nvidia_modeset", "nvidia"), named("nvidia_drm", "nvidia_modeset")},
			nil, "/m/nvidia.ko: modules need each other in a circle: nvidia → nvidia_drm → nvidia_modeset → nvidia"},
		"needs itself": {
			[]Module{named("nvidia", "nvidia")},
			nil, "/m/nvidia.ko: modules need each other in a circle: nvidia → nvidia"},
		"none": {},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Order(test.modules)
			if !slices.Equal(namesOf(got), test.want) {
				t.Errorf("%v, not %v", namesOf(got), test.want)
			}
			if test.err != "" && (err == nil || err.Error() != test.err) || test.err == "" && err != nil {
				t.Errorf("error is %v, not %q", err, test.err)
			}
		})
	}
}

func TestForeign(t *testing.T) {
	all := []Module{named("nvidia", "drm"), named("nvidia_modeset", "video", "nvidia"), named("nvidia_drm", "drm", "drm_kms_helper", "nvidia_modeset")}
	if got := Foreign(all); !slices.Equal(got, []string{"drm", "video", "drm_kms_helper"}) {
		t.Error(got)
	}
	if got := Foreign(all[1:]); slices.Contains(got, "nvidia") {
		t.Errorf("%v, though nvidia is NVIDIA's, here or not", got)
	}
}

func TestRefusal(t *testing.T) {
	m := Module{"/usr/local/lib/nvidia/open/nvidia-uvm.ko", kmod.Module{Name: "nvidia_uvm"}}
	tests := map[string]struct {
		err  error
		want []string
	}{
		"no device":        {unix.ENODEV, []string{"refuses the GPUs", "bee.nvidia="}},
		"symbol missing":   {unix.ENOENT, []string{"a symbol that it needs is missing", "load that first"}},
		"symbol versions":  {unix.EINVAL, []string{"another kernel", "build the ISO anew"}},
		"layout":           {unix.ENOEXEC, []string{"another kernel", "build the ISO anew"}},
		"lockdown":         {unix.EPERM, []string{"operation not permitted: the kernel is locked down", "Secure Boot", "--module-key"}},
		"signature":        {unix.EKEYREJECTED, []string{"key was rejected by service: the kernel is locked down", "Secure Boot", "--module-key"}},
		"key":              {unix.ENOKEY, []string{"locked down", "Secure Boot", "--module-key"}},
		"another answer":   {unix.ENOMEM, []string{"cannot allocate memory"}},
		"file not there":   {&fs.PathError{Op: "open", Path: m.Path, Err: unix.ENOENT}, []string{"no such file"}},
		"file not allowed": {&fs.PathError{Op: "open", Path: m.Path, Err: unix.EPERM}, []string{"not permitted"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := m.Refusal(test.err, false)
			for _, part := range append(test.want, "nvidia_uvm", m.Path, "is not loaded") {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q, without %q", err, part)
				}
			}
			if strings.HasPrefix(name, "file") && (strings.Contains(err.Error(), "symbol") || strings.Contains(err.Error(), "Secure Boot")) {
				t.Errorf("%q, though the kernel was not asked", err)
			}
			if !errors.Is(err, test.err) {
				t.Errorf("%q does not wrap %v", err, test.err)
			}
		})
	}
}

// Where the ISO has a key of its own, the way out is to make it known.
func TestRefusalOfSignedModule(t *testing.T) {
	m := named("nvidia")
	for _, errno := range []unix.Errno{unix.EPERM, unix.EKEYREJECTED, unix.ENOKEY} {
		text := m.Refusal(errno, true).Error()
		for _, part := range []string{"does not know the key", "bee-secureboot enrol", "turn Secure Boot off"} {
			if !strings.Contains(text, part) {
				t.Errorf("%q, without %q", text, part)
			}
		}
		if strings.Contains(text, "--module-key") {
			t.Errorf("%q", text)
		}
	}
	if unsigned, signed := m.Refusal(unix.ENODEV, false), m.Refusal(unix.ENODEV, true); unsigned.Error() != signed.Error() {
		t.Errorf("of something else: %v", signed)
	}
}

// What the kernel says of signatures (kernel/module/signing.c, security/lockdown).
func TestReasonsOfSignature(t *testing.T) {
	want := []string{
		"Loading of unsigned module is rejected", "Loading of module with unavailable key is rejected",
		"Lockdown: nvidia-load: unsigned module loading is restricted; see man kernel_lockdown.7",
	}
	if got := named("nvidia").Reasons(append([]string{"usb 1-1: new device"}, want...)); !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}

func TestReasons(t *testing.T) {
	m := named("nvidia")
	var log, want []string
	for i := range 12 {
		line := "NVRM: line " + string(rune('a'+i))
		log = append(log, line, "usb 1-1: new device", line)
		if i >= 12-most {
			want = append(want, line)
		}
	}
	want = append(want[1:], "nvidia: probe of 0000:01:00.0 failed with error -1")
	log = append(log, "nvidia_uvm: something else", "NVRM: line l", "nvidia: probe of 0000:01:00.0 failed with error -1")
	if got := m.Reasons(log); !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
	if got := m.Reasons(nil); len(got) != 0 {
		t.Errorf("%q, of nothing", got)
	}
}
