package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bee/core/layers"
)

func TestWords(t *testing.T) {
	for command, want := range map[string]words{
		"BOOT_IMAGE=/boot/vmlinuz-lts bee.id=bee-0123 quiet\n": {id: "bee-0123"},
		"bee.id=bee-1 bee.id=bee-2":                            {id: "bee-2"}, // the last one counts, as for the kernel
		"bee.check bee.id=bee-1 bee.toram xbee.fetch=x":        {id: "bee-1", check: true, toram: true},
		"bee.fetch=http://192.0.2.1:8080/bee/":                 {fetch: "http://192.0.2.1:8080/bee"},
		"bee.id=x bee.fetch=https://[2001:db8::1]/":            {id: "x", fetch: "https://[2001:db8::1]"},
	} {
		if got, err := parseWords(command); got != want || err != nil {
			t.Errorf("%q: got %+v, %v", command, got, err)
		}
	}
	for _, command := range []string{
		"", "quiet", "xbee.id=bee-1", "bee.id=", "bee.id=../etc", "bee.id=a/b", "bee.toram",
		"bee.fetch=", "bee.fetch=tftp://192.0.2.1/bee", "bee.fetch=/bee", "bee.fetch=http:///bee", "bee.id=bee-1 bee.fetch=http://[",
	} {
		if got, err := parseWords(command); err == nil {
			t.Errorf("%q: got %+v", command, got)
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
	defer func(before bool) { initramfs = before }(initramfs)
	for initramfs = range map[bool]bool{true: true, false: true} {
		want := "/run/live/90-bee.squashfs:/run/live/50-nvidia.squashfs"
		if !initramfs {
			want += ":/"
		}
		if got := lower([]layers.Layer{{Name: "50-nvidia.squashfs"}, {Name: "90-bee.squashfs"}}); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// The table is what veritysetup's own would be, as it says with --debug.
func TestVerityTable(t *testing.T) {
	root := strings.Repeat("ef", 32)
	if got, want := verityTable("/dev/loop0", layers.Verity{Root: root, Start: 117231616}),
		"1 /dev/loop0 /dev/loop0 4096 4096 28621 28621 sha256 "+root+" -"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	table := target(8, "verity", "12345678")
	const head = 40
	if len(table) != head+16 || table[8] != 8 || int(table[20]) != len(table) || string(table[24:30]) != "verity" || string(table[head:head+9]) != "12345678\x00" {
		t.Errorf("got %q", table)
	}
}

func TestCorrupted(t *testing.T) {
	for record, want := range map[string]string{
		"3,812,7159151,-;device-mapper: verity: 7:0: data block 28598 is corrupted\n":      "7:0",
		"3,812,7159151,-;device-mapper: verity: 7:12: metadata block 28721 is corrupted\n": "7:12",
		// of a program
		"11,812,7159151,-;device-mapper: verity: 7:0: data block 28598 is corrupted\n": "",
		"3,812,7159151,-;SQUASHFS error: Failed to read block 0x6fb65d9: -5\n":         "",
		"": "",
	} {
		if got := corrupted(record); got != want {
			t.Errorf("%q: got %q", record, got)
		}
	}
}

func TestSpare(t *testing.T) {
	if got, err := spare("MemTotal:         467812 kB\nMemFree:          100000 kB\nMemAvailable:     524288 kB\n"); err != nil || got != 256<<20 {
		t.Errorf("got %d, %v", got, err)
	}
	if got, err := spare("MemTotal:         467812 kB\n"); err == nil {
		t.Errorf("got %d", got)
	}
}

func TestNeeded(t *testing.T) {
	m := medium{point: t.TempDir()}
	for _, path := range []string{"live/90-bee.squashfs", "live/50-nvidia.squashfs", "live/bee-0123", "live/vmlinuz", "apks/x86_64/a.apk", ".alpine-release", "boot/modloop-lts", "boot/vmlinuz-lts", "boot/grub/apks/x"} {
		path = filepath.Join(m.point, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("four"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	paths, size, err := m.needed([]layers.Layer{{Name: "90-bee.squashfs"}})
	if want := []string{".alpine-release", "apks/x86_64/a.apk", "boot/modloop-lts", "live/90-bee.squashfs"}; err != nil || !slices.Equal(paths, want) || size != 16 {
		t.Errorf("got %q, %d, %v", paths, size, err)
	}
}

func TestPermanent(t *testing.T) {
	for _, err := range []error{
		fmt.Errorf("x: %w", layers.ErrDamaged), fmt.Errorf("x: %w", errNoRoom),
		errors.New("http://192.0.2.1/live/00-base.squashfs: wget: server returned error: HTTP/1.1 404 Not Found (exit status 1)"),
	} {
		if !permanent(err) {
			t.Errorf("%v is tried again", err)
		}
	}
	if err := errors.New("http://192.0.2.1/live/00-base.squashfs: wget: can't connect to remote host (192.0.2.1): Network is unreachable (exit status 1)"); permanent(err) {
		t.Errorf("%v is not tried again", err)
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

func FuzzWords(f *testing.F) {
	f.Add("bee.id=bee-1 bee.fetch=http://192.0.2.1/ bee.toram")
	f.Fuzz(func(t *testing.T, command string) {
		w, err := parseWords(command)
		if err == nil && (strings.Contains(w.id, "/") && w.fetch == "" || strings.ContainsAny(w.fetch, " \n")) {
			t.Errorf("%q: %+v", command, w)
		}
	})
}

func FuzzCorrupted(f *testing.F) {
	f.Add("3,812,7159151,-;device-mapper: verity: 7:0: data block 28598 is corrupted\n")
	f.Fuzz(func(t *testing.T, record string) {
		if got := corrupted(record); strings.Trim(got, "0123456789:") != "" {
			t.Errorf("%q: %q", record, got)
		}
	})
}
