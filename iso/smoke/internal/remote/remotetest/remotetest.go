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
)

// Server is a server on this machine: its host:port, and the fingerprint of its key.
type Server struct{ Address, Key string }

// Serve lets in by a way to check passwords, and gives channels to answer.
func Serve(t testing.TB, check func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error), answer func(ssh.NewChannel)) Server {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PasswordCallback: check}
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
			go func() {
				defer conn.Close()
				_, channels, requests, err := ssh.NewServerConn(conn, config)
				if err != nil {
					return
				}
				go ssh.DiscardRequests(requests)
				for channel := range channels {
					answer(channel)
				}
			}()
		}
	}()
	return Server{listener.Addr().String(), ssh.FingerprintSHA256(signer.PublicKey())}
}

// Refuse lets nobody in; asked counts the passwords that the server is shown.
func Refuse(t testing.TB) (server Server, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	return Serve(t, func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
		asked.Add(1)
		return nil, errors.New("no")
	}, nil), asked
}
