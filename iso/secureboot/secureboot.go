package main

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"bee/core/printable"
)

// What the ISO, and the kernel, have.
const (
	certificateFile = "/usr/local/lib/nvidia/module-certificate.der"
	firmwareFolder  = "/sys/firmware/efi"
	variablesFolder = firmwareFolder + "/efivars"
	secureBoot      = variablesFolder + "/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
	lockdownFile    = "/sys/kernel/security/lockdown"
)

// system is the machine that runs.
type system struct {
	root string
	// mount has the kernel show UEFI's variables in a folder, to read or to write them.
	mount func(folder string, write bool) error
	// mokutil runs the program of that name, which is shim's, with what is typed.
	mokutil func(input string, args ...string) (output string, err error)
}

func mountVariables(folder string, write bool) error {
	flags := uintptr(unix.MS_RDONLY)
	if write {
		flags = 0
	}
	err := unix.Mount("none", folder, "efivarfs", unix.MS_REMOUNT|flags, "")
	if errors.Is(err, unix.EINVAL) { // it is not mounted
		err = unix.Mount("none", folder, "efivarfs", flags, "")
	}
	return err
}

func mokutil(input string, args ...string) (string, error) {
	cmd := exec.Command("mokutil", args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// state is what there is to know.
type state struct {
	uefi, secure bool
	// lockdown is the word for what the kernel keeps from root; empty or none where it is nothing.
	lockdown string
	// certificate is nil where NVIDIA's modules are signed by nobody.
	certificate *x509.Certificate
	enrolled    enrolment
}

// enrolment is how far it is with the certificate.
type enrolment int

const (
	notEnrolled enrolment = iota
	requested
	enrolled
)

func (s *system) path(name string) string { return filepath.Join(s.root, name) }

func (s *system) look() (*state, error) {
	var now state
	text, _ := os.ReadFile(s.path(lockdownFile)) // without, nothing is locked down
	_, chosen, _ := strings.Cut(string(text), "[")
	now.lockdown, _, _ = strings.Cut(chosen, "]")

	der, err := os.ReadFile(s.path(certificateFile))
	if err == nil {
		now.certificate, err = x509.ParseCertificate(der)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", certificateFile, err)
	}
	if _, err := os.Stat(s.path(firmwareFolder)); err != nil {
		return &now, nil
	}
	now.uefi = true
	if entries, _ := os.ReadDir(s.path(variablesFolder)); len(entries) == 0 {
		if err := s.mount(s.path(variablesFolder), false); err != nil {
			return nil, fmt.Errorf("UEFI's variables cannot be read: %w", err)
		}
	}
	// four bytes of attributes, and one that is 1 where it is on
	variable, err := os.ReadFile(s.path(secureBoot))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	now.secure = len(variable) == 5 && variable[4] == 1
	if now.certificate != nil {
		if now.enrolled, err = s.enrolment(); err != nil {
			return nil, err
		}
	}
	return &now, nil
}

// enrolment asks mokutil, whose exit status is 0 for what is not enrolled yet.
func (s *system) enrolment() (enrolment, error) {
	said, err := s.mokutil("", "--test-key", s.path(certificateFile))
	switch {
	case strings.Contains(said, "is not enrolled"):
		return notEnrolled, nil
	case strings.Contains(said, "in the enrollment request"):
		return requested, nil
	case strings.Contains(said, " already "):
		return enrolled, nil
	}
	return 0, wrongAnswer("--test-key", said, err)
}

func wrongAnswer(option, said string, err error) error {
	said = strings.Join(strings.Fields(said), " ")
	if err != nil {
		said = strings.TrimPrefix(said+"; "+err.Error(), "; ")
	}
	return fmt.Errorf("mokutil %s says: %s", option, said)
}

// refused tells a person why the kernel loads none of NVIDIA's modules; empty where it does.
func (now *state) refused() string {
	switch {
	case slices.Contains([]string{"", "none"}, now.lockdown) || now.certificate != nil && now.enrolled == enrolled:
		return ""
	case now.certificate == nil:
		return `NVIDIA's kernel modules on this ISO are signed by nobody, and the kernel does not load them.
Turn Secure Boot off in the firmware's setup, or build the ISO with --module-key and
--module-certificate (README's "Secure Boot").
`
	case now.enrolled == requested:
		return `The kernel does not load NVIDIA's kernel modules yet. Start the machine again from this ISO, and
answer what its screen asks: "bee-secureboot enrol" says how, with a new password.
`
	}
	return `The kernel does not load NVIDIA's kernel modules, as this machine does not know their key.
"bee-secureboot enrol" makes it known. Or turn Secure Boot off in the firmware's setup.
`
}

// text tells a person.
func (now *state) text() string {
	var b strings.Builder
	switch {
	case !now.uefi:
		fmt.Fprintln(&b, "Secure Boot: no, the firmware started this machine as a BIOS")
	case now.secure:
		fmt.Fprintln(&b, "Secure Boot: on")
	default:
		fmt.Fprintln(&b, "Secure Boot: off")
	}
	if now.lockdown != "" {
		fmt.Fprintf(&b, "Kernel lockdown: %s\n", printable.Again(now.lockdown))
	}
	if c := now.certificate; c != nil {
		fmt.Fprintf(&b, "NVIDIA's modules are signed by: %s\n  SHA-256 of the certificate: %X\n", printable.Again(c.Subject.String()), sha256.Sum256(c.Raw))
		if now.uefi {
			fmt.Fprintf(&b, "  enrolled on this machine: %s\n", []string{"no", "not yet, the machine asks at its next start", "yes"}[now.enrolled])
		}
	} else {
		fmt.Fprintln(&b, "NVIDIA's modules are signed by: nobody, or there are none")
	}
	if refused := now.refused(); refused != "" {
		b.WriteString("\n" + refused)
	}
	return b.String()
}

// digits of the password: enough for the one start in which it is asked for, three times. Digits
// are on the same keys of most keyboards, and firmware takes each for an American one.
const digits = 8

// enrol requests the enrolment, and says what to do then.
func (s *system) enrol() (string, error) {
	now, err := s.look()
	switch {
	case err != nil:
		return "", err
	case now.certificate == nil:
		return "", fmt.Errorf(`there is no %s: this ISO was built without --module-key, or without the driver`, certificateFile)
	case !now.uefi:
		return "", errors.New("the firmware started this machine as a BIOS: there is no Secure Boot, and nothing to enrol")
	case now.enrolled == enrolled:
		return "The certificate is enrolled on this machine: there is nothing to do.\n", nil
	}
	number, err := rand.Int(rand.Reader, new(big.Int).Exp(big.NewInt(10), big.NewInt(digits), nil))
	if err != nil {
		return "", err
	}
	password := fmt.Sprintf("%0*d", digits, number)
	if err := s.mount(s.path(variablesFolder), true); err != nil {
		return "", fmt.Errorf("UEFI's variables cannot be written: %w", err)
	}
	said, err := "", error(nil)
	if now.enrolled == requested { // by another password, which nobody knows any more
		said, err = s.mokutil("", "--revoke-import")
	}
	if err == nil {
		said, err = s.mokutil(password+"\n"+password+"\n", "--import", s.path(certificateFile))
	}
	if err != nil {
		err = wrongAnswer("--import", said, err)
	} else if now.enrolled, err = s.enrolment(); err == nil && now.enrolled != requested {
		err = wrongAnswer("--import", said, errors.New("the machine has no request to enrol the certificate"))
	}
	if readOnly := s.mount(s.path(variablesFolder), false); err == nil {
		err = readOnly
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(steps, password, printable.Again(now.certificate.Subject.String())), nil
}

// steps are what MokManager of shim 15.8 asks.
const steps = `This machine will ask at its next start, once. Write this down:

    password: %s

 1. Start the machine again from this medium ("reboot"). A blue screen says "Press any key to
    perform MOK management": press a key within ten seconds.
 2. "Enroll MOK", then "Continue". ("View key 0" shows the certificate, %s.)
 3. "Enroll the key(s)?": "Yes". Type the password; nothing is shown meanwhile. Enter.
 4. "Reboot". With this ISO, bee-secureboot says then that the certificate is enrolled.

Whoever misses it calls "bee-secureboot enrol" again. Where the password is lost, "Enroll key from
disk" in place of "Enroll MOK" takes module-certificate.der from the medium's volume BEE.
`
