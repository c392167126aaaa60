package supervise

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"time"
)

// The connection preface of HTTP/2 (RFC 9113, 3.4) with empty settings. Every
// server of the protocol answers it with a frame of settings: nine bytes of
// header, the fourth of which is 4.
const (
	preface       = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	frameHeader   = 9
	settingsFrame = 4
)

// Answers checks that an engine serves at a network address, within a few
// seconds. A socket that nobody serves, or a program that hangs, is an error.
func Answers(ctx context.Context, network, address string) error {
	const limit = 5 * time.Second
	dialer := net.Dialer{Timeout: limit}
	connection, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	if _, err := io.WriteString(connection, preface); err != nil {
		return err
	}
	var header [frameHeader]byte
	if _, err := io.ReadFull(connection, header[:]); err != nil {
		return fmt.Errorf("%s does not speak the engine's protocol: %w", address, err)
	}
	if !bytes.Equal(header[3:4], []byte{settingsFrame}) {
		return fmt.Errorf("%s does not speak the engine's protocol", address)
	}
	return nil
}
