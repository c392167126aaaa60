// Package symvers reads Module.symvers, the file in which a kernel's build, or
// that of modules, says which symbols it exports.
package symvers

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Export is an exported symbol.
type Export struct {
	// CRC of the symbol's type; 0 where there are none.
	CRC uint32
	// Module that exports it, by its path without .ko; vmlinux is the kernel.
	Module string
}

// Read reads files into one table, by symbol.
func Read(paths ...string) (map[string]Export, error) {
	exports := map[string]Export{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		n := 0
		for line := range strings.Lines(string(text)) {
			n++
			// CRC, symbol, module, kind of export, namespace
			fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
			if len(fields) < 4 {
				return nil, fmt.Errorf("%s:%d: %q is not CRC, symbol, module and kind, separated by tabs", path, n, strings.TrimSpace(line))
			}
			digits, isHex := strings.CutPrefix(fields[0], "0x")
			crc, err := strconv.ParseUint(digits, 16, 32)
			if err != nil || !isHex {
				return nil, fmt.Errorf("%s:%d: %q is no CRC", path, n, fields[0])
			}
			exports[fields[1]] = Export{uint32(crc), fields[2]}
		}
	}
	return exports, nil
}
