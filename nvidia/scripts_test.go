// Package nvidia_test tries the scripts that take drivers apart and build modules,
// as far as that takes no driver and no headers.
package nvidia_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func run(t *testing.T, script string, args ...string) (output string, ok bool) {
	t.Helper()
	cmd := exec.Command("bash", append([]string{script}, args...)...)
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

const version = "580.159.04"

// installer is a program of the shape of NVIDIA's: it unpacks itself.
func installer(t *testing.T, files ...string) (path, digest string) {
	t.Helper()
	text := "#!/bin/sh\n[ \"$1 $2\" = '--extract-only --target' ] || exit 1\nmkdir \"$3\" && cd \"$3\" || exit 1\n"
	for _, f := range files {
		text += "mkdir -p $(dirname " + f + ") && echo '" + f + " of " + version + "' >" + f + "\n"
	}
	sum := sha256.Sum256([]byte(text))
	return write(t, filepath.Join(t.TempDir(), "driver.run"), text), hex.EncodeToString(sum[:])
}

var driver = []string{
	"kernel/Kbuild", "kernel-open/Kbuild", "firmware/gsp_tu10x.bin", "nvidia-smi", "LICENSE",
	"libnvidia-ml.so." + version, "libnvidia-cfg.so." + version, "libcuda.so." + version, "libnvidia-ptxjitcompiler.so." + version,
}

func TestRun(t *testing.T) {
	file, digest := installer(t, append(driver, "nvidia-persistenced", "libnvidia-gpucomp.so."+version)...)
	out := t.TempDir()
	if said, ok := run(t, "driver/run.sh", file, version, digest, out); !ok {
		t.Fatal(said)
	}
	for _, name := range []string{"open/Kbuild", "proprietary/Kbuild", "userland/version", "userland/bin/nvidia-smi",
		"userland/bin/nvidia-persistenced", "userland/lib/libcuda.so." + version, "userland/lib/libnvidia-gpucomp.so." + version,
		"userland/firmware/gsp_tu10x.bin", "userland/doc/LICENSE"} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	file, digest := installer(t, driver...)
	for _, gone := range driver {
		var rest []string
		for _, f := range driver {
			if f != gone {
				rest = append(rest, f)
			}
		}
		part, digest := installer(t, rest...)
		name, _, _ := strings.Cut(gone, "/")
		if said, ok := run(t, "driver/run.sh", part, version, digest, t.TempDir()); ok || !strings.Contains(said, "driver "+version+" has no "+name) {
			t.Errorf("without %s: %v, %s", gone, ok, said)
		}
	}

	if said, ok := run(t, "driver/run.sh", file, "999.1", digest, t.TempDir()); ok || !strings.Contains(said, "driver 999.1 has no libnvidia-ml.so.999.1") {
		t.Errorf("another version: %v, %s", ok, said)
	}
	// A flipped byte: nothing of it is run.
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	ran := filepath.Join(t.TempDir(), "ran")
	flipped := strings.Replace(string(text), "exit 1", "exit 2; touch "+ran, 1)
	flipped = strings.Replace(flipped, "[ ", "touch "+ran+"; [ ", 1)
	out := t.TempDir()
	said, ok := run(t, "driver/run.sh", write(t, file, flipped), version, digest, out)
	sum := sha256.Sum256([]byte(flipped))
	if ok || !strings.Contains(said, digest) || !strings.Contains(said, hex.EncodeToString(sum[:])) {
		t.Errorf("another file: %v, %s", ok, said)
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("a file that is not the installer was run")
	}
	if left, _ := os.ReadDir(out); len(left) > 0 {
		t.Errorf("there is %v", left)
	}

	broken := "#!/bin/sh\necho no space left >&2; exit 1\n"
	sum = sha256.Sum256([]byte(broken))
	if said, ok := run(t, "driver/run.sh", write(t, file, broken), version, hex.EncodeToString(sum[:]), t.TempDir()); ok || !strings.Contains(said, "no space left") {
		t.Errorf("an installer that fails: %v, %s", ok, said)
	}
}

// What is in the cache and damaged is fetched again, and where it cannot be had, the error
// says what to do.
func TestFetch(t *testing.T) {
	bin, cache := t.TempDir(), t.TempDir()
	sum := sha256.Sum256([]byte("the installer"))
	digest := hex.EncodeToString(sum[:])
	curl := func(script string) {
		write(t, filepath.Join(bin, "curl"), "#!/bin/sh\necho \"curl $*\"\nwhile [ $# -gt 0 ]; do [ \"$1\" != --output ] || out=$2; url=$1; shift; done\n"+script)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	out := filepath.Join(t.TempDir(), "out.run")
	fetch := func() (string, bool) {
		return run(t, "driver/fetch.sh", digest, "NVIDIA_RUN_SHA256", "give the file with --nvidia-run", cache, out,
			"https://one.example/tesla/driver.run", "https://two.example/driver.run")
	}

	curl("exit 6")
	if said, ok := fetch(); ok || !strings.Contains(said, "driver.run cannot be fetched from NVIDIA; give the file with --nvidia-run") {
		t.Errorf("no network: %v, %s", ok, said)
	}
	curl(`printf 'another file' >"$out"`)
	if said, ok := fetch(); ok || !strings.Contains(said, "has the SHA-256") || !strings.Contains(said, "NVIDIA_RUN_SHA256 is "+digest) {
		t.Errorf("another file: %v, %s", ok, said)
	}
	if left, _ := os.ReadDir(cache); len(left) > 0 {
		t.Errorf("the cache has %v", left)
	}
	curl(`printf half >"$out"; exit 18`)
	if said, ok := fetch(); ok || !strings.Contains(said, "cannot be fetched") {
		t.Errorf("a transfer that breaks off: %v, %s", ok, said)
	}
	curl(`case $url in *two*) printf 'the installer' >"$out" ;; *) exit 22 ;; esac`)
	if said, ok := fetch(); !ok || !strings.Contains(said, "fetching https://two.example/driver.run") {
		t.Errorf("the second place has it: %v, %s", ok, said)
	}
	curl("exit 6")
	if said, ok := fetch(); !ok || strings.Contains(said, "curl") {
		t.Errorf("from the cache: %v, %s", ok, said)
	}
	write(t, filepath.Join(cache, digest), "damaged")
	if said, ok := fetch(); ok || !strings.Contains(said, "cannot be fetched") {
		t.Errorf("damaged, and no network: %v, %s", ok, said)
	}
}

// archive is one of the shape of NVIDIA's, with a program of glibc's; without is a file that
// it lacks.
func archive(t *testing.T, what, version, without string) (path, digest string) {
	t.Helper()
	dir := t.TempDir()
	folder := what + "-linux-x86_64-" + version + "-archive"
	for name, text := range map[string]string{
		"LICENSE": "a licence\n", "third-party-notices.txt": "notices\n",
		"etc/fabricmanager.cfg":                                  "# a comment\nDAEMONIZE=0\nLOG_LEVEL=4\nFABRIC_MODE=1\nTOPOLOGY_FILE_PATH=/elsewhere\n",
		"share/nvidia/nvswitch/dgxh100_hgxh100_topology":         "topology\n",
		"share/nvidia/nvswitch/gb200_nvl72r1_c2g4_topology":      "topology\n",
		"share/nvidia/nvswitch/dgxgh200_hgxgh200_8gpus_topology": "topology\n",
		"share/nvidia/nvlsm/nvlsm.conf":                          "log_file /var/log/nvlsm.log\n",
		"bin/nv-fabricmanager":                                   "", "sbin/nvlsm": "", "lib/libgrpc_mgr.so": "",
	} {
		if name == without {
			continue
		}
		file := write(t, filepath.Join(dir, folder, name), text)
		if text == "" {
			if out, err := exec.Command("cp", "/bin/true", file).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
	}
	path = filepath.Join(t.TempDir(), folder+".tar.xz")
	if out, err := exec.Command("tar", "-cJf", path, "-C", dir, folder).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	return path, hex.EncodeToString(sum[:])
}

func TestFabric(t *testing.T) {
	if _, err := os.Stat("/usr/share/doc/libc6/copyright"); err != nil {
		t.Skip("no Debian with its packages' licences: ", err)
	}
	for what, files := range map[string][]string{
		"fabricmanager": {"usr/bin/nv-fabricmanager", "usr/share/nvidia/nvswitch/dgxh100_hgxh100_topology", "usr/local/lib/nvidia/fabric/doc/fabricmanager.LICENSE"},
		"nvlsm":         {"opt/nvidia/nvlsm/sbin/nvlsm", "opt/nvidia/nvlsm/lib/libgrpc_mgr.so", "usr/share/nvidia/nvlsm/nvlsm.conf", "usr/local/lib/nvidia/fabric/doc/nvlsm.third-party-notices.txt"},
	} {
		file, digest := archive(t, what, version, "")
		out := t.TempDir()
		if said, ok := run(t, "driver/fabric.sh", what, file, version, digest, out); !ok {
			t.Fatal(said)
		}
		for _, name := range append(files, "usr/local/lib/nvidia/fabric/lib/ld-linux-x86-64.so.2", "usr/local/lib/nvidia/fabric/lib/libc.so.6", "usr/local/lib/nvidia/fabric/doc/libc6.copyright") {
			if info, err := os.Stat(filepath.Join(out, name)); err != nil || info.Size() == 0 {
				t.Errorf("%s: %s: %v", what, name, err)
			}
		}
		// it runs with what is in the folder alone
		home := filepath.Join(out, "usr/local/lib/nvidia/fabric/lib")
		if said, err := exec.Command(filepath.Join(home, "ld-linux-x86-64.so.2"), "--inhibit-cache", "--library-path", home, filepath.Join(out, files[0])).CombinedOutput(); err != nil {
			t.Errorf("%s does not start: %v: %s", what, err, said)
		}
		if what == "nvlsm" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(out, "usr/share/nvidia/nvswitch/fabricmanager.cfg"))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"# a comment", "LOG_LEVEL=4", "DAEMONIZE=1", "FABRIC_MODE=0", "TOPOLOGY_FILE_PATH=/usr/share/nvidia/nvswitch", "BIND_INTERFACE_IP=127.0.0.1"} {
			if strings.Count("\n"+string(text), "\n"+line+"\n") != 1 {
				t.Errorf("the configuration has not once %s:\n%s", line, text)
			}
		}
		if left, _ := filepath.Glob(filepath.Join(out, "usr/share/nvidia/nvswitch/*g[hb]200*")); len(left) > 0 {
			t.Errorf("there is %v", left)
		}

		for _, gone := range []string{"bin/nv-fabricmanager", "etc/fabricmanager.cfg", "LICENSE"} {
			file, digest := archive(t, what, version, gone)
			if said, ok := run(t, "driver/fabric.sh", what, file, version, digest, t.TempDir()); ok || !strings.Contains(said, "the archive of fabricmanager "+version+" has no "+gone) {
				t.Errorf("without %s: %v, %s", gone, ok, said)
			}
		}
		if said, ok := run(t, "driver/fabric.sh", what, file, "999.1", digest, t.TempDir()); ok || !strings.Contains(said, "it is not of fabricmanager 999.1") {
			t.Errorf("another version: %v, %s", ok, said)
		}
		other, _ := archive(t, what, version, "third-party-notices.txt")
		if said, ok := run(t, "driver/fabric.sh", what, other, version, digest, t.TempDir()); ok || !strings.Contains(said, "in VERSIONS is "+digest) {
			t.Errorf("another file: %v, %s", ok, said)
		}
		text, sum := []byte("no archive"), sha256.Sum256([]byte("no archive"))
		if said, ok := run(t, "driver/fabric.sh", what, write(t, filepath.Join(t.TempDir(), "x"), string(text)), version, hex.EncodeToString(sum[:]), t.TempDir()); ok || !strings.Contains(said, "is no tar.xz") {
			t.Errorf("no archive: %v, %s", ok, said)
		}
	}
}

// Headers that are not those of the ISO's kernel stop the build, with both named.
func TestModulesForAnotherKernel(t *testing.T) {
	headers := t.TempDir()
	if said, ok := run(t, "modules.sh", "modules", t.TempDir(), headers, "6.12.107", t.TempDir()); ok || !strings.Contains(said, "headers are of 0 kernels") {
		t.Errorf("no headers: %v, %s", ok, said)
	}
	write(t, filepath.Join(headers, "usr/src/linux-headers-6.6.1/include/config/kernel.release"), "6.6.1-0-lts\n")
	said, ok := run(t, "modules.sh", "modules", t.TempDir(), headers, "6.12.107-0-lts", t.TempDir())
	if ok || !strings.Contains(said, "the headers are of kernel 6.6.1-0-lts, but the ISO's kernel is 6.12.107-0-lts") {
		t.Errorf("other headers: %v, %s", ok, said)
	}
	write(t, filepath.Join(headers, "usr/src/linux-headers-6.12.107/include/config/kernel.release"), "6.12.107-0-lts\n")
	if said, ok := run(t, "modules.sh", "modules", t.TempDir(), headers, "6.12.107-0-lts", t.TempDir()); ok || !strings.Contains(said, "headers are of 2 kernels") {
		t.Errorf("stale headers beside the right ones: %v, %s", ok, said)
	}
}
