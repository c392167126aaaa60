package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	baseEpoch = "1700000000"
	isoEpoch  = "1764000000" // 2025-11-24
)

// script runs a script of this folder as Alpine does, by busybox's ash.
func script(t *testing.T, dir string, env []string, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath("busybox"); err != nil {
		t.Skip("no busybox in PATH")
	}
	here, err := filepath.Abs(args[0])
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("busybox", append([]string{"ash", here}, args[1:]...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
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

// isoFiles is what genapkovl-bee.sh reads: this work tree, one file of the ISO's own,
// and a layer.
func isoFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"../overlay", "../alpine"} {
		if out, err := exec.Command("cp", "-a", name, dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	write(t, filepath.Join(dir, "own/usr/local/bin/audit"), "audit\n", 0o755)
	write(t, filepath.Join(dir, "own/etc/bee/password.hash"), "hash\n", 0o600)
	tree := filepath.Join(t.TempDir(), "tree")
	write(t, filepath.Join(tree, "usr/local/lib/nvidia/open/nvidia.ko"), strings.Repeat("module", 1000), 0o644)
	write(t, filepath.Join(tree, "usr/lib/libcuda.so.1.2"), "library", 0o755)
	if err := os.Symlink("libcuda.so.1.2", filepath.Join(tree, "usr/lib/libcuda.so.1")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "layers"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("./layer.sh", tree, filepath.Join(dir, "layers/50-nvidia.tar.gz"))
	cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH="+baseEpoch)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
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
	byName := map[string]*tar.Header{}
	for _, h := range headers {
		byName[h.Name] = h
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" {
			t.Errorf("%s belongs to %d:%d (%s:%s)", h.Name, h.Uid, h.Gid, h.Uname, h.Gname)
		}
		if strings.HasPrefix(h.Name, ".") || strings.HasPrefix(h.Name, "/") {
			t.Errorf("%s: apk has names without ./ or /", h.Name)
		}
		if h.Typeflag == tar.TypeDir && h.Mode != 0o755 {
			t.Errorf("%s has mode %o", h.Name, h.Mode)
		}
		if at := h.ModTime.Unix(); at != 1700000000 && at != 1764000000 {
			t.Errorf("%s is of %s", h.Name, h.ModTime)
		}
	}
	for name, mode := range map[string]int64{
		"etc/init.d/bee-audit":                0o755,
		"usr/local/lib/bee/ssh-access":        0o755,
		"usr/local/lib/bee/boot-log":          0o644,
		"etc/inittab":                         0o644,
		"usr/local/bin/audit":                 0o755,
		"etc/bee/password.hash":               0o600,
		"usr/local/lib/nvidia/open/nvidia.ko": 0o644,
	} {
		if h := byName[name]; h == nil || h.Mode != mode {
			t.Errorf("%s: %+v, want mode %o", name, h, mode)
		}
	}
	for name, target := range map[string]string{
		"usr/lib/libcuda.so.1":              "libcuda.so.1.2",
		"etc/init.d/agetty.tty1":            "agetty",
		"etc/runlevels/default/dropbear":    "/etc/init.d/dropbear",
		"etc/runlevels/boot/localmount":     "/etc/init.d/localmount",
		"etc/runlevels/sysinit/modloop":     "/etc/init.d/modloop",
		"etc/runlevels/default/bee-audit":   "/etc/init.d/bee-audit",
		"etc/runlevels/default/bee-network": "/etc/init.d/bee-network",
	} {
		if h := byName[name]; h == nil || h.Linkname != target {
			t.Errorf("%s: %+v, want a link to %s", name, h, target)
		}
	}
	for name, want := range map[string]string{
		"etc/hostname":           "bee\n",
		"etc/network/interfaces": "iface lo inet loopback\n",
		"etc/conf.d/dropbear":    "rc_need=\"!net\"\nrc_before=\"networking\"\n",
	} {
		if !strings.HasSuffix(content[name], want) {
			t.Errorf("%s is %q, want it to end with %q", name, content[name], want)
		}
	}
	world := strings.Fields(content["etc/apk/world"])
	if !slices.IsSorted(world) || !slices.Contains(world, "gcompat") || !slices.Contains(world, "dropbear") || strings.Contains(content["etc/apk/world"], "#") {
		t.Errorf("world is %q", world)
	}
	if byName["etc/.default_boot_services"] != nil {
		t.Error("Alpine would add its own services to the runlevels")
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
			if out, err := exec.Command("sh", "-c", `cd "$0" && chmod -R g+w overlay alpine/overlay && find overlay alpine own -exec touch -h -d @1 {} +`, again).CombinedOutput(); err != nil {
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
	for _, name := range []string{"usr/local/lib/nvidia/open/nvidia.ko", "usr/lib/libcuda.so.1", "etc/apk/world", "usr/local/bin/audit"} {
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

// TestServiceOrder lets OpenRC's own resolver order the services of an apkovl, and of
// ones that are wrong in each way that it says nothing about.
func TestServiceOrder(t *testing.T) {
	openrc := os.Getenv("BEE_OPENRC")
	if openrc == "" || os.Getuid() != 0 {
		t.Skip("needs root, and OpenRC in the folder BEE_OPENRC")
	}
	overlay := apkovl(t, isoFiles(t))
	root := func(t *testing.T) string {
		dir := t.TempDir()
		for _, args := range [][]string{{"cp", "-a", openrc + "/.", dir}, {"tar", "-C", dir, "-xzf", overlay}} {
			if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
		// services that come with Alpine's packages
		for _, name := range []string{"devfs", "dmesg", "mdev", "hwdrivers", "modloop", "modules", "sysctl", "hostname", "bootmisc", "localmount", "agetty", "killprocs", "mount-ro", "networking"} {
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
		"audit before the driver":       replace("bee-audit", "after bee-network bee-nvidia", "before bee-nvidia"),
		"SSH access after SSH":          replace("dropbear", "need bee-sshsetup", "before bee-sshsetup"),
		"a loop":                        replace("bee-network", "need localmount", "need localmount bee-audit"),
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
// mkimage makes: sections, the image of links to them, an ISO.
const standInMkimage = `
set -e
echo "$@" >"$RECORD/arguments"
ls >"$RECORD/folder"
profile_base() { :; }
. ./mkimg.bee.sh
profile_bee
for v in profile_abbrev arch image_ext output_format kernel_flavors kernel_cmdline syslinux_serial apks apkovl hostname build_date iso_opts; do
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
for section in kernel_x86_64_lts_1 apkovl_bee_1; do
	mkdir -p "$work/$section" "$work/image-1-x86_64-bee"
	echo "$section" >"$work/$section/file-$section"
	ln -sf "$work/$section/file-$section" "$work/image-1-x86_64-bee/"
done
mkdir -p "$work/kernel_x86_64_lts_old" "$work/apkroot-x86_64"
[ -n "${BROKEN-}" ] || echo iso >"$out/alpine-bee-$tag-x86_64.iso"
echo "Images generated"
`

func TestMkimage(t *testing.T) {
	tree, aports, record, temporary := isoFiles(t), t.TempDir(), t.TempDir(), t.TempDir()
	write(t, filepath.Join(aports, "scripts/mkimage.sh"), standInMkimage, 0o755)
	write(t, filepath.Join(aports, "scripts/mkimg.base.sh"), "", 0o644)
	repositories := filepath.Join(t.TempDir(), "repositories")
	write(t, repositories, "https://mirror/alpine/v3.21/main\nhttps://mirror/alpine/v3.21/community\n", 0o644)
	key := filepath.Join(t.TempDir(), "key.rsa")
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	write(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)})), 0o600)
	env := []string{"RECORD=" + record, "TMPDIR=" + temporary, "SOURCE_DATE_EPOCH=" + baseEpoch, "BEE_EPOCH=" + isoEpoch, "BEE_FLAVOR=lts"}
	out := filepath.Join(t.TempDir(), "out")
	run := func(t *testing.T, more ...string) (string, error) {
		return script(t, ".", append(env, more...), "iso.sh", aports, tree, repositories, key, out)
	}
	if said, err := run(t); err != nil {
		t.Fatalf("%v: %s", err, said)
	}

	work := strings.TrimSpace(read(t, filepath.Join(record, "workdir")))
	if filepath.Dir(work) != filepath.Join(temporary, "sections") {
		t.Errorf("sections are kept in %s", work)
	}
	arguments := read(t, filepath.Join(record, "arguments"))
	_, outdir, _ := strings.Cut(arguments, "--outdir ")
	outdir, _, _ = strings.Cut(outdir, " ")
	_, tag, _ := strings.Cut(arguments, "--tag ")
	tag, _, _ = strings.Cut(tag, " ")
	// a volume's name, "alpine-bee TAG x86_64", has at most 32 letters
	if len(tag) != 12 {
		t.Errorf("the tag is %q", tag)
	}
	want := "--tag " + tag + " --profile bee --arch x86_64 --workdir " + work + " --outdir " + outdir +
		" --repository https://mirror/alpine/v3.21/main --repository https://mirror/alpine/v3.21/community\n"
	if arguments != want || !strings.HasPrefix(outdir, temporary) {
		t.Errorf("mkimage was called with\n%swant\n%s", arguments, want)
	}
	if folder := read(t, filepath.Join(record, "folder")); folder != "genapkovl-bee.sh\nmkimage.sh\nmkimg.base.sh\nmkimg.bee.sh\n" {
		t.Errorf("mkimage ran in a folder with\n%s", folder)
	}
	profile := map[string]string{}
	for line := range strings.Lines(read(t, filepath.Join(record, "profile"))) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		profile[name] = value
	}
	apks := profile["apks"]
	delete(profile, "apks")
	if wanted := map[string]string{
		"profile_abbrev": "bee", "arch": "x86_64", "image_ext": "iso", "output_format": "iso", "kernel_flavors": "lts",
		"kernel_cmdline":  "rootflags=size=80% modloop=/boot/modloop-lts cryptomgr.notests console=tty0 console=ttyS0,115200",
		"syslinux_serial": "0 115200", "apkovl": "genapkovl-bee.sh", "hostname": "bee", "build_date": "251124",
		"iso_opts": "--set_all_file_dates =1764000000 --modification-date=2025112416000000",
	}; !maps.Equal(profile, wanted) {
		t.Errorf("the profile sets\n%v\nwant\n%v", profile, wanted)
	}
	_, content := entries(t, apkovl(t, tree))
	list := strings.Fields(apks)
	slices.Sort(list)
	if world := strings.Fields(content["etc/apk/world"]); !slices.Equal(list, world) {
		t.Errorf("packages on the medium are %v, world is %v", list, world)
	}

	// the key by its name, and the ISO
	keys, err := filepath.Glob(filepath.Join(out, "bee-????????.rsa.pub"))
	if err != nil || len(keys) != 1 || read(t, keys[0]) != read(t, filepath.Join(record, "key")) {
		t.Errorf("public keys: %v %v", keys, err)
	}
	if read(t, filepath.Join(out, "bee.iso")) != "iso\n" {
		t.Error("another ISO")
	}

	t.Run("sections", func(t *testing.T) {
		kept, err := filepath.Glob(work + "/kernel_*")
		if err != nil || len(kept) != 1 || filepath.Base(kept[0]) != "kernel_x86_64_lts_1" {
			t.Errorf("kept: %v %v, want the one that the ISO is made of", kept, err)
		}
		if said, err := run(t); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		if found := read(t, filepath.Join(record, "sections")); found != "kernel_x86_64_lts_1\n" {
			t.Errorf("a second build found\n%swant the kernel's section alone", found)
		}
		if said, err := run(t, "SOURCE_DATE_EPOCH=1700000001"); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		if read(t, filepath.Join(record, "sections")) != "" {
			t.Error("sections of another time were used")
		}
	})
	t.Run("mkimage made nothing", func(t *testing.T) {
		if said, err := run(t, "BROKEN=1"); err == nil || !strings.Contains(said, "mkimage made no ISO") {
			t.Errorf("%v: %s", err, said)
		}
	})
	t.Run("no key", func(t *testing.T) {
		write(t, key, "no key\n", 0o600)
		if said, err := run(t); err == nil || !strings.Contains(said, "no RSA key") {
			t.Errorf("%v: %s", err, said)
		}
	})
	t.Run("no aports", func(t *testing.T) {
		if err := os.RemoveAll(filepath.Join(aports, "scripts")); err != nil {
			t.Fatal(err)
		}
		if said, err := run(t); err == nil || !strings.Contains(said, "is no tree of Alpine's aports") {
			t.Errorf("%v: %s", err, said)
		}
	})
}
