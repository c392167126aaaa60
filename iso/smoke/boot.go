package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"bee/core/iso9660"
	"bee/core/machine"
	"bee/iso/smoke/internal/hardware"
	"bee/iso/smoke/internal/qemu"
)

// bootSSH is where the machine of `smoke boot` answers SSH.
const bootSSH = "0.0.0.0:2222"

func bootCommand() *cobra.Command {
	var config qemu.Config
	var boots machine.Machine
	cmd := &cobra.Command{
		Use:   "boot --iso FILE",
		Short: "Boot an ISO in QEMU, with its serial console on this terminal",
		Long: `boot boots an ISO in QEMU and connects its serial console, where root is logged
in, with this terminal. SSH answers on port 2222 of every address of this machine:

  ssh -p 2222 root@localhost

The password is on the console. Ctrl-A X ends the machine.

--machine takes the ` + machine.Words,
		Example: `  smoke boot --iso bee.iso --machine uefi`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := iso9660.Check(config.ISO)
			if err != nil {
				return err
			}
			if config.Firmware, err = qemu.FindFirmware(boots.Firmware); err != nil {
				return err
			}
			var remove func()
			if config.Hardware, remove, err = hardware.Install(boots, bootSSH); err != nil {
				return err
			}
			defer remove()
			config.Media, config.MemoryMiB = boots.Media, boots.MemoryMiB
			config.Accelerator = qemu.FindAccelerator(cmd.Context())
			if boots.Network != machine.None {
				fmt.Fprintln(cmd.ErrOrStderr(), "ssh -p 2222 root@localhost, once the password is shown below; Ctrl-A X ends the machine")
			}
			return qemu.Interactive(cmd.Context(), config)
		},
	}
	cmd.Flags().StringVar(&config.ISO, "iso", "", "ISO `file` to boot")
	machineFlag(cmd, &boots)
	cmd.MarkFlagRequired("iso")
	cmd.MarkFlagFilename("iso", "iso")
	return cmd
}
