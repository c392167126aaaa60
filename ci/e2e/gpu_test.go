package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// nvidiaHome is the folder of the modules and their manifest in the driver's layer.
const nvidiaHome = "usr/local/lib/nvidia"

// driverManifest is what the tests read of the driver's manifest.json.
type driverManifest struct {
	Driver, Origin, Kernel string
	Files                  []struct{ Path, Target, SHA256, Flavour, Vermagic string }
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// nvidiaModules exports the driver's layer.
func nvidiaModules(t *testing.T, dir string, args ...string) (layer, stderr string) {
	t.Helper()
	layer = filepath.Join(t.TempDir(), "layer")
	call := append([]string{"call", "--progress=plain", "nvidia-modules"}, args...)
	_, stderr, ok := dagger(t, dir, append(call, "export", "--path", layer)...)
	if !ok {
		t.Fatalf("failed:\n%s", tail(stderr, 60))
	}
	return layer, stderr
}

// compiled reports whether a log shows that modules were compiled: NVIDIA's build
// begins with its tests of the kernel.
func compiled(log string) bool { return strings.Contains(log, "CONFTEST:") }

// TestNvidiaModules builds the driver's layer for the base that this site has. That its
// modules fit the kernel is checked by the build itself, and by the boot of TestISO.
func TestNvidiaModules(t *testing.T) {
	layer, _ := nvidiaModules(t, repository)
	var m driverManifest
	readJSON(t, filepath.Join(layer, nvidiaHome, "manifest.json"), &m)
	pins := readPins(t)
	origin := "run"
	if pins.Base == "debian" {
		origin = pins.NvidiaOrigin
	}
	if m.Driver == "" || m.Origin != origin || m.Kernel == "" {
		t.Errorf("manifest is of driver %q from %q for kernel %q", m.Driver, m.Origin, m.Kernel)
	}
	modules := map[string][]string{}
	for _, f := range m.Files {
		path := filepath.Join(layer, f.Path)
		if f.Target != "" {
			if target, err := os.Readlink(path); err != nil || target != f.Target {
				t.Errorf("%s leads to %s (%v), the manifest says %s", f.Path, target, err, f.Target)
			}
			continue
		}
		if got := digest(t, path); got != f.SHA256 {
			t.Errorf("%s has digest %s, the manifest says %s", f.Path, got, f.SHA256)
		}
		if f.Flavour != "" {
			modules[f.Flavour] = append(modules[f.Flavour], filepath.Base(f.Path))
			if !strings.HasPrefix(f.Vermagic, m.Kernel+" ") {
				t.Errorf("%s is for %q, not for %s", f.Path, f.Vermagic, m.Kernel)
			}
		}
	}
	all := []string{"nvidia-drm.ko", "nvidia-modeset.ko", "nvidia-peermem.ko", "nvidia-uvm.ko", "nvidia.ko"}
	for _, flavour := range []string{"open", "proprietary"} {
		if slices.Sort(modules[flavour]); !slices.Equal(modules[flavour], all) {
			t.Errorf("modules of flavour %s are %v, want %v", flavour, modules[flavour], all)
		}
	}

	// Only driver, kernel and flavour count: modules take minutes.
	t.Run("not built again", func(t *testing.T) {
		dir := copyRepository(t)
		appendTo(t, dir, "nvidia/driver/run.sh", "# changed\n")
		appendTo(t, dir, "nvidia/layer/layer.go", "// changed\n")
		appendTo(t, dir, "iso/overlay/etc/inputrc", "# changed\n")
		appendTo(t, dir, "README.md", "changed\n")
		again, log := nvidiaModules(t, dir)
		if compiled(log) {
			t.Errorf("a change elsewhere had the modules compiled:\n%s", tail(log, 30))
		}
		sameTree(t, layer, again)
	})

	t.Run("run", func(t *testing.T) { testNvidiaRun(t, layer, m.Driver) })
}

// testNvidiaRun takes the driver from an installer of the shape of NVIDIA's, which
// is made here: of the libraries and programs in a layer, and of kernel modules that
// find no GPU.
func testNvidiaRun(t *testing.T, layer, version string) {
	installer := filepath.Join(t.TempDir(), "NVIDIA-Linux-x86_64-"+version+".run")
	script := `cp -r testdata/driver "$1/kernel"
sed -i "s/@VERSION@/$2/" "$1/kernel/Kbuild"
cp -r "$1/kernel" "$1/kernel-open"
libraries=$(dirname "$(find "$3/usr/lib" -name libcuda.so.1)")
cp -a "$3"/usr/local/bin/* "$libraries"/*.so.*.* "$1"
mkdir "$1/firmware"
cp "$3"/usr/local/lib/nvidia/firmware/nvidia/*/* "$1/firmware"
echo stand-in >"$1/LICENSE"
cat >"$4" <<'END'
#!/bin/sh
[ "$1 $2" = "--extract-only --target" ] || { echo "unknown arguments: $*" >&2; exit 1; }
mkdir -p "$3" && sed '1,/^ARCHIVE$/d' "$0" | tar -x -C "$3"
exit
ARCHIVE
END
tar -c -C "$1" . >>"$4"`
	if out, err := exec.Command("sh", "-ec", script, "sh", t.TempDir(), version, layer, installer).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	dir := copyRepository(t)
	pins := readPins(t)
	archives := t.TempDir()
	if out, err := exec.Command("testdata/fabric/archives.sh", version, pins.NVLSM, archives).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	fabricManager := filepath.Join(archives, "fabricmanager-linux-x86_64-"+version+"-archive.tar.xz")
	nvlsm := filepath.Join(archives, "nvlsm-linux-x86_64-"+pins.NVLSM+"-archive.tar.xz")
	for key, value := range map[string]string{
		"NVIDIA_VERSION": version, "NVIDIA_RUN_SHA256": digest(t, installer),
		"FABRIC_MANAGER_SHA256": version + ":" + digest(t, fabricManager), "NVLSM_SHA256": digest(t, nvlsm),
	} {
		removeKey(t, dir, key)
		appendTo(t, dir, "VERSIONS.local", key+"="+value+"\n")
	}

	gpuBurn(t, filepath.Join(dir, "iso/vendor/gpu_burn")) // which is on the ISO as any vendor program

	iso := filepath.Join(t.TempDir(), "bee.iso")
	mustDagger(t, dir, "call", "--progress=plain", "--nvidia-run", installer, "--fabric-manager", fabricManager, "--nvlsm", nvlsm, "build-iso", "export", "--path", iso)
	r := smoke(t, onHGX(t, iso))
	r.check(t, "modules-kernel", "modules-insert", "nvidia-sonames", "fabric-manager", "gpu-burn", "vendor-programs", "checks-complete")
	for _, said := range []string{
		"bee-fabric: starting NVLSM at port 0xcc40f3030027f630",
		"bee-fabric: 4 NVSwitches: starting Fabric Manager " + version,
		"bee-fabric: the Fabric Manager runs, and each of 8 GPUs is set up",
		"on-hgx: stand-in of the Fabric Manager " + version + ", port 0xcc40f3030027f630",
		"on-hgx: stand-in of NVLSM, port 0xcc40f3030027f630",
	} {
		if !strings.Contains(r.serial, said) {
			t.Errorf("the console does not say %q:\n%s", said, tail(r.serial, 60))
		}
	}

	t.Run("flipped byte", func(t *testing.T) {
		data, err := os.ReadFile(installer)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 1
		if err := os.WriteFile(installer, data, 0o600); err != nil {
			t.Fatal(err)
		}
		iso := filepath.Join(t.TempDir(), "bee.iso")
		refuses(t, dir, fmt.Sprintf("has the SHA-256 %s, but NVIDIA_RUN_SHA256", digest(t, installer)), "call", "--progress=plain", "--nvidia-run", installer, "build-iso", "export", "--path", iso)
	})
}

// onHGX is a copy of an ISO whose service bee-fabric finds itself on a machine with NVSwitches.
func onHGX(t *testing.T, iso string) string {
	t.Helper()
	script, err := os.ReadFile("testdata/fabric/on-hgx")
	if err != nil {
		t.Fatal(err)
	}
	const program = "/usr/local/lib/bee/nvidia-fabric"
	return broken{faults: map[string]fault{"": {
		edits:    [][3]string{{"iso/overlay/etc/init.d/bee-fabric", program, "/usr/local/lib/bee/on-hgx " + program}},
		programs: map[string]string{"usr/local/lib/bee/on-hgx": string(script)},
	}}}.layered(t, iso)
}

// sameTree checks that two folders hold the same.
func sameTree(t *testing.T, a, b string) {
	t.Helper()
	if out, err := exec.Command("diff", "--recursive", "--no-dereference", "--brief", a, b).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// gpuBurnSource is a program of bee's own in the place of gpu_burn.
var gpuBurnSource = filepath.Join(repository, "gpuburn/testdata/source")

// gpuBurn builds it into a folder.
func gpuBurn(t *testing.T, folder string) {
	t.Helper()
	mustDagger(t, repository, "call", "--progress=plain", "gpu-burn", "--source", gpuBurnSource, "export", "--path", folder)
}

// TestGpuBurn builds gpu_burn from a folder. That it starts on an ISO is seen where
// the driver is tested.
func TestGpuBurn(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "gpu_burn")
	gpuBurn(t, folder)
	var m struct {
		CUDA          string
		Architectures []int
	}
	readJSON(t, filepath.Join(folder, "manifest.json"), &m)
	if m.CUDA == "" || !slices.Contains(m.Architectures, 90) {
		t.Errorf("manifest is %+v", m)
	}
	for _, name := range []string{"gpu_burn", "gpu_probe", "lib/gpu_burn", "lib/gpu_probe", "lib/compare.fatbin", "lib/libc.so.6", "doc/CUDA", "doc/glibc"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}

	t.Run("unknown architecture", func(t *testing.T) {
		refuses(t, repository, "CUDA "+m.CUDA+" does not know architecture 999", "call", "--progress=plain", "gpu-burn", "--source", gpuBurnSource, "--architectures", "90,999", "entries")
	})
	t.Run("no source", func(t *testing.T) {
		refuses(t, repository, "the source has no Makefile", "call", "--progress=plain", "gpu-burn", "--source", filepath.Join(repository, "ci"), "entries")
	})
}

// withoutNvidia checks that nothing of the driver is on an ISO that was built without.
func withoutNvidia(t *testing.T, dist string) {
	t.Helper()
	manifest, err := os.ReadFile(filepath.Join(dist, "bee.iso.manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, unwanted := range []string{"/" + nvidiaHome, "libcuda", `"BEE_NVIDIA": "5`, `"BEE_NVIDIA":"5`} {
		if strings.Contains(string(manifest), unwanted) {
			t.Errorf("the ISO has %s", unwanted)
		}
	}
}
