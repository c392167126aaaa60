package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bee/core/manifest"
	"bee/iso/manifest/internal/memory"
)

// put writes files into a new folder.
func put(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if strings.Contains(name, "/bin/") {
			mode = 0o755
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
}

func squash(t *testing.T, files map[string]string, image string) {
	t.Helper()
	run(t, "mksquashfs", put(t, files), image, "-quiet", "-no-progress", "-all-root", "-noI", "-noD", "-noF")
}

// newISO makes a bootable ISO of a folder.
func newISO(t *testing.T, medium string) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(medium, "boot/image"), make([]byte, 2048), 0o644); err != nil {
		t.Fatal(err)
	}
	iso := filepath.Join(t.TempDir(), "test.iso")
	run(t, "xorriso", "-as", "mkisofs", "-quiet", "-r", "-o", iso, "-b", "boot/image", "-no-emul-boot", medium)
	return iso
}

// newDebian makes an ISO of layers, each a folder of files.
func newDebian(t *testing.T, layers map[string]map[string]string) string {
	t.Helper()
	medium := put(t, map[string]string{"boot/image": "", "live/vmlinuz": "kernel"})
	for name, files := range layers {
		squash(t, files, filepath.Join(medium, "live", name))
	}
	return newISO(t, medium)
}

const status = "Package: %s\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n"

// programSum is the SHA-256 of "program".
const programSum = "1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8"

func TestRead(t *testing.T) {
	iso := newDebian(t, map[string]map[string]string{
		"00-base.squashfs": {"var/lib/dpkg/status": strings.ReplaceAll(status, "%s", "base"), "etc/bee-release": "BEE_VERSION=\"none\"\n"},
		"90-bee.squashfs": {"etc/bee-release": "# comment\nBEE_VERSION=\"1\"\nBEE_BUILD_INFO=\"a \\\"b\\\" \\$5\"\n",
			"etc/bee/vendor": "storcli64 007.2705 " + programSum + "\n", "usr/local/bin/storcli64": "program"},
	})
	known, err := memory.In(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	var outputs [3]bytes.Buffer
	var first *Contents
	steps := 0
	for i, known := range []memory.Memory{{}, known, known} {
		steps = 0
		c, err := Read(iso, known, func(string) { steps++ })
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Manifest.Write(&outputs[i]); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = c
		} else if !reflect.DeepEqual(c, first) {
			t.Errorf("read again, by memory: %+v\nwant %+v", c, first)
		}
		if !bytes.Equal(outputs[0].Bytes(), outputs[i].Bytes()) {
			t.Error("two manifests of one ISO differ")
		}
	}
	if steps != 1 {
		t.Errorf("layers that are known are read again: %d steps", steps)
	}
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}

	var m manifest.Manifest
	if err := json.Unmarshal(outputs[0].Bytes(), &m); err != nil {
		t.Fatalf("%v\n%s", err, &outputs[0])
	}
	if want := (manifest.VendorProgram{Name: "storcli64", Version: "007.2705", SizeBytes: 7, SHA256: programSum}); len(m.VendorPrograms) != 1 || m.VendorPrograms[0] != want {
		t.Errorf("vendor programs: %+v", m.VendorPrograms)
	}
	if len(m.Packages) != 1 || m.Packages[0].Name != "base" {
		t.Errorf("packages: %v", m.Packages)
	}
	if m.Release["BEE_VERSION"] != "1" || m.Release["BEE_BUILD_INFO"] != `a "b" $5` || len(m.Release) != 2 {
		t.Errorf("release: %q", m.Release)
	}
	var paths []string
	for _, f := range m.Medium {
		paths = append(paths, f.Path)
		if f.Path == "/live/vmlinuz" && (*f.SizeBytes != 6 || !strings.HasPrefix(f.SHA256, "6923dd1bc0")) {
			t.Errorf("%+v", f)
		}
	}
	want := []string{"/", "/boot", "/boot.catalog", "/boot/image", "/live", "/live/00-base.squashfs", "/live/90-bee.squashfs", "/live/vmlinuz"}
	if !slices.Equal(paths, want) {
		t.Errorf("medium: %q", paths)
	}
	if len(m.Layers) != 2 || m.Layers[0].Path != "/live/00-base.squashfs" || len(m.Layers[0].Files) != 7 || m.Layers[1].Files[3].Path != "/etc/bee-release" {
		t.Errorf("layers: %+v", m.Layers)
	}
	if lines := strings.Count(outputs[0].String(), "\n"); lines < len(m.Medium)+len(m.Packages) {
		t.Errorf("only %d lines", lines)
	}
}

// writeArchive makes one of several gzip members, as an ISO of the base alpine has its
// index.
func writeArchive(t *testing.T, name string, members ...map[string]string) {
	t.Helper()
	var out bytes.Buffer
	for _, member := range members {
		z := gzip.NewWriter(&out)
		w := tar.NewWriter(z)
		for path, text := range member {
			if err := w.WriteHeader(&tar.Header{Name: path, Mode: 0o644, Size: int64(len(text))}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil { // no end of the tar: the next member goes on
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(name, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// newAlpine makes an ISO. change gets the folder with the medium before the ISO is
// made of it.
func newAlpine(t *testing.T, change func(medium string)) string {
	t.Helper()
	medium := put(t, map[string]string{"boot/vmlinuz-lts": "kernel", "apks/x86_64/busybox-2-r1.apk": "package"})
	writeArchive(t, filepath.Join(medium, apkIndex), map[string]string{".SIGN.RSA.test.rsa.pub": "signature"},
		map[string]string{"APKINDEX": "P:dropbear\nV:1-r0\nA:x86_64\n\nP:busybox\nV:2-r1\nA:x86_64\n\n"})
	squash(t, map[string]string{"modules/6.12/a.ko": "module", "etc/bee-release": "BEE_VERSION=\"modloop\"\n"}, filepath.Join(medium, "boot/modloop-lts"))
	if err := os.Mkdir(filepath.Join(medium, "live"), 0o755); err != nil {
		t.Fatal(err)
	}
	squash(t, map[string]string{"etc/bee-release": "BEE_VERSION=\"hidden\"\n"}, filepath.Join(medium, "live/50-nvidia.squashfs"))
	squash(t, map[string]string{"etc/bee-release": "BEE_VERSION=\"1\"\n"}, filepath.Join(medium, "live/90-bee.squashfs"))
	change(medium)
	return newISO(t, medium)
}

func TestReadAlpine(t *testing.T) {
	iso := newAlpine(t, func(string) {})
	t.Setenv("TMPDIR", t.TempDir())
	c, err := Read(iso, memory.Memory{}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	m := c.Manifest
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if m.SchemaVersion != 1 || m.Release["BEE_VERSION"] != "1" || len(m.Release) != 1 {
		t.Errorf("schema %d, release: %q", m.SchemaVersion, m.Release)
	}
	if want := []manifest.Package{{Name: "busybox", Version: "2-r1", Architecture: "x86_64"}, {Name: "dropbear", Version: "1-r0", Architecture: "x86_64"}}; !slices.Equal(m.Packages, want) {
		t.Errorf("packages: %v", m.Packages)
	}
	if len(m.Layers) != 3 || m.Layers[0].Path != "/boot/modloop-lts" || m.Layers[1].Path != "/live/50-nvidia.squashfs" {
		t.Fatalf("layers: %+v", m.Layers)
	}
	if i := slices.IndexFunc(m.Medium, func(f manifest.MediumFile) bool { return f.Path == "/apks/x86_64/busybox-2-r1.apk" }); i < 0 || m.Medium[i].SHA256 == "" {
		t.Errorf("medium: %+v", m.Medium)
	}
	if modules := m.Layers[0].Files; !slices.ContainsFunc(modules, func(f manifest.File) bool { return f.Path == "/modules/6.12/a.ko" && *f.SizeBytes == 6 }) {
		t.Errorf("files of the modloop: %+v", modules)
	}
	files := m.Layers[2].Files
	if len(files) != 3 || files[2].Path != "/etc/bee-release" || *files[2].SizeBytes != 16 || files[2].Mode != "0644" {
		t.Errorf("files of the highest layer: %+v", files)
	}
}

func TestReadRefuses(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text.iso")
	if err := os.WriteFile(text, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	release := map[string]string{"etc/bee-release": "BEE_VERSION=\"1\"\n"}
	for iso, want := range map[string]string{
		text:              "no ISO 9660 signature",
		"/no/such.iso":    "/no/such.iso",
		newDebian(t, nil): "there is neither /apks/x86_64/APKINDEX.tar.gz (base alpine) nor /live/*.squashfs (base debian) on it",
		newDebian(t, map[string]map[string]string{"00-base.squashfs": release}):                                                                                      "package database",
		newDebian(t, map[string]map[string]string{"00-base.squashfs": {"var/lib/dpkg/status": strings.ReplaceAll(status, "%s", "x")}}):                               "etc/bee-release",
		newDebian(t, map[string]map[string]string{"00-base.squashfs": {"var/lib/dpkg/status": strings.ReplaceAll(status, "Version: 1", "")}}):                        "/live/00-base.squashfs: /var/lib/dpkg/status",
		newDebian(t, map[string]map[string]string{"00-base.squashfs": {"etc/bee/vendor": "storcli64 - " + programSum + "\n", "usr/local/bin/storcli64": "another"}}): "/usr/local/bin/storcli64 is not what /etc/bee/vendor beside it says",
		newDebian(t, map[string]map[string]string{"00-base.squashfs": {"etc/bee/vendor": "storcli64\n"}}):                                                            "/etc/bee/vendor: ",
	} {
		if _, err := Read(iso, memory.Memory{}, func(string) {}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestReadRefusesAlpine(t *testing.T) {
	for want, change := range map[string]func(medium string) error{
		"test.iso: 0 files /boot/modloop-*":        func(m string) error { return os.Remove(m + "/boot/modloop-lts") },
		"/live/90-bee.squashfs: unsquashfs":        func(m string) error { return os.WriteFile(m+"/live/90-bee.squashfs", nil, 0o600) },
		"/boot/modloop-lts: unsquashfs":            func(m string) error { return os.WriteFile(m+"/boot/modloop-lts", nil, 0o600) },
		"test.iso: /apks/x86_64/APKINDEX.tar.gz: ": func(m string) error { return os.WriteFile(m+"/apks/x86_64/APKINDEX.tar.gz", nil, 0o600) },
		"package database":                         func(m string) error { return os.RemoveAll(m + "/apks") }, // it is none of alpine
		// that of the modloop is none of the root
		"test.iso: no layer has /etc/bee-release": func(m string) error {
			return os.RemoveAll(m + "/live")
		},
	} {
		iso := newAlpine(t, func(medium string) {
			if err := change(medium); err != nil {
				t.Fatal(err)
			}
		})
		if _, err := Read(iso, memory.Memory{}, func(string) {}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
