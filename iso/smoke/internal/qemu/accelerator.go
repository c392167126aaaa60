package qemu

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"bee/iso/smoke/internal/bootsector"
)

// Accelerator runs the guest's instructions.
type Accelerator string

const (
	KVM Accelerator = "kvm" // by the processor; needs /dev/kvm
	TCG Accelerator = "tcg" // by an emulator; slow, works everywhere
)

const kvmDevice = "/dev/kvm"

// probeTime is how long a guest of a few instructions may take.
const probeTime = 5 * time.Second

// FindAccelerator returns KVM where a guest really runs under it, else TCG.
// That /dev/kvm can be opened proves little: nested virtualisation may be
// broken, and QEMU then hangs or dies only once the guest runs.
func FindAccelerator(ctx context.Context) Accelerator {
	if _, err := os.Stat(kvmDevice); err == nil && Probe(ctx, KVM) == nil {
		return KVM
	}
	return TCG
}

// platform are QEMU's arguments for the chipset and the processor.
func (a Accelerator) platform() []string {
	args := []string{"-machine", "q35", "-smp", strconv.Itoa(CPUs)}
	switch a {
	case KVM:
		return append(args, "-accel", string(a), "-cpu", "host")
	case TCG:
		// With a thread for each processor, QEMU loses timers and wakes nobody up, or dies
		// of an assertion (iotlb_to_section), once in some dozen boots beside other work.
		return append(args, "-accel", string(a)+",thread=single")
	}
	return append(args, "-accel", string(a))
}

// Probe runs a guest that does what a kernel does first and leaves with a status of
// its own, on the platform of a real machine: some hosts run a simpler one, and
// refuse that, or hang in its firmware. It returns an error where the guest did
// not leave within five seconds.
func Probe(ctx context.Context, accelerator Accelerator) error {
	return probe(ctx, accelerator)
}

func probe(ctx context.Context, accelerator Accelerator, more ...string) error {
	const port, value = 0xf4, 0x2a
	disk := make([]byte, 1<<20) // the BIOS reads no disk of less than a cylinder
	copy(disk, bootsector.Exit(port, value))
	files := new(handover)
	defer files.close()
	path, err := files.memory(disk)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	process, err := start(ctx, command(accelerator, append(more,
		"-nodefaults", "-no-user-config", "-display", "none", "-m", "16",
		"-device", "isa-debug-exit,iobase=0xf4,iosize=1",
		"-drive", "format=raw,if=ide,file="+path,
	), files))
	if err != nil {
		return err
	}
	select {
	case <-process.done:
	case <-time.After(probeTime + time.Second): // a process stuck in the kernel cannot be killed
		return errors.New("QEMU hangs")
	}
	var exit *exec.ExitError
	if errors.As(process.err, &exit) && exit.Sys().(syscall.WaitStatus).ExitStatus() == value<<1|1 {
		return nil
	}
	return process.err
}

var versionLine = regexp.MustCompile(`version (\d+\.\d+\.\d+)`)

// Version is the version of QEMU, such as 7.2.22.
func Version(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, Program, "--version").Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", errNoQEMU
	}
	if err != nil {
		return "", err
	}
	if match := versionLine.FindSubmatch(out); match != nil {
		return string(match[1]), nil
	}
	return strings.TrimSpace(string(out)), nil
}
