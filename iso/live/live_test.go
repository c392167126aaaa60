package main

import (
	"slices"
	"strings"
	"testing"

	"bee/core/layers"
)

func TestBootID(t *testing.T) {
	for command, want := range map[string]string{
		"BOOT_IMAGE=/boot/vmlinuz-lts bee.id=bee-0123 quiet\n": "bee-0123",
		"bee.id=bee-1 bee.id=bee-2":                            "bee-2", // the last one counts, as for the kernel
		"quiet":                                                "", "xbee.id=bee-1": "", "bee.id=": "", "bee.id=../etc": "", "bee.id=a/b": "",
	} {
		if got, err := bootID(command); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v", command, got, err)
		}
	}
}

func TestMissing(t *testing.T) {
	const first = "C:Q1x\nP:busybox\nV:1.37.0-r12\np:/bin/sh cmd:sh=1.37.0-r12\n\nP:openrc\nV:1\nF:etc\nR:P:dmidecode\n\n"
	database := first + "P:firmware\np:" + strings.Repeat("so:x=1 ", 1<<15) + "\n\nP:after-a-long-line\n\n"
	for world, want := range map[string][]string{
		"busybox openrc\n":                  nil,
		"busybox=1.37.0-r12 openrc>1\n":     nil,
		"busybox><Q1abc openrc@edge ~x":     {""},
		"cmd:sh !dropbear":                  nil,
		"busybox\ndmidecode\nnvme-cli~1.2 ": {"dmidecode", "nvme-cli"},
		"":                                  nil,
		"after-a-long-line":                 nil,
	} {
		if got := missingOf(world, database); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", world, got, want)
		}
	}
}

func TestMemory(t *testing.T) {
	const ranges = `00000000-00000fff : Reserved
00001000-0009fbff : System RAM
  00002000-00002fff : System RAM
000a0000-000bffff : PCI Bus 0000:00
00100000-1ffdffff : System RAM
  0e000000-0f002a9f : Kernel code
100000000-13fffffff : System RAM
20000000-1fffffff : System RAM
x : System RAM
`
	if got, want := memory(ranges), uint64(0x9ec00+0x1fee0000+0x40000000); got != want {
		t.Errorf("got %d, want %d", got, want)
	}
}

func TestMounts(t *testing.T) {
	got, err := parseMounts(strings.NewReader(`1 1 0:1 / / rw - rootfs rootfs rw
21 1 0:20 / /media/a\040b ro,relatime shared:1 - iso9660 /dev/sr0 ro
22 1 0:21 / /run rw master:2 propagate_from:1 - tmpfs tmpfs rw
`))
	want := []mount{{"/", "rootfs"}, {"/media/a b", "/dev/sr0"}, {"/run", "tmpfs"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := parseMounts(strings.NewReader("21 1 0:20 / /media\n")); err == nil {
		t.Errorf("got %+v", got)
	}
}

func TestMoves(t *testing.T) {
	var all []mount
	for _, point := range []string{"/", "/proc", "/run", "/run/live/90-bee.squashfs", "/mnt", "/media/sr0", "/running"} {
		all = append(all, mount{point: point})
	}
	var got []string
	for _, m := range all {
		if moves(m.point, all) {
			got = append(got, m.point)
		}
	}
	if want := []string{"/proc", "/run", "/media/sr0", "/running"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLower(t *testing.T) {
	got := lower([]layers.Layer{{Name: "50-nvidia.squashfs"}, {Name: "90-bee.squashfs"}})
	if want := "/run/live/90-bee.squashfs:/run/live/50-nvidia.squashfs:/"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzMounts(f *testing.F) {
	f.Add("21 1 0:20 / /media/a\\040b ro,relatime shared:1 - iso9660 /dev/sr0 ro\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parseMounts(strings.NewReader(text))
		if err == nil && len(all) > strings.Count(text, "\n")+1 {
			t.Errorf("%q: %+v", text, all)
		}
	})
}

func FuzzMissing(f *testing.F) {
	f.Add("busybox=1 !x", "P:busybox\n\n")
	f.Fuzz(func(t *testing.T, world, database string) {
		if got := missingOf(world, database); len(got) > len(strings.Fields(world)) {
			t.Errorf("%q", got)
		}
	})
}
