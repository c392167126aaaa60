package sbom

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
	spdxjson "github.com/spdx/tools-golang/json"

	"bee/core/manifest"
	"bee/iso/manifest/internal/image"
	"bee/iso/manifest/internal/license"
	"bee/iso/manifest/internal/packages"
	"bee/iso/manifest/internal/program"
)

const (
	digest1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
	digest  = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// layer is one with regular files of these paths.
func layer(paths ...string) image.Layer {
	l := image.Layer{SHA1: map[string]string{}}
	for _, path := range paths {
		l.Files = append(l.Files, manifest.File{Path: path, Type: "file", Mode: "0755", SizeBytes: new(int64), SHA256: digest})
		l.SHA1[path] = digest1
	}
	return l
}

// add adds a layer, or a file of the medium where there is none.
func add(c *image.Contents, path string, l *image.Layer) {
	c.Manifest.Medium = append(c.Manifest.Medium, manifest.MediumFile{Path: path, Type: "file", SizeBytes: new(int64), SHA256: digest})
	c.SHA1[path] = digest1
	if l != nil {
		c.Layers = append(c.Layers, *l)
		c.Manifest.Layers = append(c.Manifest.Layers, manifest.Layer{Path: path, Files: l.Files})
	}
}

func contents(base string, system string) *image.Contents {
	c := &image.Contents{System: system, SHA1: map[string]string{}}
	c.Manifest.ISO = manifest.Image{SizeBytes: 1, SHA256: digest}
	c.Manifest.Release = map[string]string{
		"BEE_VERSION": "v1.2.3", "BEE_DATE": "2026-11-05T12:00:00Z", "BEE_BASE": base, "BEE_KERNEL": "6.12.1-amd64",
		"BEE_NVIDIA": "550.1", "BEE_FABRIC_MANAGER": "550.2", "BEE_NVLSM": "2025.1", "BEE_VENDOR": "storcli64",
	}
	return c
}

func source(name, version, architecture, license string, sources ...packages.Source) packages.Package {
	return packages.Package{
		Package: manifest.Package{Name: name, Version: version, Architecture: architecture},
		License: license,
		Sources: append(sources, packages.Source{Name: name, Version: version})[:max(1, len(sources))],
	}
}

func debian() *image.Contents {
	c := contents("debian", "debian-13")
	c.Packages = []packages.Package{
		source("libc6", "2.41-12", "amd64", "", packages.Source{Name: "glibc", Version: "2.41-12"}),
		source("linux-image-6.12.1-amd64", "6.12.1-1", "amd64", "", packages.Source{Name: "linux-signed-amd64", Version: "6.12.1+1"}, packages.Source{Name: "linux", Version: "6.12.1-1"}),
		source("zstd", "1:1.5+dfsg-1", "amd64", ""),
		source("firmware-bnx2", "1", "all", ""),
	}
	c.MediumPackages = []packages.Package{source("grub-pc-bin", "2.12-9", "amd64", "", packages.Source{Name: "grub2", Version: "2.12-9"})}
	base := layer("/etc/fstab", "/usr/bin/zstd", "/usr/lib/firmware/bnx2/a.fw", "/usr/lib/libc.so.6", "/srv/nobody's")
	base.Owners = map[string]string{"/etc/fstab": "", "/usr/bin/zstd": "zstd", "/usr/lib/firmware/bnx2/a.fw": "firmware-bnx2", "/usr/lib/libc.so.6": "libc6"}
	base.Licenses = map[string]license.Expression{"libc6": license.Of("LGPL-2.1-or-later"), "firmware-bnx2": license.Reference("binary <redist>")}
	nvidia := layer("/usr/bin/nv-fabricmanager", "/usr/lib/libcuda.so.1", "/usr/local/lib/nvidia/firmware/gsp.bin", "/usr/local/lib/nvidia/manifest.json",
		"/usr/local/lib/nvidia/open/nvidia.ko", "/usr/local/lib/nvidia/proprietary/nvidia.ko", "/opt/nvidia/nvlsm/sbin/nvlsm")
	gpuBurn := layer("/usr/local/lib/gpu_burn/gpu_burn")
	gpuBurn.CUDA, gpuBurn.Glibc = "12.4", "2.41-12"
	bee := layer("/etc/motd", "/usr/local/bin/audit", "/usr/local/bin/foreign", "/usr/local/bin/storcli64")
	bee.Programs = map[string]*program.Program{
		"/usr/local/bin/audit":   {Package: "bee/audit/cmd/audit", Local: true, Modules: []program.Module{{Path: "stdlib", Version: "1.26.8"}, {Path: "github.com/BurntSushi/toml", Version: "v1.5.0"}}},
		"/usr/local/bin/foreign": {Package: "example.org/foreign", Modules: []program.Module{{Path: "stdlib", Version: "1.25.0"}}},
	}
	c.Programs = map[string]*program.Program{"/live/bee.img": {Package: "bee/iso/live", Local: true, Modules: []program.Module{{Path: "stdlib", Version: "1.26.8"}}}}
	for _, path := range []string{"/live/vmlinuz", "/live/bee.img", "/boot/grub/bios.img", "/boot/grub/grub.cfg"} {
		add(c, path, nil)
	}
	add(c, "/live/00-base.squashfs", &base)
	add(c, "/live/50-nvidia.squashfs", &nvidia)
	add(c, "/live/60-gpu-burn.squashfs", &gpuBurn)
	add(c, "/live/90-bee.squashfs", &bee)
	return c
}

func alpine() *image.Contents {
	c := contents("alpine", "alpine-3.21")
	c.Packages = []packages.Package{source("zlib", "1.3.1-r2", "x86_64", "Zlib"), source("libcrypto3", "3.3-r0", "x86_64", "custom", packages.Source{Name: "openssl", Version: "3.3-r0"})}
	c.MediumPackages = []packages.Package{
		source("linux-lts", "6.12.1-r0", "x86_64", "GPL-2.0-only"), source("linux-firmware-bnx2", "2-r0", "x86_64", "custom"), source("linux-firmware-other", "2-r0", "x86_64", "custom"),
		source("wireless-regdb", "3-r0", "x86_64", "ISC"), source("syslinux", "6-r0", "x86_64", ""), source("grub-efi", "2.12-r0", "x86_64", ""),
	}
	modloop := layer("/modules/6.12.1-0-lts/a.ko", "/modules/firmware/bnx2/a.fw", "/modules/firmware/b.fw", "/modules/firmware/regulatory.db")
	bee := layer("/etc/motd")
	for _, path := range []string{"/apks/x86_64/zlib-1.3.1-r2.apk", "/boot/vmlinuz-lts", "/boot/syslinux/ldlinux.c32", "/boot/syslinux/syslinux.cfg", "/efi/boot/bootx64.efi"} {
		add(c, path, nil)
	}
	add(c, "/boot/modloop-lts", &modloop)
	add(c, "/live/90-bee.squashfs", &bee)
	return c
}

func newBOM(t *testing.T, c *image.Contents) *BOM {
	t.Helper()
	b, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestComponents(t *testing.T) {
	for name, test := range map[string]struct {
		contents *image.Contents
		want     map[string][]string // Ref to paths of its files, and behind them what it needs
		rest     []string
	}{
		"debian": {debian(), map[string][]string{
			"bee/audit/cmd/audit": {"/live/90-bee.squashfs/usr/local/bin/audit", "pkg:golang/github.com/BurntSushi/toml@v1.5.0", "pkg:golang/stdlib@1.26.8"},
			"bee/iso/live":        {"/live/bee.img", "pkg:golang/stdlib@1.26.8"},
			"example.org/foreign": {"/live/90-bee.squashfs/usr/local/bin/foreign", "pkg:golang/stdlib@1.25.0"},
			"pkg:deb/debian/firmware-bnx2@1?arch=all&distro=debian-13":                                                                      {"/live/00-base.squashfs/usr/lib/firmware/bnx2/a.fw"},
			"pkg:deb/debian/grub-pc-bin@2.12-9?arch=amd64&distro=debian-13&upstream=grub2":                                                  {"/boot/grub/bios.img"},
			"pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13&upstream=glibc":                                                       {"/live/00-base.squashfs/usr/lib/libc.so.6"},
			"pkg:deb/debian/linux-image-6.12.1-amd64@6.12.1-1?arch=amd64&distro=debian-13&upstream=linux-signed-amd64%406.12.1%2B1%2Clinux": {"/live/vmlinuz"},
			"pkg:deb/debian/zstd@1:1.5%2Bdfsg-1?arch=amd64&distro=debian-13":                                                                {"/live/00-base.squashfs/usr/bin/zstd"},
			"pkg:generic/bee@v1.2.3": {
				"/boot/grub/grub.cfg", "/live/00-base.squashfs", "/live/00-base.squashfs/etc/fstab", "/live/50-nvidia.squashfs", "/live/50-nvidia.squashfs/usr/local/lib/nvidia/manifest.json",
				"/live/60-gpu-burn.squashfs", "/live/90-bee.squashfs", "/live/90-bee.squashfs/etc/motd",
				"pkg:deb/debian/grub-pc-bin@2.12-9?arch=amd64&distro=debian-13&upstream=grub2",
			},
			"pkg:generic/cuda@12.4":                        nil,
			"pkg:generic/glibc@2.41-12":                    nil,
			"pkg:generic/gpu_burn":                         {"/live/60-gpu-burn.squashfs/usr/local/lib/gpu_burn/gpu_burn", "pkg:generic/cuda@12.4", "pkg:generic/glibc@2.41-12"},
			"pkg:generic/nvidia-driver@550.1":              {"/live/50-nvidia.squashfs/usr/lib/libcuda.so.1"},
			"pkg:generic/nvidia-fabric-manager@550.2":      {"/live/50-nvidia.squashfs/usr/bin/nv-fabricmanager"},
			"pkg:generic/nvidia-gsp-firmware@550.1":        {"/live/50-nvidia.squashfs/usr/local/lib/nvidia/firmware/gsp.bin"},
			"pkg:generic/nvidia-kernel-modules@550.1":      {"/live/50-nvidia.squashfs/usr/local/lib/nvidia/proprietary/nvidia.ko"},
			"pkg:generic/nvidia-open-kernel-modules@550.1": {"/live/50-nvidia.squashfs/usr/local/lib/nvidia/open/nvidia.ko"},
			"pkg:generic/nvlsm@2025.1":                     {"/live/50-nvidia.squashfs/opt/nvidia/nvlsm/sbin/nvlsm"},
			"pkg:generic/storcli64":                        {"/live/90-bee.squashfs/usr/local/bin/storcli64"},
			"pkg:golang/github.com/BurntSushi/toml@v1.5.0": nil,
			"pkg:golang/stdlib@1.25.0":                     nil,
			"pkg:golang/stdlib@1.26.8":                     nil,
		}, []string{"/live/00-base.squashfs/srv/nobody's"}},
		"alpine": {alpine(), map[string][]string{
			"pkg:apk/alpine/grub-efi@2.12-r0?arch=x86_64&distro=alpine-3.21":                   {"/efi/boot/bootx64.efi"},
			"pkg:apk/alpine/libcrypto3@3.3-r0?arch=x86_64&distro=alpine-3.21&upstream=openssl": nil,
			"pkg:apk/alpine/linux-firmware-bnx2@2-r0?arch=x86_64&distro=alpine-3.21":           {"/boot/modloop-lts/modules/firmware/bnx2/a.fw"},
			"pkg:apk/alpine/linux-firmware-other@2-r0?arch=x86_64&distro=alpine-3.21":          {"/boot/modloop-lts/modules/firmware/b.fw"},
			"pkg:apk/alpine/linux-lts@6.12.1-r0?arch=x86_64&distro=alpine-3.21":                {"/boot/modloop-lts/modules/6.12.1-0-lts/a.ko", "/boot/vmlinuz-lts"},
			"pkg:apk/alpine/syslinux@6-r0?arch=x86_64&distro=alpine-3.21":                      {"/boot/syslinux/ldlinux.c32"},
			"pkg:apk/alpine/wireless-regdb@3-r0?arch=x86_64&distro=alpine-3.21":                {"/boot/modloop-lts/modules/firmware/regulatory.db"},
			"pkg:apk/alpine/zlib@1.3.1-r2?arch=x86_64&distro=alpine-3.21":                      {"/apks/x86_64/zlib-1.3.1-r2.apk"},
			"pkg:generic/bee@v1.2.3": {
				"/boot/modloop-lts", "/boot/syslinux/syslinux.cfg", "/live/90-bee.squashfs", "/live/90-bee.squashfs/etc/motd",
				"pkg:apk/alpine/grub-efi@2.12-r0?arch=x86_64&distro=alpine-3.21", "pkg:apk/alpine/linux-firmware-bnx2@2-r0?arch=x86_64&distro=alpine-3.21",
				"pkg:apk/alpine/linux-firmware-other@2-r0?arch=x86_64&distro=alpine-3.21", "pkg:apk/alpine/linux-lts@6.12.1-r0?arch=x86_64&distro=alpine-3.21",
				"pkg:apk/alpine/syslinux@6-r0?arch=x86_64&distro=alpine-3.21", "pkg:apk/alpine/wireless-regdb@3-r0?arch=x86_64&distro=alpine-3.21",
			},
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBOM(t, test.contents)
			got := map[string][]string{}
			for _, c := range b.Components {
				got[c.Ref] = append(paths(c.Files), c.Needs...)
			}
			for ref, want := range test.want {
				if have, found := got[ref]; !found || !slices.Equal(have, want) {
					t.Errorf("%s: %q, want %q", ref, have, want)
				}
				delete(got, ref)
			}
			if len(got) > 0 {
				t.Errorf("not wanted: %q", got)
			}
			if !slices.Equal(paths(b.Rest), test.rest) {
				t.Errorf("rest: %q", b.Rest)
			}
			if owned, all := b.Coverage(); owned+len(test.rest) != all || owned == 0 {
				t.Errorf("%d of %d files", owned, all)
			}
		})
	}
}

func paths(files []File) (all []string) {
	for _, f := range files {
		all = append(all, f.Path)
	}
	return all
}

func TestLicenses(t *testing.T) {
	want := map[string]string{
		"bee": "Apache-2.0", "bee/audit/cmd/audit": "Apache-2.0", "example.org/foreign": "", "stdlib": "", "libc6": "LGPL-2.1-or-later", "zstd": "",
		"firmware-bnx2": "LicenseRef-binary-redist", "nvidia-driver": "LicenseRef-NVIDIA", "nvidia-open-kernel-modules": "MIT OR GPL-2.0-only",
		"zlib": "Zlib", "libcrypto3": "LicenseRef-custom",
	}
	for _, c := range slices.Concat(newBOM(t, debian()).Components, newBOM(t, alpine()).Components) {
		if text, found := want[c.Name]; found && c.License.Text != text {
			t.Errorf("%s: %q, want %q", c.Name, c.License.Text, text)
		}
	}
}

func TestNoTime(t *testing.T) {
	c := debian()
	delete(c.Manifest.Release, "BEE_DATE")
	if _, err := New(c); err == nil || !strings.HasPrefix(err.Error(), "/etc/bee-release has no time of the commit") {
		t.Errorf("got %v", err)
	}
}

// formats of documents, with their schemas.
var formats = map[string]struct {
	write  func(*BOM, io.Writer) error
	schema func(*testing.T) *jsonschema.Schema
	// id of the document
	id func(*testing.T, []byte) string
}{
	"SPDX": {(*BOM).WriteSPDX, func(t *testing.T) *jsonschema.Schema {
		return compile(t, "testdata/spdx-schema-2.3.json")
	}, func(t *testing.T, text []byte) string {
		d, err := spdxjson.Read(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return d.DocumentNamespace
	}},
	"CycloneDX": {(*BOM).WriteCycloneDX, func(t *testing.T) *jsonschema.Schema {
		folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
		if err != nil {
			t.Fatal(err)
		}
		schemas := filepath.Join(strings.TrimSpace(string(folder)), "schema")
		return compile(t, filepath.Join(schemas, "bom-1.6.schema.json"), filepath.Join(schemas, "spdx.schema.json"), filepath.Join(schemas, "jsf-0.82.schemax.json"))
	}, func(t *testing.T, text []byte) string {
		var d cyclonedx.BOM
		if err := cyclonedx.NewBOMDecoder(bytes.NewReader(text), cyclonedx.BOMFileFormatJSON).Decode(&d); err != nil {
			t.Fatal(err)
		}
		return d.SerialNumber
	}},
}

// compile compiles the first of these schemas; the others are what it refers to.
func compile(t *testing.T, files ...string) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		document, err := jsonschema.UnmarshalJSON(file)
		if err != nil {
			t.Fatal(err)
		}
		location := strings.ReplaceAll(filepath.Base(name), "schemax", "schema") // a slip of the library's
		if err := compiler.AddResource("http://cyclonedx.org/schema/"+location, document); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := compiler.Compile("http://cyclonedx.org/schema/" + filepath.Base(files[0]))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestFormats(t *testing.T) {
	for name, format := range formats {
		t.Run(name, func(t *testing.T) {
			schema := format.schema(t)
			text := func(c *image.Contents) []byte {
				var text bytes.Buffer
				if err := format.write(newBOM(t, c), &text); err != nil {
					t.Fatal(err)
				}
				document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text.Bytes()))
				if err != nil {
					t.Fatal(err)
				}
				if err := schema.Validate(document); err != nil {
					t.Errorf("%v", err)
				}
				return text.Bytes()
			}
			first := text(debian())
			if !bytes.Equal(first, text(debian())) {
				t.Error("two documents of one ISO differ")
			}
			id := format.id(t, first)
			if other := format.id(t, text(alpine())); !strings.HasPrefix(id, "urn:uuid:") || id == other {
				t.Errorf("ids %s and %s", id, other)
			}
			for _, want := range []string{"2026-11-05T12:00:00Z", "nobody's", "pkg:golang/stdlib@1.26.8", "LicenseRef-binary-redist", digest} {
				if !bytes.Contains(first, []byte(want)) {
					t.Errorf("%s is missing", want)
				}
			}
			broken := bytes.Replace(first, []byte(`"licenses": [`), []byte(`"licenses": [1,`), 1)
			broken = bytes.Replace(broken, []byte(`"SPDXID"`), []byte(`"SPDXIDs"`), 1)
			document, err := jsonschema.UnmarshalJSON(bytes.NewReader(broken))
			if err != nil {
				t.Fatal(err)
			}
			if schema.Validate(document) == nil {
				t.Error("the schema takes anything")
			}
		})
	}
}

// In SPDX's document, each file is contained in one component, or in the whole.
func TestSPDXContains(t *testing.T) {
	var text bytes.Buffer
	if err := newBOM(t, debian()).WriteSPDX(&text); err != nil {
		t.Fatal(err)
	}
	var d struct {
		Files    []struct{ SPDXID string }
		Packages []struct {
			SPDXID        string
			FilesAnalyzed bool
		}
		Relationships []struct{ SPDXElementID, RelationshipType, RelatedSPDXElement string }
	}
	if err := json.Unmarshal(text.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	owners := map[string]int{}
	kinds := map[string]int{}
	for _, r := range d.Relationships {
		kinds[r.RelationshipType]++
		if r.RelationshipType == "CONTAINS" {
			owners[r.RelatedSPDXElement]++
		}
	}
	for _, f := range d.Files {
		if owners[f.SPDXID] != 1 {
			t.Errorf("%s is in %d components", f.SPDXID, owners[f.SPDXID])
		}
	}
	want := map[string]int{"DESCRIBES": 1, "CONTAINS": len(d.Files) + len(d.Packages) - 1, "STATIC_LINK": 7}
	if !reflect.DeepEqual(kinds, want) {
		t.Errorf("relationships: %v, want %v", kinds, want)
	}
}
