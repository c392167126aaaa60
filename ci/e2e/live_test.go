package e2e

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fileSystems are what a disk of a machine may have, that is not bee's: how to make an image
// with one, of the folder disk.
var fileSystems = map[string]string{
	"ext4":    `mke2fs -q -t ext4 -d disk "$1" 16M`,
	"vfat":    `mformat -C -i "$1" -T 32768 :: && mcopy -s -i "$1" disk/* ::`,
	"iso9660": `xorriso -report_about WARNING -as mkisofs -quiet -r -J -V ALPINE -o "$1" disk`,
	"xfs": `truncate -s 320M "$1"
printf '/\n0 0\nd--755 0 0\nx.apkovl.tar.gz ---644 0 0 disk/x.apkovl.tar.gz\n$\n' >proto
mkfs.xfs -q -p proto "$1"`,
}

// buses are what such a disk may be behind.
var buses = map[string][]string{
	"AHCI":   {"ich9-ahci,id=ahci", "ide-hd,bus=ahci.%d"},
	"NVMe":   {"", "nvme,serial=%d"},
	"virtio": {"", "virtio-blk-pci,serial=%d"},
	"USB":    {"qemu-xhci,id=xhci", "usb-storage,serial=%d,bus=xhci.0"},
}

// testLive boots, with the kernel of an ISO of the base debian, what the base alpine boots:
// genapkovl-bee.sh's overlay, iso/live, and layers on a medium. What is Alpine's own is the
// stand-in testdata/alpine/init.
func testLive(t *testing.T, iso string) {
	t.Log("Alpine's initramfs is a stand-in, testdata/alpine/init")
	dir := t.TempDir()
	script := `xorriso -osirrox on -indev "$1" -extract /live/vmlinuz vmlinuz -extract /live/initrd initrd -extract /live/00-base.squashfs base
unsquashfs -quiet -no-progress -dest modules base usr/lib/modules
mkdir -p system/apks system/live system-overlay system-files/layers
xorriso -osirrox on -indev "$1" -extract /live system-files/live
mv system-files/live/[1-9]*.squashfs system-files/layers/; rm -rf system-files/live
ln system-files/layers/* system/live/
mv base system/base.squashfs
: >system/live/bee-0123; : >system/apks/.boot_repository
xorriso -report_about WARNING -as mkisofs -quiet -r -J -V BEE -o system.iso system
go build -C "$2" -trimpath -o "$PWD/live" ./iso/live
mkdir -p layers 50 90/sbin medium/live medium/apks overlay/more disk x/sbin x/etc/apk
echo lower | tee 50/both 50/fifty; echo upper >90/both
cat >90/sbin/init <<'END'
#!/bin/sh
say() { echo "<3>LIVE $*" >/dev/kmsg; }
echo written >/new
say "$$ $(cat /both /fifty /new | xargs) world $(cat /etc/apk/world | wc -w), over $(grep -c ' /run/live/' /proc/self/mountinfo) mounts"
poweroff -f
END
printf '#!/bin/sh\ndmesg -n 8\necho "<3>FOREIGN" >/dev/kmsg\npoweroff -f\n' >x/sbin/init
echo busybox >x/etc/apk/world
chmod 755 90/sbin/init x/sbin/init
for layer in 50 90; do mksquashfs $layer layers/$layer-x.squashfs -quiet -no-progress -all-root >/dev/null; done
cp layers/* medium/live/
: >medium/live/bee-0123; : >medium/apks/.boot_repository
xorriso -report_about WARNING -as mkisofs -quiet -r -J -V BEE -o medium.iso medium
tar -C x -czf disk/x.apkovl.tar.gz .
mkdir alpine && cp "$2/iso/alpine/packages" alpine/
(cd overlay && BEE_FILES=.. BEE_EPOCH=0 busybox ash "$2/iso/alpine/genapkovl-bee.sh" bee)
cp "$2/ci/e2e/testdata/alpine/init" overlay/
for module in crc32c_generic libcrc32c xfs crc16 mbcache jbd2 ext4; do find modules -name $module.ko -exec cp {} overlay/more/ \;; done
chmod u+w initrd; truncate -s %512 initrd # or the kernel takes the next one for a part of it
cp -r overlay system-overlay/
cp -r live alpine system-files/
(cd system-overlay/overlay && BEE_FILES=../../system-files BEE_EPOCH=0 busybox ash "$2/iso/alpine/genapkovl-bee.sh" bee)
mkdir -p system-boot
ln vmlinuz system-boot/
(cd system-overlay/overlay && find . | cpio -o -H newc --quiet) | cat initrd - >system-boot/initrd
(cd overlay && find . | cpio -o -H newc --quiet) >>initrd`
	run := func(script string, args ...string) {
		t.Helper()
		cmd := exec.Command("sh", append([]string{"-ec", script, "sh"}, args...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	run(script, iso, repository)

	var hardware []string
	disks := 0
	add := func(image, device string) {
		id := fmt.Sprintf("drive%d", disks)
		disks++
		hardware = append(hardware, "-drive", drive(id, filepath.Join(dir, image)), "-device", device+",drive="+id)
	}
	for _, name := range slices.Sorted(maps.Keys(buses)) {
		devices := buses[name]
		if devices[0] != "" {
			hardware = append(hardware, "-device", devices[0])
		}
		number := 0
		for _, kind := range slices.Sorted(maps.Keys(fileSystems)) {
			if _, err := os.Stat(filepath.Join(dir, kind)); err != nil {
				if _, err := exec.LookPath("mkfs.xfs"); err != nil && kind == "xfs" {
					t.Log("no mkfs.xfs in PATH: no disk with XFS")
					continue
				}
				run(fileSystems[kind], kind)
			}
			add(kind, fmt.Sprintf(devices[1], number))
			t.Log("foreign overlay:", kind, "on", name)
			number++
		}
	}
	foreign := disks
	medium := []string{"-drive", drive("medium", filepath.Join(dir, "medium.iso")), "-device", "ide-cd,bus=ide.0,drive=medium"}
	const options = "apkovl=/bee.apkovl.tar.gz bee.id=bee-0123 init=/usr/local/lib/bee/live disks="
	good := fmt.Sprintf("LIVE 1 upper lower written world %d, over", world(t))
	passedOver := regexp.MustCompile(`bee: x\.apkovl\.tar\.gz of /dev/\w+ is passed over: an overlay of another system`)
	damaged := filepath.Join(dir, "damaged.iso")
	run(`cp medium.iso "$1"; at=$(grep -abo hsqs "$1" | head -n 1 | cut -d: -f1)
printf x | dd of="$1" bs=1 seek=$((at + 100)) conv=notrunc 2>/dev/null`, damaged)

	for name, c := range map[string]struct {
		options  string
		hardware []string
		last     string   // of the console's lines
		never    []string // what none says
		seen     int      // overlays that are passed over
	}{
		// with the layers of debian's ISO, so that what lies over them starts
		"a whole system": {options + "1 system=1", []string{"-drive", drive("medium", filepath.Join(dir, "system.iso")), "-device", "ide-cd,bus=ide.0,drive=medium"},
			"Starting the unattended run", nil, 0}, // which comes behind the audit
		"foreign overlays":         {options + fmt.Sprint(foreign+1), append(medium, hardware...), good, []string{"FOREIGN"}, foreign},
		"the stand-in takes one":   {"disks=" + fmt.Sprint(foreign+1), append(medium, hardware...), "FOREIGN", []string{"LIVE"}, 0},
		"a medium that comes late": {options + "1", []string{"-device", "qemu-xhci", "-drive", drive("medium", filepath.Join(dir, "medium.iso")), "-device", "usb-storage,drive=medium"}, good, nil, 0},
		"another medium":           {strings.Replace(options, "bee-0123", "bee-4567", 1) + "1", medium, "bee: no medium with /live/bee-4567 found after 30 seconds", []string{"LIVE"}, 0},
		"a damaged layer": {options + "1", []string{"-drive", drive("medium", damaged), "-device", "ide-cd,bus=ide.0,drive=medium"},
			"is damaged, or of another boot: its SHA-256 is", []string{"LIVE"}, 0},
		"in memory":         {options + "1 bee.toram", append(slices.Clone(medium), "-m", "1000"), "bee: all is in memory: the medium on /dev/sr0 may be taken away", nil, 0},
		"begins in memory":  {options + "1 bee.toram", append(slices.Clone(medium), "-m", "1000"), good, nil, 0},
		"a medium unsealed": {options + "1 bee.check", medium, "bee: the layers on /dev/sr0 are as they were made; kernel and boot loader cannot be checked", nil, 0},
		"a disk with other layers": {options + "2", slices.Concat([]string{"-drive", drive("foreign", damaged), "-device", "nvme,serial=1,drive=foreign"}, medium),
			good, nil, 0},
		"a package that is missing": {options + "1 missing=dmidecode", medium, "bee: packages that are not installed: dmidecode. This machine has 51", []string{"LIVE"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := false
			dir := dir
			if strings.Contains(c.options, " system=1") {
				dir = filepath.Join(dir, "system-boot")
			}
			console := bootInitramfs(t, dir, c.options, c.hardware, func(line string) bool {
				ended = ended || strings.Contains(line, c.last)
				return ended
			})
			if !ended {
				t.Errorf("nothing says %q:\n%s", c.last, tail(console, 60))
			}
			for _, never := range c.never {
				if strings.Contains(console, never) {
					t.Errorf("it says %q:\n%s", never, tail(console, 60))
				}
			}
			if seen := len(passedOver.FindAllString(console, -1)); seen != c.seen {
				t.Errorf("it passes over %d overlays of %d:\n%s", seen, c.seen, tail(console, 60))
			}
		})
	}
}

// world is how many packages the base alpine installs by name.
func world(t *testing.T) (names int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "iso/alpine/packages"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		names += len(strings.Fields(line))
	}
	return names
}
