// Package bootserver is the other end of the network of a machine that boots from it: one
// server, which gives the machine its address (DHCP), and files by TFTP and HTTP, and takes
// SSH to it. The machine reaches nothing else: all of the network is in this program, on a
// TCP/IP stack of its own (gVisor's).
package bootserver

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/pin/tftp/v3"
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/link/ethernet"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// Server is the server of one machine.
type Server struct {
	addresses Addresses
	files     fs.FS
	ssh       net.Listener
}

// Addresses are those of the network, which has room for 256.
type Addresses struct {
	// Server is the address of all that is served, and Machine the one that it gives.
	Server, Machine netip.Addr
	// SSH is the address, host:port, of this machine at which the machine's port 22 answers.
	SSH string
}

// The ports of the protocols.
const (
	portSSH        = 22
	portDHCP       = 67
	portDHCPClient = 68
	portTFTP       = 69
	portHTTP       = 80
)

// New returns a server of files. It has to be closed.
func New(addresses Addresses, files fs.FS) (*Server, error) {
	ssh, err := net.Listen("tcp", addresses.SSH)
	if err != nil {
		return nil, fmt.Errorf("SSH cannot answer there: %w", err)
	}
	return &Server{addresses, files, ssh}, nil
}

// Close ends what the machine's SSH answers at.
func (s *Server) Close() { s.ssh.Close() }

const (
	nic = 1
	mtu = 1500
	// queued are the frames that wait to be sent: the window of a few TCP connections.
	queued = 4096
	// maxFrame is how long a frame may be that the machine sends: the longest of a card that
	// leaves the cutting to others.
	maxFrame = 68 << 10
	// mac is the server's. The locally administered ones from 52:55 on are QEMU's gateway's.
	mac = tcpip.LinkAddress("\x52\x55\x0a\x00\x02\x02")
)

// Serve serves the machine at the other end of a connection, which carries frames as QEMU's
// -netdev stream does, until it ends.
func (s *Server) Serve(conn *net.UnixConn) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	link := channel.New(queued, mtu, mac)
	network := newStack()
	defer network.Destroy()
	if err := s.attach(network, link); err != nil {
		return err
	}
	stop, err := s.listen(ctx, network)
	if err != nil {
		return err
	}
	defer stop()
	go send(ctx, conn, link)
	return receive(conn, link)
}

func newStack() *stack.Stack {
	return stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4},
	})
}

// attach gives the stack its one card, and address.
func (s *Server) attach(network *stack.Stack, link *channel.Endpoint) error {
	if err := network.CreateNIC(nic, ethernet.New(link)); err != nil {
		return errors.New(err.String())
	}
	own := tcpip.AddrFrom4(s.addresses.Server.As4())
	address := tcpip.ProtocolAddress{
		Protocol:          ipv4.ProtocolNumber,
		AddressWithPrefix: tcpip.AddressWithPrefix{Address: own, PrefixLen: prefixBits},
	}
	if err := network.AddProtocolAddress(nic, address, stack.AddressProperties{}); err != nil {
		return errors.New(err.String())
	}
	network.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: nic}})
	return nil
}

// listen starts all services, which the function that it returns ends.
func (s *Server) listen(ctx context.Context, network *stack.Stack) (stop func(), err error) {
	own := tcpip.AddrFrom4(s.addresses.Server.As4())
	leases, err := listenDHCP(network)
	if err != nil {
		return nil, err
	}
	first, err := gonet.DialUDP(network, &tcpip.FullAddress{NIC: nic, Addr: own, Port: portTFTP}, nil, ipv4.ProtocolNumber)
	if err != nil {
		return nil, err
	}
	rest, err := gonet.ListenTCP(network, tcpip.FullAddress{NIC: nic, Addr: own, Port: portHTTP}, ipv4.ProtocolNumber)
	if err != nil {
		return nil, err
	}
	small := tftp.NewServer(s.send, nil)
	small.EnableSinglePort()
	large := &http.Server{Handler: http.FileServerFS(s.files), ReadHeaderTimeout: time.Minute}
	go s.giveAddresses(leases)
	go small.Serve(first)
	go large.Serve(rest)
	go s.forward(ctx, network)
	return func() {
		go small.Shutdown() // waits for transfers that nobody goes on with
		leases.Close()
		first.Close()
		large.Close()
	}, nil
}

// listenDHCP opens the port of DHCP: who has no address yet is answered at all addresses.
func listenDHCP(network *stack.Stack) (*gonet.UDPConn, error) {
	var events waiter.Queue
	endpoint, err := network.NewEndpoint(udp.ProtocolNumber, ipv4.ProtocolNumber, &events)
	if err != nil {
		return nil, errors.New(err.String())
	}
	endpoint.SocketOptions().SetBroadcast(true)
	if err := endpoint.Bind(tcpip.FullAddress{NIC: nic, Port: portDHCP}); err != nil {
		endpoint.Close()
		return nil, errors.New(err.String())
	}
	return gonet.NewUDPConn(&events, endpoint), nil
}

// send sends a file by TFTP. Some ask for it from a root.
func (s *Server) send(name string, to io.ReaderFrom) error {
	file, err := s.files.Open(strings.TrimLeft(name, "/"))
	if err != nil {
		return errors.New("no such file")
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return errors.New("no file")
	}
	to.(tftp.OutgoingTransfer).SetSize(info.Size())
	_, err = to.ReadFrom(file)
	return err
}

// forward connects who asks for SSH at this machine with the machine.
func (s *Server) forward(ctx context.Context, network *stack.Stack) {
	machine := tcpip.FullAddress{NIC: nic, Addr: tcpip.AddrFrom4(s.addresses.Machine.As4()), Port: portSSH}
	for {
		here, err := s.ssh.Accept()
		if err != nil {
			return
		}
		go func() {
			defer here.Close()
			there, err := gonet.DialContextTCP(ctx, network, machine, ipv4.ProtocolNumber)
			if err != nil {
				return // as a machine that does not answer
			}
			defer there.Close()
			go func() {
				io.Copy(there, here)
				there.CloseWrite()
			}()
			io.Copy(here, there)
		}()
	}
}

// receive takes what the machine sends to the stack.
func receive(conn io.Reader, link *channel.Endpoint) error {
	reader := bufio.NewReaderSize(conn, 1<<16)
	for {
		var length uint32
		if err := binary.Read(reader, binary.BigEndian, &length); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if length > maxFrame {
			return fmt.Errorf("a frame of %d bytes, more than %d", length, maxFrame)
		}
		frame := make([]byte, length)
		if _, err := io.ReadFull(reader, frame); err != nil {
			return err
		}
		packet := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(frame)})
		link.InjectInbound(0, packet) // the frame itself says which protocol it has
		packet.DecRef()
	}
}

// send takes what the stack sends to the machine.
func send(ctx context.Context, conn io.Writer, link *channel.Endpoint) {
	for {
		packet := link.ReadContext(ctx)
		if packet == nil {
			return
		}
		frame := packet.ToView()
		packet.DecRef()
		_, err := conn.Write(append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+frame.Size()), uint32(frame.Size())), frame.AsSlice()...))
		frame.Release()
		if err != nil {
			return // the machine has ended
		}
	}
}

// File is a file system with no file but that of a path, which has a name of its own there.
type File struct{ Name, Path string }

// Open opens the file.
func (f File) Open(name string) (fs.File, error) {
	if name != f.Name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return os.Open(f.Path)
}
