package sbom

import (
	"io"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

// WriteCycloneDX writes the bill of materials as CycloneDX 1.6, in JSON.
func (b *BOM) WriteCycloneDX(w io.Writer) error {
	d := cyclonedx.NewBOM()
	d.Metadata = &cyclonedx.Metadata{
		Timestamp: b.Created.UTC().Format(time.RFC3339),
		Tools:     &cyclonedx.ToolsChoice{Components: &[]cyclonedx.Component{{Type: cyclonedx.ComponentTypeApplication, Name: "bee", Version: b.Version}}},
		Component: &cyclonedx.Component{
			BOMRef: isoName, Type: cyclonedx.ComponentTypeOS, Name: isoName, Version: b.Version,
			Hashes: hashes(b.ISO.SHA256),
		},
	}
	components := []cyclonedx.Component{}
	dependencies := []cyclonedx.Dependency{}
	var all []string
	for _, c := range b.Components {
		component := cyclonedx.Component{
			BOMRef: c.Ref, Type: cyclonedx.ComponentType(c.Kind), Name: c.Name, Version: c.Version, PackageURL: c.PURL,
		}
		if c.Supplier != "" {
			component.Supplier = &cyclonedx.OrganizationalEntity{Name: c.Supplier}
		}
		if c.License.Text != "" {
			component.Licenses = &cyclonedx.Licenses{{Expression: c.License.Text}}
		}
		if len(c.Files) > 0 {
			occurrences := make([]cyclonedx.EvidenceOccurrence, len(c.Files))
			for i, f := range c.Files {
				occurrences[i].Location = f.Path
			}
			component.Evidence = &cyclonedx.Evidence{Occurrences: &occurrences}
		}
		components = append(components, component)
		all = append(all, c.Ref)
		if len(c.Needs) > 0 {
			dependencies = append(dependencies, cyclonedx.Dependency{Ref: c.Ref, Dependencies: &c.Needs})
		}
	}
	for _, f := range b.Rest {
		components = append(components, cyclonedx.Component{
			BOMRef: f.Path, Type: cyclonedx.ComponentTypeFile, Name: f.Path, Hashes: hashes(f.SHA256),
		})
		all = append(all, f.Path)
	}
	dependencies = append([]cyclonedx.Dependency{{Ref: isoName, Dependencies: &all}}, dependencies...)
	d.Components, d.Dependencies = &components, &dependencies
	return stamped(w, &d.SerialNumber, func(w io.Writer) error {
		encoder := cyclonedx.NewBOMEncoder(w, cyclonedx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
		return encoder.EncodeVersion(d, cyclonedx.SpecVersion1_6)
	})
}

func hashes(sum string) *[]cyclonedx.Hash {
	return &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: sum}}
}
