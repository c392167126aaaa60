package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"dagger/iso/internal/dagger"
)

// The program that checks the machine it runs on: see its --help. It is on the ISO, and
// iso/smoke/smoketest.sh calls it.
func (m *Iso) Selftest() *dagger.File { return m.program("smoke/selftest") }

// bootPort is where the container that runs QEMU answers SSH, by the address through which
// the engine's tunnel reaches it.
const (
	bootPort   = 2222
	bootListen = "0.0.0.0:2222"
)

// qemu is a container with QEMU, its UEFI firmware, its TPM and the smoke program. The
// host's /dev/kvm is used where a probe guest runs under it, which needs --kvm.
func (m *Iso) qemu(iso *dagger.File) *dagger.Container {
	return m.Tools.
		With(install(qemuTools...)).
		WithMountedFile("/usr/local/bin/smoke", m.program("smoke")).
		WithMountedFile("/iso/bee.iso", iso)
}

// Exit statuses of the smoke program.
const (
	exitInput = 2 // the test could not begin
	exitLost  = 4 // its report went away while it ran
)

// Boots an ISO in QEMU and runs the smoke test on it. The result is the report,
// whatever its verdict: report.json, junit.xml, serial.log, console.png,
// bee-audit.json. An error where the test could not begin.
//
// +cache="never"
func (m *Iso) SmokeReport(
	ctx context.Context,
	// The ISO.
	iso *dagger.File,
	// Machine to boot it on: a name, or those of its words that are not as usual, as in
	// uefi-usb-512-four-ahci-bmc or server. A word that is none is told with all that
	// there are.
	// +optional
	machine string,
	// Time limit of the whole test, such as 90s or 10m. Default: what the machine needs.
	// +optional
	timeout string,
	// Private SSH key that the ISO lets in, for an ISO made with authorized keys.
	// +optional
	identity *dagger.Secret,
	// Password that the ISO was made with. Without it, the one that the ISO
	// prints on its console is used.
	// +optional
	password *dagger.Secret,
	// Certificate, X.509 in PEM or DER, that a machine with Secure Boot on has enrolled: kernel
	// modules that its key signed have to be loaded.
	// +optional
	moduleCertificate *dagger.File,
	// Let QEMU use the host's KVM, where it works.
	// +optional
	kvm bool,
) (*dagger.Directory, error) {
	args := []string{"smoke", "run", "--iso", "/iso/bee.iso", "--report", "/report", "--machine", machine}
	if timeout != "" {
		args = append(args, "--timeout", timeout)
	}
	c := m.qemu(iso)
	if identity != nil {
		c = c.WithMountedSecret("/run/identity", identity)
		args = append(args, "--identity", "/run/identity")
	}
	if password != nil {
		c = c.WithSecretVariable("SMOKE_PASSWORD", password)
		args = append(args, "--password-env", "SMOKE_PASSWORD")
	}
	if moduleCertificate != nil {
		c = c.WithMountedFile("/run/module-certificate", moduleCertificate)
		args = append(args, "--module-certificate", "/run/module-certificate")
	}
	var code int
	var ran *dagger.Container
	for range 2 {
		ran = c.
			WithEnvVariable("SMOKE_RUN", time.Now().String()). // a test that was not run proves nothing
			WithExec(args, dagger.ContainerWithExecOpts{
				Expect:                   dagger.ReturnTypeAny,
				InsecureRootCapabilities: kvm,
			})
		var err error
		if code, err = ran.ExitCode(ctx); err != nil {
			return nil, err
		}
		// Seldom, an engine takes away the files of a container that runs, where another
		// session ends (https://github.com/moby/buildkit/pull/6808).
		if code != exitLost {
			break
		}
	}
	if code == exitInput || code == exitLost {
		reason, err := ran.Stderr(ctx)
		if err != nil {
			return nil, err
		}
		return nil, errors.New(strings.TrimSpace(reason))
	}
	return ran.Directory("/report"), nil
}

// The verdict of smoke reports, as a table; an error where any of them holds a
// FAIL, with the lines that failed and the end of the serial log.
func (m *Iso) Verdict(
	ctx context.Context,
	// Folder with a report, or with a folder for each.
	reports *dagger.Directory,
) (string, error) {
	c := m.Tools.
		WithMountedFile("/usr/local/bin/smoke", m.program("smoke")).
		WithMountedDirectory("/reports", reports).
		WithExec([]string{"sh", "-c", `exec smoke verdict $(find /reports -name report.json -exec dirname {} + | sort)`},
			dagger.ContainerWithExecOpts{Expect: dagger.ReturnTypeAny})
	table, err := c.CombinedOutput(ctx)
	if err != nil {
		return "", err
	}
	if code, err := c.ExitCode(ctx); err != nil {
		return "", err
	} else if code != 0 {
		return "", errors.New(strings.TrimSpace(table))
	}
	return table, nil
}

// Boots an ISO in QEMU and keeps it running: SSH answers on port 2222.
func (m *Iso) Boot(
	// The ISO.
	iso *dagger.File,
	// Machine to boot it on, as for smoke-report.
	// +optional
	machine string,
	// Let QEMU use the host's KVM, where it works.
	// +optional
	kvm bool,
) *dagger.Service {
	return m.qemu(iso).
		WithExposedPort(bootPort).
		AsService(dagger.ContainerAsServiceOpts{
			Args:                     []string{"smoke", "boot", "--iso", "/iso/bee.iso", "--machine", machine, "--listen", bootListen},
			InsecureRootCapabilities: kvm,
		})
}
