package image

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/cavaliergopher/cpio"

	"bee/iso/manifest/internal/license"
	"bee/iso/manifest/internal/memory"
	"bee/iso/manifest/internal/packages"
)

// goProgram is a program that Go compiled: this test.
func goProgram(t *testing.T) string {
	t.Helper()
	name, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// writeInitramfs writes one with a file.
func writeInitramfs(t *testing.T, path, name, content string) {
	t.Helper()
	var out bytes.Buffer
	w := cpio.NewWriter(&out)
	if err := w.WriteHeader(&cpio.Header{Name: name, Mode: cpio.TypeReg | 0o755, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

const sha1OfEmpty = "da39a3ee5e6b4b0d3255bfef95601890afd80709"

func TestContentsDebian(t *testing.T) {
	medium := put(t, map[string]string{"boot/image": "", "live/vmlinuz": "", "boot/packages": strings.ReplaceAll(status, "%s", "grub-pc-bin")})
	if err := os.Mkdir(filepath.Join(medium, "boot/grub"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeInitramfs(t, filepath.Join(medium, "live/bee.img"), "init", goProgram(t))
	squash(t, map[string]string{
		"var/lib/dpkg/status":                  strings.ReplaceAll(status, "%s", "base"),
		"var/lib/dpkg/info/base:amd64.list":    "/.\n/usr/share/base\n",
		"usr/share/doc/base/copyright":         "Format: 1.0\nLicense: Expat\n",
		"usr/share/base":                       "",
		"srv/unknown":                          "",
		"usr/lib/os-release":                   "ID=debian\nVERSION_ID=\"13\"\n",
		"usr/local/lib/gpu_burn/manifest.json": `{"schema_version": 1, "cuda": "12.4"}`,
		"usr/local/lib/gpu_burn/lib/libc.so.6": "\x00GNU C Library (Debian GLIBC 2.41-12+deb13u5) stable release version 2.41.\n",
	}, filepath.Join(medium, "live/00-base.squashfs"))
	squash(t, map[string]string{"etc/bee-release": "BEE_VERSION=\"1\"\n", "usr/bin/program": goProgram(t), "usr/bin/script": "#!/bin/sh\n"}, filepath.Join(medium, "live/90-bee.squashfs"))
	c, err := Read(newISO(t, medium), memory.Memory{}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	one := func(all []packages.Package, name string) bool { return len(all) == 1 && all[0].Name == name }
	if c.System != "debian-13" || !one(c.Packages, "base") || !one(c.MediumPackages, "grub-pc-bin") {
		t.Errorf("system %s, packages %+v, of the medium %+v", c.System, c.Packages, c.MediumPackages)
	}
	if p := c.Programs["/live/bee.img"]; p == nil || len(c.Programs) != 1 {
		t.Errorf("programs of the medium: %+v", c.Programs)
	}
	if c.SHA1["/live/vmlinuz"] != sha1OfEmpty {
		t.Errorf("SHA-1: %q", c.SHA1)
	}
	base := c.Layers[0]
	if want := map[string]string{"/usr/share/base": "base"}; !maps.Equal(base.Owners, want) {
		t.Errorf("owners: %q", base.Owners)
	}
	if want := map[string]license.Expression{"base": {Text: "MIT", References: map[string]string{}}}; !reflect.DeepEqual(base.Licenses, want) {
		t.Errorf("licences: %+v", base.Licenses)
	}
	if base.CUDA != "12.4" || base.Glibc != "2.41-12+deb13u5" || base.SHA1["/srv/unknown"] != sha1OfEmpty {
		t.Errorf("CUDA %s, glibc %s, SHA-1 %q", base.CUDA, base.Glibc, base.SHA1)
	}
	if p := c.Layers[1].Programs; len(p) != 1 || p["/usr/bin/program"].Package == "" {
		t.Errorf("programs: %+v", p)
	}
}

func TestContentsAlpine(t *testing.T) {
	iso := newAlpine(t, func(medium string) {
		overlay := filepath.Join(t.TempDir(), apkovl)
		writeArchive(t, overlay, map[string]string{"etc/hostname": "bee", "usr/local/lib/bee/live": goProgram(t)})
		text, err := os.ReadFile(overlay)
		if err != nil {
			t.Fatal(err)
		}
		writeInitramfs(t, filepath.Join(medium, "boot/bee.img"), apkovl, string(text))
		if err := os.WriteFile(filepath.Join(medium, "boot/packages"), []byte("P:linux-lts\nV:6.12-r0\nA:x86_64\n\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		squash(t, map[string]string{"etc/bee-release": "BEE_RELEASE=\"3.21\"\n"}, filepath.Join(medium, "live/95-release.squashfs"))
	})
	c, err := Read(iso, memory.Memory{}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if c.System != "alpine-3.21" || len(c.Packages) != 2 || len(c.MediumPackages) != 1 || c.MediumPackages[0].Name != "linux-lts" {
		t.Errorf("system %s, packages %+v, of the medium %+v", c.System, c.Packages, c.MediumPackages)
	}
	if p := c.Programs["/boot/bee.img"]; p == nil || len(c.Programs) != 1 {
		t.Errorf("programs of the medium: %+v", c.Programs)
	}
	if len(c.Layers) != len(c.Manifest.Layers) || c.Layers[0].SHA1["/modules/6.12/a.ko"] == "" {
		t.Errorf("layers: %+v", c.Layers)
	}
}

func TestContentsRefuses(t *testing.T) {
	good := map[string]string{"var/lib/dpkg/status": strings.ReplaceAll(status, "%s", "base"), "etc/bee-release": "BEE_VERSION=\"1\"\n"}
	for want, change := range map[string]func(medium string, base map[string]string){
		"/boot/packages: an installed package": func(m string, _ map[string]string) {
			os.WriteFile(m+"/boot/packages", []byte("Status: install ok installed\n"), 0o600)
		},
		"/live/bee.img: ":                         func(m string, _ map[string]string) { os.WriteFile(m+"/live/bee.img", make([]byte, 1000), 0o600) },
		"/usr/local/lib/gpu_burn/manifest.json: ": func(_ string, base map[string]string) { base["usr/local/lib/gpu_burn/manifest.json"] = "no JSON" },
	} {
		medium := put(t, map[string]string{"boot/image": "", "live/vmlinuz": ""})
		base := maps.Clone(good)
		change(medium, base)
		squash(t, base, filepath.Join(medium, "live/00-base.squashfs"))
		if _, err := Read(newISO(t, medium), memory.Memory{}, func(string) {}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
