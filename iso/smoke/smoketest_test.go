package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// function runs code with the functions of smoketest.sh, under each shell that
// may run it, and returns what it printed. $1 is a file with the text given.
func function(t *testing.T, code, text string) string {
	t.Helper()
	functions, found := strings.CutSuffix(script, "\nmain \"$@\"\n")
	if !found {
		t.Fatal("smoketest.sh does not end with its call of main")
	}
	dir := t.TempDir()
	file, source := filepath.Join(dir, "file"), filepath.Join(dir, "source.sh")
	for path, data := range map[string]string{file: text, source: functions + "\ncheck=check\n" + code} {
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said []string
	for _, shell := range [][]string{{"busybox", "ash"}, {"dash"}} {
		if _, err := exec.LookPath(shell[0]); err != nil {
			t.Skipf("%s is not installed", shell[0])
		}
		out, err := exec.Command(shell[0], append(shell[1:], source, file)...).CombinedOutput()
		if err != nil {
			t.Logf("%s: %v", shell[0], err)
		}
		said = append(said, string(out))
	}
	if said[0] != said[1] {
		t.Errorf("ash says %q, dash says %q", said[0], said[1])
	}
	return strings.TrimSuffix(said[0], "\n")
}

func sample(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// move returns text with the line that ends in what moved before the line that
// ends in before.
func move(t *testing.T, text, what, before string) string {
	t.Helper()
	var out []string
	var moved string
	lines := strings.Split(text, "\n")
	for _, line := range lines {
		if strings.HasSuffix(line, " "+what) {
			moved = line
		}
	}
	for _, line := range lines {
		if strings.HasSuffix(line, " "+before) {
			out = append(out, moved)
		}
		if line != moved {
			out = append(out, line)
		}
	}
	if moved == "" || len(out) != len(lines) {
		t.Fatalf("no %q or no %q", what, before)
	}
	return strings.Join(out, "\n")
}

func TestServiceOrder(t *testing.T) {
	good := sample(t, "boot.log")
	for name, c := range map[string]struct{ log, want string }{
		"good":                      {good, "PASS check"},
		"restarted later":           {good + "90.00 localmount start\n91.00 localmount started\n", "PASS check"},
		"sshsetup before mount":     {move(t, good, "bee-sshsetup start", "localmount start"), "FAIL check: bee-sshsetup start comes before localmount started"},
		"dropbear before its setup": {move(t, good, "dropbear start", "bee-sshsetup started"), "FAIL check: dropbear start comes before bee-sshsetup started"},
		"network before mount":      {move(t, good, "bee-network start", "localmount started"), "FAIL check: bee-network start comes before localmount started"},
		"nvidia before network":     {move(t, good, "bee-nvidia start", "bee-network started"), "FAIL check: bee-nvidia start comes before bee-network started"},
		"audit before nvidia":       {move(t, good, "bee-audit start", "bee-nvidia started"), "FAIL check: bee-audit start comes before bee-nvidia started"},
		"no nvidia":                 {strings.ReplaceAll(good, "bee-nvidia", "other"), "has no 'bee-nvidia start'"},
		"empty":                     {"", "has no 'localmount started'"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := function(t, `boot_log=$1; service_order`, c.log); !strings.Contains(got, c.want) || strings.Count(got, "check") != 1 {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got := function(t, `boot_log=/no/boot.log; service_order`, ""); got != "FAIL check: /no/boot.log is missing" {
		t.Errorf("no boot log: %q", got)
	}
}

func TestServicesStarted(t *testing.T) {
	good := sample(t, "boot.log")
	const code = `boot_log=$1; timeout() { echo "status: $up"; [ $up = started ]; }; up=started; services_started`
	for name, c := range map[string]struct{ log, code, want string }{
		"good":    {good, code, "PASS check"},
		"failed":  {strings.Replace(good, "bee-audit started", "bee-audit failed", 1), code, "FAIL check: bee-audit failed"},
		"hangs":   {strings.Replace(good, "75.83 bee-audit started\n", "", 1), code, "FAIL check: bee-audit was begun and has not ended"},
		"absent":  {strings.ReplaceAll(good, "dropbear", "sshd"), code, "FAIL check: dropbear was never begun"},
		"crashed": {good, strings.Replace(code, "up=started", "up=crashed", 1), "FAIL check: localmount: status: crashed"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := function(t, c.code, c.log); !strings.HasPrefix(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDependencies(t *testing.T) {
	good := sample(t, "deptree")
	for name, c := range map[string]struct{ tree, want string }{
		"good":               {good, "bee-sshsetup localmount"},
		"needs a network":    {good + "depinfo_8_ineed_1='net'\n", "bee-sshsetup localmount net"},
		"setup after DHCP":   {good + "depinfo_6_iafter_0='bee-network'\n", "bee-network bee-sshsetup localmount"},
		"a loop":             {good + "depinfo_6_iuse_0='dropbear'\n", "bee-sshsetup localmount"},
		"no such service":    {strings.ReplaceAll(good, "'dropbear'", "'sshd'"), ""},
		"name with a dash _": {good + "depinfo_8_iwant_0='a_b-c.d'\n", "a_b-c.d bee-sshsetup localmount"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := function(t, `dependencies dropbear <"$1" | sort | one_line`, c.tree); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestReleaseFile(t *testing.T) {
	const good = `BEE_VERSION="20261105-0123456789ab"
BEE_COMMIT="0123456789abcdef0123456789abcdef01234567-dirty"
BEE_DATE="2026-11-05T00:00:00Z"
BEE_BASE="debian"
BEE_RELEASE="trixie"
BEE_KERNEL="6.12.117+deb13-amd64"
BEE_AUDIT="20261105-0123456789ab"
BEE_NVIDIA=""
BEE_SSH="random"
BEE_VENDOR=""
BEE_BUILD_INFO="bee \$5"
`
	for name, c := range map[string]struct{ text, want string }{
		"good":       {good, "PASS check: 20261105-0123456789ab"},
		"no driver":  {strings.Replace(good, "BEE_NVIDIA", "NVIDIA", 1), "has no BEE_NVIDIA"},
		"no vendor":  {strings.Replace(good, "BEE_VENDOR", "VENDOR", 1), "has no BEE_VENDOR"},
		"no kernel":  {strings.Replace(good, "6.12.117+deb13-amd64", "", 1), "has no BEE_KERNEL"},
		"no commit":  {strings.Replace(good, "0123456789abcdef0", "unknown", 1), "FAIL check: BEE_COMMIT is no commit: unknown"},
		"other base": {strings.Replace(good, "debian", "fedora", 1), "neither alpine nor debian: fedora"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := function(t, `release=$1; read_release; release_file`, c.text); !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestRootFilesystem(t *testing.T) {
	const code = `mounts=$1; touch() { [ $free -lt 1000 ]; }; rm() { :; }
df() { [ "$*" = "-P -k /" ] && echo "Filesystem 1024-blocks Used Available Capacity Mounted on
overlay 237568 1024 $kib 1% /"; }
`
	for name, c := range map[string]struct{ base, kib, mounts, want string }{
		"good":        {"debian", "102400", "rootfs / rootfs rw 0 0\noverlay / overlay rw 0 0\n", "PASS check: overlay, writable, 100 MiB free"},
		"in memory":   {"alpine", "16384", "tmpfs / tmpfs rw 0 0\n", "PASS check: tmpfs, writable, 16 MiB free"},
		"other type":  {"debian", "102400", "tmpfs / tmpfs rw 0 0\n", "FAIL check: / is of type tmpfs, not overlay"},
		"nearly full": {"debian", "16383", "overlay / overlay rw 0 0\n", "FAIL check: 15 MiB free on /, less than 16"},
		"full":        {"debian", "0", "overlay / overlay rw 0 0\n", "FAIL check: 0 MiB free on /, less than 16"},
		"df fails":    {"debian", "", "overlay / overlay rw 0 0\n", "FAIL check: 0 MiB free on /, less than 16"},
		"read-only":   {"debian", "2048000", "overlay / overlay ro 0 0\n", "FAIL check: / cannot be written to"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := function(t, "BEE_BASE="+c.base+"\nkib="+c.kib+"\n"+code+"root_filesystem", c.mounts); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A machine without NVIDIA hardware must never show a PASS for its GPUs; one
// with it, and without its driver, a FAIL.
func TestGPUs(t *testing.T) {
	const all = `for check in nvidia-modules nvidia-smi; do "$(echo $check | tr - _)"; done | cut -d' ' -f1 | one_line`
	sys := t.TempDir()
	function := func(code string) string { return function(t, "sys="+sys+"; BEE_NVIDIA=550.163.01\n"+code, "") }
	if got := function(all); got != "SKIP SKIP" {
		t.Errorf("no PCI bus: %s", got)
	}
	for device, ids := range map[string][2]string{
		"0000:01:00.0": {"0x8086", "0x030000"}, // another vendor's display
		"0000:02:00.0": {"0x10de", "0x040300"}, // the sound of a GPU
	} {
		dir := filepath.Join(sys, "bus/pci/devices", device)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		os.WriteFile(filepath.Join(dir, "vendor"), []byte(ids[0]+"\n"), 0o600)
		os.WriteFile(filepath.Join(dir, "class"), []byte(ids[1]+"\n"), 0o600)
	}
	if got := function(all); got != "SKIP SKIP" {
		t.Errorf("no GPU: %s", got)
	}
	os.WriteFile(filepath.Join(sys, "bus/pci/devices/0000:02:00.0/class"), []byte("0x030200\n"), 0o600)
	if got := function(all); got != "FAIL FAIL" {
		t.Errorf("a GPU without a driver: %s", got)
	}
}

// A report that lacks what the kernel has is not complete.
func TestAuditComplete(t *testing.T) {
	const good = `{"board": {"bios": {"vendor": "ACME"}}, "cpu": {"sockets": [{}]}, "memory": {"slots": [{}]},
	"storage": {"drives": [{"path": "/dev/sda"}]}, "pcie": {"devices": [{"address": "0000:02:00.0"}]},
	"network": {"interfaces": [{"name": "eth0", "type": "ethernet", "up": true}]}, "psu": {"supplies": []},
	"nvidia": {"source": "xml", "gpus": [{}]}, "findings": [],
	"collectors": [{"status": "done"}]}`
	sys := t.TempDir()
	for name, text := range map[string]string{
		"block/sda/device/x": "", "class/net/eth0/device/x": "", "class/net/eth0/type": "1\n",
		"bus/pci/devices/0000:02:00.0/vendor": "0x10de\n", "bus/pci/devices/0000:02:00.0/class": "0x030200\n",
	} {
		path := filepath.Join(sys, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct{ from, to, want string }{
		"good":               {"", "", "PASS check"},
		"no section":         {`"psu"`, `"pus"`, "FAIL check: no section psu"},
		"an empty list":      {`"slots": [{}]`, `"slots": []`, "FAIL check: memory has no slots"},
		"another drive":      {"/dev/sda", "/dev/sdb", "FAIL check: no drive /dev/sda"},
		"another function":   {"0000:02", "0000:03", "FAIL check: no PCI function 0000:02:00.0"},
		"another interface":  {"eth0", "eth1", "FAIL check: no network interface eth0"},
		"GPU without driver": {`"nvidia"`, `"nvdia"`, "FAIL check: no section nvidia, but 1 NVIDIA GPU(s) on the PCI bus"},
		"GPU lost":           {`"gpus": [{}]`, `"gpus": [], "missing_gpus": ["0000:02:00.0"]`, "FAIL check: the driver does not know every NVIDIA GPU"},
		"no findings":        {`"findings": []`, `"errors": []`, "FAIL check: no findings"},
		"a hang":             {"done", "given_up", "FAIL check: a collector did not end in time"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := function(t, "sys="+sys+"; report=$1; audit_complete", strings.Replace(good, c.from, c.to, 1)); !strings.HasPrefix(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// modules makes a folder with nvidia.ko of both flavours, whose text is what the
// stand-in for modinfo says of them.
func modules(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for _, flavour := range []string{"open", "proprietary"} {
		if err := os.Mkdir(filepath.Join(dir, flavour), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, flavour, "nvidia.ko"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestModulesKernel(t *testing.T) {
	const code = `BEE_NVIDIA=550.163.01
uname() { echo 6.12.117+deb13-amd64; }
modinfo() { sed -n "s/^$2=//p" "$3"; }
`
	for name, c := range map[string]struct{ text, want string }{
		"good":            {"vermagic=6.12.117+deb13-amd64 SMP preempt mod_unload\nversion=550.163.01\n", "PASS check: driver 550.163.01 for 6.12.117+deb13-amd64"},
		"another kernel":  {"vermagic=6.6.0-1-lts SMP\nversion=550.163.01\n", "open/nvidia.ko is for kernel 6.6.0-1-lts, not 6.12.117+deb13-amd64"},
		"another version": {"vermagic=6.12.117+deb13-amd64\nversion=535.1\n", "open/nvidia.ko is of driver 535.1, bee-release says 550.163.01"},
		"no module":       {"", "nvidia.ko is for kernel unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := function(t, code+"nvidia_modules="+modules(t, c.text)+"\nmodules_kernel", ""); !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got := function(t, code+"nvidia_modules=/no\nmodules_kernel", ""); got != "FAIL check: /no/open/nvidia.ko is missing" {
		t.Errorf("no modules, but a driver: %s", got)
	}
	if got := function(t, code+"BEE_NVIDIA=\nmodules_kernel", ""); got != "SKIP check: no NVIDIA driver in this image" {
		t.Errorf("no driver: %s", got)
	}
}

// What the kernel says of a module that it does not take, in the words of kmod and
// of busybox.
func TestModulesInsert(t *testing.T) {
	const code = `BEE_NVIDIA=550.163.01
sys=/no
modinfo() { echo drm; }
modprobe() { :; }
rmmod() { :; }
dmesg() { echo 'nvidia: disagrees about version of symbol module_layout'; }
`
	for says, want := range map[string]string{
		"insmod: can't insert 'nvidia.ko': No such device":                                             "PASS check: No such device",
		"insmod: ERROR: could not insert module nvidia.ko: No such device":                             "PASS check: No such device",
		"insmod: can't insert 'nvidia.ko': Invalid argument":                                           "nvidia.ko is for another kernel",
		"insmod: ERROR: could not insert module nvidia.ko: Invalid parameters":                         "nvidia.ko is for another kernel",
		"insmod: can't insert 'nvidia.ko': invalid module format":                                      "disagrees about version of symbol",
		"insmod: ERROR: could not insert module nvidia.ko: Invalid module format":                      "nvidia.ko is for another kernel",
		"insmod: can't insert 'nvidia.ko': unknown symbol in module, or unknown parameter":             "nvidia.ko needs what this kernel lacks",
		"insmod: ERROR: could not insert module nvidia.ko: Unknown symbol in module, or unknown param": "nvidia.ko needs what this kernel lacks",
		"insmod: can't insert 'nvidia.ko': Cannot allocate memory":                                     "FAIL check: insmod: can't insert 'nvidia.ko': Cannot allocate memory",
		"": "was loaded, without a GPU",
	} {
		insert := "insmod() { cat <<'END'\n" + says + "\nEND\nfalse; }\n"
		if says == "" {
			insert = "insmod() { :; }\n"
		}
		if got := function(t, code+insert+"modules_insert", ""); !strings.Contains(got, want) || strings.Count(got, "check") != 1 {
			t.Errorf("%q: got %q, want %q", says, got, want)
		}
	}
}

// nvidia-smi tells by its exit status whether it found the driver's library.
func TestSonames(t *testing.T) {
	directory := "/usr/lib"
	if _, err := os.Stat("/usr/lib/x86_64-linux-gnu"); err == nil {
		directory += "/x86_64-linux-gnu"
	}
	for name, c := range map[string]struct{ code, want string }{
		"another version": {"readlink() { echo /proc/version; }", "FAIL check: libnvidia-ml.so.1 is /proc/version, bee-release says 550"},
		"missing":         {"readlink() { echo /no; }", "FAIL check: " + directory + "/libnvidia-ml.so.1 is missing, or leads nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := function(t, "BEE_NVIDIA=550\n"+c.code+"\nnvidia_sonames", ""); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	library := filepath.Join(t.TempDir(), "lib.so.550")
	if err := os.WriteFile(library, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for status, want := range map[string]string{
		"0": "PASS check: " + directory, "9": "PASS check: " + directory,
		"12": "FAIL check: nvidia-smi exits with status 12: no library", "127": "FAIL check: nvidia-smi exits with status 127: no library",
	} {
		code := "BEE_NVIDIA=550\nreadlink() { echo " + library + "; }\ntimeout() { echo no library; return " + status + "; }\nnvidia_sonames"
		if got := function(t, code, ""); got != want {
			t.Errorf("status %s: got %q, want %q", status, got, want)
		}
	}
}

// Without a GPU, bee-burn has to say that there is nothing to burn in.
func TestBeeBurn(t *testing.T) {
	for status, want := range map[string]string{
		"3": "PASS check: no GPU", "0": "FAIL check: bee-burn exits with status 0", "127": "FAIL check: bee-burn exits with status 127",
	} {
		if got := function(t, "sys=/no\ntimeout() { echo no GPU; return "+status+"; }\nbee_burn", ""); !strings.HasPrefix(got, want) {
			t.Errorf("status %s: got %q, want %q", status, got, want)
		}
	}
}

func TestWrongArgument(t *testing.T) {
	cmd := exec.Command("sh", "-s", "--", "--fast")
	cmd.Stdin = strings.NewReader(script)
	if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "--fast") {
		t.Errorf("exit status %d: %s", cmd.ProcessState.ExitCode(), out)
	}
}
