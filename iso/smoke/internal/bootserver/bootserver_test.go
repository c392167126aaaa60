package bootserver

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"bee/core/netboot"
)

// loopback is where SSH answers in tests.
const loopback = "127.0.0.1:0"

var server, machine = netip.MustParseAddr("10.0.2.2"), netip.MustParseAddr("10.0.2.15")

func start(t *testing.T, files fs.FS) (*Server, *net.UnixConn) {
	t.Helper()
	s, err := New(Addresses{Server: server, Machine: machine, SSH: loopback}, files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]*net.UnixConn
	for i, fd := range fds {
		file := os.NewFile(uintptr(fd), "socket")
		conn, err := net.FileConn(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		ends[i] = conn.(*net.UnixConn)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ends[0]) }()
	t.Cleanup(func() {
		ends[1].Close()
		if err := <-served; err != nil && !errors.Is(err, unix.ECONNRESET) {
			t.Errorf("it ended with %v", err)
		}
		ends[0].Close()
	})
	return s, ends[1]
}

// guest is the stack of a machine at the other end, with an address that nobody gave it.
func guest(t *testing.T, conn *net.UnixConn) *stack.Stack {
	t.Helper()
	link := channel.New(queued, mtu, "\x52\x54\x00\xbe\xe0\x01")
	s := &Server{addresses: Addresses{Server: machine}}
	network := newStack()
	if err := s.attach(network, link); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(func() { cancel(); network.Destroy() })
	go send(ctx, conn, link)
	go receive(conn, link)
	return network
}

func at(address netip.Addr, port uint16) tcpip.FullAddress {
	return tcpip.FullAddress{NIC: nic, Addr: tcpip.AddrFrom4(address.As4()), Port: port}
}

func TestHTTP(t *testing.T) {
	_, conn := start(t, fstest.MapFS{"live/00-base.squashfs": {Data: []byte(strings.Repeat("layer", 100_000))}})
	network := guest(t, conn)
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return gonet.DialContextTCP(ctx, network, at(server, portHTTP), ipv4.ProtocolNumber)
	}}}
	for name, want := range map[string]int{"live/00-base.squashfs": http.StatusOK, "live/none": http.StatusNotFound, "../x": http.StatusNotFound} {
		r, err := client.Get("http://10.0.2.2/" + name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != want || want == http.StatusOK && len(text) != 500_000 {
			t.Errorf("%s: %s, %d bytes, %v", name, r.Status, len(text), err)
		}
	}
}

func TestTFTP(t *testing.T) {
	_, conn := start(t, fstest.MapFS{"grub/grub.cfg": {Data: []byte("menuentry")}, "live": {Mode: fs.ModeDir}})
	network := guest(t, conn)
	for name, want := range map[string]string{"/grub/grub.cfg": "menuentry", "none": "no such file", "live": "no file"} {
		from, to := at(machine, 0), at(server, portTFTP)
		socket, err := gonet.DialUDP(network, &from, &to, ipv4.ProtocolNumber)
		if err != nil {
			t.Fatal(err)
		}
		if got := request(t, socket, name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
		socket.Close()
	}
}

// request asks for a file of one block, and returns its text, or why there is none.
func request(t *testing.T, socket net.Conn, name string) string {
	t.Helper()
	socket.SetDeadline(time.Now().Add(time.Minute))
	if _, err := socket.Write([]byte("\x00\x01" + name + "\x00octet\x00")); err != nil {
		t.Fatal(err)
	}
	packet := make([]byte, 1500)
	n, err := socket.Read(packet)
	if err != nil || n < 4 {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if kind := binary.BigEndian.Uint16(packet); kind != 3 { // no block, but an error
		return strings.TrimSuffix(string(packet[4:n]), "\x00")
	}
	socket.Write([]byte{0, 4, packet[2], packet[3]})
	return string(packet[4:n])
}

// What of a machine asks for an address is given the file that it can begin with.
func TestAnswer(t *testing.T) {
	s := &Server{addresses: Addresses{Server: server, Machine: machine}}
	x64, bios := []byte{0, 7}, []byte{0, 0}
	for name, c := range map[string]struct {
		class, user  string
		architecture []byte
		file, answer string
	}{
		"UEFI":         {"PXEClient:Arch:00007:UNDI:003001", "", x64, netboot.Loader, ""},
		"iPXE":         {"PXEClient:Arch:00000:UNDI:002001", "iPXE", bios, "http://10.0.2.2/" + netboot.Script, ""},
		"UEFI by HTTP": {"HTTPClient:Arch:00016:UNDI:003001", "", []byte{0, 16}, "http://10.0.2.2/" + ISOFile, "HTTPClient"},
		"a system":     {"udhcp 1.37.0", "", nil, "", ""},
		"BIOS' PXE":    {"PXEClient:Arch:00000:UNDI:002001", "", bios, "", ""},
	} {
		for asked, want := range map[layers.DHCPMsgType]layers.DHCPMsgType{
			layers.DHCPMsgTypeDiscover: layers.DHCPMsgTypeOffer, layers.DHCPMsgTypeRequest: layers.DHCPMsgTypeAck,
		} {
			packet := question(t, asked, c.class, c.user, c.architecture)
			var reply layers.DHCPv4
			if err := reply.DecodeFromBytes(s.answer(packet), gopacket.NilDecodeFeedback); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			options := options(reply.Options)
			if got := strings.TrimRight(string(reply.File), "\x00"); got != c.file || string(options.value(layers.DHCPOptClassID)) != c.answer {
				t.Errorf("%s: file %q, class %q", name, got, options.value(layers.DHCPOptClassID))
			}
			if got := options.value(layers.DHCPOptMessageType); len(got) != 1 || layers.DHCPMsgType(got[0]) != want {
				t.Errorf("%s: it is answered by %v, not by %v", name, got, want)
			}
			if reply.YourClientIP.String() != machine.String() || reply.NextServerIP.String() != server.String() || reply.Xid != 7 {
				t.Errorf("%s: %+v", name, reply)
			}
		}
	}
	if got := s.answer(question(t, layers.DHCPMsgTypeRelease, "", "", nil)); got != nil {
		t.Errorf("a farewell is answered by %q", got)
	}
}

func question(t testing.TB, kind layers.DHCPMsgType, class, user string, architecture []byte) []byte {
	t.Helper()
	asked := layers.DHCPv4{Operation: layers.DHCPOpRequest, HardwareType: layers.LinkTypeEthernet, Xid: 7, ClientHWAddr: net.HardwareAddr{0x52, 0x54, 0, 0xbe, 0xe0, 1},
		Options: layers.DHCPOptions{layers.NewDHCPOption(layers.DHCPOptMessageType, []byte{byte(kind)})}}
	for kind, value := range map[layers.DHCPOpt][]byte{layers.DHCPOptClassID: []byte(class), optionUserClass: []byte(user), optionArchitecture: architecture} {
		if len(value) > 0 {
			asked.Options = append(asked.Options, layers.NewDHCPOption(kind, value))
		}
	}
	buffer := gopacket.NewSerializeBuffer()
	if err := asked.SerializeTo(buffer, gopacket.SerializeOptions{FixLengths: true}); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

// A machine has no address yet when it asks for one: it is answered at all addresses.
func TestLease(t *testing.T) {
	_, conn := start(t, fstest.MapFS{})
	mac := net.HardwareAddr{0x52, 0x54, 0, 0xbe, 0xe0, 1}
	ethernet := &layers.Ethernet{SrcMAC: mac, DstMAC: layers.EthernetBroadcast, EthernetType: layers.EthernetTypeIPv4}
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: net.IPv4zero, DstIP: net.IPv4bcast}
	udp := &layers.UDP{SrcPort: portDHCPClient, DstPort: portDHCP}
	udp.SetNetworkLayerForChecksum(ip)
	buffer := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		ethernet, ip, udp, gopacket.Payload(question(t, layers.DHCPMsgTypeDiscover, "", "", nil))); err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(time.Minute))
	frame := buffer.Bytes()
	if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...)); err != nil {
		t.Fatal(err)
	}
	for {
		var length uint32
		if err := binary.Read(conn, binary.BigEndian, &length); err != nil {
			t.Fatal(err)
		}
		frame := make([]byte, length)
		if _, err := io.ReadFull(conn, frame); err != nil {
			t.Fatal(err)
		}
		packet := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
		if reply, ok := packet.Layer(layers.LayerTypeDHCPv4).(*layers.DHCPv4); ok {
			if to := packet.Layer(layers.LayerTypeIPv4).(*layers.IPv4).DstIP; !to.Equal(net.IPv4bcast) || reply.YourClientIP.String() != machine.String() {
				t.Errorf("%s gets %s", to, reply.YourClientIP)
			}
			return
		}
	}
}

// SSH reaches the machine, and a machine that does not answer ends the connection.
func TestSSH(t *testing.T) {
	s, conn := start(t, fstest.MapFS{})
	network := guest(t, conn)
	say := func() string {
		client, err := net.Dial("tcp", s.ssh.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		client.SetDeadline(time.Now().Add(time.Minute))
		io.WriteString(client, "hello")
		client.(*net.TCPConn).CloseWrite()
		said, _ := io.ReadAll(client)
		return string(said)
	}
	if got := say(); got != "" {
		t.Errorf("a closed port says %q", got)
	}
	sshd, err := gonet.ListenTCP(network, at(machine, portSSH), ipv4.ProtocolNumber)
	if err != nil {
		t.Fatal(err)
	}
	defer sshd.Close()
	go func() {
		conn, err := sshd.Accept()
		if err != nil {
			return
		}
		text, _ := io.ReadAll(conn)
		conn.Write([]byte(strings.ToUpper(string(text))))
		conn.Close()
	}()
	if got := say(); got != "HELLO" {
		t.Errorf("it says %q", got)
	}
}

// The machine reaches nothing but what is served.
func TestClosed(t *testing.T) {
	_, conn := start(t, fstest.MapFS{})
	network := guest(t, conn)
	listener, err := net.Listen("tcp", loopback)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := uint16(listener.Addr().(*net.TCPAddr).Port)
	if conn, err := gonet.DialTCP(network, at(server, port), ipv4.ProtocolNumber); err == nil {
		conn.Close()
		t.Error("it reaches what listens on the loopback of the machine that it runs on")
	}
}

func TestPortTaken(t *testing.T) {
	listener, err := net.Listen("tcp", loopback)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if s, err := New(Addresses{Server: server, Machine: machine, SSH: listener.Addr().String()}, fstest.MapFS{}); err == nil || !strings.Contains(err.Error(), listener.Addr().String()) {
		t.Errorf("%v, %v", s, err)
	}
}

func TestFrameTooLong(t *testing.T) {
	link := channel.New(1, mtu, mac)
	if err := receive(strings.NewReader("\xff\xff\xff\xff"), link); err == nil || !strings.Contains(err.Error(), "more than 69632") {
		t.Errorf("got %v", err)
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b.iso")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := File{Name: ISOFile, Path: path}
	if text, err := fs.ReadFile(file, ISOFile); err != nil || string(text) != "x" {
		t.Errorf("%q, %v", text, err)
	}
	for _, name := range []string{".", "a b.iso", "../" + ISOFile} {
		if _, err := file.Open(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever a machine sends for DHCP, what is said to it can be read.
func FuzzAnswer(f *testing.F) {
	f.Add(question(f, layers.DHCPMsgTypeDiscover, "HTTPClient:Arch:00016", "iPXE", []byte{0, 7}))
	s := &Server{addresses: Addresses{Server: server, Machine: machine}}
	f.Fuzz(func(t *testing.T, packet []byte) {
		answer := s.answer(packet)
		if answer == nil {
			return
		}
		var reply layers.DHCPv4
		if err := reply.DecodeFromBytes(answer, gopacket.NilDecodeFeedback); err != nil || reply.Operation != layers.DHCPOpReply {
			t.Errorf("%q: %+v, %v", answer, reply, err)
		}
	})
}

// Whatever frames a machine sends, they are taken, or end the connection.
func FuzzReceive(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x0eRU\x0a\x00\x02\x02RT\x00\xbe\xe0\x01\x08\x00"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		s := &Server{addresses: Addresses{Server: server, Machine: machine}}
		network, link := newStack(), channel.New(queued, mtu, mac)
		defer network.Destroy()
		if err := s.attach(network, link); err != nil {
			t.Fatal(err)
		}
		receive(strings.NewReader(string(sent)), link)
	})
}
