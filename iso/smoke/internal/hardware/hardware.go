// Package hardware is what a virtual machine is made of for the audit to find,
// and what the audit's report has to say about it.
package hardware

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"bee/iso/smoke/internal/qemu"
)

// Names of the profiles.
const (
	// Plain is a machine with one drive and one network card.
	Plain = "plain"
	// Server is a machine with what servers have, under names that try an audit:
	// drives of every kind, three network cards, a BMC and power supplies.
	Server = "server"
)

// Profile is a kind of machine. The zero value has nothing beyond what it boots
// with.
type Profile struct {
	Name string
	// args are QEMU's arguments; files are written to the folder dir.
	args func(dir string) []string
	// files that the arguments name.
	files map[string][]byte
	wants []want
}

// Find returns the profile of a name.
func Find(name string) (Profile, error) {
	for _, p := range []Profile{plain, server()} {
		if p.Name == name {
			return p, nil
		}
	}
	return Profile{}, fmt.Errorf("profile %q is not known; it is %s or %s", name, Plain, Server)
}

// Install writes the profile's files into a new folder and returns QEMU's
// arguments for the machine; remove deletes the folder.
func (p Profile) Install() (args []string, remove func(), err error) {
	if p.args == nil {
		return nil, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "smoke-hardware-")
	if err != nil {
		return nil, nil, err
	}
	remove = func() { os.RemoveAll(dir) }
	for name, content := range p.files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			remove()
			return nil, nil, err
		}
	}
	return p.args(dir), remove, nil
}

var plain = Profile{
	Name: Plain,
	args: func(string) []string {
		return append([]string{"-smbios", "type=2,manufacturer=bee,product=smoke", "-device", "nvme,drive=disk,serial=smoke"},
			disk("disk", 8<<30)...)
	},
	wants: []want{
		{"hardware-drives", "storage.drives", fields{"serial_number": "smoke", "size_bytes": 8 << 30}},
		{"hardware-board", "board.baseboards", fields{"manufacturer": "bee", "product_name": "smoke"}},
	},
}

// disk is a block device of QEMU that is all zeros and takes no room.
func disk(id string, bytes int64) []string {
	return []string{"-blockdev", fmt.Sprintf("driver=null-co,node-name=%s,size=%d,read-zeroes=on", id, bytes)}
}

// option is one of QEMU's options with parameters, name=value pairs.
func option(name string, parameters ...string) []string {
	for i, p := range parameters {
		parameters[i] = qemu.Escape(p)
	}
	return []string{name, strings.Join(parameters, ",")}
}
