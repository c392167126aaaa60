package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/ssh"
)

func TestSSHTo(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:2222": "ssh -p 2222 -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=ask root@127.0.0.1",
		"0.0.0.0:22":     "ssh -p 22 -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=ask root@127.0.0.1",
		"192.0.2.7:2222": "ssh -p 2222 -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=ask root@192.0.2.7",
	} {
		if got := sshTo(reachable(netip.MustParseAddrPort(listen))); got != want {
			t.Errorf("%s: %s, want %s", listen, got, want)
		}
	}
}

// A machine's port is open before its server answers, and closes each connection.
func TestAwaitSSH(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) { return nil, errors.New("no") }}
	config.AddHostKey(signer)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var tries atomic.Int32
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			if tries.Add(1) > 1 {
				ssh.NewServerConn(connection, config) // which refuses
			}
			connection.Close()
		}
	}()
	shown, err := awaitSSH(t.Context(), listener.Addr().String())
	if err != nil || shown != ssh.FingerprintSHA256(signer.PublicKey()) || tries.Load() != 2 {
		t.Errorf("%q, %v after %d tries", shown, err, tries.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := awaitSSH(ctx, "127.0.0.1:1"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
