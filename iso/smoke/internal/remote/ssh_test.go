package remote

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"bee/iso/smoke/internal/remote/remotetest"
)

// serve answers SSH for root with one password, and gives channels to answer.
func serve(t *testing.T, password string, answer func(ssh.NewChannel)) Host {
	t.Helper()
	return Host(remotetest.Serve(t, func(c ssh.ConnMetadata, given []byte) (*ssh.Permissions, error) {
		if c.User() != "root" || string(given) != password {
			return nil, errors.New("wrong password")
		}
		return nil, nil
	}, answer))
}

// execute runs the commands of a session here, and serves SFTP.
func execute(channel ssh.NewChannel) {
	session, requests, err := channel.Accept()
	if err != nil {
		return
	}
	defer session.Close()
	for request := range requests {
		request.Reply(request.Type == "exec" || request.Type == "subsystem", nil)
		if request.Type == "subsystem" {
			if server, err := sftp.NewServer(session); err == nil {
				server.Serve()
			}
			return
		}
		if request.Type != "exec" {
			continue
		}
		cmd := exec.Command("sh", "-c", string(request.Payload[4:]))
		cmd.Stdin, cmd.Stdout, cmd.Stderr = session, session, session.Stderr()
		cmd.Run()
		session.SendRequest("exit-status", false, binary.BigEndian.AppendUint32(nil, uint32(cmd.ProcessState.ExitCode())))
		return
	}
}

func TestSSH(t *testing.T) {
	host := serve(t, "right", func(channel ssh.NewChannel) { go execute(channel) })
	if _, err := DialSSH(t.Context(), host, "root", ssh.Password("wrong")); !errors.Is(err, ErrRefused) {
		t.Errorf("a wrong password: %v", err)
	}
	s, err := DialSSH(t.Context(), host, "root", ssh.Password("right"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, test := range []struct {
		script string
		args   []string
		output string
		status int
	}{
		{"echo ok", nil, "ok\n", 0},
		{"echo out; echo err >&2; printf '%s|' \"$@\"; exit 3", []string{"--a", "it's"}, "out\nerr\n--a|it's|", 3},
	} {
		output, status, err := s.Run(t.Context(), test.script, test.args...)
		if err != nil || output != test.output || status != test.status {
			t.Errorf("%q: got %q, %d, %v", test.script, output, status, err)
		}
	}
	output, _, err := s.Run(t.Context(), fmt.Sprintf("head -c %d /dev/zero", maxOutput+1))
	if !errors.Is(err, errTooLong) || len(output) != maxOutput {
		t.Errorf("a script without end: %d bytes, %v", len(output), err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, errors.New("long enough"))
	defer cancel()
	if _, _, err := s.Run(ctx, "exec sleep 5"); err == nil || err.Error() != "long enough" {
		t.Errorf("a script that hangs: %v", err)
	}
}

// What the other side is comes before what we have: a server with another key sees no
// password, nor a user's name.
func TestHostKey(t *testing.T) {
	var asked atomic.Int32
	host := Host(remotetest.Serve(t, func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
		asked.Add(1)
		return nil, nil
	}, func(ssh.NewChannel) {}))
	if key, err := ReadKey(t.Context(), host.Address); err != nil || key != host.Key || !strings.HasPrefix(key, "SHA256:") {
		t.Errorf("got %q, %v, want %q", key, err, host.Key)
	}
	for _, key := range []string{"", "SHA256:", strings.ToLower(host.Key), host.Key + "A"} {
		_, err := DialSSH(t.Context(), Host{host.Address, key}, "root", ssh.Password("secret"))
		if !errors.Is(err, ErrHostKey) || !strings.Contains(err.Error(), host.Key) || !strings.Contains(err.Error(), key) {
			t.Errorf("%q: got %v", key, err)
		}
	}
	if asked.Load() != 0 {
		t.Error("a server with another key was shown the password")
	}
	s, err := DialSSH(t.Context(), host, "root", ssh.Password("secret"))
	if err != nil || asked.Load() != 1 {
		t.Fatalf("%v, asked %d times", err, asked.Load())
	}
	s.Close()
	if _, err := ReadKey(t.Context(), "127.0.0.1:1"); err == nil {
		t.Error("nobody has a key")
	}
}

func TestFetch(t *testing.T) {
	host := serve(t, "right", func(channel ssh.NewChannel) { go execute(channel) })
	s, err := DialSSH(t.Context(), host, "root", ssh.Password("right"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	file := filepath.Join(t.TempDir(), "report")
	if err := os.WriteFile(file, []byte("{}\x00\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := s.Fetch(t.Context(), file); err != nil || text != "{}\x00\n" {
		t.Errorf("got %q, %v", text, err)
	}
	if _, err := s.Fetch(t.Context(), file+"s"); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), file+"s") {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.Truncate(file, maxOutput+1); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Fetch(t.Context(), file); err == nil || !strings.Contains(err.Error(), "is larger than 16 MiB") {
		t.Errorf("a file that is too large: %v", err)
	}
}

func TestFetchWithoutSFTP(t *testing.T) {
	// dropbear says that there is SFTP, and then does not find the program
	host := serve(t, "right", func(channel ssh.NewChannel) {
		session, requests, err := channel.Accept()
		if err != nil {
			return
		}
		for request := range requests {
			request.Reply(true, nil)
			session.Close()
		}
	})
	s, err := DialSSH(t.Context(), host, "root", ssh.Password("right"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Fetch(t.Context(), "/etc/motd"); err == nil || !strings.HasPrefix(err.Error(), "no SFTP: ") {
		t.Errorf("got %v", err)
	}
}

// A machine may freeze after the login.
func TestSSHServerThatOpensNoSession(t *testing.T) {
	host := serve(t, "right", func(ssh.NewChannel) {})
	for name, ask := range map[string]func(context.Context, *SSH) error{
		"Run":   func(ctx context.Context, s *SSH) error { _, _, err := s.Run(ctx, "exit 0"); return err },
		"Fetch": func(ctx context.Context, s *SSH) error { _, err := s.Fetch(ctx, "/etc/motd"); return err },
	} {
		s, err := DialSSH(t.Context(), host, "root", ssh.Password("right"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, errors.New("long enough"))
		defer cancel()
		if err := ask(ctx, s); err == nil || err.Error() != "long enough" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// QEMU accepts connections long before the guest answers.
func TestSSHServerThatSaysNothing(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := DialSSH(ctx, Host{Address: listener.Addr().String()}, "root", ssh.Password("x")); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("got %v", err)
	}
}
