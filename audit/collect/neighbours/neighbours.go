// Package neighbours hears what is at the other end of a machine's network cables.
package neighbours

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bee/audit/tool/lldp"
)

// Heard is what was heard on an interface.
type Heard = lldp.Heard

// Interval is how long it takes until a switch has said what it is.
const Interval = lldp.Interval

// Interfaces returns the interfaces of these names; where there are none, all that hardware stands
// behind and that have a link.
func Interfaces(names []string) ([]net.Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(i net.Interface) bool { return i.Name == name }) {
			return nil, fmt.Errorf("there is no interface %s; see ip link", name)
		}
	}
	return slices.DeleteFunc(all, func(i net.Interface) bool {
		if len(names) > 0 {
			return !slices.Contains(names, i.Name)
		}
		dir := filepath.Join("/sys/class/net", i.Name)
		_, err := os.Stat(filepath.Join(dir, "device"))
		carrier, _ := os.ReadFile(filepath.Join(dir, "carrier"))
		return err != nil || len(i.HardwareAddr) != 6 || strings.TrimSpace(string(carrier)) != "1"
	}), nil
}

// Listen says what was heard until ctx ends, or until each interface has heard a
// neighbour.
func Listen(ctx context.Context, interfaces []net.Interface) ([]Heard, error) {
	all := []Heard{}
	if len(interfaces) == 0 {
		return all, nil
	}
	heard := map[string]bool{}
	err := lldp.Listen(ctx, interfaces, func(name string, frame []byte) bool {
		n, err := lldp.Parse(frame)
		if err != nil {
			return false
		}
		same := func(h Heard) bool {
			return h.Interface == name && h.ChassisID == n.ChassisID && h.PortID == n.PortID
		}
		if !slices.ContainsFunc(all, same) && len(all) < lldp.Most {
			all = append(all, Heard{Interface: name, Neighbour: n})
		}
		heard[name] = true
		return len(heard) == len(interfaces)
	})
	slices.SortStableFunc(all, func(a, b Heard) int { return strings.Compare(a.Interface, b.Interface) })
	return all, err
}
