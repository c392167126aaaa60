// Command guest is the init of a machine whose power goes while it writes results to a disk: the
// test of package stick starts it in QEMU. It loads the modules that lie in /modules, in the order
// of their names, tells what is on the disk, and delivers results without end. Each line that it
// writes to the console is of words:
//
//	has FOLDER NAME DIGEST     the disk has this file, when it is looked at first
//	ready                      that was all of it
//	writing FOLDER NAME DIGEST what comes now
//	finished FOLDER            all of what was told last is on the disk, says package stick
//	failed WHY
package main

import (
	"crypto/rand"
	"fmt"
	"io/fs"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"bee/core/sums"
	"bee/iso/partition"
	"bee/iso/results/collection"
	"bee/iso/results/stick"
)

func main() {
	fmt.Println("failed", run())
	for { // until the power goes
		time.Sleep(time.Hour)
	}
}

func run() error {
	for _, m := range []struct{ kind, point string }{{"devtmpfs", "/dev"}, {"proc", "/proc"}, {"sysfs", "/sys"}, {"tmpfs", "/log"}} {
		if err := os.MkdirAll(m.point, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.kind, m.point, m.kind, 0, ""); err != nil {
			return fmt.Errorf("%s: %w", m.point, err)
		}
	}
	modules, err := filepath.Glob("/modules/*")
	if err != nil {
		return err
	}
	for _, module := range modules {
		image, err := os.ReadFile(module)
		if err != nil {
			return err
		}
		if err := unix.InitModule(image, ""); err != nil {
			return fmt.Errorf("%s: %w", module, err)
		}
	}
	kind, err := os.ReadFile("/filesystem")
	if err != nil {
		return err
	}
	disk := partition.Partition{Device: "/dev/vda", FileSystem: string(kind)}
	if err := tell(disk); err != nil {
		return err
	}
	fmt.Println("ready")
	for {
		if err := deliver(disk); err != nil {
			return err
		}
	}
}

// tell tells what is on the disk.
func tell(disk partition.Partition) error {
	root, unmount, err := stick.Mount(disk)
	if err != nil {
		return err
	}
	err = fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) == ".part" { // nobody reads these
			return err
		}
		file, err := root.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		digest, err := sums.Digest(file)
		fmt.Println("has", filepath.Dir(path), filepath.Base(path), digest)
		return err
	})
	if err != nil {
		return err
	}
	return unmount()
}

// deliver delivers the results of one audit, again when there are more, and so on.
func deliver(disk partition.Partition) error {
	const report = `{"started_at": %q, "board": {"system": {"serial_number": %q}}}`
	serial := strings.ToUpper(rand.Text()[:6])
	files := map[string]int{"bee-network.log": 1 << 10, "bee-audit.html": 200 << 10, "bee-capture.tar.gz": 1 << 20}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Format(time.RFC3339)
	if err := os.WriteFile("/log/"+collection.Report, fmt.Appendf(nil, report, at, serial), 0o600); err != nil {
		return err
	}
	for range 3 {
		for name, longest := range files {
			content := make([]byte, mathrand.IntN(longest))
			rand.Read(content)
			if err := os.WriteFile("/log/"+name, content, 0o600); err != nil {
				return err
			}
		}
		if err := put(disk); err != nil {
			return err
		}
	}
	return nil
}

func put(disk partition.Partition) error {
	c, err := collection.Of("/log")
	if err != nil {
		return err
	}
	defer c.Close()
	for _, file := range append(c.Files, collection.Sums(c.Files)) {
		fmt.Println("writing", c.Folder, file.Name, file.Digest)
	}
	root, unmount, err := stick.Mount(disk)
	if err != nil {
		return err
	}
	name, err := stick.Put(root, c, nil)
	if err == nil {
		err = unmount()
	}
	if err != nil {
		return err
	}
	fmt.Println("finished", name)
	return nil
}
