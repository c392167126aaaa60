// Package partition finds partitions of disks by what is on them, and tells media that a person
// brings, sticks and cards, from the disks of the machine. These may be a stranger's: they are
// read only where somebody names one.
package partition

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"bee/core/printable"
)

// Partition is one of a disk, or a disk without partitions.
type Partition struct {
	// Device is its file: /dev/sdb1.
	Device string
	// FileSystem is the type that is on it, as mount(8) names it: vfat, exfat, ext4, iso9660.
	FileSystem string
	// Removable tells that it is of a medium that a person brings, see [Removable].
	Removable bool
}

// FindRemovable returns the partitions of removable media that a tag names, LABEL=NAME,
// UUID=NUMBER or PARTUUID=NUMBER, and reads no other disk. The error is about what could not be
// read; what was found is returned with it.
func FindRemovable(tag string) ([]Partition, error) { return this.find(tag, false) }

// Find is [FindRemovable] with all disks.
func Find(tag string) ([]Partition, error) { return this.find(tag, true) }

// Removable tells of a block device, by its name in sysfs, whether it is a CD, or of a stick, a
// card or another disk at USB or FireWire: a BMC's virtual media, too. Where it is attached
// counts, not the flag that the disk itself hands out. An eMMC is of the machine; so are a stick
// and a card inside of it, but nothing tells these from virtual media.
func Removable(name string) bool { return this.removable(name) }

// system is the machine that runs.
type system struct {
	blocks string // the folder of sysfs with all disks and partitions
	// blkid is what the program of that name says of a device, a line NAME=VALUE for each fact.
	blkid func(ctx context.Context, device string) (string, error)
}

var this = system{"/sys/class/block", blkid}

// blkid reads the device itself: no cache, and no udev, which one of the bases does not have.
func blkid(ctx context.Context, device string) (string, error) {
	out, err := exec.CommandContext(ctx, "blkid", "-p", "-o", "export", device).Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) && failed.Exited() {
		return "", nil // there is nothing that it knows, or no medium in the drive
	}
	return string(out), err
}

// facts are blkid's names for what a tag may say.
var facts = map[string]string{"LABEL": "LABEL", "UUID": "UUID", "PARTUUID": "PART_ENTRY_UUID"}

// patience is how long a disk may take: one that is about to fail can keep a process for minutes.
const patience = 20 * time.Second

func (s system) find(tag string, all bool) (found []Partition, err error) {
	kind, value, _ := strings.Cut(tag, "=")
	fact := facts[kind]
	if fact == "" || value == "" {
		return nil, fmt.Errorf("%q names no partition: it has to be LABEL=NAME, UUID=NUMBER or PARTUUID=NUMBER", tag)
	}
	entries, err := os.ReadDir(s.blocks)
	if err != nil {
		return nil, err
	}
	type answer struct {
		Partition
		text string
		err  error
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	answers := make(chan answer, len(entries)) // so that none has to wait for who has gone on
	asked := map[string]bool{}
	for _, entry := range entries {
		name := entry.Name()
		removable := s.removable(name)
		if strings.HasPrefix(name, "loop") || strings.HasPrefix(name, "ram") || !removable && !all {
			continue
		}
		p := Partition{Device: "/dev/" + name, Removable: removable}
		asked[p.Device] = true
		go func() {
			text, err := s.blkid(ctx, p.Device)
			answers <- answer{p, text, err}
		}()
	}
	for len(asked) > 0 {
		select {
		case a := <-answers:
			delete(asked, a.Device)
			if a.err != nil {
				err = errors.Join(err, fmt.Errorf("blkid %s: %w", a.Device, a.err))
			}
			values := parse(a.text)
			if a.FileSystem = values["TYPE"]; a.FileSystem != "" && strings.EqualFold(values[fact], value) {
				found = append(found, a.Partition)
			}
		case <-ctx.Done():
			for device := range asked {
				err = errors.Join(err, fmt.Errorf("%s has not answered in %v", device, patience))
			}
			clear(asked)
		}
	}
	slices.SortFunc(found, func(a, b Partition) int { return strings.Compare(a.Device, b.Device) })
	return s.withoutDisks(found), err
}

// withoutDisks leaves out disks of which a partition is there, too: it is the same file system, where
// what made it wrote a table of partitions into its first block, as mkfs.fat, mformat and xorriso do.
func (s system) withoutDisks(found []Partition) []Partition {
	disks := map[string]bool{}
	for _, p := range found {
		disks[s.disk(filepath.Base(p.Device))] = true
	}
	return slices.DeleteFunc(found, func(p Partition) bool { return disks[filepath.Base(p.Device)] })
}

// parse reads what blkid writes for programs. A backslash is before what shells mind.
func parse(text string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
			values[name] = printable.Escape([]byte(strings.ReplaceAll(value, `\`, "")))
		}
	}
	return values
}

// disk is the one that a partition is of, by their names in sysfs; empty for a disk.
func (s system) disk(name string) string {
	path := filepath.Join(s.blocks, name)
	if _, err := os.Stat(path + "/partition"); err != nil {
		return ""
	}
	target, _ := os.Readlink(path) // one that is gone is of nothing
	return filepath.Base(filepath.Dir(target))
}

// attached is where in sysfs CDs are, and what is at USB or FireWire.
var attached = regexp.MustCompile(`/usb[0-9]|/fw[0-9]|/block/sr[0-9]`)

func (s system) removable(name string) bool {
	path := filepath.Join(s.blocks, name)
	target, _ := os.Readlink(path) // one that is gone is nothing
	if attached.MatchString(target) {
		return true
	}
	if disk := s.disk(name); disk != "" {
		path = filepath.Join(s.blocks, disk)
	}
	card, _ := os.ReadFile(path + "/device/type") // of MMC hosts; other disks have a number there
	return strings.TrimSpace(string(card)) == "SD"
}
