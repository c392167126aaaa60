package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"bee/core/iso9660"
	"bee/core/machine"
	"bee/iso/smoke/internal/console"
	"bee/iso/smoke/internal/hardware"
	"bee/iso/smoke/internal/qemu"
	"bee/iso/smoke/internal/remote"
)

// Where the machine of `smoke boot` answers SSH, and how this machine reaches it. The host
// key is another one at each boot, which would make ssh refuse the second one.
const (
	bootSSH   = "0.0.0.0:2222"
	reachSSH  = "localhost:2222"
	sshToBoot = "ssh -p 2222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@localhost"
)

func bootCommand() *cobra.Command {
	var config qemu.Config
	var boots machine.Machine
	cmd := &cobra.Command{
		Use:   "boot --iso FILE",
		Short: "Boot an ISO in QEMU, with its serial console on this terminal",
		Long: `boot boots an ISO in QEMU and connects its serial console, where root is logged
in, with this terminal. SSH answers on port 2222 of every address of this machine,
and a line says when:

  ` + sshToBoot + `

The console keeps its colours, and commands of the machine's to the terminal (titles, the
clipboard) are left out. The password is on the console. Ctrl-A X ends the machine; Ctrl-C does, where there
is no terminal to type in.

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
			end := "Ctrl-A X ends the machine"
			if !term.IsTerminal(int(os.Stdin.Fd())) {
				end = "Ctrl-C ends the machine"
			}
			fmt.Fprintln(cmd.ErrOrStderr(), "booting; "+end)
			ctx, stop := context.WithCancel(cmd.Context())
			defer stop()
			if boots.Network != machine.None {
				go func() {
					if awaitSSH(ctx, reachSSH) == nil {
						fmt.Fprintf(cmd.ErrOrStderr(), "\nready: %s (a password, where one is needed, is shown above); %s\n", sshToBoot, end)
					}
				}()
			}
			return qemu.Interactive(cmd.Context(), config, &console.Screen{To: os.Stdout})
		},
	}
	cmd.Flags().StringVar(&config.ISO, "iso", "", "ISO `file` to boot")
	machineFlag(cmd, &boots)
	cmd.MarkFlagRequired("iso")
	cmd.MarkFlagFilename("iso", "iso")
	return cmd
}

// awaitSSH waits for the server that answers at an address: one that has its keys, and
// refuses who has none.
func awaitSSH(ctx context.Context, address string) error {
	for {
		shell, err := remote.DialSSH(ctx, address, "root")
		if err == nil {
			return shell.Close()
		}
		if errors.Is(err, remote.ErrRefused) {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Second):
		}
	}
}
