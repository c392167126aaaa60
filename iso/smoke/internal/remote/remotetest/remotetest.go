// Package remotetest is SSH servers for tests.
package remotetest

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/ssh"

	"bee/iso/smoke/internal/remote"
)

// Refuse serves SSH on this machine, and lets nobody in; asked counts the passwords that it
// is shown.
func Refuse(t testing.TB) (host remote.Host, asked *atomic.Int32) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	asked = new(atomic.Int32)
	config := &ssh.ServerConfig{PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
		asked.Add(1)
		return nil, errors.New("no")
	}}
	config.AddHostKey(signer)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			ssh.NewServerConn(conn, config)
			conn.Close()
		}
	}()
	return remote.Host{Address: listener.Addr().String(), Key: ssh.FingerprintSHA256(signer.PublicKey())}, asked
}
