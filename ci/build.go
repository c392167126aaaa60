package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"bee/core/beerelease"
	"bee/core/config/document"
	"bee/core/credential"
	"bee/core/sums"
	"bee/core/vendorlist"
	"bee/core/versions"
	"dagger/bee/access"
	"dagger/bee/internal/dagger"
)

// Builds the ISO.
//
// It is hybrid: for CD, USB stick and virtual media, under BIOS and UEFI. What is on it is
// said before the function:
//
//	dagger call --authorized-keys ~/.ssh/id_ed25519.pub build-iso export --path dist/bee.iso
func (m *Bee) BuildIso(ctx context.Context) (*dagger.File, error) {
	b, err := m.builder(ctx)
	if err != nil {
		return nil, err
	}
	iso, _, err := b.build(ctx)
	return iso, err
}

// Makes a folder to boot machines from over the network.
//
// Serve it by HTTP, as the root of a server (or set base in both scripts): it has the layers
// of build-iso's ISO, its kernel and initramfs, and one more with drivers of network cards.
// iPXE begins with bee.ipxe. UEFI begins with bootx64.efi, by TFTP, on the base debian with
// Secure Boot, too: for that the folder is the root of a TFTP server as well. SHA256SUMS is
// over all of it.
//
//	dagger call --base debian netboot export --path netboot
func (m *Bee) Netboot(ctx context.Context) (*dagger.Directory, error) {
	b, err := m.builder(ctx)
	if err != nil {
		return nil, err
	}
	iso, epoch, err := b.build(ctx)
	if err != nil {
		return nil, err
	}
	return b.base.netboot(iso, epoch), nil
}

// Builds what is shipped: ISO, documents, SHA256SUMS.
//
// bee.iso is the one of build-iso; bee.iso.manifest.json tells, read back from it, every
// package and every file on it; bee.iso.spdx.json and bee.iso.cdx.json which components it is
// made of, and which of them each file belongs to, as SPDX 2.3 and as CycloneDX 1.6;
// bee.netboot.tar is the folder of netboot; SHA256SUMS is over all.
func (m *Bee) Build(ctx context.Context) (*dagger.Directory, error) {
	b, err := m.builder(ctx)
	if err != nil {
		return nil, err
	}
	return b.dist(ctx)
}

// Compiles the audit program, as it is on the ISO.
//
// The result is a static binary for x86-64 Linux.
func (m *Bee) Audit(ctx context.Context) (*dagger.File, error) {
	modules, err := m.modules(ctx)
	if err != nil {
		return nil, err
	}
	release, err := modules.commit(ctx)
	if err != nil {
		return nil, err
	}
	return modules.audit.Programs(dagger.AuditProgramsOpts{Version: release.Version()}).File("audit"), nil
}

// manifestFile is the name of the manifest, as the module iso has it.
const manifestFile = "bee.iso.manifest.json"

// dist is what Build returns.
func (b *builder) dist(ctx context.Context) (*dagger.Directory, error) {
	iso, epoch, err := b.build(ctx)
	if err != nil {
		return nil, err
	}
	documents := b.iso.Documents(iso)
	list, err := documents.File(sums.File).Contents(ctx)
	if err != nil {
		return nil, err
	}
	archive := b.iso.Archive(b.base.netboot(iso, epoch))
	sum, err := archive.File("sha256").Contents(ctx)
	if err != nil {
		return nil, err
	}
	const netbootFile = "bee.netboot.tar"
	return documents.
		WithFile("bee.iso", iso).
		WithFile(netbootFile, archive.File("tar")).
		WithNewFile(sums.File, list+sums.Sum{Digest: strings.TrimSpace(sum), Name: netbootFile}.String()), nil
}

// build makes the ISO of this commit, of the time epoch.
func (b *builder) build(ctx context.Context) (iso *dagger.File, epoch int, err error) {
	var release beerelease.Release
	first, firstCtx := errgroup.WithContext(ctx)
	first.Go(func() (err error) {
		release, err = b.commit(firstCtx)
		return err
	})
	first.Go(func() error { return b.load(firstCtx) })
	if err := first.Wait(); err != nil {
		return nil, 0, err
	}
	if err := b.checkModuleKey(ctx, release.Date); err != nil {
		return nil, 0, err
	}
	release.Overrides = b.overrides
	version := release.Version()
	own := dag.Directory().
		WithDirectory("usr/local/bin", b.audit.Programs(dagger.AuditProgramsOpts{Version: version})).
		WithDirectory("usr/local/lib/bee", b.nvidia.Services()).
		WithFile("usr/local/bin/bee-results", b.iso.Results(), executable).
		WithFile("usr/local/bin/bee", b.iso.Console(), executable).
		WithFile("usr/local/bin/bee-secureboot", b.iso.Secureboot(), executable).
		WithFile("usr/local/lib/bee/network", b.iso.Network(), executable).
		WithFile("usr/local/lib/bee/selftest", b.iso.Selftest(), executable)
	release.Base, release.BaseRelease = b.name, b.base.release()
	if release.Lock, err = b.base.locked(ctx); err != nil {
		return nil, 0, err
	}
	own, err = b.withAccess(ctx, own, &release)
	if err != nil {
		return nil, 0, err
	}
	if own, err = b.withConfig(ctx, own); err != nil {
		return nil, 0, err
	}
	if own, err = b.withVendor(ctx, own, &release); err != nil {
		return nil, 0, err
	}
	// the programs are compiled while the base is made
	steps, stepsCtx := errgroup.WithContext(ctx)
	steps.Go(func() error {
		_, err := own.Sync(stepsCtx)
		return err
	})
	steps.Go(func() (err error) {
		if release.Kernel, err = b.kernel(stepsCtx); err != nil || !b.bee.Contents.Nvidia {
			return err
		}
		return b.withNvidia(stepsCtx, release.Kernel, &release)
	})
	if err := steps.Wait(); err != nil {
		return nil, 0, err
	}
	own = own.WithNewFile("etc/bee-release", release.String())
	epoch = int(release.Date.Unix())
	return b.base.assemble(own, b.moduleCertificate, epoch), epoch, nil
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

// Files of the ISO that let people in over SSH, or let them know the machine.
const (
	keysFile     = "etc/bee/authorized_keys"
	passwordFile = "etc/bee/password.hash"
	hostKeyFile  = "etc/bee/host_key"
)

// withAccess adds what lets people in over SSH, and its policy.
func (b *builder) withAccess(ctx context.Context, own *dagger.Directory, release *beerelease.Release) (*dagger.Directory, error) {
	contents := b.bee.Contents
	policy, err := access.Policy(contents.AuthorizedKeys != nil, contents.Password != nil, contents.PasswordHash != nil)
	if err != nil {
		return nil, err
	}
	release.SSH = policy
	if hostKey := contents.HostKey; hostKey != nil {
		text, err := hostKey.Plaintext(ctx)
		if err != nil {
			return nil, err
		}
		key, err := access.HostKey([]byte(text))
		if err != nil {
			return nil, err
		}
		own = own.WithFile(hostKeyFile, b.secretFile("host key", key), private)
	}
	switch {
	case contents.AuthorizedKeys != nil:
		name, err := contents.AuthorizedKeys.Name(ctx)
		if err != nil {
			return nil, err
		}
		text, err := contents.AuthorizedKeys.Contents(ctx)
		if err != nil {
			return nil, err
		}
		if err := credential.CheckKeys(name, text); err != nil {
			return nil, err
		}
		return own.WithNewFile(keysFile, text, dagger.DirectoryWithNewFileOpts{Permissions: 0o600}), nil
	case policy == access.Password:
		hash, err := b.passwordHash(ctx, release)
		if err != nil {
			return nil, err
		}
		return own.WithFile(passwordFile, b.secretFile("password hash", []byte(hash+"\n")), private), nil
	}
	return own, nil
}

// configFile is the document that a machine takes where it finds no other.
const configFile = "etc/bee/config.yaml"

// withConfig adds that document, all of which has to be right: a machine would go on with less.
func (b *builder) withConfig(ctx context.Context, own *dagger.Directory) (*dagger.Directory, error) {
	file := b.bee.Contents.Config
	if file == nil {
		return own, nil
	}
	name, err := file.Name(ctx)
	if err != nil {
		return nil, err
	}
	text, err := file.Contents(ctx)
	if err != nil {
		return nil, err
	}
	c, wrong := document.Parse(name, []byte(text))
	if document.BaselineFile(c.Baseline) {
		wrong = append(wrong, fmt.Errorf("%s: baseline: %s would lie beside it, and nothing does on the ISO: put its text into %s, behind \"baseline: |\"", name, c.Baseline, name))
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	return own.WithFile(configFile, b.secretFile("configuration", []byte(text)), private), nil
}

// passwordHash is the one that was given, or of the password that was.
func (b *builder) passwordHash(ctx context.Context, release *beerelease.Release) (string, error) {
	if given := b.bee.Contents.PasswordHash; given != nil {
		text, err := given.Plaintext(ctx)
		if err != nil {
			return "", err
		}
		hash := strings.TrimSuffix(text, "\n") // of a file
		return hash, credential.CheckHash(hash, b.base.yescrypt())
	}
	text, err := b.bee.Contents.Password.Plaintext(ctx)
	if err != nil {
		return "", err
	}
	return access.HashPassword(strings.TrimSuffix(text, "\n"), release.Commit+" "+release.Base)
}

// secretFile is a file that is not to be seen in logs. The name that the engine knows it by
// tells a password no faster than the hash does.
func (b *builder) secretFile(what string, content []byte) *dagger.File {
	name := fmt.Sprintf("%s %x", what, sha256.Sum256(content))
	return b.iso.SecretFile(dag.SetSecret(name, base64.StdEncoding.EncodeToString(content)))
}

// private is the mode of files that root alone may read.
var private = dagger.DirectoryWithFileOpts{Permissions: 0o600}

// withVendor adds the vendor programs with their list, and gpu_burn where it is asked for or
// among them.
func (b *builder) withVendor(ctx context.Context, own *dagger.Directory, release *beerelease.Release) (*dagger.Directory, error) {
	programs := b.bee.Contents.Vendor
	entries, err := programs.Entries(ctx)
	if err != nil {
		return nil, err
	}
	said := map[string]string{}
	for _, entry := range entries {
		name, isFolder := strings.CutSuffix(entry, "/")
		switch {
		case name == gpuBurnName && isFolder:
			b.withGpuBurn(programs.Directory(name))
			release.Vendor = append(release.Vendor, name)
		case isFolder:
			return nil, fmt.Errorf("iso/vendor/%s is a folder; vendor programs are single files, except for the folder %s", name, gpuBurnName)
		case strings.HasSuffix(name, vendorlist.VersionSuffix):
			if said[name], err = programs.File(name).Contents(ctx); err != nil {
				return nil, err
			}
		}
	}
	sums, err := b.iso.Sums(programs).Contents(ctx)
	if err != nil {
		return nil, err
	}
	list, err := vendorlist.Of(sums, said)
	if err != nil {
		return nil, fmt.Errorf("iso/vendor: %w", err)
	}
	for _, p := range list {
		own = own.WithFile(strings.TrimPrefix(vendorlist.Folder, "/")+"/"+p.Name, programs.File(p.Name), executable)
		release.Vendor = append(release.Vendor, p.Name)
	}
	own = own.WithNewFile(strings.TrimPrefix(vendorlist.File, "/"), vendorlist.Text(list))
	if b.bee.Contents.GpuBurn && !slices.Contains(release.Vendor, gpuBurnName) {
		folder, err := b.gpuBurn(ctx, gpuBurnOptions{})
		if err != nil {
			return nil, err
		}
		b.withGpuBurn(folder)
		release.Vendor = append(release.Vendor, gpuBurnName)
	}
	return own, nil
}
