package diff

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cavaliergopher/cpio"

	"bee/core/comparison"
	"bee/core/hostile"
)

// key is one that signs an ISO.
type key struct {
	name    string
	pem     []byte
	private *rsa.PrivateKey
}

func newKey(t *testing.T) key {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	digest := sha256.Sum256(text)
	return key{"bee-" + hex.EncodeToString(digest[:4]) + ".rsa.pub", text, private}
}

var keys = sync.OnceValue(func() (both [2]key) {
	for i := range both {
		both[i] = newKey(&testing.T{})
	}
	return both
})

func (k key) sign(data []byte) []byte {
	digest := sha1.Sum(data)
	signature, err := rsa.SignPKCS1v15(nil, k.private, crypto.SHA1, digest[:])
	if err != nil {
		panic(err)
	}
	return signature
}

// epoch is the time of all files.
const epoch = 1764000000

// file is one of a tree.
type file struct {
	name, text string
	mode, time int64 // defaults: 0644, epoch
}

// tarball is a piece of an archive, as apk has several.
func tarball(t *testing.T, files ...file) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: max(f.mode, 0o644), Size: int64(len(f.text)), Format: tar.FormatUSTAR}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// archive is a cpio archive.
func archive(t *testing.T, files ...file) []byte {
	t.Helper()
	var out bytes.Buffer
	w := cpio.NewWriter(&out)
	for _, f := range files {
		mode := max(cpio.FileMode(f.mode), 0o644)
		h := &cpio.Header{Name: f.name, Mode: cpio.TypeReg | mode, Size: int64(len(f.text))}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zip(t *testing.T, data []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// signedModule is a kernel module with a signature, which is none that could be checked.
func signedModule(text, signature string) string {
	message := append([]byte{0x30, byte(len(signature))}, signature...)
	head := binary.BigEndian.AppendUint32([]byte{0, 0, 2, 0, 0, 0, 0, 0}, uint32(len(message)))
	return text + string(message) + string(head) + "~Module signature appended~\n"
}

// fixture is an ISO before it is made.
type fixture struct {
	t     *testing.T
	key   key
	level int // of gzip's, for the initramfs

	layer     []file // of live/90-bee.squashfs
	layerTime int64
	modloop   []file
	initramfs []file // beside key and signature
	overlay   []file // beside the list of layers
	packages  map[string]file
	medium    map[string]string // beside what is made of the others
	digest    string            // in the list of layers; default: that of the layer
	id        string
	modes     map[string]os.FileMode
	sealed    bool
	trusted   string              // key in the initramfs; default: the ISO's
	modloopOf string              // what the signature of the modloop is over; default: it
	more      int                 // by how much sizes in the index are too large
	forge     func(medium string) // changes the medium before its ISO is made
}

func newFixture(t *testing.T, k key) *fixture {
	return &fixture{
		t: t, key: k, level: gzip.BestCompression, layerTime: epoch, sealed: true, id: "bee-0123456789ab",
		layer:     []file{{name: "etc/bee-release", text: "BEE_VERSION=\"1\"\nBEE_DATE=\"2026-11-05T12:00:00Z\"\n"}, {name: "usr/bin/audit", text: "program of /src/audit/main.go", mode: 0o755}},
		modloop:   []file{{name: "modules/6.12.1-0-lts/a.ko", text: signedModule("module a", k.name)}, {name: "modules/6.12.1-0-lts/b.ko.gz", text: string(zip(t, []byte(signedModule("module b", k.name)), 9))}},
		initramfs: []file{{name: "init", text: "#!/bin/sh\n", mode: 0o755}, {name: "etc/modules", text: "a\nb\nc\n"}},
		overlay:   []file{{name: "etc/hostname", text: "bee\n"}},
		packages:  map[string]file{"busybox-1.36.1-r5": {name: "bin/busybox", text: "busybox"}, "own-1.0-r0": {name: "usr/bin/own", text: "own"}},
		medium: map[string]string{
			"boot/vmlinuz-lts": "kernel", "boot/syslinux/isolinux.bin": strings.Repeat("loader", 500), "boot/grub/efi.img": strings.Repeat("\x00", 1<<16),
			"boot/syslinux/syslinux.cfg": "APPEND bee.id=bee-0123456789ab\n", "boot/zz": strings.Repeat("last", 999),
		},
	}
}

func (f *fixture) write(path, text string, mode os.FileMode) {
	f.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		f.t.Fatal(err)
	}
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
}

// squash makes a layer.
func (f *fixture) squash(image string, files []file) {
	f.t.Helper()
	tree := f.t.TempDir()
	for _, file := range files {
		f.write(filepath.Join(tree, file.name), file.text, os.FileMode(max(file.mode, 0o644)))
	}
	if err := os.MkdirAll(filepath.Dir(image), 0o755); err != nil {
		f.t.Fatal(err)
	}
	run(f.t, "chmod", "-R", "u=rwX,go=rX", tree)
	for _, file := range files {
		if file.mode != 0 {
			run(f.t, "chmod", fmt.Sprintf("%o", file.mode), filepath.Join(tree, file.name))
		}
	}
	run(f.t, "mksquashfs", tree, image, "-quiet", "-no-progress", "-all-root", "-reproducible", "-mkfs-time", fmt.Sprint(f.layerTime), "-all-time", fmt.Sprint(epoch))
	for _, file := range files {
		if file.time != 0 { // mksquashfs has one time for all
			run(f.t, "rm", image)
			run(f.t, "find", tree, "-exec", "touch", "-d", fmt.Sprintf("@%d", epoch), "{}", "+")
			run(f.t, "touch", "-d", fmt.Sprintf("@%d", file.time), filepath.Join(tree, file.name))
			run(f.t, "mksquashfs", tree, image, "-quiet", "-no-progress", "-all-root", "-reproducible", "-mkfs-time", fmt.Sprint(f.layerTime))
		}
	}
}

// make makes the ISO.
func (f *fixture) make() string {
	t := f.t
	t.Helper()
	medium := t.TempDir()
	at := func(name string) string { return filepath.Join(medium, name) }
	for name, text := range f.medium {
		f.write(at(name), text, 0o644)
	}
	f.write(at("keys/"+f.key.name), string(f.key.pem), 0o644)
	f.squash(at("live/90-bee.squashfs"), f.layer)
	f.write(at("live/"+f.id), "", 0o644)

	f.squash(at("boot/modloop-lts"), f.modloop)
	modloop, err := os.ReadFile(at("boot/modloop-lts"))
	if err != nil {
		t.Fatal(err)
	}
	if f.modloopOf != "" {
		modloop = []byte(f.modloopOf)
	}
	initramfs := slices.Concat(f.initramfs, []file{
		{name: "etc/apk/keys/" + f.key.name, text: cmp.Or(f.trusted, string(f.key.pem))},
		{name: "var/cache/misc/modloop-lts.SIGN.RSA." + f.key.name, text: string(f.key.sign(modloop))},
	})
	f.write(at("boot/initramfs-lts"), string(zip(t, archive(t, initramfs...), f.level)), 0o644)

	layer, err := os.ReadFile(at("live/90-bee.squashfs"))
	if err != nil {
		t.Fatal(err)
	}
	digest := cmp.Or(f.digest, fmt.Sprintf("%x", sha256.Sum256(layer)))
	overlay := tarball(t, append(f.overlay, file{name: "etc/bee/layers", text: digest + "  90-bee.squashfs\n"})...)
	f.write(at("boot/bee.img"), string(archive(t, file{name: "bee.apkovl.tar.gz", text: string(overlay)})), 0o644)

	index := ""
	for _, name := range slices.Sorted(maps.Keys(f.packages)) {
		control := tarball(t, file{name: ".PKGINFO", text: "pkgname = " + name + "\n"})
		apk := slices.Concat(tarball(t, file{name: ".SIGN.RSA." + f.key.name, text: string(f.key.sign(control))}), control, tarball(t, f.packages[name]))
		f.write(at("apks/x86_64/"+name+".apk"), string(apk), 0o644)
		parts := strings.Split(name, "-")
		index += fmt.Sprintf("C:Q1%x\nP:%s\nV:%s\nA:x86_64\nS:%d\n\n", sha1.Sum(control), parts[0], strings.Join(parts[1:], "-"), len(apk)+f.more)
	}
	rest := tarball(t, file{name: "APKINDEX", text: index})
	f.write(at("apks/x86_64/APKINDEX.tar.gz"), string(slices.Concat(tarball(t, file{name: ".SIGN.RSA." + f.key.name, text: string(f.key.sign(rest))}), rest)), 0o644)

	run(t, "find", medium, "-type", "d", "-exec", "chmod", "755", "{}", "+")
	for name, mode := range f.modes {
		if err := os.Chmod(at(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if f.forge != nil {
		f.forge(medium)
	}
	return newISO(t, medium, f.sealed)
}

// newISO makes a hybrid ISO, as mkimage does.
func newISO(t *testing.T, medium string, sealed bool) string {
	t.Helper()
	iso, mbr := filepath.Join(t.TempDir(), "bee.iso"), filepath.Join(t.TempDir(), "mbr")
	if err := os.WriteFile(mbr, bytes.Repeat([]byte{0x90}, 432), 0o600); err != nil {
		t.Fatal(err)
	}
	// of which xorriso makes the ids of partitions
	args := []string{fmt.Sprintf("SOURCE_DATE_EPOCH=%d", epoch), "xorriso", "-as", "mkisofs", "-quiet", "-l", "-J", "-R", "-r", "-sysid", "LINUX", "-volid", "alpine-bee", "-o", iso}
	if _, err := os.Stat(filepath.Join(medium, "boot/syslinux/isolinux.bin")); err == nil {
		args = append(args, "-isohybrid-mbr", mbr, "-b", "boot/syslinux/isolinux.bin", "-c", "boot/syslinux/boot.cat",
			"-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", "-eltorito-alt-boot", "-e", "boot/grub/efi.img", "-no-emul-boot", "-isohybrid-gpt-basdat")
	}
	if _, err := exec.LookPath("xorriso"); err != nil {
		t.Skip("xorriso is not installed")
	}
	run(t, "env", append(args, "--set_all_file_dates", fmt.Sprintf("=%d", epoch), "--modification-date=2025112416000000", medium)...)
	if sealed {
		run(t, "../../../boot/seal.sh", iso)
	}
	return iso
}

func compareISOs(t *testing.T, published, rebuilt string) *comparison.Result {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	result, err := Files(published, rebuilt)
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	return result
}

func paths(all []comparison.SetAside) []string {
	var out []string
	for _, s := range all {
		out = append(out, s.Path)
	}
	return out
}

// everything is all that is set aside of two ISOs with different keys.
var everything = []string{
	"/apks/x86_64/APKINDEX.tar.gz",
	"/apks/x86_64/busybox-1.36.1-r5.apk",
	"/apks/x86_64/own-1.0-r0.apk",
	"/boot/initramfs-lts: etc/apk/keys/<key>",
	"/boot/initramfs-lts: var/cache/misc/modloop-lts.SIGN.RSA.<key>",
	"/boot/modloop-lts: modules/6.12.1-0-lts/a.ko",
	"/boot/modloop-lts: modules/6.12.1-0-lts/b.ko.gz",
	"/keys/<key>",
	"the ISO itself",
}

func TestSameKey(t *testing.T) {
	first := newFixture(t, keys()[0]).make()
	second := newFixture(t, keys()[0]).make()
	if r := compareISOs(t, first, second); !r.Equal || r.Published != r.Rebuilt || len(r.SetAside) > 0 || r.Files == 0 {
		t.Errorf("%s", r.Text())
	}
}

// What a private key makes is set aside, also where it moves what lies behind it on the medium.
func TestOtherKey(t *testing.T) {
	for name, level := range map[string]int{"in place": gzip.BestCompression, "moved": gzip.NoCompression} {
		t.Run(name, func(t *testing.T) {
			first, second := newFixture(t, keys()[0]), newFixture(t, keys()[1])
			second.level = level
			for _, f := range []*fixture{first, second} {
				f.initramfs = append(f.initramfs, file{name: "lib", text: strings.Repeat("a", 1<<16)}) // it compresses well
			}
			published, rebuilt := first.make(), second.make()
			if moved := place(t, published) != place(t, rebuilt); moved != (name == "moved") {
				t.Errorf("moved: %t", moved)
			}
			r := compareISOs(t, published, rebuilt)
			got := slices.DeleteFunc(paths(r.SetAside), func(path string) bool {
				return path == "/apks/x86_64/APKINDEX.tar.gz: APKINDEX" // packages may be of one size
			})
			if !r.Equal || !slices.Equal(got, everything) {
				t.Errorf("%s", r.Text())
			}
		})
	}
}

// place is where the layer of an ISO lies.
func place(t *testing.T, iso string) int64 {
	t.Helper()
	m, err := open(iso)
	if err != nil {
		t.Fatal(err)
	}
	defer m.file.Close()
	return placeOf(m.byPath["/live/90-bee.squashfs"]).Sector
}

func replace(old, new string) func(string) string {
	return func(text string) string { return strings.Replace(text, old, new, 1) }
}

// TestDifferences has one change each, on an ISO that is signed by another key: it is found, and
// nothing else.
func TestDifferences(t *testing.T) {
	published := newFixture(t, keys()[0]).make()
	edit := func(files []file, name string, with func(string) string) {
		i := slices.IndexFunc(files, func(f file) bool { return f.name == name })
		files[i].text = with(files[i].text)
	}
	for name, test := range map[string]struct {
		change func(f *fixture)
		path   string
		reason comparison.Reason
	}{
		"time in a file of a layer": {func(f *fixture) { edit(f.layer, "etc/bee-release", replace("12:00", "12:01")) }, "/live/90-bee.squashfs: etc/bee-release", comparison.Time},
		"time of a file of a layer": {func(f *fixture) { f.layer[1].time = epoch + 1 }, "/live/90-bee.squashfs: usr/bin/audit", comparison.Time},
		"time of a layer":           {func(f *fixture) { f.layerTime++ }, "/live/90-bee.squashfs", comparison.Time},
		"order of lines":            {func(f *fixture) { edit(f.initramfs, "etc/modules", replace("a\nb", "b\na")) }, "/boot/initramfs-lts: etc/modules", comparison.Order},
		"order of entries":          {func(f *fixture) { slices.Reverse(f.initramfs) }, "/boot/initramfs-lts", comparison.Order},
		"path":                      {func(f *fixture) { edit(f.layer, "usr/bin/audit", replace("/src", "/home")) }, "/live/90-bee.squashfs: usr/bin/audit", comparison.Path},
		"version of a package": {func(f *fixture) {
			f.packages["busybox-1.36.1-r6"] = f.packages["busybox-1.36.1-r5"]
			delete(f.packages, "busybox-1.36.1-r5")
		}, "/apks/x86_64/busybox-1.36.1-r5.apk", comparison.Version},
		"version in a file":   {func(f *fixture) { edit(f.layer, "etc/bee-release", replace(`"1"`, `"1"`+"\nKERNEL=6.12.1")) }, "/live/90-bee.squashfs: etc/bee-release", comparison.Content},
		"missing":             {func(f *fixture) { f.layer = f.layer[:1] }, "/live/90-bee.squashfs: usr", comparison.Missing},
		"extra on the medium": {func(f *fixture) { f.medium["evil"] = "x" }, "/evil", comparison.Extra},
		"extra in the initramfs": {func(f *fixture) {
			f.initramfs = append(f.initramfs, file{name: "etc/apk/keys/evil.rsa.pub", text: "x"})
		}, "/boot/initramfs-lts: etc/apk/keys/evil.rsa.pub", comparison.Extra},
		"mode in a layer":                 {func(f *fixture) { f.layer[1].mode = 0o4755 }, "/live/90-bee.squashfs: usr/bin/audit", comparison.Mode},
		"mode in the initramfs":           {func(f *fixture) { f.initramfs[0].mode = 0o700 }, "/boot/initramfs-lts: init", comparison.Mode},
		"kernel":                          {func(f *fixture) { f.medium["boot/vmlinuz-lts"] = "kernle" }, "/boot/vmlinuz-lts", comparison.Content},
		"init beside the signature":       {func(f *fixture) { edit(f.initramfs, "init", replace("sh", "ash")) }, "/boot/initramfs-lts: init", comparison.Content},
		"module before its signature":     {func(f *fixture) { f.modloop[0].text = signedModule("module x", f.key.name) }, "/boot/modloop-lts: modules/6.12.1-0-lts/a.ko", comparison.Content},
		"packed module":                   {func(f *fixture) { f.modloop[1].text = string(zip(t, []byte(signedModule("module x", f.key.name)), 9)) }, "/boot/modloop-lts: modules/6.12.1-0-lts/b.ko.gz", comparison.Content},
		"package":                         {func(f *fixture) { f.packages["own-1.0-r0"] = file{name: "usr/bin/own", text: "won"} }, "/apks/x86_64/own-1.0-r0.apk: usr/bin/own", comparison.Content},
		"overlay":                         {func(f *fixture) { f.overlay[0].text = "eeb\n" }, "/boot/bee.img: bee.apkovl.tar.gz: etc/hostname", comparison.Content},
		"digest of a layer that is wrong": {func(f *fixture) { f.digest = strings.Repeat("0", 64) }, "/boot/bee.img: bee.apkovl.tar.gz: etc/bee/layers", comparison.Content},
		"signature of the index": {func(f *fixture) {
			f.forge = forged(t, "apks/x86_64/APKINDEX.tar.gz", func(data []byte) []byte { return swapSignature(t, f.key, data) })
		}, "/apks/x86_64/APKINDEX.tar.gz", comparison.Content},
		"signature of a package": {func(f *fixture) {
			f.forge = forged(t, "apks/x86_64/own-1.0-r0.apk", func(data []byte) []byte { return swapSignature(t, f.key, data) })
		}, "/apks/x86_64/own-1.0-r0.apk", comparison.Content},
		"key that is not named after its digest": {func(f *fixture) {
			f.forge = forged(t, "keys/"+f.key.name, func(data []byte) []byte { return append(data, '\n') })
		}, "/keys/<key>", comparison.Missing},
		"signature of the modloop":        {func(f *fixture) { f.modloopOf = "something else" }, "/boot/initramfs-lts: var/cache/misc/modloop-lts.SIGN.RSA.<key>", comparison.Content},
		"key in the initramfs":            {func(f *fixture) { f.trusted = string(keys()[0].pem) + "\n" }, "/boot/initramfs-lts: etc/apk/keys/<key>", comparison.Content},
		"sizes in the index":              {func(f *fixture) { f.more = 1 }, "/apks/x86_64/APKINDEX.tar.gz: APKINDEX", comparison.Content},
		"name that layers do not explain": {func(f *fixture) { f.id = "bee-ba9876543210" }, "/live/bee-0123456789ab", comparison.Missing},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, keys()[1])
			test.change(f)
			r := compareISOs(t, published, f.make())
			if r.Equal || !slices.ContainsFunc(r.Differences, func(d comparison.Difference) bool { return d.Path == test.path && d.Reason == test.reason }) {
				t.Errorf("want %s: %s\n%s", test.path, test.reason, r.Text())
			}
		})
	}
}

func forged(t *testing.T, name string, change func([]byte) []byte) func(string) {
	return func(medium string) {
		path := filepath.Join(medium, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, change(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// swapSignature has in place of a signature one of something else.
func swapSignature(t *testing.T, k key, data []byte) []byte {
	end := bytes.Index(data[1:], []byte{0x1f, 0x8b, 8}) + 1
	return slices.Concat(tarball(t, file{name: ".SIGN.RSA." + k.name, text: string(k.sign([]byte("something else")))}), data[end:])
}

// A layer whose modules are signed has another digest, of which list and name follow.
func TestSignedLayer(t *testing.T) {
	var isos [2]string
	for i, k := range keys() {
		f := newFixture(t, k)
		f.layer = append(f.layer, file{name: "usr/lib/nvidia.ko", text: signedModule("nvidia", k.name)})
		f.id = "bee-" + k.name[4:12] + "0000"
		f.medium["boot/syslinux/syslinux.cfg"] = "APPEND bee.id=" + f.id + "\n"
		isos[i] = f.make()
	}
	r := compareISOs(t, isos[0], isos[1])
	for _, want := range []string{"/live/90-bee.squashfs: usr/lib/nvidia.ko", "/boot/bee.img: bee.apkovl.tar.gz: etc/bee/layers", "/boot/syslinux/syslinux.cfg"} {
		if !slices.Contains(paths(r.SetAside), want) {
			t.Errorf("not set aside: %s", want)
		}
	}
	if !r.Equal {
		t.Errorf("%s", r.Text())
	}
}

// What is in no file is compared, too.
func TestRest(t *testing.T) {
	published := newFixture(t, keys()[0]).make()
	unsealed := newFixture(t, keys()[1])
	unsealed.sealed = false
	rebuilt := unsealed.make()
	info, err := os.Stat(rebuilt)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		at   int64
		text string
		want string
	}{
		"boot sector":       {100, "evil", "the ISO itself: boot sector"},
		"system area":       {700, "evil", "the ISO itself: system area"},
		"partitions":        {1024 + 56, "evil", "the ISO itself: partition table"},
		"volume descriptor": {16*2048 + 40, "evil", "the ISO itself: volume descriptor of ISO 9660"},
		"date":              {16*2048 + 813, "1999", "the ISO itself: volume descriptor of ISO 9660"},
		"behind all files":  {info.Size() - 100*2048, "evil", "the ISO itself: sectors that nothing points to"},
		"seal":              {16*2048 + 883, "bee-sha256 " + strings.Repeat("0", 64) + " 99999\n", "the ISO itself"},
		"nothing":           {100, "\x90", ""},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(rebuilt)
			if err != nil {
				t.Fatal(err)
			}
			copy(data[test.at:], test.text)
			iso := filepath.Join(t.TempDir(), "bee.iso")
			if err := os.WriteFile(iso, data, 0o600); err != nil {
				t.Fatal(err)
			}
			if name != "seal" {
				run(t, "../../../boot/seal.sh", iso)
			}
			r := compareISOs(t, published, iso)
			if r.Equal != (test.want == "") || !r.Equal && r.Differences[0].Path != test.want {
				t.Errorf("want %q: %s", test.want, r.Text())
			}
		})
	}
}

// An ISO of the base debian has no key of bee's: nothing is set aside, whatever it looks like.
func TestDebian(t *testing.T) {
	module := func(signature string) string { return signedModule("module", signature) }
	var isos [3]string
	for i, signature := range []string{"one", "one", "two"} {
		f := newFixture(t, keys()[0])
		medium := t.TempDir()
		f.squash(filepath.Join(medium, "live/00-base.squashfs"), []file{{name: "a.ko", text: module(signature)}})
		isos[i] = newISO(t, medium, true)
	}
	if r := compareISOs(t, isos[0], isos[1]); !r.Equal || len(r.SetAside) > 0 {
		t.Errorf("%s", r.Text())
	}
	if r := compareISOs(t, isos[0], isos[2]); r.Equal || len(r.SetAside) > 0 || r.Differences[0].Path != "/live/00-base.squashfs: a.ko" {
		t.Errorf("%s", r.Text())
	}
}

func TestUnreadable(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none.iso")
	if err := os.WriteFile(none, []byte("none"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{none, t.TempDir(), "/no/such.iso"} {
		if _, err := Files(name, none); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever names files have, what is told of them is printable, as text and as JSON.
func TestHostile(t *testing.T) {
	for _, text := range hostile.Strings {
		c := &comparing{result: &comparison.Result{}}
		if err := c.trees("", []node{{name: text, kind: text}}, []node{{name: text, kind: "x"}, {name: text, target: text}}, ordered); err != nil {
			t.Fatal(err)
		}
		c.setAside(text, "why")
		var out bytes.Buffer
		if err := c.result.WriteJSON(&out); err != nil || !json.Valid(out.Bytes()) {
			t.Fatal(err)
		}
		if found := hostile.Unprintable(c.result.Text() + out.String()); found != "" || strings.Count(c.result.Text(), "\n") != len(c.result.Differences)+2 {
			t.Errorf("%.50q: %s", text, found)
		}
	}
}
