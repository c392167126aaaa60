package sbom

import (
	"path"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"

	"bee/core/layers"
	"bee/core/manifest"
	"bee/iso/manifest/internal/image"
	"bee/iso/manifest/internal/license"
	"bee/iso/manifest/internal/packages"
	"bee/iso/manifest/internal/program"
)

// distributions by their names in /etc/bee-release: the type of their package URLs, the
// namespace in these, and who they are.
var distributions = map[string]struct{ purl, namespace, supplier string }{
	"debian": {packageurl.TypeDebian, "debian", "Debian"},
	"alpine": {packageurl.TypeApk, "alpine", "Alpine Linux"},
}

// addPackages adds all packages, of which some have no file.
func (b *builder) addPackages() {
	for _, p := range b.contents.Packages {
		b.component(b.packaged(p))
	}
	for _, p := range b.contents.MediumPackages {
		bee := b.bee()
		bee.Needs = append(bee.Needs, b.component(b.packaged(p)).Ref)
	}
}

// packaged is a package as a component.
func (b *builder) packaged(p packages.Package) Component {
	of := distributions[b.release["BEE_BASE"]]
	qualifiers := map[string]string{"arch": p.Architecture, "distro": b.contents.System}
	if own := (packages.Source{Name: p.Name, Version: p.Version}); len(p.Sources) > 1 || p.Sources[0] != own {
		qualifiers["upstream"] = upstream(p)
	}
	c := Component{
		Kind:     Library,
		Name:     p.Name,
		Version:  p.Version,
		PURL:     purl(of.purl, of.namespace, p.Name, p.Version, qualifiers),
		Supplier: of.supplier,
		License:  license.Of(p.License),
	}
	if strings.HasPrefix(p.Name, "firmware-") || strings.HasPrefix(p.Name, "linux-firmware") {
		c.Kind = Firmware
	}
	for _, l := range b.contents.Layers {
		if known, found := l.Licenses[p.Name]; found {
			c.License = known
		}
	}
	return c
}

// upstream are the sources of a package, in the form that scanners of bills of materials know.
func upstream(p packages.Package) string {
	var all []string
	for _, s := range p.Sources {
		name := s.Name
		if s.Version != p.Version {
			name += "@" + s.Version
		}
		all = append(all, name)
	}
	return strings.Join(all, ",")
}

func purl(kind, namespace, name, version string, qualifiers map[string]string) string {
	return packageurl.NewPackageURL(kind, namespace, name, version, packageurl.QualifiersFromMap(qualifiers), "").ToString()
}

// generic is the package URL of what no package manager has.
func generic(name, version string) string {
	return purl(packageurl.TypeGeneric, "", name, version, nil)
}

// named is the component of a package; nil where there is none.
func (b *builder) named(match func(manifest.Package) bool) *Component {
	for _, p := range slices.Concat(b.contents.Packages, b.contents.MediumPackages) {
		if match(p.Package) {
			return b.component(b.packaged(p))
		}
	}
	return nil
}

func (b *builder) namedExactly(name string) *Component {
	return b.named(func(p manifest.Package) bool { return p.Name == name })
}

// bee is what this project wrote, or put together.
func (b *builder) bee() *Component {
	return b.component(Component{
		Kind:     Application,
		Name:     "bee",
		Version:  b.release["BEE_VERSION"],
		PURL:     generic("bee", b.release["BEE_VERSION"]),
		Supplier: "bee",
		License:  license.Of("Apache-2.0"),
	})
}

// program is a program that Go compiled, with the modules in it.
func (b *builder) program(p *program.Program) *Component {
	c := Component{Kind: Application, Name: p.Package}
	if p.Local {
		c.Version, c.Supplier, c.License = b.release["BEE_VERSION"], "bee", license.Of("Apache-2.0")
	}
	compiled := b.component(c)
	for _, m := range p.Modules {
		module := b.component(Component{
			Kind:    Library,
			Name:    m.Path,
			Version: m.Version,
			PURL:    purl(packageurl.TypeGolang, strings.TrimPrefix(path.Dir(m.Path), "."), path.Base(m.Path), m.Version, nil),
		})
		compiled.Needs = append(compiled.Needs, module.Ref)
	}
	return compiled
}

// ofMedium is what a file of the medium belongs to.
func (b *builder) ofMedium(name string) *Component {
	if p := b.contents.Programs[name]; p != nil {
		return b.program(p)
	}
	folder, base := path.Split(name)
	var found *Component
	switch {
	case name == "/live/vmlinuz":
		found = b.namedExactly("linux-image-" + b.release["BEE_KERNEL"])
	case name == "/boot/grub/bios.img":
		found = b.namedExactly("grub-pc-bin")
	case strings.HasPrefix(name, "/boot/vmlinuz-"):
		found = b.namedExactly("linux-" + strings.TrimPrefix(base, "vmlinuz-"))
	case folder == "/boot/syslinux/" && path.Ext(name) != ".cfg":
		found = b.namedExactly("syslinux")
	case strings.HasPrefix(name, "/efi/") && path.Ext(name) == ".efi":
		found = b.namedExactly("grub-efi")
	case path.Ext(name) == ".apk":
		found = b.named(func(p manifest.Package) bool { return p.Name+"-"+p.Version+".apk" == base })
	}
	if found == nil { // it was put together
		return b.bee()
	}
	return found
}

// ofLayer is what a file of a layer belongs to; nil where that is not known.
func (b *builder) ofLayer(layerPath string, l image.Layer, name string) *Component {
	switch base := path.Base(layerPath); {
	case strings.HasPrefix(base, "modloop-"):
		return b.ofModloop(strings.TrimPrefix(base, "modloop-"), name)
	case base == layers.NVIDIA+layers.Suffix:
		return b.ofNVIDIA(name)
	case base == layers.GPUBurn+layers.Suffix:
		return b.ofGPUBurn(l)
	case l.Owners != nil:
		switch of, found := l.Owners[name]; {
		case !found:
			return nil
		case of != "":
			return b.namedExactly(of)
		}
	}
	if p := l.Programs[name]; p != nil {
		return b.program(p)
	}
	if vendor := path.Base(name); path.Dir(name) == "/usr/local/bin" && slices.Contains(strings.Fields(b.release["BEE_VENDOR"]), vendor) {
		return b.component(Component{Kind: Application, Name: vendor, PURL: generic(vendor, "")})
	}
	return b.bee()
}

// ofModloop is what a file of Alpine's image of modules and firmware belongs to.
func (b *builder) ofModloop(flavor, name string) *Component {
	firmware, found := strings.CutPrefix(name, "/modules/firmware/")
	if !found {
		return b.namedExactly("linux-" + flavor)
	}
	if strings.HasPrefix(firmware, "regulatory.db") {
		return b.namedExactly("wireless-regdb")
	}
	vendor, _, _ := strings.Cut(firmware, "/")
	for _, name := range []string{"linux-firmware-" + vendor, "linux-firmware-other"} {
		if c := b.namedExactly(name); c != nil {
			return c
		}
	}
	return b.namedExactly("linux-firmware")
}

// nvidia is NVIDIA's licence, for which SPDX has no name.
var nvidia = license.Reference("NVIDIA")

// ofNVIDIA is what a file of the layer of NVIDIA's driver belongs to.
func (b *builder) ofNVIDIA(name string) *Component {
	const home = "/usr/local/lib/nvidia/"
	in := func(folders ...string) bool {
		return slices.ContainsFunc(folders, func(folder string) bool { return strings.HasPrefix(name, folder) })
	}
	if name == home+"manifest.json" || name == home+"module-certificate.der" {
		return b.bee()
	}
	c := Component{Kind: Driver, Name: "nvidia-driver", Version: b.release["BEE_NVIDIA"], Supplier: "NVIDIA", License: nvidia}
	switch {
	case in(home + "open/"):
		c.Name, c.License = "nvidia-open-kernel-modules", license.Of("MIT OR GPL-2.0-only")
	case in(home + "proprietary/"):
		c.Name = "nvidia-kernel-modules"
	case in(home + "firmware/"):
		c.Name, c.Kind = "nvidia-gsp-firmware", Firmware
	case in("/usr/bin/nv-fabricmanager", "/usr/share/nvidia/nvswitch/", home+"fabric/"):
		c.Name, c.Kind, c.Version = "nvidia-fabric-manager", Application, b.release["BEE_FABRIC_MANAGER"]
	case in("/opt/nvidia/nvlsm/", "/usr/share/nvidia/nvlsm/"):
		c.Name, c.Kind, c.Version = "nvlsm", Application, b.release["BEE_NVLSM"]
	}
	c.PURL = generic(c.Name, c.Version)
	return b.component(c)
}

// ofGPUBurn is gpu_burn, with what is compiled into it, and what it brings along to run with.
func (b *builder) ofGPUBurn(l image.Layer) *Component {
	cuda := b.component(Component{Kind: Library, Name: "cuda", Version: l.CUDA, PURL: generic("cuda", l.CUDA), Supplier: "NVIDIA", License: nvidia})
	glibc := b.component(Component{Kind: Library, Name: "glibc", Version: l.Glibc, PURL: generic("glibc", l.Glibc), Supplier: "Debian", License: license.Of("LGPL-2.1-or-later")})
	c := b.component(Component{Kind: Application, Name: "gpu_burn", PURL: generic("gpu_burn", "")})
	c.Needs = []string{cuda.Ref, glibc.Ref}
	return c
}
