// Package compressed unpacks what gzip, xz or zstd packed, piece by piece: where one ends, something
// else may begin.
package compressed

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// Names of what packs.
const (
	Gzip = "gzip"
	XZ   = "xz"
	Zstd = "zstd"
)

// limit is how much is unpacked at most; the largest initramfs of bee has a tenth of it.
const limit = 1 << 30

// maxWindow is that of the kernel, for zstd, and more than xz -9 takes.
const maxWindow = 128 << 20

var magics = map[string][]byte{
	Gzip: {0x1f, 0x8b},
	XZ:   {0xfd, '7', 'z', 'X', 'Z', 0},
	Zstd: {0x28, 0xb5, 0x2f, 0xfd},
}

// Codec is the name of what packed data, by its first bytes, or "".
func Codec(data []byte) string {
	for name, magic := range magics {
		if bytes.HasPrefix(data, magic) {
			return name
		}
	}
	return ""
}

// Next unpacks the piece that data begins with: a member of gzip's, a stream of xz's, a frame of
// zstd's. rest is what is behind it.
func Next(data []byte) (unpacked, rest []byte, err error) {
	from := bytes.NewReader(data)
	var unpack io.Reader
	switch codec := Codec(data); codec {
	case Gzip:
		z, err := gzip.NewReader(from) // which reads no byte too many of a bytes.Reader
		if err != nil {
			return nil, nil, fmt.Errorf("gzip: %w", err)
		}
		z.Multistream(false)
		unpack = z
	case XZ:
		end, err := streamEnd(data)
		if err != nil {
			return nil, nil, fmt.Errorf("xz: %w", err)
		}
		from.Seek(int64(end), io.SeekStart)
		z, err := xz.ReaderConfig{DictCap: maxWindow, SingleStream: true}.NewReader(bytes.NewReader(data[:end]))
		if err != nil {
			return nil, nil, fmt.Errorf("xz: %w", err)
		}
		unpack = z
	case Zstd:
		end, err := frameEnd(data)
		if err != nil {
			return nil, nil, fmt.Errorf("zstd: %w", err)
		}
		from.Seek(int64(end), io.SeekStart)
		z, err := zstd.NewReader(bytes.NewReader(data[:end]), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, nil, fmt.Errorf("zstd: %w", err)
		}
		defer z.Close()
		unpack = z
	default:
		return nil, nil, errors.New("packed by none of gzip, xz and zstd")
	}
	unpacked, err = io.ReadAll(io.LimitReader(unpack, limit+1))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", Codec(data), err)
	}
	if len(unpacked) > limit {
		return nil, nil, fmt.Errorf("%s: more than %d bytes are packed in it", Codec(data), limit)
	}
	return unpacked, data[len(data)-from.Len():], nil
}

// All unpacks data that is pieces of one kind in a row, and nothing else.
func All(data []byte) ([]byte, error) {
	var all []byte
	for codec := Codec(data); len(data) > 0; {
		if Codec(data) != codec {
			return nil, fmt.Errorf("%s: something else is behind it", codec)
		}
		unpacked, rest, err := Next(data)
		if err != nil {
			return nil, err
		}
		if all, data = append(all, unpacked...), rest; len(all) > limit {
			return nil, fmt.Errorf("%s: more than %d bytes are packed in it", codec, limit)
		}
	}
	return all, nil
}

// streamEnd is where the stream ends that data begins with, which the library does not tell: behind its
// footer. https://tukaani.org/xz/xz-file-format.txt, 2.1.2
func streamEnd(data []byte) (int, error) {
	const footerBytes, align = 12, 4
	for end := footerBytes; end <= len(data); end += align {
		footer := data[end-footerBytes : end]
		if string(footer[10:]) == "YZ" && crc32.ChecksumIEEE(footer[4:10]) == binary.LittleEndian.Uint32(footer) {
			return end, nil
		}
	}
	return 0, io.ErrUnexpectedEOF
}

// frameEnd is where the frame ends that data begins with, which the library does not tell. RFC 8878,
// 3.1.1.
func frameEnd(data []byte) (int, error) {
	var head zstd.Header
	if err := head.Decode(data); err != nil {
		return 0, err
	}
	at := head.HeaderSize
	for last := false; !last; {
		const headBytes, runLength = 3, 1
		if len(data)-at < headBytes {
			return 0, io.ErrUnexpectedEOF
		}
		block := int(data[at]) | int(data[at+1])<<8 | int(data[at+2])<<16
		last = block&1 != 0
		size := block >> 3
		if block>>1&3 == runLength {
			size = 1
		}
		if at += headBytes + size; at > len(data) {
			return 0, io.ErrUnexpectedEOF
		}
	}
	if head.HasCheckSum {
		at += 4
	}
	if at > len(data) {
		return 0, io.ErrUnexpectedEOF
	}
	return at, nil
}
