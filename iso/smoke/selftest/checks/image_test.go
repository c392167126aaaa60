package checks

import (
	"strings"
	"testing"

	"bee/core/beerelease"
)

func TestReleaseFile(t *testing.T) {
	for name, c := range map[string]struct {
		files files
		want  string
	}{
		"good":       {release(), "PASS check: 20261105-0123456789ab"},
		"none":       {nil, "FAIL check: /etc/bee-release is missing"},
		"no driver":  {release("BEE_NVIDIA", "NVIDIA"), "FAIL check: /etc/bee-release has no BEE_NVIDIA"},
		"no vendor":  {release("BEE_VENDOR", "VENDOR"), "FAIL check: /etc/bee-release has no BEE_VENDOR"},
		"no pins":    {release("BEE_OVERRIDES", "OVERRIDES"), "FAIL check: /etc/bee-release has no BEE_OVERRIDES"},
		"other pins": {release(`OVERRIDES=""`, `OVERRIDES="DEBIAN_MIRROR GOLANG_IMAGE"`), "PASS check: 20261105-0123456789ab, 2 pins overridden"},
		"one pin":    {release(`OVERRIDES=""`, `OVERRIDES="GOLANG_IMAGE"`), "PASS check: 20261105-0123456789ab, 1 pin overridden"},
		"no kernel":  {release("6.12.117+deb13-amd64", ""), "FAIL check: /etc/bee-release has no BEE_KERNEL"},
		"no commit":  {release("0123456789abcdef0", "unknown"), "FAIL check: BEE_COMMIT is no commit: unknown123456789abcdef01234567-dirty"},
		"other base": {release("debian", "fedora"), "FAIL check: BEE_BASE is neither alpine nor debian: fedora"},
		"no text":    {files{beerelease.File: "\x7fELF"}, "FAIL check: /etc/bee-release has no BEE_VERSION"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := line(system(t, c.files, nil), releaseFile); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestKernelRelease(t *testing.T) {
	const running = "/proc/sys/kernel/osrelease"
	for name, c := range map[string]struct {
		files files
		want  string
	}{
		"good":    {release().with(files{running: "6.12.117+deb13-amd64\n"}), "PASS check: 6.12.117+deb13-amd64"},
		"another": {release().with(files{running: "6.6.0-lts\n"}), "FAIL check: uname -r is 6.6.0-lts, bee-release says 6.12.117+deb13-amd64"},
		"none":    {files{running: "6.6.0-lts\n"}, "FAIL check: uname -r is 6.6.0-lts, bee-release says"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := line(system(t, c.files, nil), kernelRelease); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestMotd(t *testing.T) {
	for text, want := range map[string]string{
		"welcome\nbee $5\n":  "PASS check",
		"welcome\nbee \\$5":  "FAIL check: /etc/motd does not show BEE_BUILD_INFO",
		"welcome to Debian!": "FAIL check: /etc/motd does not show BEE_BUILD_INFO",
	} {
		if got := line(system(t, release().with(files{"/etc/motd": text}), nil), motd); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestRootFilesystem(t *testing.T) {
	const overlay, memory = "rootfs / rootfs rw 0 0\noverlay / overlay rw 0 0\nproc /proc proc rw 0 0\n", "tmpfs / tmpfs rw 0 0\n"
	for name, c := range map[string]struct {
		release files
		kib     uint64
		mounts  string
		want    string
	}{
		"good":        {release(), 102400, overlay, "PASS check: overlay, writable, 100 MiB free"},
		"other type":  {release(), 102400, memory, "FAIL check: / is of type tmpfs, not overlay"},
		"nearly full": {release(), 16383, overlay, "FAIL check: 15 MiB free on /, less than 16"},
		"full":        {release(), 0, overlay, "FAIL check: 0 MiB free on /, less than 16"},
		"read-only":   {release().with(files{"/.bee-smoke/in": "the way"}), 2048000, overlay, "FAIL check: / cannot be written to"},
	} {
		t.Run(name, func(t *testing.T) {
			s := system(t, c.release.with(files{"/proc/mounts": c.mounts}), nil)
			s.Free = func(path string) uint64 {
				if path != "/" {
					t.Errorf("free on %s", path)
				}
				return c.kib << 10
			}
			if got := line(s, rootFilesystem); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if c.release["/.bee-smoke/in"] == "" && s.Exists("/.bee-smoke") {
				t.Error("the probe is left behind")
			}
		})
	}
}

func TestKernelHealth(t *testing.T) {
	for name, c := range map[string]struct {
		tainted, log, want string
	}{
		"good":          {"0\n", "all is well", "PASS check"},
		"out of tree":   {"4096\n", "", "PASS check"},
		"oops":          {"4224\n", "[1] fine\n[2] Oops: 0000 [#1]\n[3] BUG: later", "FAIL check: the kernel had an oops: [2] Oops: 0000 [#1]"},
		"bug":           {"128\n", "[3] BUG: kernel NULL pointer\n", "FAIL check: the kernel had an oops: [3] BUG: kernel NULL pointer"},
		"out of memory": {"0\n", "[9] Out of memory: Killed process 5 (audit)\n", "FAIL check: [9] Out of memory: Killed process 5 (audit)"},
	} {
		t.Run(name, func(t *testing.T) {
			s := system(t, files{"/proc/sys/kernel/tainted": c.tainted}, programs{"dmesg": {Output: c.log}})
			if got := line(s, kernelHealth); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestMemory(t *testing.T) {
	for text, want := range map[string]string{
		"MemTotal: 524288 kB\nMemFree: 1 kB\nMemAvailable:   65536 kB\n": "PASS check: 64 of 512 MiB available",
		"MemTotal: 524288 kB\nMemAvailable:   65535 kB\n":                "FAIL check: 63 of 512 MiB available, less than 64",
	} {
		if got := line(system(t, files{"/proc/meminfo": text}, nil), memory); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestGcompat(t *testing.T) {
	alpine := release("debian", "alpine")
	for name, c := range map[string]struct {
		files files
		want  string
	}{
		"glibc":   {release(), "SKIP check: base debian has glibc itself"},
		"good":    {alpine.with(files{"/lib/libgcompat.so.0": ""}), "PASS check"},
		"missing": {alpine, "FAIL check: /lib/libgcompat.so.0 is missing, and nvidia-smi is a program for glibc"},
		"nowhere": {alpine.with(files{"/lib/libgcompat.so.0": "->/no/file"}), "FAIL check: /lib/libgcompat.so.0 is missing, and nvidia-smi is a program for glibc"},
	} {
		if got := line(system(t, c.files, nil), gcompat); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestVendorPrograms(t *testing.T) {
	sum, err := digest("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	listed := files{"/etc/bee/vendor": "storcli64 - " + sum + "\n"}
	some := release(`BEE_VENDOR=""`, `BEE_VENDOR="storcli64 gpu_burn"`).with(listed)
	there := some.with(files{"/usr/local/bin/storcli64": "->/proc/self/exe", "/usr/local/bin/gpu_burn": "->/proc/self/exe"})
	for name, c := range map[string]struct {
		files files
		want  string
	}{
		"none":     {release().with(files{"/etc/bee/vendor": ""}), "SKIP check: none in this image"},
		"good":     {there, "PASS check: storcli64 gpu_burn"},
		"missing":  {there.without("/usr/local/bin/gpu_burn"), "FAIL check: /usr/local/bin/gpu_burn is missing or cannot be executed"},
		"text":     {some.with(files{"/usr/local/bin/storcli64": "text"}), "FAIL check: /usr/local/bin/storcli64 is missing or cannot be executed"},
		"another":  {there.with(files{"/etc/bee/vendor": "storcli64 - " + strings.Repeat("0", 64) + "\n"}), "FAIL check: /usr/local/bin/storcli64 has the SHA-256 \"" + sum + "\", but /etc/bee/vendor says \"" + strings.Repeat("0", 64) + "\""},
		"unlisted": {there.with(files{"/etc/bee/vendor": ""}), "FAIL check: /usr/local/bin/storcli64 has the SHA-256 \"" + sum + "\", but /etc/bee/vendor says \"\""},
		"no list":  {there.with(files{"/etc/bee/vendor": "storcli64\n"}), "FAIL check: /etc/bee/vendor: \"storcli64\\n\" is not a name, a version and a SHA-256"},
	} {
		if got := line(system(t, c.files, nil), vendorPrograms); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
