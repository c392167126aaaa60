package layer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/nvidia/kmod"
	"bee/nvidia/kmod/kmodtest"
)

const (
	driver = "550.163.01"
	kernel = "6.12.118+deb13-amd64"
)

// fixture is a layer and what its parts are made of.
type fixture struct {
	nvidia, uvm kmod.Module
	files       map[string]string
	links       map[string]string
	kernelSyms  string
}

func good() *fixture {
	return &fixture{
		nvidia: kmod.Module{Name: "nvidia", Version: driver, Vermagic: kernel + " SMP", License: "Dual MIT/GPL", Depends: []string{"drm"},
			Imports: []kmod.Import{{Name: "printk", CRC: 1}, {Name: "maybe", Weak: true}}},
		uvm: kmod.Module{Name: "nvidia_uvm", Version: driver, Vermagic: kernel + " SMP", License: "Dual MIT/GPL", Depends: []string{"nvidia"},
			Imports: []kmod.Import{{Name: "nvUvm", CRC: 2}}},
		files: map[string]string{
			"usr/local/bin/nvidia-smi":          "ELF v" + driver + "\x00",
			"usr/lib/libnvidia-ml.so." + driver: "ml", "usr/lib/libcuda.so." + driver: "cuda",
		},
		links: map[string]string{
			"usr/lib/libnvidia-ml.so.1": "libnvidia-ml.so." + driver, "usr/lib/libcuda.so.1": "libcuda.so." + driver,
		},
		kernelSyms: "0x1\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n",
	}
}

func (f *fixture) check(t *testing.T) (*Manifest, error) {
	t.Helper()
	dir, symvers := t.TempDir(), t.TempDir()
	put := func(path string, data []byte) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(filepath.Join(dir, Home, "open/nvidia.ko"), kmodtest.Build(f.nvidia))
	put(filepath.Join(dir, Home, "open/nvidia-uvm.ko"), kmodtest.Build(f.uvm))
	put(filepath.Join(symvers, "open/kernel.symvers"), []byte(f.kernelSyms))
	put(filepath.Join(symvers, "open/Module.symvers"), []byte("0x2\tnvUvm\tnvidia\tEXPORT_SYMBOL\t\n"))
	for path, text := range f.files {
		put(filepath.Join(dir, path), []byte(text))
	}
	for path, target := range f.links {
		if err := os.Symlink(target, filepath.Join(dir, path)); err != nil {
			t.Fatal(err)
		}
	}
	return Check(dir, Expected{Driver: driver, Origin: "debian", Kernel: kernel, Symvers: symvers})
}

func TestCheck(t *testing.T) {
	m, err := good().check(t)
	if err != nil {
		t.Fatal(err)
	}
	if m.Driver != driver || m.Kernel != kernel || m.Origin != "debian" || len(m.Files) != 7 {
		t.Errorf("manifest is %+v", m)
	}
	for _, f := range m.Files {
		if f.Path != "/usr/local/lib/nvidia/open/nvidia.ko" {
			continue
		}
		if f.Flavour != "open" || f.Vermagic != kernel+" SMP" || len(f.SHA256) != 64 || f.SizeBytes == 0 || f.License != "Dual MIT/GPL" {
			t.Errorf("nvidia.ko is %+v", f)
		}
		return
	}
	t.Error("no nvidia.ko in the manifest")
}

// Whatever does not fit is refused, with both versions in the error.
func TestCheckRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*fixture)
		want   []string
	}{
		"another kernel": {func(f *fixture) { f.nvidia.Vermagic = "6.6.1-0-lts SMP" },
			[]string{"open/nvidia.ko is for kernel 6.6.1-0-lts", kernel}},
		"another version": {func(f *fixture) { f.uvm.Version = "580.95.05" },
			[]string{"open/nvidia-uvm.ko is of driver 580.95.05", driver}},
		"no such symbol": {func(f *fixture) { f.nvidia.Imports = append(f.nvidia.Imports, kmod.Import{Name: "gone", CRC: 3}) },
			[]string{"open/nvidia.ko needs 1 symbols", "gone"}},
		"another type": {func(f *fixture) { f.kernelSyms = strings.Replace(f.kernelSyms, "0x1", "0x7", 1) },
			[]string{"open/nvidia.ko was built with another type of 1 symbols", "printk"}},
		"another library": {func(f *fixture) { f.files["usr/lib/libcuda.so.535.1"] = "" },
			[]string{"libcuda.so.535.1 is of driver 535.1", driver}},
		"another nvidia-smi": {func(f *fixture) { f.files["usr/local/bin/nvidia-smi"] = "v535.1" },
			[]string{"nvidia-smi is not of driver " + driver}},
		"no nvidia-smi": {func(f *fixture) { delete(f.files, "usr/local/bin/nvidia-smi") },
			[]string{"there is no nvidia-smi"}},
		"no soname link": {func(f *fixture) { delete(f.links, "usr/lib/libcuda.so.1") },
			[]string{"there is no libcuda.so.1"}},
		"link to nowhere": {func(f *fixture) { f.links["usr/lib/libcuda.so.1"] = "libcuda.so.9" },
			[]string{"libcuda.so.1 leads to libcuda.so.9"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := good()
			c.change(f)
			_, err := f.check(t)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error is %q, without %q", err, want)
				}
			}
		})
	}
}
