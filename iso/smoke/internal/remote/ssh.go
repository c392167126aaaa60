package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// handshakeTime bounds one attempt to log in: under emulation, and while host
// keys are made, a handshake takes seconds.
const handshakeTime = 30 * time.Second

// ErrRefused says that an SSH server answered, and did not let us in.
var ErrRefused = errors.New("login refused")

// SSH is a connection to an SSH server.
type SSH struct{ client *ssh.Client }

// DialSSH logs in at address, host:port. The host's key is not checked: bee
// makes a new one at each boot.
func DialSSH(ctx context.Context, address, user string, auth ...ssh.AuthMethod) (*SSH, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	// closing the connection is what ends a handshake
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	c, channels, requests, err := ssh.NewClientConn(conn, address, &ssh.ClientConfig{
		User:            user,
		Auth:            auth,
		HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	if err != nil {
		conn.Close()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("no SSH handshake: %w", context.Cause(ctx))
		}
		if strings.Contains(err.Error(), "unable to authenticate") {
			return nil, fmt.Errorf("%w for %s@%s: %w", ErrRefused, user, address, err)
		}
		return nil, err
	}
	return &SSH{ssh.NewClient(c, channels, requests)}, nil
}

// Close ends the connection.
func (s *SSH) Close() error { return s.client.Close() }

// Run implements [Shell].
func (s *SSH) Run(ctx context.Context, script string, args ...string) (string, int, error) {
	// a machine that is frozen does not even answer the request for a session
	stop := context.AfterFunc(ctx, func() { s.client.Close() })
	defer stop()
	session, err := s.client.NewSession()
	if ctx.Err() != nil {
		return "", 0, context.Cause(ctx)
	}
	if err != nil {
		return "", 0, err
	}
	defer session.Close()
	var output bounded
	session.Stdin, session.Stdout = strings.NewReader(script), &output
	err = session.Run("exec 2>&1; sh -s -- " + quote(args))
	exit := new(ssh.ExitError)
	switch {
	case ctx.Err() != nil && !errors.As(err, &exit):
		err = context.Cause(ctx)
	case output.tooLong:
		err = errTooLong
	case errors.As(err, &exit):
		return output.kept.String(), exit.ExitStatus(), nil
	}
	return output.kept.String(), 0, err
}

// Fetch reads a file as sftp and scp do, by SFTP.
func (s *SSH) Fetch(ctx context.Context, file string) (string, error) {
	stop := context.AfterFunc(ctx, func() { s.client.Close() })
	defer stop()
	text, err := s.fetch(file)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return text, err
}

func (s *SSH) fetch(file string) (string, error) {
	client, err := sftp.NewClient(s.client)
	if err != nil {
		return "", fmt.Errorf("no SFTP: %w", err)
	}
	defer client.Close()
	f, err := client.Open(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	defer f.Close()
	var content bounded
	if _, err := io.Copy(&content, f); err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	if content.tooLong {
		return "", fmt.Errorf("%s is larger than %d MiB", file, maxOutput>>20)
	}
	return content.kept.String(), nil
}

// bounded keeps the beginning of what is written.
type bounded struct {
	kept    bytes.Buffer
	tooLong bool
}

func (b *bounded) Write(p []byte) (int, error) {
	left := maxOutput - b.kept.Len()
	b.tooLong = b.tooLong || len(p) > left
	b.kept.Write(p[:min(len(p), left)])
	return len(p), nil
}
