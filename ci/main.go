// Builds bee, a bootable live ISO that audits server hardware, and proves in
// QEMU that it works.
//
//	dagger call build-iso export --path bee.iso     an ISO
//	dagger call build export --path dist            the ISO with its checksums and manifest
//	dagger call smoke-test                          boot it, check it, fail if it is not right
//	dagger call boot up                             boot it and try it: ssh -p 2222 root@localhost
//
// Every input is pinned in VERSIONS, and VERSIONS.local overrides it on one site.
package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"dagger/bee/access"
	"dagger/bee/beerelease"
	"dagger/bee/internal/dagger"
	"dagger/bee/versions"
)

// Bee builds and tests the ISO of one commit.
type Bee struct {
	// +private
	Pins *dagger.Directory
	// +private
	Vendor *dagger.Directory
	// +private
	Repository *dagger.GitRepository
	// +private
	ApkMirror *dagger.Directory
	// +private
	Aports *dagger.Directory
	// +private
	SigningKey *dagger.Secret
	// +private
	Strict bool
	// What is made anew: see verify-reproducible.
	//
	// +private
	Rebuild string
}

func New(
	// Folder with VERSIONS and, where the site has one, VERSIONS.local.
	// +optional
	// +defaultPath="/"
	// +ignore=["*", "!VERSIONS", "!VERSIONS.local"]
	pins *dagger.Directory,
	// Vendor programs for the ISO's /usr/local/bin.
	// +optional
	// +defaultPath="/iso/vendor"
	// +ignore=["README.md"]
	vendor *dagger.Directory,
	// The repository: its newest commit names the ISO and dates its files.
	// +optional
	// +defaultPath="/"
	repository *dagger.GitRepository,
	// Saved copy of Alpine's packages, see alpine-mirror. Default: the mirror that
	// ALPINE_MIRROR names.
	// +optional
	apkMirror *dagger.Directory,
	// Tree of Alpine's aports, whose scripts make the ISO on the base alpine. Default:
	// APORTS_COMMIT of the public repository.
	// +optional
	aports *dagger.Directory,
	// Private RSA key, in PEM, that signs packages and kernel modules on an ISO of the
	// base alpine: two builds are equal with the same key. Default: one that is made
	// for the engine and stays there.
	// +optional
	signingKey *dagger.Secret,
	// Fail where a package is another one than its lock names. Without it, there is a
	// warning, and the ISO's manifest says what is on it.
	// +optional
	strict bool,
) *Bee {
	return &Bee{
		Pins: pins, Vendor: vendor, Repository: repository,
		ApkMirror: apkMirror, Aports: aports, SigningKey: signingKey, Strict: strict,
	}
}

// The ISO alone: hybrid, for CD, USB stick and virtual media, BIOS and UEFI.
func (m *Bee) BuildIso(
	ctx context.Context,
	// Base of the ISO: alpine or debian. Default: BASE in VERSIONS.
	// +optional
	base string,
	// Public SSH keys that may log in as root and as bee, in the format of
	// authorized_keys. With them there are no passwords.
	// +optional
	authorizedKeys *dagger.File,
	// Password for root and bee. Without it and without keys, the ISO makes a
	// random one at each boot and shows it on its console.
	// +optional
	password *dagger.Secret,
	// Put the NVIDIA driver on the ISO.
	// +default=true
	nvidia bool,
	// NVIDIA's installer of NVIDIA_VERSION, a .run file, to take the driver from.
	// Default: what NVIDIA_ORIGIN in VERSIONS says.
	// +optional
	nvidiaRun *dagger.File,
	// Build gpu_burn and put it on the ISO. One in iso/vendor/gpu_burn is on it anyway.
	// +optional
	gpuBurn bool,
) (*dagger.File, error) {
	b, err := m.builder(ctx, base)
	if err != nil {
		return nil, err
	}
	return b.iso(ctx, contents{authorizedKeys, password, nvidia, nvidiaRun, gpuBurn})
}

// What is shipped: bee.iso, its manifest, and SHA256SUMS over both.
func (m *Bee) Build(
	ctx context.Context,
	// Base of the ISO: alpine or debian. Default: BASE in VERSIONS.
	// +optional
	base string,
	// Public SSH keys that may log in as root and as bee, in the format of
	// authorized_keys. With them there are no passwords.
	// +optional
	authorizedKeys *dagger.File,
	// Password for root and bee. Without it and without keys, the ISO makes a
	// random one at each boot and shows it on its console.
	// +optional
	password *dagger.Secret,
	// Put the NVIDIA driver on the ISO.
	// +default=true
	nvidia bool,
	// NVIDIA's installer of NVIDIA_VERSION, a .run file, to take the driver from.
	// Default: what NVIDIA_ORIGIN in VERSIONS says.
	// +optional
	nvidiaRun *dagger.File,
	// Build gpu_burn and put it on the ISO. One in iso/vendor/gpu_burn is on it anyway.
	// +optional
	gpuBurn bool,
) (*dagger.Directory, error) {
	iso, err := m.BuildIso(ctx, base, authorizedKeys, password, nvidia, nvidiaRun, gpuBurn)
	if err != nil {
		return nil, err
	}
	v, err := m.versions(ctx)
	if err != nil {
		return nil, err
	}
	files := dag.Directory().
		WithFile("bee.iso", iso).
		WithFile("bee.iso.manifest.json", m.isoModule(v).Manifest(iso))
	sums := dag.Container().
		From(v.DebianImage).
		WithMountedDirectory("/dist", files).
		WithWorkdir("/dist").
		WithExec([]string{"sha256sum", "bee.iso", "bee.iso.manifest.json"}, dagger.ContainerWithExecOpts{
			RedirectStdout: "/SHA256SUMS",
		}).
		File("/SHA256SUMS")
	return files.WithFile("SHA256SUMS", sums, dagger.DirectoryWithFileOpts{Permissions: 0o644}), nil
}

// The audit program as it is on the ISO: a static binary for x86-64 Linux.
func (m *Bee) Audit(ctx context.Context) (*dagger.File, error) {
	v, err := m.versions(ctx)
	if err != nil {
		return nil, err
	}
	release, err := m.commit(ctx, v)
	if err != nil {
		return nil, err
	}
	return m.audit(v).Binary(dagger.AuditBinaryOpts{Version: release.Version()}), nil
}

// Boots the ISO and keeps it running: `dagger call boot up`, then
// `ssh -p 2222 root@localhost`. The password is in the log.
func (m *Bee) Boot(
	ctx context.Context,
	// An ISO that is there already. Default: the one of build-iso.
	// +optional
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
) (*dagger.Service, error) {
	v, err := m.versions(ctx)
	if err != nil {
		return nil, err
	}
	if iso == nil {
		if iso, err = m.BuildIso(ctx, "", nil, nil, true, nil, false); err != nil {
			return nil, err
		}
	}
	return m.isoModule(v).Boot(iso, dagger.IsoBootOpts{Firmware: firmware, Memory: memory, Kvm: kvm}), nil
}

// Boots the ISO in QEMU and checks the running machine; fails where a check
// fails. The result is the report: report.json, junit.xml, serial.log,
// console.png, and bee-audit.json, which is what the audit on it reported.
//
// +cache="never"
func (m *Bee) SmokeTest(
	ctx context.Context,
	// An ISO that is there already. Default: the one of build-iso.
	// +optional
	iso *dagger.File,
	// Firmware to boot with: bios or uefi.
	// +default="bios"
	firmware string,
	// What the ISO is to the machine: cd or usb.
	// +default="cd"
	media string,
	// Memory of the machine, in MiB.
	// +default=1024
	memory int,
	// Network cards of the machine: virtio, e1000e, four (of different makes) or none;
	// without any, the test runs over the serial console. Default: virtio.
	// +optional
	network string,
	// What the machine's drive is connected by: nvme, virtio-blk, ahci or virtio-scsi.
	// Default: nvme.
	// +optional
	disk string,
	// Give the machine a BMC, whose power supply the audit has to find.
	// +optional
	bmc bool,
	// Hardware of the machine: plain, or server (drives of every kind, three
	// network cards, a BMC), of which the audit has to find everything. A server
	// takes no other network, disk or bmc.
	// +default="plain"
	profile string,
	// Time limit of the whole test, such as 90s or 10m.
	// +default="10m"
	timeout string,
	// Private SSH key that the ISO lets in, for an ISO made with keys.
	// +optional
	identity *dagger.Secret,
	// Password that the ISO was made with, where it was.
	// +optional
	password *dagger.Secret,
	// Let QEMU use the host's KVM, where it works.
	// +optional
	kvm bool,
) (*dagger.Directory, error) {
	report, err := m.SmokeReport(ctx, iso, firmware, media, memory, network, disk, bmc, profile, timeout, identity, password, kvm)
	if err != nil {
		return nil, err
	}
	if report, err = report.Sync(ctx); err != nil {
		return nil, err
	}
	v, err := m.versions(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := m.isoModule(v).Verdict(ctx, report); err != nil {
		return nil, err
	}
	return report, nil
}

// Like smoke-test, but the result is the report whatever its verdict: for a look
// at what went wrong.
//
// +cache="never"
func (m *Bee) SmokeReport(
	ctx context.Context,
	// An ISO that is there already. Default: the one of build-iso.
	// +optional
	iso *dagger.File,
	// Firmware to boot with: bios or uefi.
	// +default="bios"
	firmware string,
	// What the ISO is to the machine: cd or usb.
	// +default="cd"
	media string,
	// Memory of the machine, in MiB.
	// +default=1024
	memory int,
	// Network cards of the machine: virtio, e1000e, four (of different makes) or none;
	// without any, the test runs over the serial console. Default: virtio.
	// +optional
	network string,
	// What the machine's drive is connected by: nvme, virtio-blk, ahci or virtio-scsi.
	// Default: nvme.
	// +optional
	disk string,
	// Give the machine a BMC, whose power supply the audit has to find.
	// +optional
	bmc bool,
	// Hardware of the machine: plain, or server (drives of every kind, three
	// network cards, a BMC), of which the audit has to find everything. A server
	// takes no other network, disk or bmc.
	// +default="plain"
	profile string,
	// Time limit of the whole test, such as 90s or 10m.
	// +default="10m"
	timeout string,
	// Private SSH key that the ISO lets in, for an ISO made with keys.
	// +optional
	identity *dagger.Secret,
	// Password that the ISO was made with, where it was.
	// +optional
	password *dagger.Secret,
	// Let QEMU use the host's KVM, where it works.
	// +optional
	kvm bool,
) (*dagger.Directory, error) {
	v, err := m.versions(ctx)
	if err != nil {
		return nil, err
	}
	if iso == nil {
		if iso, err = m.BuildIso(ctx, "", nil, nil, true, nil, false); err != nil {
			return nil, err
		}
	}
	return m.isoModule(v).SmokeReport(iso, dagger.IsoSmokeReportOpts{
		Firmware: firmware, Media: media, Memory: memory, Network: network, Disk: disk, Bmc: bmc,
		Profile: profile, Timeout: timeout,
		Identity: identity, Password: password, Kvm: kvm,
	}), nil
}

// versions reads the pins.
//
// Here and elsewhere, errors of the engine's are not wrapped by %w: of an error that
// wraps one of its own, the engine shows nothing else.
func (m *Bee) versions(ctx context.Context) (*versions.Versions, error) {
	text, err := m.Pins.File(versions.File).Contents(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %v", versions.File, err)
	}
	local := ""
	names, err := m.Pins.Entries(ctx)
	if err != nil {
		return nil, err
	}
	if slices.Contains(names, versions.LocalFile) {
		if local, err = m.Pins.File(versions.LocalFile).Contents(ctx); err != nil {
			return nil, err
		}
	}
	return versions.Parse(text, local)
}

// commit says which commit is built, and of what time.
func (m *Bee) commit(ctx context.Context, v *versions.Versions) (beerelease.Release, error) {
	var release beerelease.Release
	head := m.Repository.Head()
	commit, err := head.Commit(ctx)
	if err != nil {
		return release, fmt.Errorf("the commit to build: %v", err)
	}
	clean, err := m.Repository.Uncommitted().IsEmpty(ctx)
	if err != nil {
		return release, fmt.Errorf("changes since commit %s: %v", commit, err)
	}
	date, err := dag.Container().
		From(v.GolangImage). // it brings git
		WithMountedDirectory("/src", head.Tree()).
		WithWorkdir("/src").
		WithExec([]string{"git", "-c", "safe.directory=/src", "show", "--no-patch", "--format=%ct", commit}).
		Stdout(ctx)
	if err != nil {
		return release, err
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(date), 10, 64)
	if err != nil {
		return release, fmt.Errorf("time of commit %s: %w", commit, err)
	}
	if !clean {
		commit += "-dirty"
	}
	return beerelease.Release{Commit: commit, Date: time.Unix(seconds, 0)}, nil
}

func (m *Bee) audit(v *versions.Versions) *dagger.Audit {
	return dag.Audit(v.GolangImage, dagger.AuditOpts{Rebuild: m.Rebuild})
}

func (m *Bee) isoModule(v *versions.Versions) *dagger.Iso {
	return dag.Iso(v.GolangImage, v.DebianImage, dagger.IsoOpts{
		DebianMirror:   v.DebianMirror,
		DebianRelease:  v.DebianRelease,
		DebianSnapshot: v.DebianSnapshot,
		Rebuild:        m.Rebuild,
	})
}

// contents is what goes onto an ISO by choice.
type contents struct {
	keys      *dagger.File
	password  *dagger.Secret
	nvidia    bool
	nvidiaRun *dagger.File
	gpuBurn   bool
}

// iso makes the ISO of this commit.
func (b *builder) iso(ctx context.Context, c contents) (*dagger.File, error) {
	if c.nvidiaRun != nil && !c.nvidia {
		return nil, fmt.Errorf("--nvidia-run and --nvidia=false exclude each other")
	}
	release, err := b.bee.commit(ctx, b.versions)
	if err != nil {
		return nil, err
	}
	own := dag.Directory().
		WithFile("usr/local/bin/audit", b.bee.audit(b.versions).Binary(dagger.AuditBinaryOpts{Version: release.Version()}), executable).
		WithFile("usr/local/bin/bee-burn", b.bee.audit(b.versions).Burn(dagger.AuditBurnOpts{Version: release.Version()}), executable).
		WithFile("usr/local/lib/bee/nvidia-load", b.bee.nvidia(b.versions).Loader(), executable).
		WithFile("usr/local/lib/bee/selftest", b.bee.isoModule(b.versions).Selftest(), executable)
	if own, release.SSH, err = withAccess(ctx, own, c.keys, c.password); err != nil {
		return nil, err
	}
	if own, err = b.withVendor(ctx, own, &release, c.gpuBurn); err != nil {
		return nil, err
	}
	release.Base, release.BaseRelease = b.name, b.base.release()
	// the programs are compiled while the base is made
	steps, stepsCtx := errgroup.WithContext(ctx)
	steps.Go(func() error {
		_, err := own.Sync(stepsCtx)
		return err
	})
	steps.Go(func() (err error) {
		if release.Kernel, err = b.kernel(stepsCtx); err != nil || !c.nvidia {
			return err
		}
		release.Nvidia, err = b.withNvidia(stepsCtx, release.Kernel, c.nvidiaRun)
		return err
	})
	if err := steps.Wait(); err != nil {
		return nil, err
	}
	own = own.WithNewFile("etc/bee-release", release.String())
	return b.base.iso(own, int(release.Date.Unix())), nil
}

// executable is the mode of programs.
var executable = dagger.DirectoryWithFileOpts{Permissions: 0o755}

// kernel is the release of the base's kernel, which has to be of the series that
// VERSIONS says.
func (b *builder) kernel(ctx context.Context) (string, error) {
	kernel, err := b.base.kernel(ctx)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(kernel, b.versions.Kernel+".") {
		return "", fmt.Errorf("the kernel of base %s is %s, but KERNEL_VERSION in %s is %s",
			b.name, kernel, versions.File, b.versions.Kernel)
	}
	return kernel, nil
}

// withAccess adds what lets people in over SSH, and returns the name of the policy.
func withAccess(ctx context.Context, own *dagger.Directory, keys *dagger.File, password *dagger.Secret) (*dagger.Directory, string, error) {
	switch {
	case keys != nil && password != nil:
		return nil, "", fmt.Errorf("--authorized-keys and --password exclude each other: with keys there are no passwords")
	case keys != nil:
		name, err := keys.Name(ctx)
		if err != nil {
			return nil, "", err
		}
		text, err := keys.Contents(ctx)
		if err != nil {
			return nil, "", err
		}
		if err := access.CheckKeys(name, text); err != nil {
			return nil, "", err
		}
		return own.WithNewFile("etc/bee/authorized_keys", text, dagger.DirectoryWithNewFileOpts{Permissions: 0o600}), access.Keys, nil
	case password != nil:
		plain, err := password.Plaintext(ctx)
		if err != nil {
			return nil, "", err
		}
		hash, err := access.HashPassword(plain)
		if err != nil {
			return nil, "", err
		}
		return own.WithNewFile("etc/bee/password.hash", hash+"\n", dagger.DirectoryWithNewFileOpts{Permissions: 0o600}), access.Password, nil
	}
	return own, access.Random, nil
}

// withVendor adds the vendor programs, and gpu_burn where it is asked for or among
// them.
func (b *builder) withVendor(ctx context.Context, own *dagger.Directory, release *beerelease.Release, gpuBurn bool) (*dagger.Directory, error) {
	entries, err := b.bee.Vendor.Entries(ctx)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name, isFolder := strings.CutSuffix(entry, "/")
		switch {
		case name == gpuBurnName && isFolder:
			b.withGpuBurn(b.bee.Vendor.Directory(name))
		case isFolder:
			return nil, fmt.Errorf("iso/vendor/%s is a folder; vendor programs are single files, except for the folder %s", name, gpuBurnName)
		default:
			own = own.WithFile("usr/local/bin/"+name, b.bee.Vendor.File(name), executable)
		}
		release.Vendor = append(release.Vendor, name)
	}
	if gpuBurn && !slices.Contains(release.Vendor, gpuBurnName) {
		folder, err := b.bee.GpuBurn(ctx, nil, nil, b.name)
		if err != nil {
			return nil, err
		}
		b.withGpuBurn(folder)
		release.Vendor = append(release.Vendor, gpuBurnName)
	}
	return own, nil
}
