package main

import (
	"context"

	"github.com/spf13/cobra"

	"bee/core/machine"
	"bee/gate/internal/module"
)

func (g *gate) bootCommand() *cobra.Command {
	var iso, name string
	var kvm bool
	cmd := &cobra.Command{
		Use:   "boot --iso FILE",
		Short: "Boot an ISO and keep it running, to try it",
		Long: `boot boots an ISO in QEMU, shows its console, and says when it answers SSH, on port
2222 of all addresses of this machine: Dagger's tunnel knows no other way. Where others
share the network, "go run ./iso/smoke boot --iso FILE" answers this machine alone. Ctrl-C
ends it.

--machine takes the ` + machine.Words,
		Example: `  gate boot --iso dist/bee.iso --machine uefi`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := isISO(iso); err != nil {
				return err
			}
			if _, err := machine.Parse(name); err != nil {
				return err
			}
			call := module.Call{Function: "boot", Arguments: module.Arguments{"iso": module.File(iso), "machine": name}}
			return g.withModule(cmd.Context(), "", module.Arguments{"kvm": kvm}, func(ctx context.Context, m module.Module) error {
				g.out.Printf("booting %s: port 2222 of all addresses of this machine leads to its SSH; Ctrl-C ends it\n", iso)
				if err := m.Up(ctx, call); err != nil && ctx.Err() == nil {
					return g.failed("boot", err)
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&iso, "iso", "", "ISO `file` to boot")
	cmd.Flags().StringVar(&name, "machine", "", "`name` of the machine, or those of its words that are not as usual")
	kvmFlag(cmd, &kvm)
	cmd.MarkFlagRequired("iso")
	cmd.MarkFlagFilename("iso", "iso")
	cmd.RegisterFlagCompletionFunc("machine", func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return machine.Complete(typed), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}
