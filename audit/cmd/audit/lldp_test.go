package main

import (
	"encoding/json"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bee/audit/tool/lldp"
)

// cable makes two interfaces with a cable between them.
func cable(t *testing.T, one, other string) {
	t.Helper()
	for _, args := range [][]string{{"link", "add", one, "type", "veth", "peer", "name", other}, {"link", "set", one, "up"}, {"link", "set", other, "up"}} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Skipf("no interface can be made here: ip %s: %v: %s", strings.Join(args, " "), err, out)
		}
		if args[1] == "add" {
			t.Cleanup(func() { exec.Command("ip", "link", "del", one).Run() })
		}
	}
}

// sends has an interface send a frame again and again.
func sends(t *testing.T, name, frame string) {
	t.Helper()
	i, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		t.Skipf("no frame can be sent here: %v", err)
	}
	done := make(chan bool)
	t.Cleanup(func() {
		done <- true
		unix.Close(fd)
	})
	go func() {
		for {
			unix.Sendto(fd, []byte(frame), 0, &unix.SockaddrLinklayer{Ifindex: i.Index, Halen: 6})
			select {
			case <-done:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
}

func TestLLDP(t *testing.T) {
	cable(t, "beelldp0", "beelldp1")
	sends(t, "beelldp1", "\x01\x80\xc2\x00\x00\x0e\x02\xac\x3e\x00\x00\x99\x88\xcc\x02\x07\x04\x02\xac\x3e\x00\x00\xff\x04\x0c\x05Ethernet1/7\x0a\x04sw-3\xfe\x06\x00\x80\xc2\x01\x00\x75\x00\x00")

	began := time.Now()
	stdout, stderr, code := cli(t, t.Context(), nil, "lldp", "beelldp0", "--for", "20s", "--json")
	var all []lldp.Heard
	if err := json.Unmarshal([]byte(stdout), &all); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v: %s%s", code, err, stdout, stderr)
	}
	if len(all) != 1 || all[0].Interface != "beelldp0" || all[0].SystemName != "sw-3" || all[0].PortID != "Ethernet1/7" || all[0].ChassisID != "02:ac:3e:00:00:ff" || *all[0].VLANID != 117 {
		t.Errorf("%+v", all)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it went on for %v after the first frame", took)
	}
	if stdout, _, _ := cli(t, t.Context(), nil, "lldp", "beelldp0", "--for", "20s"); !strings.Contains(stdout, "beelldp0  sw-3  Ethernet1/7  VLAN 117") {
		t.Errorf("for people: %s", stdout)
	}
	// What goes out is no neighbour.
	if stdout, _, code := cli(t, t.Context(), nil, "lldp", "beelldp1", "--for", "1s"); code != 0 || !strings.Contains(stdout, "beelldp1  nothing was heard") {
		t.Errorf("exit code %d: %s", code, stdout)
	}
}

func TestLLDPUsage(t *testing.T) {
	for args, want := range map[string]string{"lldp no-such-interface": "there is no interface no-such-interface", "lldp --for 0s": "--for: 0s is not a time"} {
		if _, stderr, code := cli(t, t.Context(), nil, strings.Fields(args)...); code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d: %s", args, code, stderr)
		}
	}
}
