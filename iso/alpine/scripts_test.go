package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bee/core/layers"
	"bee/core/netboot"
	"bee/iso/alpine/internal/initramfs"
)

const (
	baseEpoch = "1700000000"
	isoEpoch  = "1764000000" // 2025-11-24
)

// script runs a script of this folder as Alpine does, by busybox's ash.
func script(t *testing.T, dir string, env []string, args ...string) (string, error) {
	t.Helper()
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("no busybox in PATH")
	}
	here, err := filepath.Abs(args[0])
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(busybox, filepath.Join(bin, "sh")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("busybox", append([]string{"ash", here}, args[1:]...)...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH")), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// isoFiles is what the scripts of mkimage read: this folder and boot/, the program, and layers.
func isoFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("cp", "-a", "../alpine", "../boot", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	write(t, filepath.Join(dir, "live"), "program\n", 0o644)
	write(t, filepath.Join(dir, "layers/50-nvidia.squashfs"), "driver\n", 0o644)
	write(t, filepath.Join(dir, "layers/90-bee.squashfs"), "bee\n", 0o644)
	return dir
}

// apkovl makes one, and returns its path.
func apkovl(t *testing.T, files string, env ...string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := script(t, dir, append(env, "BEE_FILES="+files, "BEE_EPOCH="+isoEpoch), "genapkovl-bee.sh", "bee"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return filepath.Join(dir, "bee.apkovl.tar.gz")
}

// entries reads an apkovl; the content of files is in the map.
func entries(t *testing.T, name string) ([]*tar.Header, map[string]string) {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(read(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	var headers []*tar.Header
	content := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		headers = append(headers, h)
		content[h.Name] = string(text)
	}
	// whole to the end: the tar's end, and nothing behind it
	if rest, err := io.ReadAll(z); err != nil || len(bytes.Trim(rest, "\x00")) != 0 {
		t.Errorf("%d bytes behind the end of the tar: %v", len(rest), err)
	}
	return headers, content
}

func TestApkovl(t *testing.T) {
	headers, content := entries(t, apkovl(t, isoFiles(t)))
	modes := map[string]int64{}
	for _, h := range headers {
		modes[h.Name] = h.Mode
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" {
			t.Errorf("%s belongs to %d:%d (%s:%s)", h.Name, h.Uid, h.Gid, h.Uname, h.Gname)
		}
		if at := h.ModTime.Unix(); at != 1764000000 {
			t.Errorf("%s is of %s", h.Name, h.ModTime)
		}
	}
	// names without ./ or /, as apk has them; and not etc/.default_boot_services, with which
	// Alpine would add services of its own
	if want := map[string]int64{
		"etc/": 0o755, "etc/apk/": 0o755, "etc/bee/": 0o755, "usr/": 0o755, "usr/local/": 0o755, "usr/local/lib/": 0o755, "usr/local/lib/bee/": 0o755,
		"etc/hostname": 0o644, "etc/apk/world": 0o644, "etc/bee/layers": 0o644, "usr/local/lib/bee/live": 0o755,
	}; !maps.Equal(modes, want) {
		t.Errorf("it has %v, want %v", modes, want)
	}
	if content["etc/hostname"] != "bee\n" || content["usr/local/lib/bee/live"] != "program\n" {
		t.Errorf("got %q", content)
	}
	all, err := layers.Parse(layers.File, content["etc/bee/layers"])
	if err != nil || len(all) != 2 || all[0].Name != "50-nvidia.squashfs" || all[1].SHA256 != fmt.Sprintf("%x", sha256.Sum256([]byte("bee\n"))) {
		t.Errorf("layers: %+v, %v", all, err)
	}
	world := strings.Fields(content["etc/apk/world"])
	if !slices.IsSorted(world) || !slices.Contains(world, "gcompat") || !slices.Contains(world, "dropbear") || strings.Contains(content["etc/apk/world"], "#") {
		t.Errorf("world is %q", world)
	}
}

// TestApkovlReproducible makes the same apkovl in other circumstances.
func TestApkovlReproducible(t *testing.T) {
	tree := isoFiles(t)
	first := read(t, apkovl(t, tree))
	for name, run := range map[string]func(*testing.T) string{
		"time zone, folder for temporary files, language": func(t *testing.T) string {
			return apkovl(t, tree, "TZ=Asia/Tokyo", "TMPDIR="+t.TempDir(), "LC_ALL=C.UTF-8")
		},
		"modes and times of another checkout": func(t *testing.T) string {
			again := isoFiles(t)
			if out, err := exec.Command("sh", "-c", `cd "$0" && chmod -R g+w . && find . -exec touch -h -d @1 {} +`, again).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			return apkovl(t, again)
		},
	} {
		t.Run(name, func(t *testing.T) {
			if read(t, run(t)) != first {
				t.Error("the apkovl is another one")
			}
		})
	}
}

// TestApkovlUnpacks unpacks one as Alpine's initramfs does.
func TestApkovlUnpacks(t *testing.T) {
	overlay := apkovl(t, isoFiles(t))
	dir := t.TempDir()
	if out, err := exec.Command("busybox", "tar", "-C", dir, "-zxvf", overlay).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range []string{"etc/apk/world", "etc/bee/layers", "usr/local/lib/bee/live"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

// TestApkovlFails: where a step fails, there is an error and no apkovl.
func TestApkovlFails(t *testing.T) {
	bin := t.TempDir()
	write(t, filepath.Join(bin, "tar"), "#!/bin/sh\nexit 1\n", 0o755)
	dir := t.TempDir()
	out, err := script(t, dir, []string{"BEE_FILES=" + isoFiles(t), "BEE_EPOCH=" + isoEpoch, "PATH=" + bin + ":" + os.Getenv("PATH")}, "genapkovl-bee.sh", "bee")
	if err == nil {
		t.Errorf("no error: %s", out)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// tree is bee's own files as they lie over Alpine.
func tree(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tree")
	if out, err := exec.Command("../tree.sh", "../overlay", ".", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

func TestTree(t *testing.T) {
	dir := tree(t)
	for name, mode := range map[string]os.FileMode{
		"etc/init.d/bee-audit":         0o755,
		"usr/local/lib/bee/ssh-access": 0o755,
		"usr/local/lib/bee/boot-log":   0o644,
		"etc/inittab":                  0o644,
		"etc":                          os.ModeDir | 0o755,
	} {
		if info, err := os.Lstat(filepath.Join(dir, name)); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, want mode %o", name, err, mode)
		}
	}
	for name, target := range map[string]string{
		"etc/runlevels/default/dropbear":    "/etc/init.d/dropbear",
		"etc/runlevels/boot/localmount":     "/etc/init.d/localmount",
		"etc/runlevels/sysinit/modloop":     "/etc/init.d/modloop",
		"etc/runlevels/default/bee-audit":   "/etc/init.d/bee-audit",
		"etc/runlevels/default/bee-network": "/etc/init.d/bee-network",
	} {
		if got, err := os.Readlink(filepath.Join(dir, name)); err != nil || got != target {
			t.Errorf("%s leads to %q, want %s", name, got, target)
		}
	}
	for name, want := range map[string]string{
		"etc/network/interfaces": "iface lo inet loopback\n",
		"etc/conf.d/dmesg":       "\ndmesg_level=\n",
		"etc/conf.d/dropbear":    "rc_need=\"!net\"\nrc_before=\"networking\"\n",
	} {
		if text := read(t, filepath.Join(dir, name)); !strings.HasSuffix(text, want) {
			t.Errorf("%s is %q, want it to end with %q", name, text, want)
		}
	}
}

// TestServiceOrder lets OpenRC's own resolver order the services, and ones that are wrong in
// each way that it says nothing about.
func TestServiceOrder(t *testing.T) {
	openrc := os.Getenv("BEE_OPENRC")
	if openrc == "" || os.Getuid() != 0 {
		t.Skip("needs root, and OpenRC in the folder BEE_OPENRC")
	}
	own := tree(t)
	root := func(t *testing.T) string {
		dir := t.TempDir()
		for _, from := range []string{openrc, own} {
			if out, err := exec.Command("cp", "-a", from+"/.", dir).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
		// services that come with Alpine's packages
		for _, name := range []string{"devfs", "dmesg", "mdev", "hwdrivers", "modloop", "modules", "sysctl", "hostname", "bootmisc", "localmount", "killprocs", "mount-ro", "networking"} {
			if _, err := os.Stat(filepath.Join(dir, "etc/init.d", name)); err != nil {
				write(t, filepath.Join(dir, "etc/init.d", name), "#!/sbin/openrc-run\n", 0o755)
			}
		}
		return dir
	}
	out, err := script(t, ".", nil, "../service-order.sh", root(t))
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	replace := func(service, old, new string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			name := filepath.Join(dir, "etc/init.d", service)
			text := read(t, name)
			if !strings.Contains(text, old) {
				t.Fatalf("%s does not hold %q", service, old)
			}
			write(t, name, strings.Replace(text, old, new, 1), 0o755)
		}
	}
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, breakIt := range map[string]func(*testing.T, string){
		"audit before the driver":       replace("bee-audit", "after bee-network bee-nvidia bee-fabric", "before bee-nvidia"),
		"SSH access after SSH":          replace("dropbear", "need bee-sshsetup", "before bee-sshsetup"),
		"configuration after SSH":       replace("bee-config", "before bee-sshsetup bee-network", "before bee-network"),
		"unattended before the audit":   replace("bee-unattended", "after bee-audit", "before bee-audit"),
		"a loop":                        replace("bee-network", "need localmount", "need localmount bee-audit"),
		"a minute and no more":          replace("bee-nvidia", "keyword -timeout", ""),
		"a syntax error":                replace("bee-sshsetup", "depend() {", "depend() { ("),
		"no such service in a runlevel": remove("etc/init.d/bee-network"),
		"not in a runlevel":             remove("etc/runlevels/default/bee-audit"),
	} {
		t.Run(name, func(t *testing.T) {
			dir := root(t)
			breakIt(t, dir)
			if out, err := script(t, ".", nil, "../service-order.sh", dir); err == nil {
				t.Errorf("not noticed: %s", out)
			}
		})
	}
}

// standInMkimage records how it is called and what the profile sets, and makes what
// mkimage makes: sections, where they are not there, the image of links to them, an ISO
// that says what it is made of. Of a bad MIRROR it makes half a section, and ends well. The
// section of packages has an index with the tag in it, as far as the apk that is called heeds
// that.
const standInMkimage = `
set -e
echo "$@" >"$RECORD/arguments"
ls >"$RECORD/folder"
profile_base() { :; }
. ./mkimg.bee.sh
profile_bee
for v in profile_abbrev arch image_ext output_format kernel_flavors initfs_cmdline kernel_cmdline initrd_ucode apks apkovl build_date iso_opts; do
	eval "echo \"$v=\$$v\""
done >"$RECORD/profile"
[ -r "$PACKAGER_PRIVKEY" ] && cat "$PACKAGER_PUBKEY" >"$RECORD/key"
while [ $# -gt 0 ]; do
	case $1 in
	--workdir) work=$2 ;;
	--outdir) out=$2 ;;
	--tag) tag=$2 ;;
	esac
	shift 2
done
ls "$work" >"$RECORD/sections"
echo "$work" >"$RECORD/workdir"
mkdir -p "$work/image-1-x86_64-bee" "$work/apkroot-x86_64" "$work/kernel_x86_64_lts_2.work"
build_section() {
	echo "$@" >"$RECORD/section"
	dir=bee_${2%-*}_${2#*-}
	DESTDIR=$work/$dir
	mkdir "$DESTDIR"
	build_bee || exit
	for folder in boot live; do ln -s "$DESTDIR/$folder" "$work/image-1-x86_64-bee/"; done
	cp -R "$DESTDIR" "$RECORD/bee"
}
rm -rf "$RECORD/bee"
section_bee
for section in kernel_x86_64_lts_1 apks_1; do
	[ -d "$work/$section" ] || {
		mkdir "$work/$section"
		echo "${MIRROR-good}" >"$work/$section/file-$section"
		apk index --description "$tag" "$work/$section/file-$section" >>"$work/$section/file-$section"
	}
	ln -sf "$work/$section/file-$section" "$work/image-1-x86_64-bee/"
done
eval "${MEANWHILE-}"
[ -n "${BROKEN-}" ] || cat "$work"/apks_1/* >"$out/alpine-bee-$tag-x86_64.iso"
echo "Images generated"
`

// standInCheck finds the stand-in's ISO good that is of a good mirror.
const standInCheck = `#!/bin/sh
echo "$2 $3 $4" >"$RECORD/check"
case $(cat "$1") in good*) ;; *) echo "check.sh: apks/x86_64: dropbear is not there" >&2; exit 1 ;; esac
`

// mkimage is a call of iso.sh, with stand-ins for what needs Alpine.
type mkimage struct {
	files, aports, repositories, key, lock, out string
	record, temporary                           string
	folder                                      string // with iso.sh
}

// standInApk writes, of an index, what it is of.
const standInApk = `#!/bin/sh
while [ $# -gt 0 ]; do
	[ "$1" != --description ] || index=$2
	shift
done
echo "index of $index"
`

// madeOf is the stand-in's ISO.
const madeOf = "good\nindex of bee\nsealed\n"

func newMkimage(t *testing.T) mkimage {
	t.Helper()
	m := mkimage{files: isoFiles(t), aports: t.TempDir(), record: t.TempDir(), temporary: t.TempDir(), folder: filepath.Join(t.TempDir(), "alpine")}
	write(t, filepath.Join(m.aports, "scripts/mkimage.sh"), standInMkimage, 0o755)
	write(t, filepath.Join(m.aports, "scripts/mkimg.base.sh"), "", 0o644)
	for _, name := range []string{"iso.sh", "cpio.sh"} {
		write(t, filepath.Join(m.folder, name), read(t, name), 0o755)
	}
	write(t, filepath.Join(m.folder, "check.sh"), standInCheck, 0o755)
	write(t, filepath.Join(m.folder, "../boot/seal.sh"), "#!/bin/sh\necho sealed >>\"$1\"\n", 0o755)
	bin := t.TempDir()
	write(t, filepath.Join(bin, "apk"), standInApk, 0o755)
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	other := t.TempDir()
	m.repositories, m.lock, m.key, m.out = filepath.Join(other, "repositories"), filepath.Join(other, "lock"), filepath.Join(other, "key.rsa"), filepath.Join(other, "out")
	packages := filepath.Join(other, "packages/v3.21")
	write(t, m.repositories, packages+"/main\n"+packages+"/community\n", 0o644)
	for _, name := range []string{"main", "community"} {
		write(t, filepath.Join(packages, name, "x86_64", name+"-1-r0.apk"), "signed\n"+strings.Repeat(name, 9999), 0o644)
		write(t, filepath.Join(packages, name, "x86_64/APKINDEX"), "P:linux-lts-dev\nV:1\n\nC:Q1\nP:"+indexed[name]+"\nV:2\n\nP:syslinux-doc\nV:1\n", 0o644)
		if out, err := exec.Command("tar", "-C", filepath.Join(packages, name, "x86_64"), "-czf", filepath.Join(packages, name, "x86_64/APKINDEX.tar.gz"), "APKINDEX").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	write(t, m.lock, "mkinitfs 3.11.1-r0 Q1one\n", 0o644)
	m.newKey(t)
	return m
}

// indexed are packages of the repositories that the medium has parts of.
var indexed = map[string]string{"main": "linux-lts", "community": "linux-firmware-bnx2"}

// newKey signs with another one from now on.
func (m mkimage) newKey(t *testing.T) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	write(t, m.key, string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)})), 0o600)
}

func (m mkimage) run(t *testing.T, more ...string) (string, error) {
	t.Helper()
	env := append([]string{"RECORD=" + m.record, "TMPDIR=" + m.temporary, "SOURCE_DATE_EPOCH=" + baseEpoch, "BEE_EPOCH=" + isoEpoch, "BEE_FLAVOR=lts"}, more...)
	return script(t, ".", env, filepath.Join(m.folder, "iso.sh"), m.aports, m.files, m.repositories, m.key, "6.12.1-0-lts", m.lock, m.out)
}

// recorded is what the stand-ins wrote down.
func (m mkimage) recorded(t *testing.T, name string) string {
	t.Helper()
	return read(t, filepath.Join(m.record, name))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // fails the test
	}
	return v
}

func TestMkimage(t *testing.T) {
	m := newMkimage(t)
	if said, err := m.run(t); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	work := strings.TrimSpace(m.recorded(t, "workdir"))
	arguments := m.recorded(t, "arguments")
	_, outdir, _ := strings.Cut(arguments, "--outdir ")
	outdir, _, _ = strings.Cut(outdir, " ")
	_, tag, _ := strings.Cut(arguments, "--tag ")
	tag, _, _ = strings.Cut(tag, " ")
	// a volume's name, "alpine-bee TAG x86_64", has at most 32 letters
	if len(tag) != 12 {
		t.Errorf("the tag is %q", tag)
	}
	want := "--tag " + tag + " --profile bee --arch x86_64 --workdir " + work + " --outdir " + outdir +
		" --repository " + strings.Replace(strings.TrimSpace(read(t, m.repositories)), "\n", " --extra-repository ", 1) + "\n"
	if arguments != want || !strings.HasPrefix(outdir, m.temporary) {
		t.Errorf("mkimage was called with\n%swant\n%s", arguments, want)
	}
	if folder := m.recorded(t, "folder"); folder != "genapkovl-bee.sh\nmkimage.sh\nmkimg.base.sh\nmkimg.bee.sh\n" {
		t.Errorf("mkimage ran in a folder with\n%s", folder)
	}
	profile := map[string]string{}
	for line := range strings.Lines(m.recorded(t, "profile")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		profile[name] = value
	}
	apks := profile["apks"]
	delete(profile, "apks")
	if wanted := map[string]string{
		"profile_abbrev": "bee", "arch": "x86_64", "image_ext": "iso", "output_format": "iso", "kernel_flavors": "lts",
		"initfs_cmdline": "modules=loop,squashfs,overlay,sd-mod,usb-storage",
		"kernel_cmdline": "apkovl=/bee.apkovl.tar.gz bee.id=bee-" + tag + " init=/usr/local/lib/bee/live modloop=/boot/modloop-lts cryptomgr.notests",
		"initrd_ucode":   "/boot/bee.img",
		"apkovl":         "", "build_date": "251124",
		"iso_opts": "--set_all_file_dates =1764000000 --modification-date=2025112416000000",
	}; !maps.Equal(profile, wanted) {
		t.Errorf("the profile sets\n%v\nwant\n%v", profile, wanted)
	}
	_, content := entries(t, apkovl(t, m.files))
	list := strings.Fields(apks)
	slices.Sort(list)
	if world := strings.Fields(content["etc/apk/world"]); !slices.Equal(list, world) {
		t.Errorf("packages on the medium are %v, world is %v", list, world)
	}

	// what the profile adds to the medium
	if section := m.recorded(t, "section"); section != "bee bee-"+tag+"\n" {
		t.Errorf("the section is %q", section)
	}
	// the key by its name
	keys := must(filepath.Glob(m.record + "/bee/keys/bee-????????.rsa.pub"))
	if len(keys) != 1 || read(t, keys[0]) != m.recorded(t, "key") {
		t.Fatalf("public keys: %v", keys)
	}
	key := filepath.Base(keys[0])
	var files []string
	for _, file := range must(filepath.Glob(m.record + "/bee/*/*")) {
		files = append(files, strings.TrimPrefix(file, m.record+"/bee/"))
	}
	if want := []string{"boot/bee.img", "boot/packages", "keys/" + key, "live/50-nvidia.squashfs", "live/90-bee.squashfs", "live/bee-" + tag}; !slices.Equal(files, want) {
		t.Errorf("the medium has %q, want %q", files, want)
	}
	if packages := read(t, m.record+"/bee/boot/packages"); packages != "C:Q1\nP:linux-lts\nV:2\n\nC:Q1\nP:linux-firmware-bnx2\nV:2\n\n" {
		t.Errorf("its kernel and firmware are of %q", packages)
	}
	images := must(initramfs.Read(m.record+"/bee/boot/bee.img", func(string) bool { return true }))
	if len(images) != 1 || string(images["bee.apkovl.tar.gz"]) != read(t, apkovl(t, m.files)) {
		t.Errorf("its initramfs has %d files, or another apkovl", len(images))
	}

	if read(t, filepath.Join(m.out, "bee.iso")) != madeOf {
		t.Error("another ISO")
	}
	if check := m.recorded(t, "check"); check != fmt.Sprintf("%s/%s 6.12.1-0-lts %s\n", filepath.Dir(work), key, m.lock) {
		t.Errorf("it was checked by %s", check)
	}
	for name, c := range map[string]struct {
		breakIt func(*mkimage)
		want    string
	}{
		"mkimage made nothing": {func(m *mkimage) { write(t, filepath.Join(m.aports, "scripts/mkimage.sh"), "", 0o755) }, "mkimage made no ISO"},
		"no key":               {func(m *mkimage) { write(t, m.key, "no key\n", 0o600) }, "no RSA key"},
		"no kernel":            {func(m *mkimage) { write(t, m.repositories, "", 0o644) }, "have no linux-lts"},
		"no aports":            {func(m *mkimage) { m.aports = t.TempDir() }, "is no tree of Alpine's aports"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMkimage(t)
			c.breakIt(&m)
			if said, err := m.run(t); err == nil || !strings.Contains(said, c.want) {
				t.Errorf("%v: %s", err, said)
			}
			if _, err := os.Stat(m.out); err == nil {
				t.Error("something came out")
			}
		})
	}
}

// TestSections: what mkimage made is used again where all that it is made of is the same,
// and the ISO was good.
func TestSections(t *testing.T) {
	const all = "apks_1\nkernel_x86_64_lts_1\n"
	for name, c := range map[string]struct {
		first string // its environment, beside that of the others
		then  func(*testing.T, *mkimage)
		env   string
		found string // sections that the second build found
	}{
		"the same":           {"", func(*testing.T, *mkimage) {}, "BEE_EPOCH=1764000001", all},
		"other files of bee": {"", func(t *testing.T, m *mkimage) { write(t, m.files+"/layers/90-bee.squashfs", "other\n", 0o644) }, "", all},
		"another time":       {"", func(*testing.T, *mkimage) {}, "SOURCE_DATE_EPOCH=1700000001", ""},
		"a newer mkinitfs":   {"", func(t *testing.T, m *mkimage) { write(t, m.lock, "mkinitfs 3.11.2-r0 Q1two\n", 0o644) }, "", ""},
		"the same version with other bytes": {"", func(t *testing.T, m *mkimage) {
			write(t, m.lock, "mkinitfs 3.11.1-r0 Q1other\n", 0o644)
		}, "", ""},
		"another signing key": {"", func(t *testing.T, m *mkimage) { m.newKey(t) }, "", ""},
		"packages that somebody else signed": {"", func(t *testing.T, m *mkimage) {
			_, last, _ := strings.Cut(strings.TrimSpace(read(t, m.repositories)), "\n")
			write(t, last+"/x86_64/community-1-r0.apk", "sealed\n"+strings.Repeat("community", 9999), 0o644)
		}, "", ""},
		"another profile": {"", func(t *testing.T, m *mkimage) {
			write(t, m.files+"/alpine/mkimg.bee.sh", read(t, m.files+"/alpine/mkimg.bee.sh")+"#\n", 0o644)
		}, "", ""},
		"another mkimage": {"", func(t *testing.T, m *mkimage) {
			write(t, m.aports+"/scripts/mkimg.base.sh", "#\n", 0o644)
		}, "", ""},
		"a failed download, then a good mirror": {"MIRROR=bad", func(*testing.T, *mkimage) {}, "", ""},
		"mkimage made nothing":                  {"BROKEN=1", func(*testing.T, *mkimage) {}, "", ""},
		"killed in the middle":                  {"MEANWHILE=kill -9 $PPID", func(*testing.T, *mkimage) {}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMkimage(t)
			if said, err := m.run(t, c.first); (err == nil) != (c.first == "") {
				t.Fatalf("%v: %s", err, said)
			}
			c.then(t, &m)
			if said, err := m.run(t, c.env); err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			if found := m.recorded(t, "sections"); found != c.found {
				t.Errorf("the second build found\n%swant\n%s", found, c.found)
			}
			if iso := read(t, m.out+"/bee.iso"); iso != madeOf {
				t.Errorf("it is %q", iso)
			}
		})
	}

	t.Run("two builds at once", func(t *testing.T) {
		m := newMkimage(t)
		second := m
		second.record, second.out = t.TempDir(), t.TempDir()
		began, ends := filepath.Join(m.record, "began"), filepath.Join(m.record, "ends")
		done := make(chan error)
		go func() {
			said, err := m.run(t, "MEANWHILE=echo >"+began+"; until [ -e "+ends+" ]; do sleep .05; done")
			if err != nil {
				err = fmt.Errorf("%w: %s", err, said)
			}
			done <- err
		}()
		for range 200 {
			if _, err := os.Stat(began); err == nil {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		said, err := second.run(t)
		write(t, ends, "", 0o644)
		if err != nil {
			t.Errorf("%v: %s", err, said)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		for _, m := range []mkimage{m, second} {
			if iso := read(t, m.out+"/bee.iso"); iso != madeOf {
				t.Errorf("it is %q", iso)
			}
		}
		if _, err := m.run(t); err != nil || m.recorded(t, "sections") != all {
			t.Errorf("a third found %q: %v", m.recorded(t, "sections"), err)
		}
		if kept := sections(t, m); len(kept) != 1 {
			t.Errorf("kept: %v", kept)
		}
	})

	t.Run("as many as are needed", func(t *testing.T) {
		m := newMkimage(t)
		for i := range 5 {
			write(t, m.lock, fmt.Sprintf("busybox 1.37.0-r%d Q1one\n", i), 0o644)
			if said, err := m.run(t); err != nil {
				t.Fatalf("%v: %s", err, said)
			}
		}
		if kept := sections(t, m); len(kept) != 3 {
			t.Errorf("kept: %v", kept)
		}
		if _, err := m.run(t); err != nil || m.recorded(t, "sections") != all {
			t.Errorf("the last is not among them: %v", err)
		}
	})
}

// sections are the folders of those that are kept, and of those that builds left behind.
func sections(t *testing.T, m mkimage) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(m.temporary, "sections"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// TestDeviceNumbers packs files as mkinitfs does, on two file systems.
func TestDeviceNumbers(t *testing.T) {
	m := newMkimage(t)
	pack := func(folder string) string {
		write(t, filepath.Join(folder, "init"), "init\n", 0o755)
		if err := os.Chtimes(filepath.Join(folder, "init"), time.Unix(0, 0), time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
		archive := filepath.Join(t.TempDir(), "initramfs")
		if said, err := m.run(t, "MEANWHILE=(cd "+folder+" && echo init | cpio --quiet --renumber-inodes -o -H newc >"+archive+")"); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		return read(t, archive)
	}
	other, err := os.MkdirTemp("/dev/shm", "bee")
	if err != nil {
		t.Skip("no second file system")
	}
	t.Cleanup(func() { os.RemoveAll(other) })
	if one, two := pack(t.TempDir()), pack(other); one != two || !strings.HasPrefix(one, "070701") {
		t.Errorf("they differ:\n%q\n%q", one, two)
	}
}

// standIns puts programs in front of PATH, each a script that writes down how it is called in its
// NAME.args of a folder, which is returned.
func standIns(t *testing.T, programs map[string]string) string {
	t.Helper()
	bin, record := t.TempDir(), t.TempDir()
	for name, text := range programs {
		write(t, filepath.Join(bin, name), "#!/bin/sh\nset -e\necho \"$@\" >"+record+"/"+name+".args\n"+text, 0o755)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	return record
}

func TestNet(t *testing.T) {
	folder := t.TempDir()
	write(t, folder+"/kernel", "alpine-base # and\n\n# more\nlinux-lts linux-firmware\n", 0o644)
	write(t, folder+"/apk/keys/alpine.rsa.pub", "key", 0o644)
	write(t, folder+"/apk/repositories", "/packages\n", 0o644)
	const event, driver = "usr/share/udhcpc/default.script", "lib/modules/6.12.1-0-lts/kernel/drivers/net/ethernet/intel/e1000.ko.gz"
	pack := func(files ...string) (record, image, said string, err error) {
		record = standIns(t, map[string]string{
			"apk": `ls "$3/etc/apk/keys" >` + folder + "/trusted\n", // add --root ROOT
			// -q -b ROOT -t TREE -F FEATURES -o OUT KERNEL
			"mkinitfs": `[ ! -e "$3/etc/apk/keys" ]
for file in ` + strings.Join(files, " ") + `; do
	mkdir -p "$5/$(dirname "$file")"
	touch "$5/$file"
done
find "$5" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
umask 077
(cd "$5" && find . | sort | cpio --quiet --renumber-inodes -o -H newc | gzip -n) >"$9"
rm -r "$5"
`})
		image = t.TempDir() + "/net.img"
		said, err = script(t, ".", []string{"SOURCE_DATE_EPOCH=" + baseEpoch}, "net.sh", folder+"/kernel", folder+"/apk", "6.12.1-0-lts", image)
		return record, image, said, err
	}
	record, image, said, err := pack(event, driver)
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if args := read(t, record+"/apk.args"); !strings.HasSuffix(args, " --arch x86_64 --repositories-file "+folder+"/apk/repositories --initdb --no-scripts --quiet alpine-base linux-lts linux-firmware\n") {
		t.Errorf("apk is called with %s", args)
	}
	if trusted := read(t, folder+"/trusted"); trusted != "alpine.rsa.pub\n" {
		t.Errorf("apk trusts %q", trusted)
	}
	if args := read(t, record+"/mkinitfs.args"); !strings.Contains(args, " -F base network squashfs usb virtio -o "+image+" 6.12.1-0-lts\n") {
		t.Errorf("mkinitfs is called with %s", args)
	}
	if info, err := os.Stat(image); err != nil || info.Mode() != 0o644 {
		t.Errorf("%v, %v", info, err)
	}
	if _, again, _, err := pack(event, driver); err != nil || read(t, again) != read(t, image) {
		t.Errorf("another one comes out, %v", err)
	}
	for there, lacking := range map[string]string{driver: event, event: "modules/6.12.1-0-lts/kernel/drivers/net/ethernet/"} {
		if _, _, said, err := pack(there); err == nil || !strings.Contains(said, "without "+lacking) {
			t.Errorf("without %s: %v: %s", lacking, err, said)
		}
	}
}

func TestNetboot(t *testing.T) {
	if _, err := exec.LookPath("xorriso"); err != nil {
		t.Skip("no xorriso in PATH")
	}
	medium, iso, out := t.TempDir(), t.TempDir()+"/bee.iso", t.TempDir()+"/out"
	files := map[string]string{
		"boot/vmlinuz-lts": "vmlinuz", "boot/initramfs-lts": "initrd", "boot/modloop-lts": "modloop-lts", "boot/bee.img": "bee.img",
		"apks/.boot_repository": "apks/.boot_repository", "apks/x86_64/libstdc++-14.2.0-r4.apk": "apks/x86_64/libstdc++-14.2.0-r4.apk",
		"live/90-bee.squashfs": "live/90-bee.squashfs",
	}
	for name, content := range files {
		write(t, filepath.Join(medium, name), content, 0o444)
	}
	if said, err := exec.Command("xorriso", "-as", "mkisofs", "-quiet", "-r", "-J", "-o", iso, medium).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	record := standIns(t, map[string]string{"grub-mkimage": `for option; do case $option in --output=*) echo MZ >"${option#*=}" ;; esac; done`})
	net := t.TempDir() + "/net"
	write(t, net, "net.img", 0o644)
	if said, err := script(t, ".", []string{"SOURCE_DATE_EPOCH=" + isoEpoch, "BEE_FLAVOR=lts"}, "netboot.sh", iso, net, out); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if folder, err := netboot.Check(out); err != nil || !folder.UEFI {
		t.Errorf("%+v, %v", folder, err)
	}
	for _, name := range append(slices.Collect(maps.Values(files)), "net.img") {
		if got := read(t, filepath.Join(out, name)); got != name {
			t.Errorf("%s: %q", name, got)
		}
	}
	if args := read(t, record+"/grub-mkimage.args"); !strings.HasPrefix(args, "--format=x86_64-efi --prefix=/grub --output="+out+"/bootx64.efi ") || !strings.Contains(args, " tftp") {
		t.Errorf("grub-mkimage is called with %s", args)
	}
	const words = "modules=loop,squashfs,overlay ip=dhcp BOOTIF=01-${card} alpine_repo=${base}apks modloop=${base}modloop-lts " +
		"apkovl=/bee.apkovl.tar.gz init=/usr/local/lib/bee/live bee.fetch=${base} cryptomgr.notests "
	for name, wants := range map[string][]string{
		"bee.ipxe": {"\n:messages\nset options console=tty0 console=ttyS0,115200\ngoto start\n",
			"\n:start\nkernel ${base}vmlinuz " + words + "${options}\ninitrd ${base}initrd\ninitrd ${base}bee.img\ninitrd ${base}net.img\nboot\n"},
		"grub/grub.cfg": {"\nmenuentry \"bee, with kernel messages\" {\nlinux /vmlinuz " + words + "console=tty0 console=ttyS0,115200\ninitrd /initrd /bee.img /net.img\n}\n"},
	} {
		got := read(t, filepath.Join(out, name))
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s is\n%s\nwithout\n%s", name, got, want)
			}
		}
		if strings.Contains(got, "bee.toram") || strings.Contains(got, "bee.check") {
			t.Errorf("%s has what is for a medium:\n%s", name, got)
		}
	}
	for _, name := range []string{"bee.ipxe", "live/90-bee.squashfs", "apks", "SHA256SUMS"} {
		if info, err := os.Stat(filepath.Join(out, name)); err != nil || info.ModTime().Unix() != 1764000000 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}
