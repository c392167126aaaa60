// Builds bee, a bootable live ISO that audits server hardware, and proves in
// QEMU that it works.
//
//	dagger call build-iso export --path dist/bee.iso   an ISO
//	dagger call build export --path dist               the ISO with all that is told of it, and checksums
//	dagger call smoke-test                             boot it, check it, fail if it is not right
//	dagger call boot up                                boot it and try it, by ssh
//
// What is on the ISO is said before the function, and holds for all of them:
//
//	dagger call --base debian --nvidia=false build-iso export --path dist/bee.iso
//	dagger call --gpu-burn boot up
//
// Every input is pinned in VERSIONS, and VERSIONS.local overrides it on one site.
package main

import "dagger/bee/internal/dagger"

// Bee builds and tests the ISO of one commit.
type Bee struct {
	// +private
	Contents Contents
	// +private
	Sources Sources
	// Let QEMU use the host's KVM.
	//
	// +private
	Kvm bool
	// What is made anew: see verify-reproducible.
	//
	// +private
	Rebuild string
}

// Contents is what goes onto an ISO by choice; New documents each part.
type Contents struct {
	Base           string
	AuthorizedKeys *dagger.File
	Password       *dagger.Secret
	PasswordHash   *dagger.Secret
	HostKey        *dagger.Secret
	Config         *dagger.File
	Nvidia         bool
	NvidiaRun      *dagger.File
	FabricManager  *dagger.File
	Nvlsm          *dagger.File
	GpuBurn        bool
	Vendor         *dagger.Directory

	ModuleKey         *dagger.Secret
	ModuleCertificate *dagger.File
}

// Sources is what an ISO is made from; New documents each part.
type Sources struct {
	Pins       *dagger.Directory
	Repository *dagger.GitRepository
	ApkMirror  *dagger.Directory
	Aports     *dagger.Directory
	SigningKey *dagger.Secret
	Strict     bool
	GoProxy    *dagger.Secret
	Inputs     *dagger.Directory
}

func New(
	// Base of the ISO: alpine or debian. Default: BASE in VERSIONS.
	// +optional
	base string,
	// Public SSH keys that may log in as root and as bee, in the format of
	// authorized_keys. With them there are no passwords.
	// +optional
	authorizedKeys *dagger.File,
	// Password for root and bee, with which the smoke test logs in, too; env:NAME or
	// file:PATH says where it is. Its hash is on the ISO: short passwords and such as are
	// guessed early are refused. Without it, its hash and keys, the ISO makes a random one
	// at each boot and shows it on its console.
	// +optional
	password *dagger.Secret,
	// Hash of the password, in the format of crypt(5), as mkpasswd
	// --method=sha512crypt --rounds=300000 makes it, or, on the base debian, yescrypt. The
	// password itself only the smoke test needs then.
	// +optional
	passwordHash *dagger.Secret,
	// Private SSH key, ed25519 without a passphrase in OpenSSH's format, that the machine
	// shows who it is with. Whoever has the ISO has it, too. Default: one that is made at
	// each boot, whose fingerprint is shown on the console.
	// +optional
	hostKey *dagger.Secret,
	// What a machine does that nobody stands before, bee.yaml, for all that boot the ISO and find
	// no other. Whoever has the ISO can read it, the token of a server in it, too.
	// +optional
	config *dagger.File,
	// Put the NVIDIA driver on the ISO.
	// +default=true
	nvidia bool,
	// NVIDIA's installer of NVIDIA_VERSION, a .run file, to take the driver from.
	// Default: what NVIDIA_ORIGIN in VERSIONS says.
	// +optional
	nvidiaRun *dagger.File,
	// NVIDIA's archive of the Fabric Manager in the driver's version, a .tar.xz file: it sets
	// up NVSwitches, without which CUDA does not start on HGX and DGX machines. Default: what
	// FABRIC_MANAGER_ORIGIN in VERSIONS says, NVLSM with it.
	// +optional
	fabricManager *dagger.File,
	// NVIDIA's archive of NVLSM, NVLSM_VERSION in VERSIONS, a .tar.xz file: the Fabric Manager
	// needs it on machines with NVLink 5 (B200, B300). Goes with --fabric-manager.
	// +optional
	nvlsm *dagger.File,
	// Private RSA key without a passphrase, in PEM, that signs NVIDIA's kernel modules on the base
	// debian: with Secure Boot on, the kernel loads no others. It is not on the ISO, and two builds
	// are equal with the same key. On the base alpine, which does not start with Secure Boot on,
	// --signing-key signs packages and what comes with the kernel; NVIDIA's modules nobody asks for
	// a signature there. Default: they are not signed.
	// +optional
	moduleKey *dagger.Secret,
	// Certificate of --module-key, X.509 in PEM or DER. It is on the ISO, where bee-secureboot
	// enrols it on a machine; smoke-test has it enrolled where Secure Boot is on.
	// +optional
	moduleCertificate *dagger.File,
	// Build gpu_burn and put it on the ISO. One in iso/vendor/gpu_burn is on it anyway.
	// +optional
	gpuBurn bool,
	// Vendor programs for the ISO's /usr/local/bin.
	// +optional
	// +defaultPath="/iso/vendor"
	// +ignore=["README.md"]
	vendor *dagger.Directory,
	// Folder with VERSIONS and, where the site has one, VERSIONS.local.
	// +optional
	// +defaultPath="/"
	// +ignore=["*", "!VERSIONS", "!VERSIONS.local"]
	pins *dagger.Directory,
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
	// GOPROXY, for a proxy of Go modules that wants a name and password, such as
	// env:GOPROXY. Default: that of GOLANG_IMAGE, which has none in it.
	// +optional
	goProxy *dagger.Secret,
	// Saved copy of all that an ISO is made of, see inputs: nothing is fetched, and a build needs no
	// network. Default: everything comes from where VERSIONS says.
	// +optional
	inputs *dagger.Directory,
	// Let QEMU use the host's KVM, where it works.
	// +optional
	kvm bool,
) *Bee {
	return &Bee{
		Contents: Contents{
			Base: base, AuthorizedKeys: authorizedKeys, Password: password, PasswordHash: passwordHash, HostKey: hostKey, Config: config,
			Nvidia: nvidia, NvidiaRun: nvidiaRun, FabricManager: fabricManager, Nvlsm: nvlsm, GpuBurn: gpuBurn, Vendor: vendor,
			ModuleKey: moduleKey, ModuleCertificate: moduleCertificate,
		},
		Sources: Sources{
			Pins: pins, Repository: repository,
			ApkMirror: apkMirror, Aports: aports, SigningKey: signingKey, Strict: strict,
			GoProxy: goProxy, Inputs: inputs,
		},
		Kvm: kvm,
	}
}
