package driver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"

	"bee/core/check"
	"bee/iso/smoke/internal/hardware"
	"bee/iso/smoke/internal/qemu"
	"bee/iso/smoke/internal/remote"
	"bee/iso/smoke/internal/scan"
)

// checkNetwork checks what a virtual machine and its network have to do with each other:
// nobody reaches more of it than SSH, and it reaches nobody.
func (t *test) checkNetwork(ctx context.Context, shell remote.Shell) error {
	if t.running == nil {
		return nil
	}
	done := t.waitFor(ctx, "a scan of its ports")
	if err := t.checkPorts(ctx, shell); err != nil || t.Internet {
		return done(err)
	}
	c, err := checkClosed(ctx, shell)
	if err == nil {
		t.add(c)
	}
	return done(err)
}

// checkPorts scans the machine from within its network, where no port is forwarded.
func (t *test) checkPorts(ctx context.Context, shell remote.Shell) (err error) {
	mac, err := net.ParseMAC(hardware.FirstMAC)
	if err != nil {
		return err
	}
	m := scan.Machine{MAC: mac, IPv4: netip.MustParseAddr(hardware.Guest)}
	addresses, _, err := shell.Run(ctx, "cat /proc/net/if_inet6 2>/dev/null | grep -v ' lo$'")
	if err != nil {
		return err
	}
	link, err := t.running.Link(hardware.FirstCard)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, link.Close()) }()
	scanner := scan.New(link)
	var unknown error // the machine has IPv6, and answers nothing by it
	if addresses != "" {
		if m.IPv6, unknown = scanner.LinkLocal(ctx, mac); ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	tcp := scan.Known()
	if t.AllPorts || t.report.Machine.Accelerator == string(qemu.KVM) {
		tcp = scan.All()
	}
	for _, s := range []struct {
		check, protocol string
		numbers         []uint16
	}{{"ports-tcp", scan.TCP, tcp}, {"ports-udp", scan.UDP, scan.Known()}} {
		result, err := scanner.Scan(ctx, m, m.Ports(s.protocol, s.numbers))
		if err != nil {
			return err
		}
		t.add(portsCheck(s.check, result, m.Ports(scan.TCP, []uint16{22}), unknown))
	}
	return nil
}

// portsCheck is the check that of ports those are open that SSH has, where they were among
// those that a scan was about.
func portsCheck(name string, result scan.Result, ssh []scan.Port, unknown error) check.Check {
	c := check.Check{Name: name, Status: check.Fail}
	var wrong []string
	for _, port := range result.Open {
		if !slices.Contains(ssh, port) {
			wrong = append(wrong, port.String()+" is open")
		}
	}
	for _, port := range ssh {
		if name == "ports-tcp" && !slices.Contains(result.Open, port) {
			wrong = append(wrong, port.String()+" is closed")
		}
	}
	if unknown != nil {
		wrong = append(wrong, unknown.Error())
	}
	if len(wrong) > 0 {
		c.Detail = strings.Join(wrong, ", ")
		return c
	}
	c.Status, c.Detail = check.Pass, fmt.Sprintf("none but SSH of %d", result.Asked)
	return c
}

// tryHost tries to reach a service of the machine that QEMU runs on, and says how that went.
const tryHost = `busybox wget -T 3 -O /dev/null "http://$1/" 2>&1`

// checkClosed checks that a guest does not reach what listens on this machine's loopback,
// to which QEMU's network would lead.
func checkClosed(ctx context.Context, shell remote.Shell) (check.Check, error) {
	c := check.Check{Name: "network-closed", Status: check.Fail}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return c, err
	}
	defer listener.Close()
	var reached atomic.Bool
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			reached.Store(true)
			conn.Close()
		}
	}()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return c, err
	}
	output, status, err := shell.Run(ctx, tryHost, net.JoinHostPort(hardware.Host, port))
	if err != nil {
		return c, err
	}
	said := strings.Join(strings.Fields(output), " ")
	switch {
	case reached.Load():
		c.Detail = "the guest reaches the loopback of the machine that it runs on"
	case status == 0 || !strings.Contains(said, hardware.Host):
		c.Detail = "the guest did not try: " + said
	default:
		c.Status, c.Detail = check.Pass, said
	}
	return c, nil
}
