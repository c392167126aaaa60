// Package initramfstest makes cpio archives for tests.
package initramfstest

import (
	"bytes"
	"fmt"
)

// File is an entry of an archive. Its path is as the archive has it.
type File struct{ Path, Text string }

// Archive returns a cpio archive, newc, with a folder etc and then these files.
func Archive(files ...File) []byte {
	const isFolder, isFile, align = 0o40755, 0o100644, 4
	var b bytes.Buffer
	pad := func() { b.Write(make([]byte, (align-b.Len()%align)%align)) }
	add := func(f File, number, mode int) {
		// inode, mode, owner, group, links, time, size, device, of a device file, length of the name, sum
		fmt.Fprintf(&b, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
			number, mode, 0, 0, 1, 0, len(f.Text), 0, 0, 0, 0, len(f.Path)+1, 0)
		b.WriteString(f.Path + "\x00")
		pad()
		b.WriteString(f.Text)
		pad()
	}
	add(File{"etc", ""}, 1, isFolder)
	for i, f := range files {
		add(f, i+2, isFile)
	}
	add(File{"TRAILER!!!", ""}, 0, 0)
	return b.Bytes()
}
