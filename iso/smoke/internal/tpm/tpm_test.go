package tpm

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// It does what QEMU asks for first, and is gone, with all that it kept, when QEMU is.
func TestServe(t *testing.T) {
	if _, err := exec.LookPath(Program); err != nil {
		t.Skip("no swtpm in PATH")
	}
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	for _, dir := range []string{temporary, filepath.Dir(temporary)} { // which are root's, and it is nobody's
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(temporary, "..", "socket"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ends := make(chan error, 1)
	go func() {
		conn, err := listener.AcceptUnix()
		if err != nil {
			ends <- err
			return
		}
		ends <- Serve(conn)
	}()
	qemu, err := net.DialUnix("unix", nil, listener.Addr().(*net.UnixAddr))
	if err != nil {
		t.Fatal(err)
	}
	qemu.SetDeadline(time.Now().Add(20 * time.Second))
	data, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	const setDataFD, success = 16, 0
	if _, _, err := qemu.WriteMsgUnix(binary.BigEndian.AppendUint32(nil, setDataFD), syscall.UnixRights(data[0]), nil); err != nil {
		t.Fatal(err)
	}
	syscall.Close(data[0])
	answer := make([]byte, 4)
	if _, err := io.ReadFull(qemu, answer); err != nil || binary.BigEndian.Uint32(answer) != success {
		t.Errorf("it took no socket for the TPM's commands: %x, %v", answer, err)
	}
	syscall.Close(data[1])
	qemu.Close()
	select {
	case err := <-ends:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it outlives QEMU")
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
