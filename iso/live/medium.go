package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"bee/core/kmsg"
	"bee/core/layers"
	"bee/iso/partition"
)

// patience is how long a medium may take to appear.
const patience = 30 * time.Second

// medium is a file system that has the layers.
type medium mount

func (m medium) folder() string { return filepath.Join(m.point, layers.Folder) }

// findMedium is the medium with an id: one that the initramfs has mounted, else a disk that has
// it. What has the id and not the layers is passed over, and so is a disk of the machine, which
// may be a stranger's, as long as what is removable may have it.
func findMedium(id string, all []layers.Layer) (medium, error) {
	if !initramfs {
		if m, ok := mountedMedium(id, all); ok {
			return m, nil
		}
	}
	kmsg.Say("looking for the medium")
	disks := probes{id: id, started: map[string]time.Time{}}
	passed := map[string]bool{}
	for begin := time.Now(); ; time.Sleep(time.Second / 10) {
		waited := time.Since(begin)
		loadDrivers()
		for _, d := range disks.look(devices()) {
			// five seconds for what is removable to show up at all
			if passed[d.name] || !d.removable && (waited < 5*time.Second || disks.waits && waited < patience-time.Second) {
				continue
			}
			passed[d.name] = true
			m := medium{d.point(), d.mounted()}
			if m.good(all) {
				disks.leave(d, passed)
				kmsg.Say("medium found on %s", m.device)
				return m, nil
			}
		}
		if waited > patience {
			return medium{}, fmt.Errorf("no medium with /live/%s found after %.0f seconds", id, patience.Seconds())
		}
	}
}

// mountedMedium is a medium that Alpine's initramfs has mounted.
func mountedMedium(id string, all []layers.Layer) (medium, bool) {
	mounted, err := mounts()
	if err != nil {
		kmsg.Say("%v", err)
	}
	for _, at := range mounted {
		m := medium(at)
		if carries(m.point, id) && m.good(all) {
			return m, true
		}
	}
	return medium{}, false
}

// carries tells whether a file system has the medium's file.
func carries(point, id string) bool {
	_, err := os.Stat(filepath.Join(point, layers.Folder, id))
	return err == nil
}

// good tells whether a medium has the layers that there have to be.
func (m medium) good(all []layers.Layer) bool {
	err := layers.Check(all, m.folder())
	if err != nil {
		kmsg.Say("the medium on %s is passed over: %v", m.device, err)
	}
	return err == nil
}

// device is a disk.
type device struct {
	name      string
	removable bool // a person, a BMC or the firmware brought it
}

// point is where it is mounted while it is looked at.
func (d device) point() string { return place + "/media/" + d.name }

// mounted is the device that is mounted there: the disk, or a partition of it.
func (d device) mounted() string {
	all, _ := mounts() // where that fails, it is the disk
	for _, m := range all {
		if m.point == d.point() {
			return m.device
		}
	}
	return "/dev/" + d.name
}

// loaded begins the name of what UEFI loaded by HTTP, which it shows as persistent memory.
const loaded = "pmem"

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
		all = append(all, device{name, partition.Removable(name) || strings.HasPrefix(name, loaded)})
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
		if carries(d.point(), p.id) {
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
		if carries(d.point(), p.id) && !told[name] {
			kmsg.Say("the medium on /dev/%s has the same id, and is passed over: /dev/%s is used", name, used.name)
		}
		unix.Unmount(d.point(), unix.MNT_DETACH) // most are none
	}
}

// probe is the name of the process that mounts a disk, or a partition of it, where that has the
// medium's file: one after the other, as each keeps the others from being mounted.
const probe = "probe"

func runProbe(args []string) {
	if len(args) != 3 {
		os.Exit(2)
	}
	id, disk, point := args[0], args[1], args[2]
	parts, _ := filepath.Glob(blocks + disk + "/" + disk + "*") // the pattern is good
	for _, part := range append([]string{disk}, parts...) {
		for _, kind := range []string{"iso9660", "vfat"} {
			if unix.Mount("/dev/"+filepath.Base(part), point, kind, unix.MS_RDONLY, "") != nil {
				continue
			}
			if carries(point, id) {
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
