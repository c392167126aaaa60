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

var (
	// ErrRefused says that an SSH server answered, and did not let us in.
	ErrRefused = errors.New("login refused")
	// ErrHostKey says that the SSH server that answered is another one than it should be.
	ErrHostKey = errors.New("another host key")
)

// Host is an SSH server.
type Host struct {
	// Address is its host:port.
	Address string
	// Key is the fingerprint of its key, as [ReadKey] returns it. A server with another one
	// gets to see nothing: neither a password nor a signature.
	Key string
}

// SSH is a connection to an SSH server.
type SSH struct{ client *ssh.Client }

// DialSSH logs in at a host.
func DialSSH(ctx context.Context, host Host, user string, auth ...ssh.AuthMethod) (*SSH, error) {
	var another error
	c, channels, requests, err := connect(ctx, host.Address, &ssh.ClientConfig{
		User: user,
		Auth: auth,
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			if got := ssh.FingerprintSHA256(key); got != host.Key {
				another = fmt.Errorf("%w: %s has %s, not %s", ErrHostKey, host.Address, got, host.Key)
			}
			return another
		},
	})
	switch {
	case err == nil:
		return &SSH{ssh.NewClient(c, channels, requests)}, nil
	case another != nil:
		return nil, another
	case strings.Contains(err.Error(), "unable to authenticate"):
		return nil, fmt.Errorf("%w for %s@%s: %w", ErrRefused, user, host.Address, err)
	}
	return nil, err
}

// ReadKey is the fingerprint of the key that the SSH server at an address has now, such as
// SHA256:…; the server gets to see nothing of us.
func ReadKey(ctx context.Context, address string) (fingerprint string, err error) {
	enough := errors.New("that is all")
	_, _, _, err = connect(ctx, address, &ssh.ClientConfig{
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			fingerprint = ssh.FingerprintSHA256(key)
			return enough
		},
	})
	if fingerprint != "" {
		return fingerprint, nil
	}
	return "", err
}

// connect shakes hands with the server at an address.
func connect(ctx context.Context, address string, config *ssh.ClientConfig) (ssh.Conn, <-chan ssh.NewChannel, <-chan *ssh.Request, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, nil, nil, err
	}
	// closing the connection is what ends a handshake
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	// bee has one key, of this kind; its fingerprint is the one that people see
	config.HostKeyAlgorithms = []string{ssh.KeyAlgoED25519}
	c, channels, requests, err := ssh.NewClientConn(conn, address, config)
	if err != nil {
		conn.Close()
		if ctx.Err() != nil {
			err = fmt.Errorf("no SSH handshake: %w", context.Cause(ctx))
		}
	}
	return c, channels, requests, err
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
