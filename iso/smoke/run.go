package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"
	"golang.org/x/term"

	"bee/core/machine"
	"bee/core/report"
	"bee/iso/smoke/internal/driver"
	"bee/iso/smoke/internal/remote"
)

func runCommand() *cobra.Command {
	options := driver.Options{Script: script, Progress: os.Stderr}
	var identity, passwordVariable, key, certificate string
	cmd := &cobra.Command{
		Use:   "run (--iso FILE | --netboot FOLDER | --host ADDRESS[:PORT])",
		Short: "Boot an ISO in QEMU, or find a machine, and check it",
		Long: `run boots an ISO in QEMU and checks the machine, or checks a machine that booted
bee already. KVM is used where a probe guest really runs under it, else QEMU
emulates the processor (TCG).

A machine of --host has to have the host key of --host-key, which its screen shows
beside the password and /etc/issue has; without, its key is shown, and a person asked
whether it is that. Nothing is sent to a machine with another one. A virtual machine has
to have the key that its serial console shows.

A machine with pxe in its name has no medium: a server that gives it its address, and
the files of --netboot by TFTP and HTTP, is all that its first network card reaches. One
with http loads the ISO from that server: give it the memory for it, 2048 MiB or more.

A boot fails at once, with the reason, on a kernel panic, a missing or damaged
medium, a rescue shell, or where memory runs out. Without --identity and
--password-env the password is read from the serial console, or, for --host,
asked for.

The audit has to find the hardware that the virtual machine is given: its drives and
network cards, and the power supply that a BMC knows. The last check of a virtual
machine, checks-complete, fails where a check is missing, or came to something else
than the list for the ISO's base says (iso/smoke/golden).

With --module-certificate, a machine whose Secure Boot is on has that certificate enrolled,
as shim's MokManager does it: NVIDIA's kernel modules have to be signed by its key, and
to be loaded. Without, they are not.

With --report, a folder gets report.json (what was tested, a time line of the
boot, every check), junit.xml (the same for CI systems), serial.log (the serial
console), console.png (the screen at the end) and bee-audit.json (the report of
the audit on a virtual machine).

--machine takes the ` + machine.Words,
		Example: `  # under BIOS, as a CD, with the password that the ISO shows on its console
  smoke run --iso bee.iso --report report

  # under UEFI, as a USB stick, with little memory
  smoke run --iso bee.iso --machine uefi-usb-512

  # a server with drives of every kind, three network cards and a BMC: the audit
  # has to find each of them, under the serial number that it was given
  smoke run --iso bee.iso --machine server

  # a machine that boots over its network, what a folder has in place of an ISO
  smoke run --netboot netboot --machine uefi-pxe

  # a machine that loads the ISO over its network into memory
  smoke run --iso bee.iso --machine uefi-http-2048

  # a machine without any network card: everything goes over the serial console
  smoke run --iso bee.iso --machine none

  # other hardware: four network cards of different makes, a SATA drive, a BMC
  smoke run --iso bee.iso --machine four-ahci-bmc

  # with Secure Boot on, and the key of NVIDIA's modules enrolled
  smoke run --iso bee.iso --machine uefi-secure --module-certificate module.pem

  # an ISO that lets in keys only
  smoke run --iso bee.iso --identity ~/.ssh/id_ed25519

  # a real machine; it asks for the password that the machine's screen shows
  smoke run --host 192.0.2.10 --expect-internet

  # the same where nobody is asked
  smoke run --host 192.0.2.10 --host-key SHA256:… --password-env BEE_PASSWORD`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if options.Host != "" {
				options.Host = portOrSSH(options.Host)
			}
			var err error
			if options.HostKey, err = hostKey(cmd, key, options.Host); err != nil {
				return err
			}
			if certificate != "" {
				if options.ModuleCertificate, err = os.ReadFile(certificate); err != nil {
					return fmt.Errorf("--module-certificate: %w", err)
				}
			}
			if options.Credentials, err = credentials(cmd.Context(), identity, passwordVariable, options.Host); err != nil {
				return err
			}
			return conclude(options, cmd)
		},
	}
	flags := cmd.Flags()
	bootFlags(cmd, &options.ISO, &options.Netboot)
	flags.StringVar(&options.Host, "host", "", "`address` of a machine that booted bee already; port 22 unless it names one")
	flags.StringVar(&key, "host-key", "", "`fingerprint` of the machine's host key, SHA256:…, that its screen shows")
	machineFlag(cmd, &options.Machine)
	flags.StringVar(&certificate, "module-certificate", "", "`file` with the certificate, PEM or DER, that a machine with Secure Boot on has enrolled")
	flags.BoolVar(&options.Internet, "expect-internet", false, "fail where the machine does not reach the internet")
	flags.BoolVar(&options.AllPorts, "all-ports", false, "scan all TCP ports of a virtual machine without KVM, too, which takes twenty seconds more, and not the customary ones alone")
	flags.StringVar(&identity, "identity", "", "private SSH key `file` to log in with")
	flags.StringVar(&passwordVariable, "password-env", "", "environment `variable` that holds the password to log in with")
	flags.StringVar(&options.ReportDir, "report", "", "`folder` for the report; an older report there is replaced")
	flags.DurationVar(&options.Timeout, "timeout", 0, "time limit of the whole test (default 10m, of a slow machine 40m)")
	cmd.MarkFlagsOneRequired("iso", "netboot", "host")
	cmd.MarkFlagsMutuallyExclusive("iso", "netboot", "host")
	cmd.MarkFlagsMutuallyExclusive("identity", "password-env")
	cmd.MarkFlagsMutuallyExclusive("host", "machine")
	cmd.MarkFlagsMutuallyExclusive("iso", "host-key")
	cmd.MarkFlagsMutuallyExclusive("netboot", "host-key")
	cmd.MarkFlagsMutuallyExclusive("host", "all-ports")
	cmd.MarkFlagsMutuallyExclusive("host", "module-certificate")
	cmd.MarkFlagDirname("report")
	return cmd
}

var fingerprint = regexp.MustCompile(`^SHA256:[A-Za-z0-9+/]{43}$`)

// hostKey is the fingerprint that the host's key has to have: the one given, else the one
// that it has, when a person says that it is right. An ISO's machine shows its own.
func hostKey(cmd *cobra.Command, given, host string) (string, error) {
	switch {
	case host == "":
		return "", nil
	case given != "" && !fingerprint.MatchString(given):
		return "", fmt.Errorf("--host-key %s: not a fingerprint such as SHA256:… with 43 characters behind it, which the machine's screen shows", given)
	case given != "":
		return given, nil
	case !term.IsTerminal(int(os.Stdin.Fd())):
		return "", errors.New("--host needs --host-key SHA256:… where there is no terminal to ask at whether the machine is the right one; its screen shows the key")
	}
	key, err := remote.ReadKey(cmd.Context(), host)
	if err != nil {
		return "", fmt.Errorf("--host %s: no SSH host key: %w", host, err)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s has the host key\n  %s\nDoes the machine's screen show the same (yes or no)? ", host, key)
	answer, err := readLine(cmd.Context())
	if err == nil && answer != "yes" {
		err = fmt.Errorf("--host %s: its host key was not confirmed; nothing was sent to it", host)
	}
	return key, err
}

// readLine reads a line from the terminal, which hands over one at a time.
func readLine(ctx context.Context) (string, error) {
	return unless(ctx, func() (string, error) {
		buffer := make([]byte, 4096)
		n, err := os.Stdin.Read(buffer)
		return strings.TrimSpace(string(buffer[:n])), err
	})
}

// readPassword reads a line that the terminal does not show.
func readPassword(ctx context.Context) (string, error) {
	stdin := int(os.Stdin.Fd())
	before, err := term.GetState(stdin)
	if err != nil {
		return "", err
	}
	defer term.Restore(stdin, before) // where it is interrupted
	return unless(ctx, func() (string, error) {
		password, err := term.ReadPassword(stdin)
		return string(password), err
	})
}

// unless waits for a person, unless the context ends, which such a read does not see.
func unless(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := read()
		done <- result{line, err}
	}()
	select {
	case r := <-done:
		return r.line, r.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// credentials reads the private key or the password that flags name. For a real
// machine without either, a person is asked.
func credentials(ctx context.Context, identity, variable, host string) (driver.Credentials, error) {
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
		password := strings.TrimSuffix(os.Getenv(variable), "\n") // of what came from a file
		if password == "" {
			return none, fmt.Errorf("--password-env %s: the variable is not set, or empty", variable)
		}
		return driver.Credentials{Password: password}, nil
	case host != "":
		if !term.IsTerminal(int(os.Stdin.Fd())) {
			return none, errors.New("--host needs --identity or --password-env where there is no terminal to ask for the password")
		}
		fmt.Fprintf(os.Stderr, "password of root at %s (its console shows it; where keys are let in, give --identity FILE): ", host)
		password, err := readPassword(ctx)
		fmt.Fprintln(os.Stderr)
		return driver.Credentials{Password: password}, err
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
	case errors.As(err, &input), errors.Is(err, driver.ErrReportLost):
		return err
	case err != nil:
		return errBroken
	case result.Verdict != report.Pass:
		return errFailed
	}
	return nil
}
