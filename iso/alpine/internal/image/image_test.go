package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bee/core/layers"
	"bee/core/lock"
	"bee/iso/alpine/apktest"
	"bee/iso/alpine/internal/fat/fattest"
	"bee/iso/alpine/internal/initramfs/initramfstest"
)

const (
	release = "6.12.13-0-lts"
	keyName = "bee.rsa.pub"
)

// fixture is what an ISO is made of.
type fixture struct {
	key       *apktest.Key
	packages  []apktest.Package
	files     map[string][]byte // of the medium, besides its packages
	initramfs []initramfstest.File
	overlay   []tar.Header      // Linkname has the content
	layers    map[string]string // and what they hold
	config    string            // of the boot loaders
	modules   string            // folder of the modloop
	after     func(t *testing.T, medium string)
	boot      []string // options of xorriso
}

// noise cannot be compressed, and is the same each time.
func noise() []byte {
	data := make([]byte, minBootBytes)
	random := rand.NewChaCha8([32]byte{})
	random.Read(data)
	return data
}

func kernel(version string) []byte {
	const textAt = 0x3000
	data := noise()
	copy(data[0x202:], "HdrS")
	binary.LittleEndian.PutUint16(data[0x20e:], textAt-0x200)
	copy(data[textAt:], version+" (buildozer@build) #1-Alpine SMP\x00")
	return data
}

func zipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	if _, err := zip.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func good(t *testing.T) *fixture {
	t.Helper()
	key, err := apktest.NewKey(keyName)
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.Public()
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{
		key: key,
		packages: []apktest.Package{{Name: "alpine-base", Version: "1", Depends: []string{"busybox"}},
			{Name: "busybox", Version: "1-r0", Files: map[string]string{"bin/busybox": "x"}}, {Name: "dropbear", Version: "1"}, {Name: "openssl", Version: "1"}},
		files: map[string][]byte{
			"apks/.boot_repository": nil, "boot/bios": make([]byte, 2048), "boot/vmlinuz-lts": kernel(release),
			efiLoader: []byte("MZ"), efiImage: fattest.Floppy([]byte("MZ")), "keys/" + keyName: public,
		},
		initramfs: []initramfstest.File{{Path: "init", Text: "#!/bin/sh"}, {Path: "etc/apk/keys/" + keyName, Text: string(public)},
			{Path: "lib/modules/" + release + "/kernel/loop.ko.gz"}, {Path: "noise", Text: string(noise())},
			{Path: "lib/modules/" + release + "/modules.builtin", Text: "kernel/fs/squashfs/squashfs.ko\n"}, {Path: "lib/modules/" + release + "/kernel/overlay.ko.gz"}},
		overlay: []tar.Header{{Name: worldFile, Linkname: "dropbear\n"}, {Name: liveFile, Mode: 0o755, Linkname: "program"},
			{Name: layers.File, Linkname: list("50-nvidia.squashfs", "driver") + list("90-bee.squashfs", "bee")}},
		layers:  map[string]string{"50-nvidia.squashfs": "driver", "90-bee.squashfs": "bee", "bee-0123": ""},
		config:  "apkovl=/bee.apkovl.tar.gz bee.id=bee-0123 init=/usr/local/lib/bee/live quiet\n\tinitrd /boot/bee.img,/boot/initramfs-lts\n",
		modules: release,
		boot:    []string{"-b", "boot/bios", "-no-emul-boot", "-eltorito-alt-boot", "-e", efiImage, "-no-emul-boot"},
	}
}

// list is a line of the overlay's list of layers.
func list(name, text string) string {
	return fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(text)), name)
}

func put(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
}

// check makes the ISO and checks it.
func (f *fixture) check(t *testing.T, change func(*Expected)) (string, error) {
	t.Helper()
	medium := t.TempDir()
	for name, data := range f.files {
		put(t, filepath.Join(medium, name), data)
	}
	if err := apktest.WriteRepository(filepath.Join(medium, "apks"), f.key, f.packages...); err != nil {
		t.Fatal(err)
	}
	modules := t.TempDir()
	put(t, filepath.Join(modules, "modules", f.modules, "kernel/loop.ko.gz"), noise())
	put(t, filepath.Join(modules, "modules/firmware/x.bin"), nil)
	modloop := filepath.Join(medium, "boot/modloop-lts")
	run(t, "mksquashfs", modules, modloop, "-quiet", "-no-progress", "-all-root")
	data, err := os.ReadFile(modloop)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := f.key.Sign(data)
	if err != nil {
		t.Fatal(err)
	}
	archive := initramfstest.Archive(append(f.initramfs,
		initramfstest.File{Path: "var/cache/misc/modloop-lts.SIGN.RSA." + keyName, Text: string(signature)})...)
	put(t, filepath.Join(medium, "boot/initramfs-lts"), zipped(t, archive))
	var overlay bytes.Buffer
	w := tar.NewWriter(&overlay)
	for _, h := range f.overlay {
		text := h.Linkname
		h.Linkname, h.Size = "", int64(len(text))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// in two members, as Alpine's lbu may leave it
	half := overlay.Len() / 2
	packed := string(zipped(t, overlay.Bytes()[:half])) + string(zipped(t, overlay.Bytes()[half:]))
	put(t, filepath.Join(medium, overlayImage), initramfstest.Archive(initramfstest.File{Path: overlayName, Text: packed}))
	for name, text := range f.layers {
		put(t, filepath.Join(medium, layers.Folder, name), []byte(text))
	}
	for _, name := range []string{"boot/grub/grub.cfg", "boot/syslinux/syslinux.cfg"} {
		put(t, filepath.Join(medium, name), []byte(f.config))
	}
	if f.after != nil {
		f.after(t, medium)
	}
	iso := filepath.Join(t.TempDir(), "test.iso")
	run(t, "xorriso", append(append([]string{"-as", "mkisofs", "-quiet", "-r", "-o", iso}, f.boot...), medium)...)
	keys := t.TempDir()
	public, err := f.key.Public()
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(keys, keyName), public)
	want := Expected{Key: filepath.Join(keys, keyName), Kernel: release, Flavor: "lts"}
	if change != nil {
		change(&want)
	}
	return Check(context.Background(), iso, want)
}

func needTools(t *testing.T) {
	t.Helper()
	for _, name := range []string{"xorriso", "mksquashfs", "unsquashfs"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed", name)
		}
	}
}

func TestCheck(t *testing.T) {
	needTools(t)
	t.Setenv("TMPDIR", t.TempDir())
	summary, err := good(t).check(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(summary, "4 packages") || !strings.Contains(summary, release) || strings.Contains(summary, "\n") {
		t.Errorf("summary %q", summary)
	}
	left, err := filepath.Glob(os.Getenv("TMPDIR") + "/alpine-check-*")
	if err != nil || left != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Each fault is told, alone where it has no consequences.
func TestCheckRefuses(t *testing.T) {
	needTools(t)
	remove := func(name string) func(*fixture) {
		return func(f *fixture) {
			f.after = func(t *testing.T, medium string) {
				if err := os.Remove(filepath.Join(medium, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	rewrite := func(name string, data []byte) func(*fixture) {
		return func(f *fixture) {
			f.after = func(t *testing.T, medium string) { put(t, filepath.Join(medium, name), data) }
		}
	}
	const apks = "apks/x86_64/"
	for name, c := range map[string]struct {
		change func(*fixture)
		want   []string // problems, by how they begin
	}{
		"no index":       {remove(indexName), []string{indexName + ": not there", apks + "alpine-base-1.apk: not in the index", apks + "busybox-1-r0.apk: not in", apks + "dropbear-1.apk: not in", apks + "openssl-1.apk: not in"}},
		"no package":     {remove(apks + "dropbear-1.apk"), []string{apks + "dropbear-1.apk: not there, but in the index"}},
		"empty package":  {rewrite(apks+"dropbear-1.apk", nil), []string{apks + "dropbear-1.apk: empty file"}},
		"damaged":        {rewrite(apks+"dropbear-1.apk", []byte("x")), []string{apks + "dropbear-1.apk: 1 bytes, but"}},
		"more packages":  {rewrite(apks+"z-1.apk", nil), []string{apks + "z-1.apk: not in the index"}},
		"noarch":         {func(f *fixture) { f.packages[2].Arch = "noarch" }, []string{apks + "dropbear-1.apk: the index says that it is for noarch"}},
		"no repository":  {remove("apks/.boot_repository"), []string{"apks/.boot_repository: not there"}},
		"missing world":  {func(f *fixture) { f.overlay[0].Linkname = "dropbear strace ipmitool" }, []string{"bee.apkovl.tar.gz: strace of world", "bee.apkovl.tar.gz: ipmitool of world"}},
		"no alpine-base": {func(f *fixture) { f.packages = f.packages[1:] }, []string{"bee.apkovl.tar.gz: alpine-base of world"}},
		"no openssl":     {func(f *fixture) { f.packages = f.packages[:3] }, []string{"bee.apkovl.tar.gz: openssl of world"}},
		"no kernel":      {remove("boot/vmlinuz-lts"), []string{"boot/vmlinuz-lts: not there"}},
		"tiny kernel":    {rewrite("boot/vmlinuz-lts", []byte("x")), []string{"boot/vmlinuz-lts: only 1 bytes"}},
		"other kernel":   {rewrite("boot/vmlinuz-lts", kernel("6.6.1-0-lts")), []string{`boot/vmlinuz-lts: kernel "6.6.1-0-lts", but 6.12.13-0-lts`}},
		"no x86 kernel":  {rewrite("boot/vmlinuz-lts", noise()), []string{"boot/vmlinuz-lts: no Linux kernel"}},
		"no modloop":     {remove("boot/modloop-lts"), []string{"boot/modloop-lts: not there"}},
		"other modules":  {func(f *fixture) { f.modules = "6.6.1-0-lts" }, []string{`boot/modloop-lts: modules for ["6.6.1-0-lts"]`}},
		"damaged modloop": {rewrite("boot/modloop-lts", noise()), []string{"boot/modloop-lts: unsquashfs",
			"boot/initramfs-lts: its var/cache/misc/modloop-lts.SIGN.RSA.bee.rsa.pub is not a signature"}},
		"no initramfs":      {remove("boot/initramfs-lts"), []string{"boot/initramfs-lts: not there"}},
		"damaged initramfs": {rewrite("boot/initramfs-lts", noise()), []string{"boot/initramfs-lts: neither a cpio"}},
		"no key":            {func(f *fixture) { f.initramfs[1].Path = "etc/apk/keys/other.rsa.pub" }, []string{"boot/initramfs-lts: no etc/apk/keys/bee.rsa.pub"}},
		"other key":         {func(f *fixture) { f.initramfs[1].Text = "PEM" }, []string{"boot/initramfs-lts: its etc/apk/keys/bee.rsa.pub is not"}},
		"no init":           {func(f *fixture) { f.initramfs[0].Text = "" }, []string{"boot/initramfs-lts: no init"}},
		"initramfs of another kernel": {func(f *fixture) {
			f.initramfs[2].Path, f.initramfs[5].Path = "usr/lib/modules/1-lts/loop.ko", "usr/lib/modules/1-lts/overlay.ko"
		}, []string{`boot/initramfs-lts: modules for ["1-lts"]`}},
		"no overlay module": {func(f *fixture) { f.initramfs = f.initramfs[:5] }, []string{"boot/initramfs-lts: no module overlay in it"}},
		"no squashfs":       {func(f *fixture) { f.initramfs[4].Text = "kernel/fs/ext4/ext4.ko\n" }, []string{"boot/initramfs-lts: no module squashfs in it"}},
		"no UEFI":           {func(f *fixture) { f.boot = f.boot[:3] }, []string{"El Torito boot catalog: no entry for UEFI"}},
		"no BIOS":           {func(f *fixture) { f.boot = f.boot[4:] }, []string{"El Torito boot catalog: no entry for BIOS"}},
		"no loader":         {remove(efiLoader), []string{efiLoader + ": not there"}},
		"empty loader":      {rewrite(efiLoader, nil), []string{efiLoader + ": no program of UEFI"}},
		"no loader, FAT":    {rewrite(efiImage, fattest.Floppy(nil)), []string{efiImage + ": " + efiLoader + " in it is empty"}},
		"no FAT":            {rewrite(efiImage, noise()), []string{efiImage + ": no FAT file system"}},
		"no overlay":        {remove(overlayImage), []string{overlayImage + ": not there"}},
		"damaged image":     {rewrite(overlayImage, noise()), []string{overlayImage + ": neither a cpio"}},
		"other image":       {rewrite(overlayImage, initramfstest.Archive()), []string{overlayImage + ": no bee.apkovl.tar.gz in it"}},
		"foreign overlay":   {rewrite("x.apkovl.tar.gz", nil), []string{"x.apkovl.tar.gz: an overlay that is not the initramfs's"}},
		"stub": {rewrite(overlayImage, initramfstest.Archive(initramfstest.File{Path: overlayName, Text: "\x1f\x8b\x08"})),
			[]string{"bee.apkovl.tar.gz: not whole"}},
		"empty overlay":    {func(f *fixture) { f.overlay = nil }, []string{"bee.apkovl.tar.gz: not whole: no file"}},
		"no world":         {func(f *fixture) { f.overlay = f.overlay[1:] }, []string{"bee.apkovl.tar.gz: no etc/apk/world"}},
		"no list":          {func(f *fixture) { f.overlay = f.overlay[:2] }, []string{"bee.apkovl.tar.gz: no etc/bee/layers"}},
		"no program":       {func(f *fixture) { f.overlay[1].Name = "usr/local/lib/bee/other" }, []string{"bee.apkovl.tar.gz: no usr/local/lib/bee/live"}},
		"no mode":          {func(f *fixture) { f.overlay[1].Mode = 0o644 }, []string{"bee.apkovl.tar.gz: usr/local/lib/bee/live in it cannot be started: its mode is 0644"}},
		"other services":   {func(f *fixture) { f.overlay = append(f.overlay, tar.Header{Name: "etc/.default_boot_services"}) }, []string{"bee.apkovl.tar.gz: etc/.default_boot_services in it"}},
		"owner":            {func(f *fixture) { f.overlay[1].Uid = 1000 }, []string{"bee.apkovl.tar.gz: usr/local/lib/bee/live in it belongs to 1000:0"}},
		"a list of others": {func(f *fixture) { f.overlay[2].Linkname = "x" }, []string{"bee.apkovl.tar.gz: etc/bee/layers: no layer with its digest"}},
		"no public key":    {remove("keys/" + keyName), []string{"keys/" + keyName + ": not there"}},
		"other public key": {rewrite("keys/"+keyName, []byte("x")), []string{"keys/" + keyName + ": not the expected key"}},
		"no layer":         {remove("live/50-nvidia.squashfs"), []string{"live/50-nvidia.squashfs: open "}},
		"damaged layer":    {rewrite("live/90-bee.squashfs", []byte("x")), []string{"live/90-bee.squashfs: is damaged"}},
		"one layer more":   {rewrite("live/95-x.squashfs", nil), []string{"live/95-x.squashfs: not in etc/bee/layers"}},
		"no medium":        {remove("live/bee-0123"), []string{"boot/grub/grub.cfg: bee.id=bee-0123, but there is no /live/bee-0123", "boot/syslinux/syslinux.cfg: bee.id=bee-0123"}},
		"no syslinux.cfg":  {remove("boot/syslinux/syslinux.cfg"), []string{"boot/syslinux/syslinux.cfg: not there"}},
		"any overlay":      {rewrite("boot/grub/grub.cfg", []byte("apkovl=/bee.apkovl.tar.gz2 bee.id=bee-0123 init=/usr/local/lib/bee/live\ninitrd /boot/bee.img")), []string{"boot/grub/grub.cfg: no apkovl=/bee.apkovl.tar.gz"}},
		"other init":       {rewrite("boot/grub/grub.cfg", []byte("apkovl=/bee.apkovl.tar.gz bee.id=bee-0123\ninitrd /boot/bee.img")), []string{"boot/grub/grub.cfg: no init=/usr/local/lib/bee/live"}},
		"no second image":  {rewrite("boot/grub/grub.cfg", []byte("apkovl=/bee.apkovl.tar.gz init=/usr/local/lib/bee/live\ninitrd /boot/initramfs-lts")), []string{"boot/grub/grub.cfg: no /boot/bee.img", "boot/grub/grub.cfg: no bee.id="}},
	} {
		t.Run(name, func(t *testing.T) {
			f := good(t)
			c.change(f)
			_, err := f.check(t, nil)
			if err == nil {
				t.Fatal("no error")
			}
			got := strings.Split(err.Error(), "\n")[1:]
			if len(got) != len(c.want) {
				t.Errorf("%d problems, want %d:\n%v", len(got), len(c.want), err)
			}
			for _, want := range c.want {
				if !slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, want) }) {
					t.Errorf("not told: %q, in\n%v", want, err)
				}
			}
		})
	}
}

// The index, or the modloop, is signed by a key of the same name.
func TestCheckOtherKey(t *testing.T) {
	needTools(t)
	other, err := apktest.NewKey(keyName)
	if err != nil {
		t.Fatal(err)
	}
	f := good(t)
	f.after = func(t *testing.T, medium string) {
		if err := apktest.WriteRepository(filepath.Join(medium, "apks"), other, f.packages...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.check(t, nil); err == nil || !strings.Contains(err.Error(), indexName+": its signature by "+keyName) {
		t.Errorf("got %v", err)
	}
}

func TestCheckLock(t *testing.T) {
	needTools(t)
	f := good(t)
	const sum = "Q1AQEBAQEBAQEBAQEBAQEBAQEBAQE="
	_, err := f.check(t, func(want *Expected) {
		want.Lock = lock.Lock{{Name: "busybox", Version: "1-r1", Checksum: sum}, {Name: "dropbear", Version: "1", Checksum: sum}}
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"alpine-base-1.apk: not in the lock", "openssl-1.apk: not in the lock", "busybox-1-r0.apk: version 1-r0, but 1-r1 is locked", "dropbear-1.apk: checksum Q1"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not told: %q, in\n%v", want, err)
		}
	}
	if lines := strings.Count(err.Error(), "\n"); lines != 4 {
		t.Errorf("%d problems:\n%v", lines, err)
	}
}
