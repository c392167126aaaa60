// Package squashfs lists what is in a squashfs image, with the help of unsquashfs
// and without unpacking a tree: no privileges are needed for owners and devices.
package squashfs

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"bee/core/manifest"
	"bee/iso/internal/layer"
)

// Image is a squashfs image that was read.
type Image struct {
	listing
	// SHA1 of regular files, by path: SPDX asks for it.
	SHA1 map[string]string

	data   *os.File
	folder string
}

// listing is what the lines of a pseudo file tell.
type listing struct {
	// Files, sorted by path.
	Files []manifest.File
	// Attributes are the extended ones of a file, as unsquashfs writes them, by path.
	Attributes map[string]string
	// Times are when files were changed last, in seconds since 1970, by path.
	Times map[string]int64

	offsets map[string]int64 // of each file's data, behind start
	start   int64            // where the data begins
}

// hashers is how many files are hashed at a time.
const hashers = 2

// Open reads the squashfs image at name. Close frees the disk space that this
// takes: as much as the files have, below the folder for temporary files.
func Open(name string) (*Image, error) {
	folder, err := os.MkdirTemp("", "manifest-squashfs-")
	if err != nil {
		return nil, err
	}
	image := &Image{folder: folder}
	if err := image.read(name); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), image.Close())
	}
	return image, nil
}

// Close frees what Open took.
func (i *Image) Close() error {
	if i.data != nil {
		i.data.Close()
	}
	return os.RemoveAll(i.folder)
}

// Content returns the content of a regular file, or nil where there is none.
func (i *Image) Content(name string) ([]byte, error) {
	at, found := slices.BinarySearchFunc(i.Files, name, func(f manifest.File, name string) int { return strings.Compare(f.Path, name) })
	if !found || i.Files[at].SizeBytes == nil {
		return nil, nil
	}
	if *i.Files[at].SizeBytes > layer.MaxContent {
		return nil, fmt.Errorf("%s: too large to be read", name)
	}
	return io.ReadAll(i.Section(i.Files[at]))
}

// Section is the content of a regular file.
func (i *Image) Section(f manifest.File) *io.SectionReader {
	return io.NewSectionReader(i.data, i.start+i.offsets[f.Path], *f.SizeBytes)
}

// read lets unsquashfs write a pseudo file: a line for each file, then a mark,
// then the data of all regular files.
func (i *Image) read(name string) error {
	pseudo := filepath.Join(i.folder, "pseudo")
	// unsquashfs counts damaged blocks among its warnings, and goes on
	out, err := exec.Command("unsquashfs", "-strict-errors", "-no-progress", "-pf", pseudo, name).CombinedOutput()
	if err != nil {
		return fmt.Errorf("unsquashfs: %w: %s", err, bytes.TrimSpace(out))
	}
	if i.data, err = os.Open(pseudo); err != nil {
		return err
	}
	if i.listing, err = parse(i.data); err != nil {
		return err
	}
	i.SHA1 = map[string]string{}
	var sha1s sync.Mutex
	var group errgroup.Group
	group.SetLimit(hashers)
	for at := range i.Files {
		if i.Files[at].SizeBytes == nil {
			continue
		}
		group.Go(func() error {
			hash, hash1 := sha256.New(), sha1.New()
			size, err := io.Copy(io.MultiWriter(hash, hash1), i.Section(i.Files[at]))
			if err == nil && size != *i.Files[at].SizeBytes {
				err = fmt.Errorf("%s: %w", i.Files[at].Path, io.ErrUnexpectedEOF)
			}
			i.Files[at].SHA256 = hex.EncodeToString(hash.Sum(nil))
			sha1s.Lock()
			i.SHA1[i.Files[at].Path] = hex.EncodeToString(hash1.Sum(nil))
			sha1s.Unlock()
			return err
		})
	}
	return group.Wait()
}

// parse reads the lines of a pseudo file. The format is in squashfs-tools' manual, "pseudo file
// definitions".
func parse(r io.Reader) (listing, error) {
	reader := bufio.NewReader(r)
	l := listing{Attributes: map[string]string{}, Times: map[string]int64{}, offsets: map[string]int64{}}
	hardLinks := map[string]string{} // path to path
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return listing{}, fmt.Errorf("what unsquashfs wrote ends early: %w", err)
		}
		l.start += int64(len(line))
		line = strings.TrimSuffix(line, "\n")
		if line == "# START OF DATA - DO NOT MODIFY" {
			break
		}
		if line == "" || line[0] == '#' {
			continue
		}
		name, rest := unescape(line)
		name = path.Clean("/" + name)
		if target, isLink := strings.CutPrefix(rest, "L "); isLink {
			target, _ = unescape(target)
			hardLinks[name] = path.Clean("/" + target)
			continue
		}
		if attribute, found := strings.CutPrefix(rest, "x "); found {
			l.Attributes[name] += attribute + "\n" // not part of the manifest
			continue
		}
		f, details, err := parseFile(rest)
		if err != nil {
			return listing{}, fmt.Errorf("unsquashfs wrote %q: %w", line, err)
		}
		f.Path = name
		l.Files = append(l.Files, f)
		l.offsets[name], l.Times[name] = details.offset, details.time
	}
	last, err := reader.ReadString('\n') // "#" ends the mark
	if err != nil || last != "#\n" {
		return listing{}, errors.New("what unsquashfs wrote has no data")
	}
	l.start += int64(len(last))
	byPath := map[string]manifest.File{}
	for _, f := range l.Files {
		byPath[f.Path] = f
	}
	for name, target := range hardLinks {
		f, found := byPath[target]
		if !found {
			return listing{}, fmt.Errorf("%s is a link to %s, which is not there", name, target)
		}
		f.Path = name
		l.Files = append(l.Files, f)
		l.offsets[name], l.Times[name], l.Attributes[name] = l.offsets[target], l.Times[target], l.Attributes[target]
	}
	slices.SortFunc(l.Files, func(a, b manifest.File) int { return strings.Compare(a.Path, b.Path) })
	return l, nil
}

// unescape splits a line after its first word, in which a backslash keeps the
// character behind it.
func unescape(line string) (word, rest string) {
	var b strings.Builder
	for at := 0; at < len(line); at++ {
		switch line[at] {
		case ' ':
			return b.String(), line[at+1:]
		case '\\':
			if at++; at == len(line) {
				continue
			}
		}
		b.WriteByte(line[at])
	}
	return b.String(), ""
}

// types by the letter of their definition; I is told apart by its last field.
var types = map[string]string{
	"D": "directory", "R": "file", "S": "symlink", "C": "character device", "B": "block device", "I": "fifo",
}

// details are what a line tells beside a file of the manifest.
type details struct{ offset, time int64 }

// parseFile reads what follows the name: a letter, time, mode, owner, group and
// what belongs to the type.
func parseFile(text string) (f manifest.File, d details, err error) {
	const common = 5
	fields := strings.SplitN(text, " ", common+1)
	if len(fields) < common || types[fields[0]] == "" {
		return f, d, errors.New("a line that this program does not know; is there a line end in a file name?")
	}
	f.Type = types[fields[0]]
	seconds, errTime := strconv.ParseInt(fields[1], 10, 64)
	d.time = seconds
	mode, errMode := strconv.ParseUint(fields[2], 8, 32)
	f.Mode = fmt.Sprintf("%04o", mode)
	uid, errUID := strconv.ParseUint(fields[3], 10, 32)
	gid, errGID := strconv.ParseUint(fields[4], 10, 32)
	f.UID, f.GID = int(uid), int(gid)
	if err = errors.Join(errTime, errMode, errUID, errGID); err != nil || f.Type == "directory" {
		return f, d, err
	}
	if len(fields) == common {
		return f, d, errors.New("the line is too short")
	}
	rest := fields[common]
	switch f.Type {
	case "symlink":
		f.Target = rest
	case "fifo":
		if rest == "s" {
			f.Type = "socket"
		}
	case "file":
		length, rest, _ := strings.Cut(rest, " ")
		place, _, _ := strings.Cut(rest, " ")
		size, errSize := strconv.ParseUint(length, 10, 63)
		at, errOffset := strconv.ParseUint(place, 10, 63)
		f.SizeBytes, d.offset = new(int64(size)), int64(at)
		err = errors.Join(errSize, errOffset)
	default:
		f.Device = strings.ReplaceAll(rest, " ", ":")
	}
	return f, d, err
}
