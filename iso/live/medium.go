package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"bee/core/layers"
)

// patience is how long a medium may take to appear.
const patience = 30 * time.Second

var idWord = regexp.MustCompile(`^bee\.id=([0-9A-Za-z-]+)$`)

// bootID is the id of the medium, of a kernel's command line; of several, the last one.
func bootID(command string) (string, error) {
	for _, word := range slices.Backward(strings.Fields(command)) {
		if parts := idWord.FindStringSubmatch(word); parts != nil {
			return parts[1], nil
		}
	}
	return "", errors.New("the kernel's command line has no bee.id=")
}

// findMedium is the folder with the layers of the medium: of one that the initramfs has mounted,
// else of a disk that has it. What has the id and not the layers is passed over, and so is a disk
// of the machine, which may be a stranger's, as long as what is removable may have it.
func findMedium(id string, all []layers.Layer) (string, error) {
	mounted, err := mounts()
	if err != nil {
		return "", err
	}
	for _, m := range mounted {
		if folder, ok := carries(m.point, id); ok && good(folder, m.device, all) {
			return folder, nil
		}
	}
	say("looking for the medium")
	disks := probes{id: id, started: map[string]time.Time{}}
	passed := map[string]bool{}
	for begin := time.Now(); ; time.Sleep(time.Second / 10) {
		waited := time.Since(begin)
		for _, d := range disks.look(devices()) {
			// five seconds for what is removable to show up at all
			if passed[d.name] || !d.removable && (waited < 5*time.Second || disks.waits && waited < patience-time.Second) {
				continue
			}
			folder, _ := carries(d.point(), id)
			if good(folder, "/dev/"+d.name, all) {
				passed[d.name] = true
				disks.leave(d, passed)
				say("medium found on /dev/%s", d.name)
				return folder, nil
			}
			passed[d.name] = true
		}
		if waited > patience {
			return "", fmt.Errorf("no medium with /live/%s found after %.0f seconds", id, patience.Seconds())
		}
	}
}

// carries tells whether a file system has the medium's file, and the folder that it is in.
func carries(point, id string) (folder string, ok bool) {
	folder = filepath.Join(point, layers.Folder)
	_, err := os.Stat(filepath.Join(folder, id))
	return folder, err == nil
}

// good tells whether a medium has the layers that there have to be.
func good(folder, device string, all []layers.Layer) bool {
	err := layers.Check(all, folder)
	if err != nil {
		say("the medium on %s is passed over: %v", device, err)
	}
	return err == nil
}

// device is a disk.
type device struct {
	name      string
	removable bool
}

// point is where it is mounted while it is looked at.
func (d device) point() string { return place + "/media/" + d.name }

// removable are what a person, a BMC or the firmware brings, by where they are in sysfs: CDs,
// sticks, cards, and what UEFI loaded by HTTP, which it shows as persistent memory.
var removable = regexp.MustCompile(`/usb|/mmc_host/|/fw[0-9]|/block/(sr|pmem)[0-9]`)

// blocks has each disk and partition; a partition is below its disk, too.
const blocks = "/sys/class/block/"

// devices are all disks, what is removable first.
func devices() (all []device) {
	entries, _ := os.ReadDir(blocks) // none is one more reason to wait
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, "loop") || strings.HasPrefix(name, "ram") {
			continue
		}
		if _, err := os.Stat(blocks + name + "/partition"); err == nil {
			continue
		}
		target, _ := os.Readlink(blocks + name)
		all = append(all, device{name, removable.MatchString(target)})
	}
	slices.SortStableFunc(all, func(a, b device) int {
		switch {
		case a.removable == b.removable:
			return 0
		case a.removable:
			return -1
		}
		return 1
	})
	return all
}

// probes look at disks for the medium, side by side: one that is about to fail can take minutes
// for a block. Each is done by a process, which a disk can keep for good.
type probes struct {
	id      string
	started map[string]time.Time
	waits   bool // one that is removable has not answered
}

// again is after how long a disk is looked at again that had no medium: a CD may still have to
// spin up.
const again = 2 * time.Second

// look returns the devices that have the medium.
func (p *probes) look(all []device) (found []device) {
	p.waits = false
	for _, d := range all {
		if _, ok := carries(d.point(), p.id); ok {
			found = append(found, d)
			continue
		}
		none := d.point() + ".none"
		_, err := os.Stat(none)
		answered := err == nil
		if start, begun := p.started[d.name]; begun && (!answered || time.Since(start) < again) {
			p.waits = p.waits || d.removable && !answered
			continue
		}
		p.started[d.name] = time.Now()
		p.waits = p.waits || d.removable
		os.Remove(none)
		if os.MkdirAll(d.point(), 0o755) == nil {
			exec.Command("/proc/self/exe", probe, p.id, d.name, d.point()).Start()
		}
	}
	return found
}

// leave lets go of all disks but the one that is used, and tells of those that have the same id.
func (p *probes) leave(used device, told map[string]bool) {
	for name := range p.started {
		d := device{name: name}
		if name == used.name {
			continue
		}
		if _, ok := carries(d.point(), p.id); ok && !told[name] {
			say("the medium on /dev/%s has the same id, and is passed over: /dev/%s is used", name, used.name)
		}
		unix.Unmount(d.point(), unix.MNT_DETACH) // most are none
	}
}

// probe is the name of the process that mounts a disk, or a partition of it, where that has the
// medium's file: one after the other, as each keeps the others from being mounted.
const probe = "probe"

func runProbe(id, disk, point string) {
	parts, _ := filepath.Glob(blocks + disk + "/" + disk + "*") // the pattern is good
	for _, part := range append([]string{disk}, parts...) {
		for _, kind := range []string{"iso9660", "vfat"} {
			if unix.Mount("/dev/"+filepath.Base(part), point, kind, unix.MS_RDONLY, "") != nil {
				continue
			}
			if _, ok := carries(point, id); ok {
				return
			}
			unix.Unmount(point, 0)
		}
	}
	os.WriteFile(point+".none", nil, 0o644)
}

// mount is a file system that is mounted.
type mount struct{ point, device string }

func mounts() ([]mount, error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return parseMounts(file)
}

// parseMounts reads mountinfo, see proc_pid_mountinfo(5).
func parseMounts(from io.Reader) (all []mount, err error) {
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		before, after, found := strings.Cut(lines.Text(), " - ")
		fields, source := strings.Fields(before), strings.Fields(after)
		if !found || len(fields) < 5 || len(source) < 2 {
			return nil, fmt.Errorf("/proc/self/mountinfo: %.80q is no mount", lines.Text())
		}
		all = append(all, mount{unescape.Replace(fields[4]), unescape.Replace(source[1])})
	}
	return all, lines.Err()
}

// foreignOverlays are those of disks that the initramfs has looked at: it would have taken
// one of them for this system's, were the command line not to name another.
func foreignOverlays() (found []string) {
	mounted, err := mounts()
	if err != nil {
		return nil // what needs them says so
	}
	for _, m := range mounted {
		if !strings.HasPrefix(m.point, "/media/") {
			continue
		}
		overlays, _ := filepath.Glob(m.point + "/*.apkovl.tar.gz*") // the pattern is good
		for _, overlay := range overlays {
			found = append(found, filepath.Base(overlay)+" of "+m.device)
		}
	}
	return found
}
