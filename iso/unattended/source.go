package unattended

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bee/core/config/document"
	"bee/core/layers"
	"bee/iso/partition"
)

// source is a document that was found.
type source struct {
	name string // what errors call it
	text []byte
	// medium, where it is a file of one, in folder.
	medium *os.Root
	folder string
}

// beside reads a file that lies beside the document.
func (s *source) beside(name string) ([]byte, error) {
	if s.medium == nil {
		return nil, errors.New("nothing lies beside a document of a server: its text has to stand in the document")
	}
	return read(s.medium, filepath.Join(s.folder, name))
}

// close lets go of the medium.
func (s *source) close() {
	if s.medium != nil {
		s.medium.Close()
	}
}

const (
	// option is before the place of a document on the kernel's command line.
	option = "bee.config="
	// documentName is that of a document on a medium.
	documentName = "bee.yaml"
	// label is that of removable media which bring one.
	label = "BEE-CONFIG"
	// builtIn is the document that the ISO was built with.
	builtIn = "/etc/bee/config.yaml"
)

// fileSystems are those that a document is read from. A BMC's virtual CD has the last one.
var fileSystems = []string{"vfat", "exfat", "ext4", "iso9660"}

// find looks for the document, in all places but a server. The first one is it, and no other is
// looked at: where the kernel's command line names one, it is that or none. It is nil where there
// is none.
//
// Disks of the machine may be a stranger's: none is read that the command line does not name.
func (m *machine) find() (*source, error) {
	if word := m.word(); word != "" {
		return m.named(word)
	}
	if s, err := m.onMedium(); s != nil || err != nil {
		return s, err
	}
	found, err := m.removable("LABEL=" + label)
	switch {
	case len(found) > 1:
		return nil, fmt.Errorf("%s: %s are labelled so, and none of them is read: leave one", label, devices(found))
	case len(found) == 1:
		if s, err := m.fromPartition(found[0], label, documentName); s != nil || err != nil {
			return s, err
		}
	case err != nil: // of a medium that may well be another one
		m.say("%v", err)
	}
	return m.inFolder(m.path(filepath.Dir(builtIn)), builtIn)
}

// named is the document of a partition that the kernel's command line names, of any disk.
func (m *machine) named(word string) (*source, error) {
	place, ok := strings.CutPrefix(word, "label:")
	name, file, hasFile := strings.Cut(place, "/")
	if !ok || name == "" || !hasFile || file == "" {
		return nil, fmt.Errorf("%s%s: refused: it has to be label:NAME/FILE, or an https URL with #sha256=HEX or #pin=sha256:BASE64 behind it", option, withoutQuery(word))
	}
	found, err := m.all("LABEL=" + name)
	switch {
	case len(found) > 1:
		return nil, fmt.Errorf("%s%s: %s are labelled so, and none of them is read", option, word, devices(found))
	case len(found) == 1:
		s, err := m.fromPartition(found[0], name, file)
		if s == nil && err == nil {
			err = fmt.Errorf("%s%s: %s has no such file", option, word, found[0].Device)
		}
		return s, err
	case err == nil:
		err = errors.New("no partition is labelled so")
	}
	return nil, fmt.Errorf("%s%s: %w", option, word, err)
}

func devices(all []partition.Partition) string {
	var names []string
	for _, p := range all {
		names = append(names, p.Device)
	}
	return strings.Join(names, ", ")
}

// fromPartition reads a file of a partition, nil where it has none.
func (m *machine) fromPartition(p partition.Partition, label, file string) (*source, error) {
	if !slices.Contains(fileSystems, p.FileSystem) {
		return nil, fmt.Errorf("%s: %s has the file system %s, not one of %s", label, p.Device, p.FileSystem, strings.Join(fileSystems, ", "))
	}
	root, err := m.mount(p)
	if err != nil {
		return nil, fmt.Errorf("%s: %s cannot be mounted: %w", label, p.Device, err)
	}
	return from(root, file, label+"/"+file)
}

// mount mounts a partition so that nothing is written to it.
func mount(p partition.Partition) (*os.Root, error) {
	options := []string{"ro"}
	if p.FileSystem == "ext4" {
		options = append(options, "noload") // its journal would be written to it
	}
	mounted, err := p.Mount(options...)
	if err != nil {
		return nil, err
	}
	folder := os.NewFile(uintptr(mounted), p.Device)
	defer folder.Close() // what is open below it keeps it mounted
	return os.OpenRoot(fmt.Sprintf("/proc/self/fd/%d", mounted))
}

// onMedium is the document on the medium that was booted: the one that the layer of bee's own files
// is read from, however many media have the same id.
func (m *machine) onMedium() (*source, error) {
	files, _ := filepath.Glob(m.path("/sys/block/loop*/loop/backing_file")) // the pattern is good
	for _, file := range files {
		text, _ := os.ReadFile(file) // a loop device that is gone meanwhile is none
		if folder, ok := strings.CutSuffix(strings.TrimSpace(string(text)), "/"+layers.Folder+"/"+ownLayer); ok {
			return m.inFolder(m.path(folder), "the-medium/"+documentName)
		}
	}
	return nil, nil
}

// ownLayer is the name of the layer with bee's own files.
const ownLayer = "90-bee.squashfs"

func (m *machine) inFolder(folder, name string) (*source, error) {
	root, err := os.OpenRoot(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return from(root, filepath.Base(name), name)
}

// from reads a document, nil where there is no such file. It keeps the medium, or lets go of it.
func from(medium *os.Root, file, name string) (*source, error) {
	text, err := read(medium, file)
	if err == nil {
		return &source{name, text, medium, filepath.Dir(file)}, nil
	}
	medium.Close()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return nil, fmt.Errorf("%s: %w", name, err)
}

// read reads a file, and no more of it than a document has: it may be on any medium. A link does
// not lead out of the medium.
func read(root *os.Root, file string) ([]byte, error) {
	f, err := root.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no file")
	}
	return io.ReadAll(io.LimitReader(f, document.Max+1))
}

// waitForMedia waits until each USB storage device that the kernel knows has a disk, for ten
// seconds at most: the kernel gives a stick a moment before it asks what is on it.
func (m *machine) waitForMedia() {
	for begin := time.Now(); m.mediaToCome() && time.Since(begin) < 10*time.Second; {
		time.Sleep(time.Second / 5)
	}
}

func (m *machine) mediaToCome() bool {
	classes, _ := filepath.Glob(m.path("/sys/bus/usb/devices/*/bInterfaceClass")) // the pattern is good
	for _, class := range classes {
		text, _ := os.ReadFile(class)
		if strings.TrimSpace(string(text)) != "08" { // mass storage, by USB's list of classes
			continue
		}
		if disks, _ := filepath.Glob(filepath.Dir(class) + "/host*/target*/*/block/*"); len(disks) == 0 {
			return true
		}
	}
	return false
}
