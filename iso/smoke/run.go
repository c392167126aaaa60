package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"
	"golang.org/x/term"

	"bee/iso/smoke/internal/driver"
	"bee/iso/smoke/internal/hardware"
	"bee/iso/smoke/internal/qemu"
	"bee/iso/smoke/report"
)

func runCommand() *cobra.Command {
	options := driver.Options{Script: script, Progress: os.Stderr}
	var identity, passwordVariable string
	cmd := &cobra.Command{
		Use:   "run (--iso FILE | --host ADDRESS[:PORT])",
		Short: "Boot an ISO in QEMU, or find a machine, and check it",
		Long: `run boots an ISO in QEMU and checks the machine, or checks a machine that booted
bee already. KVM is used where a probe guest really runs under it, else QEMU
emulates the processor (TCG).

A boot fails at once, with the reason, on a kernel panic, a missing or damaged
medium, a rescue shell, or where memory runs out. Without --identity and
--password-env the password is read from the serial console, or, for --host,
asked for.

The audit has to find the hardware that the virtual machine is given: its drives and
network cards, and the power supply that a BMC knows. The last check of a virtual
machine, checks-complete, fails where a check is missing, or came to something else
than the list for the ISO's base says (iso/smoke/golden).

With --report, a folder gets report.json (what was tested, a time line of the
boot, every check), junit.xml (the same for CI systems), serial.log (the serial
console), console.png (the screen at the end) and bee-audit.json (the report of
the audit on a virtual machine).`,
		Example: `  # under BIOS, as a CD, with the password that the ISO shows on its console
  smoke run --iso bee.iso --report report

  # under UEFI, as a USB stick, with little memory
  smoke run --iso bee.iso --firmware uefi --media usb --memory 512

  # a server with drives of every kind, three network cards and a BMC: the audit
  # has to find each of them, under the serial number that it was given
  smoke run --iso bee.iso --profile server

  # a machine without any network card: everything goes over the serial console
  smoke run --iso bee.iso --network none

  # other hardware: four network cards of different makes, a SATA drive, a BMC
  smoke run --iso bee.iso --network four --disk ahci --bmc

  # an ISO that lets in keys only
  smoke run --iso bee.iso --identity ~/.ssh/id_ed25519

  # a real machine; it asks for the password that the machine's screen shows
  smoke run --host 192.0.2.10 --expect-internet`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(
				oneOf("firmware", options.Firmware, qemu.BIOS, qemu.UEFI),
				oneOf("media", options.Media, qemu.CD, qemu.USB),
			); err != nil {
				return err
			}
			if err := checkHardwareFlags(cmd, &options.Hardware); err != nil {
				return err
			}
			if options.Host != "" {
				options.Host = portOrSSH(options.Host)
			}
			var err error
			if options.Credentials, err = credentials(identity, passwordVariable, options.Host); err != nil {
				return err
			}
			return conclude(options, cmd)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&options.ISO, "iso", "", "ISO `file` to boot")
	flags.StringVar(&options.Host, "host", "", "`address` of a machine that booted bee already; port 22 unless it names one")
	flags.StringVar(&options.Firmware, "firmware", qemu.BIOS, "firmware of the virtual machine: bios or uefi")
	flags.StringVar(&options.Media, "media", qemu.CD, "what the ISO is to the virtual machine: cd or usb")
	flags.IntVar(&options.MemoryMiB, "memory", 1024, "memory of the virtual machine, in MiB")
	hardwareFlags(cmd, &options.Hardware)
	flags.BoolVar(&options.Internet, "expect-internet", false, "fail where the machine does not reach the internet")
	flags.StringVar(&identity, "identity", "", "private SSH key `file` to log in with")
	flags.StringVar(&passwordVariable, "password-env", "", "environment `variable` that holds the password to log in with")
	flags.StringVar(&options.ReportDir, "report", "", "`folder` for the report; an older report there is replaced")
	flags.DurationVar(&options.Timeout, "timeout", 10*time.Minute, "time limit of the whole test")
	cmd.MarkFlagsOneRequired("iso", "host")
	cmd.MarkFlagsMutuallyExclusive("iso", "host")
	cmd.MarkFlagsMutuallyExclusive("identity", "password-env")
	for _, virtual := range []string{"firmware", "media", "memory", "profile", "network", "disk", "bmc"} {
		cmd.MarkFlagsMutuallyExclusive("host", virtual)
	}
	words(cmd, "firmware", qemu.BIOS, qemu.UEFI)
	words(cmd, "media", qemu.CD, qemu.USB)
	cmd.MarkFlagFilename("iso", "iso")
	cmd.MarkFlagDirname("report")
	return cmd
}

// hardwareFlags are the flags that say what hardware a virtual machine has.
func hardwareFlags(cmd *cobra.Command, machine *hardware.Machine) {
	flags := cmd.Flags()
	choose := func(value *string, flag, what string, choices []string) {
		flags.StringVar(value, flag, choices[0], what+": "+strings.Join(choices, ", "))
		words(cmd, flag, choices...)
	}
	choose(&machine.Profile, "profile", "hardware of the machine", hardware.Profiles)
	choose(&machine.Network, "network", "network cards of the machine", hardware.Networks)
	choose(&machine.Disk, "disk", "what the machine's drive is connected by", hardware.Disks)
	flags.BoolVar(&machine.BMC, "bmc", false, "give the machine a BMC")
}

// checkHardwareFlags refuses hardware that there is not, and clears what the profile
// has instead.
func checkHardwareFlags(cmd *cobra.Command, machine *hardware.Machine) error {
	if err := errors.Join(
		oneOf("profile", machine.Profile, hardware.Profiles...),
		oneOf("network", machine.Network, hardware.Networks...),
		oneOf("disk", machine.Disk, hardware.Disks...),
	); err != nil || machine.Profile != hardware.Server {
		return err
	}
	for _, flag := range []string{"network", "disk", "bmc"} {
		if cmd.Flags().Changed(flag) {
			return fmt.Errorf("--%s: --profile %s has network cards, drives and a BMC of its own; leave one of the two out", flag, hardware.Server)
		}
	}
	*machine = hardware.Machine{Profile: hardware.Server, BMC: true}
	return nil
}

// words lets the shell complete the values of a flag.
func words(cmd *cobra.Command, flag string, values ...string) {
	cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// credentials reads the private key or the password that flags name. For a real
// machine without either, a person is asked.
func credentials(identity, variable, host string) (driver.Credentials, error) {
	none := driver.Credentials{}
	switch {
	case identity != "":
		data, err := os.ReadFile(identity)
		if err != nil {
			return none, err
		}
		key, err := ssh.ParsePrivateKey(data)
		if err != nil {
			return none, fmt.Errorf("--identity %s: not a private SSH key without a passphrase: %w", identity, err)
		}
		return driver.Credentials{Key: key}, nil
	case variable != "":
		password := os.Getenv(variable)
		if password == "" {
			return none, fmt.Errorf("--password-env %s: the variable is not set, or empty", variable)
		}
		return driver.Credentials{Password: password}, nil
	case host != "":
		stdin := int(os.Stdin.Fd())
		if !term.IsTerminal(stdin) {
			return none, errors.New("--host needs --identity or --password-env where there is no terminal to ask for the password")
		}
		fmt.Fprintf(os.Stderr, "password of root at %s (its console shows it): ", host)
		password, err := term.ReadPassword(stdin)
		fmt.Fprintln(os.Stderr)
		return driver.Credentials{Password: string(password)}, err
	}
	return none, nil
}

// conclude runs the test and prints what came out.
func conclude(options driver.Options, cmd *cobra.Command) error {
	result, err := driver.Run(cmd.Context(), options)
	if result != nil {
		fmt.Fprintln(cmd.OutOrStdout(), result.Counts)
	}
	var input driver.InputError
	switch {
	case errors.As(err, &input):
		return err
	case err != nil:
		return errBroken
	case result.Verdict != report.Pass:
		return errFailed
	}
	return nil
}
