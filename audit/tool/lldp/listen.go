package lldp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// groups are the addresses that LLDP is sent to (table 7-1).
var groups = [][6]byte{{0x01, 0x80, 0xc2, 0, 0, 0x0e}, {0x01, 0x80, 0xc2, 0, 0, 0x03}, {0x01, 0x80, 0xc2, 0, 0, 0}}

// Listen hands each frame that arrives on one of the interfaces to heard, with the interface,
// until that says that it is enough, or ctx ends. An interface that cannot be listened on is
// passed over.
func Listen(ctx context.Context, interfaces []net.Interface, heard func(name string, frame []byte) (enough bool)) error {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(bigEndian(EtherType)))
	if err != nil {
		return fmt.Errorf("listening for LLDP, which root may: %w", err)
	}
	defer unix.Close(fd)
	// A frame for a bond is known by the member that it came in by.
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_ORIGDEV, 1); err != nil {
		return err
	}
	names := map[int]string{}
	for _, i := range interfaces {
		for _, g := range groups {
			request := unix.PacketMreq{Ifindex: int32(i.Index), Type: unix.PACKET_MR_MULTICAST, Alen: 6}
			copy(request.Address[:], g[:])
			if unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &request) == nil {
				names[i.Index] = i.Name
			}
		}
	}
	frame := make([]byte, 9216) // the largest that cards take
	for ctx.Err() == nil {
		// The context is looked at often enough that nobody waits for its end.
		wait := 200 * time.Millisecond
		if n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(wait.Milliseconds())); err != nil && !errors.Is(err, unix.EINTR) {
			return err
		} else if n <= 0 {
			continue
		}
		n, from, err := unix.Recvfrom(fd, frame, unix.MSG_DONTWAIT|unix.MSG_TRUNC)
		if err != nil || n > len(frame) {
			continue // an interface that goes down, for one
		}
		link, ok := from.(*unix.SockaddrLinklayer)
		if !ok || link.Pkttype == unix.PACKET_OUTGOING || names[link.Ifindex] == "" {
			continue
		}
		if heard(names[link.Ifindex], frame[:n]) {
			return nil
		}
	}
	return nil
}

func bigEndian(n uint16) uint16 { return n<<8 | n>>8 }
