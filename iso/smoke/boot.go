package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"bee/core/iso9660"
	"bee/iso/smoke/internal/hardware"
	"bee/iso/smoke/internal/qemu"
)

// bootSSH is where the machine of `smoke boot` answers SSH.
const bootSSH = "0.0.0.0:2222"

func bootCommand() *cobra.Command {
	var config qemu.Config
	var firmware string
	var machine hardware.Machine
	cmd := &cobra.Command{
		Use:   "boot --iso FILE",
		Short: "Boot an ISO in QEMU, with its serial console on this terminal",
		Long: `boot boots an ISO in QEMU and connects its serial console, where root is logged
in, with this terminal. SSH answers on port 2222 of every address of this machine:

  ssh -p 2222 root@localhost

The password is on the console. Ctrl-A X ends the machine.`,
		Example: `  smoke boot --iso bee.iso --firmware uefi`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := errors.Join(
				oneOf("firmware", firmware, qemu.BIOS, qemu.UEFI),
				oneOf("media", config.Media, qemu.CD, qemu.USB))
			if err != nil {
				return err
			}
			if err := checkHardwareFlags(cmd, &machine); err != nil {
				return err
			}
			if _, err := iso9660.Check(config.ISO); err != nil {
				return err
			}
			if config.Firmware, err = qemu.FindFirmware(firmware); err != nil {
				return err
			}
			var remove func()
			if config.Hardware, remove, err = machine.Install(bootSSH); err != nil {
				return err
			}
			defer remove()
			config.Accelerator = qemu.FindAccelerator(cmd.Context())
			if machine.Network != hardware.None {
				fmt.Fprintln(cmd.ErrOrStderr(), "ssh -p 2222 root@localhost, once the password is shown below; Ctrl-A X ends the machine")
			}
			return qemu.Interactive(cmd.Context(), config)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&config.ISO, "iso", "", "ISO `file` to boot")
	flags.StringVar(&firmware, "firmware", qemu.BIOS, "firmware: bios or uefi")
	flags.StringVar(&config.Media, "media", qemu.CD, "what the ISO is to the machine: cd or usb")
	flags.IntVar(&config.MemoryMiB, "memory", 1024, "memory in MiB")
	hardwareFlags(cmd, &machine)
	cmd.MarkFlagRequired("iso")
	words(cmd, "firmware", qemu.BIOS, qemu.UEFI)
	words(cmd, "media", qemu.CD, qemu.USB)
	cmd.MarkFlagFilename("iso", "iso")
	return cmd
}
