// Package bounded reads whole files that people or machines name, and no more of them than any
// file of bee's can hold: one without an end would take all memory.
package bounded

import (
	"fmt"
	"io"
	"os"
	"slices"
)

// Max is how many bytes are read. Reports of large machines have a hundredth.
const Max = 256 << 20

// tooLarge is an error about what has more than that.
func tooLarge(name string) error {
	return fmt.Errorf("%s is larger than %d MiB, which no file of bee's is: give another one", name, Max>>20)
}

// ReadFile reads a file.
func ReadFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() && info.Size() > Max {
		return nil, tooLarge(name)
	}
	return ReadAll(file, name)
}

// ReadAll reads to the end. name is what errors call the input.
//
// It keeps what it has read in chunks: io.ReadAll would have copied what has no end several
// times before it is refused.
func ReadAll(input io.Reader, name string) ([]byte, error) {
	const chunk = 1 << 20
	var chunks [][]byte
	for size := 0; ; {
		next := make([]byte, min(chunk, max(size, 512))) // most files are small
		n, err := io.ReadFull(input, next)
		chunks = append(chunks, next[:n])
		if size += n; size > Max {
			return nil, tooLarge(name)
		}
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			if len(chunks) == 1 {
				return chunks[0], nil
			}
			return slices.Concat(chunks...), nil
		default:
			return nil, err
		}
	}
}
