// Builds NVIDIA's kernel modules against the headers of one kernel.
//
// A module loads only into the kernel whose headers it was built against, so all
// of this starts from the release of the ISO's kernel.
package main

import "dagger/nvidia/internal/dagger"

// Nvidia builds NVIDIA's kernel modules.
type Nvidia struct{}

// Headers of exactly one kernel of Debian's, as they lie on a system that they
// are installed on: usr/src/linux-headers-KERNEL and what it links to.
//
// Fails where the mirror has no headers of that kernel.
func (m *Nvidia) Headers(
	// Debian with its package lists fetched.
	debian *dagger.Container,
	// Release of the kernel, as uname -r says it: 6.12.107+deb13-amd64.
	kernel string,
) *dagger.Directory {
	return debian.
		WithWorkdir("/var/tmp/headers").
		WithEnvVariable("KERNEL", kernel).
		// The headers are three packages that depend on each other: those of the
		// flavour, those of all flavours, and the build tools.
		WithExec([]string{"sh", "-ec", `
			package=linux-headers-$KERNEL
			apt-cache show "$package" >/dev/null 2>&1 ||
				{ echo "no package $package: the mirror's kernel is another than the ISO's $KERNEL" >&2; exit 1; }
			depends=$(apt-cache depends --no-recommends --no-suggests "$package" |
				sed -n 's/^ *Depends: \(linux-.*\)/\1/p' | grep -v '^linux-image')
			apt-get download "$package" $depends
			for deb in *.deb; do dpkg-deb --extract "$deb" root; done`}).
		Directory("root")
}
