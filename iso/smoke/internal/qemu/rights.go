package qemu

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// What a guest runs is not trusted, and QEMU has had holes by which guests got out: where
// they get to is a process of a user that owns nothing, which can start no program and gets
// no more rights. The files that it needs it is handed open.

const (
	// sandbox is QEMU's own filter of system calls. It takes away new privileges, too.
	sandbox = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
	// unprivileged is the user, and group, that root runs QEMU as: Debian gives this
	// number to nobody, and others share theirs with nobody's processes.
	unprivileged = 65533
)

// command is QEMU with arguments, files, and no more rights than it needs.
func command(accelerator Accelerator, args []string, files *handover) *exec.Cmd {
	args = append([]string{"-sandbox", sandbox}, append(accelerator.platform(), args...)...)
	cmd := exec.Command(Program, args...)
	cmd.ExtraFiles = files.files
	cmd.SysProcAttr = Rights()
	if cmd.SysProcAttr.Credential != nil {
		cmd.SysProcAttr.Credential.Groups = groups(accelerator)
	}
	return cmd
}

// Rights are those of a program that a guest speaks with: it ends with the thread that started
// it, and of root's it has none.
func Rights() *syscall.SysProcAttr {
	rights := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() == 0 {
		rights.Credential = &syscall.Credential{Uid: unprivileged, Gid: unprivileged}
	}
	return rights
}

// groups that QEMU needs: under KVM, that which may use it.
func groups(accelerator Accelerator) []uint32 {
	if accelerator != KVM {
		return nil
	}
	info, err := os.Stat(kvmDevice)
	if err != nil {
		return nil // as QEMU will say
	}
	return groupOf(info)
}

// groupOf is the group that may use a device; none where that is root's.
func groupOf(device fs.FileInfo) []uint32 {
	const use = 0o060
	stat, ok := device.Sys().(*syscall.Stat_t)
	if !ok || stat.Gid == 0 || device.Mode()&use != use {
		return nil
	}
	return []uint32{stat.Gid}
}

// handover is files that a program is handed open.
type handover struct{ files []*os.File }

// add hands over a file, and returns the number that it has in the program.
func (h *handover) add(file *os.File) (number int) {
	h.files = append(h.files, file)
	return firstFile + len(h.files) - 1
}

// memory hands over a file that is nowhere but in memory, and returns its path in the
// program.
func (h *handover) memory(content []byte) (path string, err error) {
	fd, err := unix.MemfdCreate("smoke", unix.MFD_CLOEXEC)
	if err != nil {
		return "", fmt.Errorf("memfd_create: %w", err)
	}
	file := os.NewFile(uintptr(fd), "memory")
	number := h.add(file)
	_, err = file.Write(content)
	return File(number - firstFile), err
}

// socket hands over one end of a socket pair, and returns the other.
func (h *handover) socket() (mine *net.UnixConn, number int, err error) {
	mine, theirs, err := socketPair()
	if err != nil {
		return nil, 0, err
	}
	return mine, h.add(theirs), nil
}

// server hands over a socket that listens, and returns a connection to it that waits to be
// taken: that is after all devices are made, some of which are lost without each other when
// they are connected at once. The socket has a name that the kernel makes up, and QEMU takes no
// second connection as long as this one lasts.
func (h *handover) server() (mine *net.UnixConn, err error) {
	listening, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	file := os.NewFile(uintptr(listening), "socket")
	err = unix.Bind(listening, &unix.SockaddrUnix{})
	if err == nil {
		err = unix.Listen(listening, 1)
	}
	var name unix.Sockaddr
	if err == nil {
		name, err = unix.Getsockname(listening)
	}
	if err == nil {
		mine, err = net.DialUnix("unix", nil, &net.UnixAddr{Name: name.(*unix.SockaddrUnix).Name, Net: "unix"})
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("a socket that listens: %w", err)
	}
	h.add(file)
	return mine, nil
}

// close closes the files here, once the program has them.
func (h *handover) close() {
	for _, file := range h.files {
		file.Close()
	}
}

// socketPair is a socket, one end for this program, the other to hand over: unlike one in
// the file system it leaves nothing behind, and nobody else can connect.
func socketPair() (mine *net.UnixConn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socketpair: %w", err)
	}
	file, theirs := os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket")
	defer file.Close()
	conn, err := net.FileConn(file)
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return conn.(*net.UnixConn), theirs, nil
}
