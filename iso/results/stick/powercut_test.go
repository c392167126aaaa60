package stick

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The modules of Debian's kernel that the guest needs, in the order in which they can be loaded;
// those that are not there are built in.
var (
	diskModules = []string{"virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "virtio_blk"}
	fileSystems = map[string]struct{ modules, mkfs, heal, check []string }{
		"vfat":  {[]string{"nls_cp437", "nls_ascii", "fat", "vfat"}, []string{"mkfs.vfat", "-F", "32"}, []string{"fsck.vfat", "-a"}, []string{"fsck.vfat", "-n"}},
		"exfat": {[]string{"exfat"}, []string{"mkfs.exfat"}, []string{"fsck.exfat", "-p"}, []string{"fsck.exfat", "-n"}},
		"ext4":  {nil, []string{"mkfs.ext4", "-q"}, []string{"fsck.ext4", "-p"}, []string{"fsck.ext4", "-n", "-f"}},
	}
)

// TestPowerCut takes the power from a machine that writes results, again and again, and looks
// each time whether the disk has all files that were finished, and no half of a file under its
// name. It takes BEE_KERNEL, a folder that kernel.sh of testdata made, and QEMU; BEE_POWER_CUTS
// says how often, for each file system, and is few where it is not set.
func TestPowerCut(t *testing.T) {
	kernel := os.Getenv("BEE_KERNEL")
	if kernel == "" {
		t.Skip("BEE_KERNEL is not set")
	}
	cuts := 2
	if text := os.Getenv("BEE_POWER_CUTS"); text != "" {
		var err error
		if cuts, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range FileSystems {
		for _, program := range []string{"qemu-system-x86_64", "cpio", fileSystems[kind].mkfs[0], fileSystems[kind].heal[0]} {
			if _, err := exec.LookPath(program); err != nil {
				t.Skip(err)
			}
		}
	}
	guest := filepath.Join(t.TempDir(), "guest")
	build := exec.Command("go", "build", "-o", guest, "./internal/guest")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, kind := range FileSystems {
		t.Run(kind, func(t *testing.T) { cutPower(t, kernel, guest, kind, cuts) })
	}
}

func cutPower(t *testing.T, kernel, guest, kind string, cuts int) {
	folder := t.TempDir()
	disk := filepath.Join(folder, "disk")
	if err := os.WriteFile(disk, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(disk, 2<<30); err != nil {
		t.Fatal(err)
	}
	if code, out := run(t, fileSystems[kind].mkfs, disk); code != 0 {
		t.Fatalf("exit status %d: %s", code, out)
	}
	m := machine{t: t, disk: disk, kernel: filepath.Join(kernel, "vmlinuz"), initrd: initrd(t, folder, kernel, guest, kind),
		finished: map[string]string{}, known: map[string]bool{}}
	for n := range cuts {
		m.cut(1+rand.IntN(4), time.Duration(rand.Int64N(int64(300*time.Millisecond))))
		t.Logf("%d cuts, %d finished files", n+1, len(m.finished))
	}
	// what a careful person has done with it before it is read, by itself and without a question
	healed, out := run(t, fileSystems[kind].heal, disk)
	if healed > 1 { // 1: it was not clean, and is
		t.Errorf("%v: exit status %d: %s", fileSystems[kind].heal, healed, out)
	}
	if code, out := run(t, fileSystems[kind].check, disk); code != 0 {
		t.Errorf("%v: exit status %d: %s", fileSystems[kind].check, code, out)
	}
	m.cut(0, 0) // it looks once more
	t.Logf("%d cuts, %d of them in the middle of a delivery: all %d finished files are whole, and so is each other one", cuts, m.between, len(m.finished))
	t.Logf("%v: exit status %d: %s", fileSystems[kind].heal, healed, out)
}

// run runs a program on a disk.
func run(t *testing.T, command []string, disk string) (code int, output string) {
	t.Helper()
	cmd := exec.Command(command[0], append(slices.Clone(command[1:]), disk)...)
	out, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// initrd makes one that has the guest as its init.
func initrd(t *testing.T, folder, kernel, guest, kind string) string {
	t.Helper()
	tree := filepath.Join(folder, "initrd")
	files := map[string]string{"init": guest}
	at := map[string]string{} // modules, by their names
	err := filepath.WalkDir(filepath.Join(kernel, "lib/modules"), func(path string, entry fs.DirEntry, err error) error {
		if name, ok := strings.CutSuffix(filepath.Base(path), ".ko"); ok {
			at[strings.ReplaceAll(name, "-", "_")] = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range append(slices.Clone(diskModules), fileSystems[kind].modules...) {
		if at[name] != "" {
			files[fmt.Sprintf("modules/%02d-%s", i, name)] = at[name]
		}
	}
	for name, from := range files {
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(tree, name)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(tree, name), text, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write(t, tree, "filesystem", kind)
	image := filepath.Join(folder, "initrd.cpio")
	if out, err := exec.Command("sh", "-ec", `cd "$0"; find . | cpio --quiet -o -H newc >"$1"`, tree, image).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return image
}

// machine is one whose power is cut, and what is known of its disk, by folder and name.
type machine struct {
	t                    *testing.T
	disk, kernel, initrd string
	// finished has the digests of files that were said to be finished.
	finished map[string]string
	// known has what may be on the disk: the path and digest of each file that was begun since the
	// one that is finished, and of that.
	known map[string]bool
	// between counts cuts in the middle of a delivery.
	between int
}

// cut starts the machine, checks what is on its disk, and cuts its power some time after so many
// deliveries have begun.
func (m *machine) cut(deliveries int, after time.Duration) {
	m.t.Helper()
	qemu := exec.Command("qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-m", "192", "-nodefaults", "-no-user-config", "-display", "none",
		"-serial", "stdio", "-kernel", m.kernel, "-initrd", m.initrd, "-append", "console=ttyS0 loglevel=1 panic=-1 no_timer_check", "-no-reboot",
		"-drive", "file="+m.disk+",format=raw,if=none,id=disk", "-device", "virtio-blk-pci,drive=disk")
	output, err := qemu.StdoutPipe()
	if err == nil {
		err = qemu.Start()
	}
	if err != nil {
		m.t.Fatal(err)
	}
	defer qemu.Wait()
	defer qemu.Process.Kill()
	console := bufio.NewScanner(output)
	// an emulated machine can miss an interrupt where many share a processor
	hangs := time.AfterFunc(patience, func() { qemu.Process.Kill() })
	defer hangs.Stop()
	if !m.check(console) {
		m.t.Logf("the machine says nothing for %v, and is started anew", patience)
		m.cut(deliveries, after)
		return
	}
	hangs.Stop()
	var begun, all []string
	delivering := false
	for console.Scan() && deliveries > 0 {
		words := strings.Fields(console.Text())
		switch {
		case len(words) == 4 && words[0] == "writing":
			path := words[1] + "/" + words[2]
			m.known[path+" "+words[3]] = true
			begun = append(begun, path+" "+words[3])
			if delivering = words[2] == "SHA256SUMS"; delivering {
				if deliveries--; deliveries == 0 {
					go func() {
						time.Sleep(after)
						qemu.Process.Kill()
					}()
					deliveries = 1 << 30
				}
			}
		case len(words) == 2 && words[0] == "finished":
			for _, file := range begun {
				path, digest, _ := strings.Cut(file, " ")
				delete(m.known, path+" "+m.finished[path])
				m.finished[path], m.known[file] = digest, true
			}
			begun, delivering = nil, false
		default:
			m.t.Fatalf("the console says %q after %q", console.Text(), all)
		}
		all = append(all, console.Text())
	}
	if delivering {
		m.between++
	}
}

// empty is the digest of nothing.
const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// patience is how long a machine may take to start.
const patience = 3 * time.Minute

// check checks what the machine finds on its disk. It tells whether the machine said anything.
func (m *machine) check(console *bufio.Scanner) bool {
	m.t.Helper()
	found := map[string]string{}
	var said []string
	for console.Scan() && console.Text() != "ready" {
		words := strings.Fields(console.Text())
		if len(words) != 4 || words[0] != "has" {
			if said = append(said, console.Text()); len(words) > 0 && words[0] == "failed" {
				break
			}
			continue
		}
		path, digest := words[1]+"/"+words[2], words[3]
		if words[1] == "." { // of the program that heals
			continue
		}
		found[path] = digest
		// FAT makes a name before it says what that stands for
		if begun := digest == empty && m.finished[path] == ""; !begun && !m.known[path+" "+digest] {
			m.t.Errorf("%s is not whole: its digest is %s", path, digest)
		}
	}
	if console.Text() == "" && said == nil && len(found) == 0 {
		return false
	}
	if console.Text() != "ready" {
		m.t.Fatalf("the machine does not come up: %q", said)
	}
	for path, digest := range m.finished {
		if found[path] == "" {
			m.t.Errorf("%s is lost, of digest %s", path, digest)
		}
	}
	return true
}
