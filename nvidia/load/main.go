// Command nvidia-load loads the NVIDIA driver on the live system: see
// `nvidia-load --help`.
package main

import (
	"context"
	"os"
	"time"

	"bee/nvidia/internal/kernel"
	"bee/nvidia/internal/service"
	"bee/nvidia/load/internal/driver"
)

func main() { os.Exit(load.Run()) }

var load = service.Service{
	Program: "nvidia-load",
	Short:   "Load the NVIDIA driver, if there are a GPU and a driver for it",
	Long: `nvidia-load loads the NVIDIA driver that is in the image, as the service bee-nvidia
does at boot. What it says goes to /var/log/bee-nvidia.log, too; the last line tells
what was loaded, or why nothing was.

It looks for NVIDIA GPUs on the PCI bus and chooses by them between the two flavours
of the kernel modules in /usr/local/lib/nvidia: open for Turing and newer, proprietary
for Maxwell, Pascal and Volta, which the open ones do not drive. Grace Hopper and
Blackwell have open ones only, and what is older than Maxwell has none. Where no
flavour drives all GPUs, the one that drives most of them is loaded. Then it

  - takes GPUs from nouveau, but from no other driver
  - lets the kernel look for firmware in /usr/local/lib/nvidia/firmware
  - loads the kernel's own modules that are needed, then nvidia, nvidia-uvm,
    nvidia-modeset and nvidia-drm, and nvidia-peermem where there is InfiniBand
  - makes the device nodes /dev/nvidia*, also those of NVSwitches
  - has the driver set up all GPUs at once, and tells how long each of them took
  - starts nvidia-persistenced, which keeps the GPUs set up between programs

On the kernel command line,
  bee.nvidia=open, bee.nvidia=proprietary   choose the flavour
  bee.nvidia=off                            leaves the GPUs without a driver

Exit status:
  0  the driver is loaded, or there was nothing to load: no GPU, no driver in the
     image for it, or bee.nvidia=off
  1  there are a GPU and a driver for it, which is not loaded as it should be, or
     the kernel did not come back within five minutes
  2  wrong command line`,
	Name:  "bee-nvidia",
	Log:   "/var/log/bee-nvidia.log",
	Limit: 5 * time.Minute,
	Work: func(ctx context.Context, say func(string, ...any)) (string, error) {
		loader := driver.Loader{Root: "/", Kernel: kernel.Kernel{}, Say: say}
		return loader.Load(ctx)
	},
}
