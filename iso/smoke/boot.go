package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"bee/core/machine"
	"bee/iso/smoke/internal/bootable"
	"bee/iso/smoke/internal/console"
	"bee/iso/smoke/internal/hardware"
	"bee/iso/smoke/internal/qemu"
	"bee/iso/smoke/internal/remote"
)

// sshTo is how a person gets into the machine of `smoke boot` at an address of this one:
// ssh asks for the host key, which is another one at each boot, and need not keep it.
func sshTo(at netip.AddrPort) string {
	return fmt.Sprintf("ssh -p %d -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=ask root@%s", at.Port(), at.Addr())
}

// reachable is where this machine reaches what listens at an address, which may be all of
// its addresses.
func reachable(listen netip.AddrPort) netip.AddrPort {
	if listen.Addr().IsUnspecified() {
		return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), listen.Port())
	}
	return listen
}

// bootSSH is where SSH answers unless somebody says otherwise: nobody but the people of
// this machine gets there.
const bootSSH = "127.0.0.1:2222"

func bootCommand() *cobra.Command {
	var config qemu.Config
	var what bootable.Bootable
	var boots machine.Machine
	var listen string
	cmd := &cobra.Command{
		Use:   "boot (--iso FILE | --netboot FOLDER)",
		Short: "Boot an ISO in QEMU, with its serial console on this terminal",
		Long: `boot boots an ISO in QEMU, or a folder for boots over the network, and connects the
machine's serial console, where root is logged in, with this terminal. SSH answers on port
2222 of this machine alone, or where --listen says, and a line says when:

  ` + sshTo(netip.MustParseAddrPort(bootSSH)) + `

The password, and the host key that ssh asks about, are on the console, which keeps its
colours on a terminal; commands of the machine's to the terminal (titles, the clipboard) are
left out. The machine reaches nothing: neither this one nor a network. Ctrl-A X ends it;
Ctrl-C does, where there is no terminal to type in.

--machine takes the ` + machine.Words,
		Example: `  smoke boot --iso bee.iso --machine uefi
  smoke boot --netboot netboot --machine pxe`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			at, err := netip.ParseAddrPort(listen)
			if err != nil || !at.Addr().Is4() || at.Port() == 0 {
				return fmt.Errorf("--listen %s: not an IPv4 address and a port, such as %s", listen, bootSSH)
			}
			if _, err := what.Check(boots); err != nil {
				return err
			}
			if config.Firmware, err = qemu.FindFirmware(boots.Firmware); err != nil {
				return err
			}
			stop, err := what.Configure(&config, boots, hardware.Network{SSH: listen})
			if err != nil {
				return err
			}
			defer stop()
			config.Accelerator = qemu.FindAccelerator(cmd.Context())
			end := "Ctrl-A X ends the machine"
			if !term.IsTerminal(int(os.Stdin.Fd())) {
				end = "Ctrl-C ends the machine"
			}
			fmt.Fprintln(cmd.ErrOrStderr(), "booting; "+end)
			ctx, cancel := context.WithCancel(cmd.Context())
			defer cancel()
			if boots.Network != machine.None {
				go func() {
					at := reachable(at)
					if key, err := awaitSSH(ctx, at.String()); err == nil {
						fmt.Fprintf(cmd.ErrOrStderr(), "\nready: %s\nhost key %s, to compare with the one above, as is a password, where one is needed; %s\n", sshTo(at), key, end)
					}
				}()
			}
			return qemu.Interactive(cmd.Context(), config, &console.Screen{To: os.Stdout, Plain: !term.IsTerminal(int(os.Stdout.Fd()))})
		},
	}
	bootFlags(cmd, &what.ISO, &what.Folder)
	machineFlag(cmd, &boots)
	cmd.Flags().StringVar(&listen, "listen", bootSSH, "`address` and port of this machine where SSH answers; 0.0.0.0 for all of its addresses")
	cmd.MarkFlagsOneRequired("iso", "netboot")
	cmd.MarkFlagsMutuallyExclusive("iso", "netboot")
	return cmd
}

// awaitSSH waits for the server that answers at an address, and returns its host key.
func awaitSSH(ctx context.Context, address string) (key string, err error) {
	for {
		if key, err := remote.ReadKey(ctx, address); err == nil {
			return key, nil
		}
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-time.After(time.Second):
		}
	}
}
