package main

import (
	"context"

	"dagger/bee/internal/dagger"
)

// Boots the ISO and fails where a check fails.
//
// The ISO is booted in QEMU, and the running machine is checked. The result is the
// report: report.json, junit.xml, serial.log, console.png, and bee-audit.json, which is
// what the audit on it reported. A password that the ISO was made with is told by
// --password before the function, as when it was built, and so is its --module-certificate,
// which a machine with Secure Boot on has enrolled.
//
// +cache="never"
func (m *Bee) SmokeTest(
	ctx context.Context,
	// An ISO that is there already. Default: the one of build-iso.
	// +optional
	iso *dagger.File,
	// Machine to boot it on, by those of its words that are not as usual, such as uefi or
	// uefi-usb-512-four-ahci-bmc. They are, the usual one first: bios, uefi; cd, usb, http
	// (UEFI loads the ISO over the first network card into memory, of which 2048 MiB are enough);
	// 1024 or another number of MiB; virtio, e1000e, none, four (network cards: none is
	// tested over serial, four are of different makes); nvme, virtio-blk, ahci,
	// virtio-scsi (what connects the drive). Only where it is said: bmc (with a power
	// supply); slow (a medium that is read at 4 Mbit/s); server, in place of network, drive
	// and bmc (drives of every kind, three network cards, a BMC). The audit has to find what
	// the machine has.
	// +optional
	machine string,
	// Private SSH key that the ISO lets in, for an ISO made with keys.
	// +optional
	identity *dagger.Secret,
	// Time limit of the whole test, such as 90s. Default: 10m, 40m on a slow machine.
	// +optional
	timeout string,
) (*dagger.Directory, error) {
	modules, err := m.modules(ctx)
	if err != nil {
		return nil, err
	}
	report, err := modules.smokeReport(ctx, iso, smokeOptions{machine, identity, timeout})
	if err != nil {
		return nil, err
	}
	if _, err := modules.iso.Verdict(ctx, report); err != nil {
		return nil, err
	}
	return report, nil
}

// Tests as smoke-test does, but does not fail.
//
// For a look at what went wrong: serial.log and console.png are in it.
//
// +cache="never"
func (m *Bee) SmokeReport(
	ctx context.Context,
	// As for smoke-test.
	// +optional
	iso *dagger.File,
	// As for smoke-test.
	// +optional
	machine string,
	// As for smoke-test.
	// +optional
	identity *dagger.Secret,
	// As for smoke-test.
	// +optional
	timeout string,
) (*dagger.Directory, error) {
	modules, err := m.modules(ctx)
	if err != nil {
		return nil, err
	}
	return modules.smokeReport(ctx, iso, smokeOptions{machine, identity, timeout})
}

// smokeOptions are the parameters of SmokeTest, but for the ISO.
type smokeOptions struct {
	machine  string
	identity *dagger.Secret
	timeout  string
}

func (m *modules) smokeReport(ctx context.Context, iso *dagger.File, options smokeOptions) (*dagger.Directory, error) {
	iso, err := m.isoOr(ctx, iso)
	if err != nil {
		return nil, err
	}
	return m.iso.SmokeReport(iso, dagger.IsoSmokeReportOpts{
		Machine: options.machine, Identity: options.identity, Password: m.bee.Contents.Password,
		Timeout: options.timeout, Kvm: m.bee.Kvm, ModuleCertificate: m.bee.Contents.ModuleCertificate,
	}).Sync(ctx)
}

// Boots the ISO and keeps it running.
//
// It answers SSH on port 2222 of all addresses of the machine that asks for it, as Dagger's
// tunnel knows no other way; a line of the log says when, and by which command. The password,
// unless one was set, and the host key are in the log. Ctrl-C ends it:
//
//	dagger call boot up
func (m *Bee) Boot(
	ctx context.Context,
	// An ISO that is there already. Default: the one of build-iso.
	// +optional
	iso *dagger.File,
	// Machine to boot it on, as for smoke-test.
	// +optional
	machine string,
) (*dagger.Service, error) {
	modules, err := m.modules(ctx)
	if err != nil {
		return nil, err
	}
	if iso, err = modules.isoOr(ctx, iso); err != nil {
		return nil, err
	}
	return modules.iso.Boot(iso, dagger.IsoBootOpts{Machine: machine, Kvm: m.Kvm}), nil
}

// isoOr is an ISO that is given, or else the one of build-iso.
func (m *modules) isoOr(ctx context.Context, iso *dagger.File) (*dagger.File, error) {
	if iso != nil {
		return iso, nil
	}
	b, err := m.builder(ctx)
	if err != nil {
		return nil, err
	}
	iso, _, err = b.build(ctx)
	return iso, err
}
