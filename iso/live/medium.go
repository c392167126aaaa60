package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
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

// findMedium is the folder with the layers of a medium: of one that the initramfs has mounted,
// else of the first disk that has it.
func findMedium(id string) (string, error) {
	mounted, err := mounts()
	if err != nil {
		return "", err
	}
	for _, m := range mounted {
		folder := filepath.Join(m.point, layers.Folder)
		if _, err := os.Stat(filepath.Join(folder, id)); err == nil {
			return folder, nil
		}
	}
	const point = place + "/medium"
	if err := os.MkdirAll(point, 0o755); err != nil {
		return "", err
	}
	say("looking for the medium")
	for end := time.Now().Add(patience); ; time.Sleep(time.Second / 2) {
		for _, device := range devices() {
			for _, kind := range []string{"iso9660", "vfat"} {
				if unix.Mount(device, point, kind, unix.MS_RDONLY, "") != nil {
					continue
				}
				folder := filepath.Join(point, layers.Folder)
				if _, err := os.Stat(filepath.Join(folder, id)); err == nil {
					say("medium found on %s", device)
					return folder, nil
				}
				if err := unix.Unmount(point, 0); err != nil {
					return "", fmt.Errorf("%s: %w", device, err)
				}
			}
		}
		if time.Now().After(end) {
			return "", fmt.Errorf("no medium with /live/%s found after %.0f seconds", id, patience.Seconds())
		}
	}
}

// devices are the files of all disks and their partitions.
func devices() (files []string) {
	entries, _ := os.ReadDir("/sys/class/block") // none is one more reason to wait
	for _, entry := range entries {
		if name := entry.Name(); !strings.HasPrefix(name, "loop") && !strings.HasPrefix(name, "ram") {
			files = append(files, "/dev/"+name)
		}
	}
	return files
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
