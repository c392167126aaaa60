// Command nvidia-fabric sets up the NVSwitches of the machine: see `nvidia-fabric --help`.
package main

import (
	"context"
	"os"

	"bee/nvidia/fabric/internal/manager"
	"bee/nvidia/internal/kernel"
	"bee/nvidia/internal/service"
)

func main() { os.Exit(fabric.Run()) }

var fabric = service.Service{
	Program: "nvidia-fabric",
	Short:   "Start NVIDIA's Fabric Manager, if there are NVSwitches",
	Long: `nvidia-fabric starts NVIDIA's Fabric Manager, as the service bee-fabric does at boot,
after the driver is loaded and before the audit. Where GPUs reach each other by
NVSwitches, as in HGX and DGX machines, CUDA does not start before it has set them
up. What nvidia-fabric says goes to /var/log/bee-fabric.log, too; the last line tells
what was set up, or why nothing was. The Fabric Manager's own log is
/var/log/fabricmanager.log.

It looks for NVSwitches on the PCI bus. Those of NVLink 5 (B200, B300) are on none:
there it looks for the ConnectX that manages them, by its vital product data, and
starts NVIDIA's subnet manager NVLSM at the first of them beforehand. Then it waits
until each GPU has come into the fabric, as nvidia-smi tells; A100 and older do not.

The Fabric Manager is in the image where it was built in: FABRIC_MANAGER_ORIGIN in
VERSIONS, or --fabric-manager and --nvlsm.

Exit status:
  0  the fabric is set up, or there was nothing to start: no NVSwitch, or no driver
  1  the Fabric Manager is not in the image, does not run, or not each GPU is in the
     fabric after two minutes
  2  wrong command line`,
	Name:  "bee-fabric",
	Log:   "/var/log/bee-fabric.log",
	Limit: manager.Limit,
	Work: func(ctx context.Context, say func(string, ...any)) (string, error) {
		starter := manager.Starter{Root: "/", System: kernel.Kernel{}, Say: say}
		return starter.Start(ctx)
	},
}
