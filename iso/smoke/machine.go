package main

import (
	"github.com/spf13/cobra"

	"bee/core/machine"
)

// machineFlag is the flag that says what machine boots an ISO.
func machineFlag(cmd *cobra.Command, m *machine.Machine) {
	value := &machineValue{machine: m}
	value.Set("")
	cmd.Flags().Var(value, "machine", "`name` of the virtual machine, or those of its words that are not as usual")
	cmd.RegisterFlagCompletionFunc("machine", func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return machine.Complete(typed), cobra.ShellCompDirectiveNoFileComp
	})
}

// bootFlags are the flags that say what a machine boots.
func bootFlags(cmd *cobra.Command, iso, folder *string) {
	cmd.Flags().StringVar(iso, "iso", "", "ISO `file` to boot")
	cmd.Flags().StringVar(folder, "netboot", "", "`folder` to boot over the network, by a machine with "+machine.PXE+" in its name")
	cmd.MarkFlagFilename("iso", "iso")
	cmd.MarkFlagDirname("netboot")
}

// machineValue is a machine as the value of a flag.
type machineValue struct{ machine *machine.Machine }

func (v *machineValue) String() string {
	if v.machine == nil { // the flag's zero value, which its help is compared with
		return ""
	}
	return v.machine.Name()
}

func (v *machineValue) Set(name string) (err error) {
	*v.machine, err = machine.Parse(name)
	return err
}

func (v *machineValue) Type() string { return "name" }
