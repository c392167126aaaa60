// Package hardware is what a virtual machine is made of for the audit to find,
// and what the audit's report has to say about it.
package hardware

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
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

// Install writes the profile's files into a folder and returns QEMU's arguments
// for the machine.
func (p Profile) Install(dir string) ([]string, error) {
	for name, content := range p.files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return nil, err
		}
	}
	if p.args == nil {
		return nil, nil
	}
	return p.args(dir), nil
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

// option is one of QEMU's options with parameters, name=value pairs; in a value
// a comma is doubled.
func option(name string, parameters ...string) []string {
	for i, p := range parameters {
		parameters[i] = strings.ReplaceAll(p, ",", ",,")
	}
	return []string{name, strings.Join(parameters, ",")}
}
