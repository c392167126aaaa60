package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"dagger/iso/internal/dagger"
)

// bootPort is where the container that runs QEMU answers SSH.
const bootPort = 2222

// qemu is a container with QEMU, its UEFI firmware and the smoke program. The
// host's /dev/kvm is used where a probe guest runs under it, which needs --kvm.
func (m *Iso) qemu(iso *dagger.File) *dagger.Container {
	return m.Tools.
		With(install("qemu-system-x86", "ovmf")).
		WithMountedFile("/usr/local/bin/smoke", m.program("smoke")).
		WithMountedFile("/iso/bee.iso", iso)
}

// Boots an ISO in QEMU and runs the smoke test on it. The result is the report,
// whatever its verdict: report.json, junit.xml, serial.log, console.png,
// bee-audit.json.
//
// +cache="never"
func (m *Iso) SmokeReport(
	// The ISO.
	iso *dagger.File,
	// Firmware to boot with: bios or uefi.
	// +default="bios"
	firmware string,
	// Memory of the machine, in MiB.
	// +default=1024
	memory int,
	// Hardware of the machine: plain, or server (drives of every kind, three
	// network cards, a BMC), of which the audit has to find everything.
	// +default="plain"
	profile string,
	// Boot with no network card at all; the test runs over the serial console.
	// +optional
	noNetwork bool,
	// Private SSH key that the ISO lets in, for an ISO made with authorized keys.
	// +optional
	identity *dagger.Secret,
	// Password that the ISO was made with. Without it, the one that the ISO
	// prints on its console is used.
	// +optional
	password *dagger.Secret,
	// Let QEMU use the host's KVM, where it works.
	// +optional
	kvm bool,
) *dagger.Directory {
	args := []string{"smoke", "run", "--iso", "/iso/bee.iso", "--report", "/report",
		"--firmware", firmware, "--memory", fmt.Sprint(memory), "--profile", profile}
	c := m.qemu(iso)
	if noNetwork {
		args = append(args, "--no-network")
	}
	if identity != nil {
		c = c.WithMountedSecret("/run/identity", identity)
		args = append(args, "--identity", "/run/identity")
	}
	if password != nil {
		c = c.WithSecretVariable("SMOKE_PASSWORD", password)
		args = append(args, "--password-env", "SMOKE_PASSWORD")
	}
	return c.
		WithEnvVariable("SMOKE_RUN", time.Now().String()). // a test that was not run proves nothing
		WithExec(args, dagger.ContainerWithExecOpts{
			Expect:                   dagger.ReturnTypeAny,
			InsecureRootCapabilities: kvm,
		}).
		Directory("/report")
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
	// Firmware to boot with: bios or uefi.
	// +default="bios"
	firmware string,
	// Memory of the machine, in MiB.
	// +default=1024
	memory int,
	// Let QEMU use the host's KVM, where it works.
	// +optional
	kvm bool,
) *dagger.Service {
	return m.qemu(iso).
		WithExposedPort(bootPort).
		AsService(dagger.ContainerAsServiceOpts{
			Args: []string{"smoke", "boot", "--iso", "/iso/bee.iso",
				"--firmware", firmware, "--memory", fmt.Sprint(memory)},
			InsecureRootCapabilities: kvm,
		})
}
