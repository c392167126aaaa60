package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"bee/core/kmsg"
	"bee/core/layers"
)

const sectorSize = 512 // of the device mapper

// verityTable is what the kernel is told of a hash tree, see its
// admin-guide/device-mapper/verity.rst: format 1, the device with the data and that with the tree,
// the size of blocks of both, how many there are of data, where the tree begins, algorithm, root,
// and no salt.
func verityTable(device string, tree layers.Verity) string {
	blocks := tree.Start / layers.BlockSize
	return fmt.Sprintf("1 %s %s %d %d %d %d sha256 %s -", device, device, layers.BlockSize, layers.BlockSize, blocks, blocks, tree.Root)
}

// verity makes a device, with a name for the device mapper, that has what another one has before
// its hash tree, and on which the kernel lets nothing be read that the tree does not know.
//
// It speaks with the kernel itself: dmsetup and its libraries would be two thirds of an initramfs.
func verity(name, device string, tree layers.Verity) (path string, err error) {
	control, err := os.OpenFile("/dev/mapper/control", os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	defer control.Close()
	remove(control, name) // of a try before
	created, err := call(control, unix.DM_DEV_CREATE, name, 0, nil)
	if err != nil {
		return "", fmt.Errorf("the device mapper: %w", err)
	}
	table := target(tree.Start/sectorSize, "verity", verityTable(device, tree))
	if _, err = call(control, unix.DM_TABLE_LOAD, name, unix.DM_READONLY_FLAG, table); err == nil {
		_, err = call(control, unix.DM_DEV_SUSPEND, name, 0, nil) // without the flag it begins
	}
	if err != nil {
		remove(control, name)
		return "", fmt.Errorf("its hash tree: %w", err)
	}
	return fmt.Sprintf("/dev/dm-%d", unix.Minor(created.Dev)), nil
}

func remove(control *os.File, name string) { call(control, unix.DM_DEV_REMOVE, name, 0, nil) }

// call is a request to the device mapper, see linux/dm-ioctl.h.
func call(control *os.File, request uintptr, name string, flags uint32, payload []byte) (unix.DmIoctl, error) {
	head := unix.DmIoctl{
		Version:    [3]uint32{4, 0, 0},
		Data_size:  uint32(unix.SizeofDmIoctl + len(payload)),
		Data_start: unix.SizeofDmIoctl,
		Flags:      flags,
	}
	if payload != nil {
		head.Target_count = 1
	}
	if n := copy(head.Name[:len(head.Name)-1], name); n < len(name) {
		return head, fmt.Errorf("%s: longer than %d characters", name, n)
	}
	buffer := append(unsafe.Slice((*byte)(unsafe.Pointer(&head)), unix.SizeofDmIoctl), payload...)
	_, _, number := unix.Syscall(unix.SYS_IOCTL, control.Fd(), request, uintptr(unsafe.Pointer(&buffer[0])))
	head = *(*unix.DmIoctl)(unsafe.Pointer(&buffer[0]))
	if number != 0 {
		return head, number
	}
	return head, nil
}

// target is a table of one row: all sectors of a device are of this kind.
func target(sectors int64, kind, parameters string) []byte {
	const alignment = 8
	text := parameters + "\x00"
	text += strings.Repeat("\x00", -len(text)&(alignment-1))
	row := unix.DmTargetSpec{Length: uint64(sectors), Next: uint32(unix.SizeofDmTargetSpec + len(text))}
	copy(row.Target_type[:], kind)
	var table bytes.Buffer
	binary.Write(&table, binary.NativeEndian, row)
	table.WriteString(text)
	return table.Bytes()
}

// watch is the name of the process that tells what the kernel found to be damaged.
const watch = "watch"

// startWatch starts it, for layers by the numbers of their loop devices. It goes on when this
// program is no more.
func startWatch(verified map[string]string) error {
	if len(verified) == 0 {
		return nil
	}
	args := []string{watch}
	for _, device := range slices.Sorted(maps.Keys(verified)) {
		args = append(args, device+"="+verified[device])
	}
	return exec.Command("/proc/self/exe", args...).Start()
}

func runWatch(args []string) {
	verified := map[string]string{}
	for _, arg := range args {
		device, layer, _ := strings.Cut(arg, "=")
		verified[device] = layer
	}
	log, err := os.Open("/dev/kmsg")
	if err != nil {
		kmsg.Say("nobody tells which layer is damaged, where one is: %v", err)
		return
	}
	// what was there before is of another's
	log.Seek(0, io.SeekEnd)
	for {
		buffer := make([]byte, 8192) // a record is not longer
		n, err := log.Read(buffer)
		if errors.Is(err, unix.EPIPE) { // some records were overwritten before they were read
			continue
		}
		if err != nil {
			return
		}
		if device := corrupted(string(buffer[:n])); verified[device] != "" {
			kmsg.Say("%s on the medium is damaged, and what is read of it fails: write the medium anew; the boot menu has an entry that checks it as a whole", verified[device])
			delete(verified, device)
		}
	}
}

// corruption is of the kernel itself: what programs write to its log has a larger number.
var corruption = regexp.MustCompile(`^[0-7],[^;]*;device-mapper: verity: ([0-9]+:[0-9]+): (?:data|metadata) block [0-9]+ is corrupted`)

// corrupted is the device that a record of the kernel's log says is not what its hash tree knows.
func corrupted(record string) string {
	if parts := corruption.FindStringSubmatch(record); parts != nil {
		return parts[1]
	}
	return ""
}
