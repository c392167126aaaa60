package driver

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"bee/core/check"
	"bee/iso/smoke/internal/remote"
	"bee/iso/smoke/internal/remote/remotetest"
	"bee/iso/smoke/internal/scan"
)

// guest is what a guest does with an address of the machine that it runs on.
type guest func(address string) (output string, status int, err error)

func (g guest) Run(_ context.Context, _ string, args ...string) (string, int, error) {
	return g(args[0])
}

func TestCheckClosed(t *testing.T) {
	for name, c := range map[string]struct {
		guest guest
		want  string
	}{
		"refused": {func(address string) (string, int, error) {
			return "wget: can't connect to remote host (10.0.2.2):\n Connection refused\n", 1, nil
		}, "PASS network-closed: wget: can't connect to remote host (10.0.2.2): Connection refused"},
		"let through": {func(address string) (string, int, error) {
			_, port, _ := net.SplitHostPort(address)
			conn, err := net.Dial("tcp", "127.0.0.1:"+port)
			if err != nil {
				return "", 0, err
			}
			conn.Read(make([]byte, 1))
			return "wget: error getting response (10.0.2.2)", 1, nil
		}, "FAIL network-closed: the guest reaches the loopback of the machine that it runs on"},
		"did not try":   {func(string) (string, int, error) { return "busybox: not found", 127, nil }, "FAIL network-closed: the guest did not try: busybox: not found"},
		"somebody else": {func(string) (string, int, error) { return "10.0.2.2", 0, nil }, "FAIL network-closed: the guest did not try: 10.0.2.2"},
	} {
		if got, err := checkClosed(t.Context(), c.guest); err != nil || got.String() != c.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, c.want)
		}
	}
	broken := errors.New("broken")
	if _, err := checkClosed(t.Context(), guest(func(string) (string, int, error) { return "", 0, broken })); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestPortsCheck(t *testing.T) {
	four, six := scan.Port{Protocol: scan.TCP, Number: 22}, scan.Port{Protocol: scan.TCP, IPv6: true, Number: 22}
	ssh := []scan.Port{four, six}
	for name, c := range map[string]struct {
		check   string
		open    []scan.Port
		unknown error
		want    string
	}{
		"SSH":         {"ports-tcp", ssh, nil, "PASS ports-tcp: none but SSH of 9"},
		"half":        {"ports-tcp", ssh[:1], nil, "FAIL ports-tcp: TCP 22 over IPv6 is closed"},
		"one more":    {"ports-tcp", append(ssh, scan.Port{Protocol: scan.TCP, IPv6: true, Number: 80}), nil, "FAIL ports-tcp: TCP 80 over IPv6 is open"},
		"UDP":         {"ports-udp", nil, nil, "PASS ports-udp: none but SSH of 9"},
		"UDP of SSH":  {"ports-udp", []scan.Port{{Protocol: scan.UDP, Number: 22}}, nil, "FAIL ports-udp: UDP 22 over IPv4 is open"},
		"silent IPv6": {"ports-udp", nil, errors.New("silence"), "FAIL ports-udp: silence"},
	} {
		if got := portsCheck(c.check, scan.Result{Open: c.open, Asked: 9}, ssh, c.unknown).String(); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// A server ends a connection after a few passwords: the others are tried by further ones.
func TestCheckDefaultPasswords(t *testing.T) {
	server, asked := remotetest.Refuse(t)
	host := remote.Host(server)
	c := checkDefaultPasswords(t.Context(), host, Credentials{Password: "secret"})
	if c.Status != check.Pass || int(asked.Load()) != 2*len(defaultPasswords) {
		t.Errorf("%s, after %d passwords", c, asked.Load())
	}
	host.Key = "SHA256:other"
	if c := checkDefaultPasswords(t.Context(), host, Credentials{Password: "secret"}); c.Status != check.Fail || !strings.Contains(c.Detail, "root: only 0 of 8 passwords could be tried: another host key") {
		t.Error(c)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	host.Address = "127.0.0.1:1"
	if c := checkDefaultPasswords(ctx, host, Credentials{Password: "secret"}); c.Status != check.Fail {
		t.Error(c)
	}
}
