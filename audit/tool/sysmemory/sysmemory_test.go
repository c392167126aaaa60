package sysmemory

import (
	"reflect"
	"testing"
	"testing/fstest"
)

func files(content ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(content); i += 2 {
		m[content[i]] = &fstest.MapFile{Data: []byte(content[i+1])}
	}
	return m
}

func TestRead(t *testing.T) {
	got := Read(files(
		"proc/meminfo", "MemTotal:       65792448 kB\nMemFree: 1 kB\n",
		"proc/cmdline", "root=LABEL=x mem=64G crashkernel=1G memmap=4G$8G memory=1\n",
		"proc/iomem", "00001000-0009ffff : System RAM\n  2b000000-3affffff : Crash kernel\n100000000-87fffffff : System RAM\n  85f000000-87effffff : Crash kernel\n",
		"sys/devices/system/node/node0/x86/sgx_total_bytes", "68719476736\n",
		"sys/devices/system/node/node1/x86/sgx_total_bytes", "68719476736\n",
		"sys/devices/system/edac/mc/mc0/size_mb", "32768\n",
		"sys/devices/system/edac/mc/mc1/size_mb", "32768\n",
	))
	want := Memory{65792448 << 10, 64 << 30, []Reservation{{"SGX", 128 << 30}, {"crash kernel", 768 << 20}, {"mem", 0}, {"memmap", 0}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := Read(files()); !reflect.DeepEqual(got, Memory{}) {
		t.Errorf("nothing: %+v", got)
	}
	for text, want := range map[string]uint64{
		"MemFree: 1 kB\n": 0, "MemTotal: lots\n": 0, "MemTotal: 99999999999999999999 kB\n": 0, "MemTotal: 1 kB": 1024,
	} {
		if got := Read(files("proc/meminfo", text)); got.Usable != want {
			t.Errorf("%q: %d bytes", text, got.Usable)
		}
	}
	// One controller that does not say.
	if got := Read(files("sys/devices/system/edac/mc/mc0/size_mb", "32768\n", "sys/devices/system/edac/mc/mc1/size_mb", "\n")); got.Controllers != 0 {
		t.Errorf("%+v", got)
	}
}

func TestCrashKernel(t *testing.T) {
	for cmdline, want := range map[string]uint64{
		"crashkernel=512M": 512 << 20, "crashkernel=512M@16M": 512 << 20, "crashkernel=1G,high crashkernel=256M,low": 1280 << 20,
		"crashkernel=2G-64G:256M,64G-:512M": 512 << 20, "crashkernel=2G-64G:256M,128G-:512M": 0, "crashkernel=0-128G:1g@16M": 1 << 30,
		"crashkernel=auto": 0, "crashkernel=": 0, "crashkernel=99999999999E": 0, "quiet": 0,
	} {
		// Who is not root is shown no addresses.
		m := Read(files("proc/meminfo", "MemTotal: 67108864 kB\n", "proc/cmdline", cmdline, "proc/iomem", "00000000-00000000 : System RAM\n  00000000-00000000 : Crash kernel\n"))
		var got uint64
		if len(m.Reserved) > 0 {
			got = m.Reserved[0].Bytes
		}
		if got != want {
			t.Errorf("%s: %d bytes, want %d", cmdline, got, want)
		}
	}
	// The kernel could not keep it.
	if m := Read(files("proc/cmdline", "crashkernel=1G", "proc/iomem", "00001000-0009ffff : System RAM\n")); len(m.Reserved) > 0 {
		t.Errorf("%+v", m)
	}
}

// Whatever the files hold, amounts are those that a machine can have, and each is
// for somebody.
func FuzzRead(f *testing.F) {
	f.Add("MemTotal: 5 kB\n", "crashkernel=2G-64G:256M,64G-:512M@1 mem=1", "1000-1fff : Crash kernel\n", "68719476736")
	f.Add("MemTotal: kB", "crashkernel=18446744073709551615E,-:", "0-ffffffffffffffff : Crash kernel\n", "\xff")
	f.Fuzz(func(t *testing.T, meminfo, cmdline, iomem, number string) {
		m := Read(files("proc/meminfo", meminfo, "proc/cmdline", cmdline, "proc/iomem", iomem,
			"sys/devices/system/node/node0/x86/sgx_total_bytes", number, "sys/devices/system/edac/mc/mc0/size_mb", number))
		if m.Usable > most || m.Controllers > 2*most {
			t.Errorf("%+v", m)
		}
		for _, r := range m.Reserved {
			if r.For == "" || r.Bytes > 3*most {
				t.Errorf("%+v", r)
			}
		}
	})
}
