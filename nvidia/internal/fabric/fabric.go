// Package fabric knows what sets up the NVSwitches of a machine, and where that lies in the
// image: at the places that NVIDIA's own packages have it at, which its configuration names.
package fabric

import (
	"fmt"
	"os"
	"path/filepath"

	"bee/core/pci"
)

// What is in the image.
const (
	// Manager is NVIDIA's Fabric Manager, without which CUDA does not start on GPUs behind
	// NVSwitches.
	Manager       = "/usr/bin/nv-fabricmanager"
	ManagerConfig = "/usr/share/nvidia/nvswitch/fabricmanager.cfg"
	// SubnetManager is NVLSM, which the Fabric Manager needs beside it from NVLink 5 on.
	SubnetManager       = "/opt/nvidia/nvlsm/sbin/nvlsm"
	SubnetManagerConfig = "/usr/share/nvidia/nvlsm/nvlsm.conf"
	SubnetManagerFolder = "/opt/nvidia/nvlsm/lib"
	// Libraries are those that both run with: there is no glibc on Alpine.
	Libraries = "/usr/local/lib/nvidia/fabric/lib"
)

// Need is what a machine's switches are set up by.
type Need struct {
	// Switches is how many NVSwitches there are, "4 NVSwitches", or what manages some that are
	// on no PCI bus.
	Switches string
	// Bridges are the addresses of what manages NVSwitches, if anything does.
	Bridges []string
}

// Of says what the machine below root needs; without NVSwitches nothing, which is nil.
func Of(root string) (*Need, error) {
	all, err := pci.Switches(os.DirFS(root))
	if err != nil || len(all) == 0 {
		return nil, err
	}
	need := &Need{}
	for _, s := range all {
		if s.Manages {
			need.Bridges = append(need.Bridges, s.Address)
		}
	}
	switch n := len(all) - len(need.Bridges); {
	case n == 0:
		need.Switches = "NVSwitches of NVLink 5"
	case n == 1:
		need.Switches = "1 NVSwitch"
	default:
		need.Switches = fmt.Sprintf("%d NVSwitches", n)
	}
	return need, nil
}

// Missing says what of that the image below root lacks, for a driver of this version, and how
// to get an image with it; nothing where nothing is missing.
func (n *Need) Missing(root, driver string) string {
	lacks := func(program string) bool {
		_, err := os.Stat(filepath.Join(root, program))
		return err != nil
	}
	const build = "build an ISO with it: FABRIC_MANAGER_ORIGIN=nvidia in VERSIONS, or "
	switch {
	case lacks(Manager):
		return "NVIDIA's Fabric Manager " + driver + " is not in this image; " + build + "--fabric-manager FILE"
	case len(n.Bridges) > 0 && lacks(SubnetManager):
		return "NVIDIA's NVLSM, which the Fabric Manager needs for them, is not in this image; " + build + "--nvlsm FILE beside --fabric-manager"
	}
	return ""
}
