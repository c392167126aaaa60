package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// needed is the memory that the base alpine takes, in MiB, as README says.
const needed = 512

// complete fails where the initramfs has not installed all packages that it was to: it goes
// on without those that memory did not suffice for, or that it did not get.
func complete() error {
	world, err := os.ReadFile("/etc/apk/world")
	if err != nil {
		return err
	}
	database, err := os.ReadFile("/lib/apk/db/installed")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	missing := missingOf(string(world), string(database))
	if len(missing) == 0 {
		return nil
	}
	ranges, err := os.ReadFile("/proc/iomem")
	if err != nil {
		return err
	}
	return fmt.Errorf("packages that are not installed: %s. This machine has %d MiB of memory, bee takes %d; where that is enough, what they come from is damaged, or was out of reach",
		strings.Join(missing, " "), memory(string(ranges))>>20, needed)
}

// memory is how many bytes of it a machine has, by the ranges of its addresses: also those
// that the kernel keeps for itself.
func memory(ranges string) (bytes uint64) {
	for line := range strings.Lines(ranges) {
		var first, last uint64
		if n, _ := fmt.Sscanf(line, "%x-%x : System RAM\n", &first, &last); n == 2 && !strings.HasPrefix(line, " ") && strings.HasSuffix(line, " : System RAM\n") && last >= first {
			bytes += last - first + 1
		}
	}
	return bytes
}

// missingOf tells which names of a world a database of installed packages does not have; a
// line "P:name" begins each package in it, "p:" says what else it stands for.
func missingOf(world, database string) (missing []string) {
	there := map[string]bool{}
	for line := range strings.Lines(database) {
		kind, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		switch kind {
		case "P":
			there[rest] = true
		case "p":
			for _, name := range strings.Fields(rest) {
				there[bare(name)] = true
			}
		}
	}
	for _, wanted := range strings.Fields(world) {
		if name := bare(wanted); !strings.HasPrefix(wanted, "!") && !there[name] {
			missing = append(missing, name)
		}
	}
	return missing
}

// bare is a name without the version, or the repository, that it is wanted of.
func bare(name string) string {
	if at := strings.IndexAny(name, "<>=~@"); at >= 0 {
		return name[:at]
	}
	return name
}
