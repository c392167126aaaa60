package sbom

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"
	"github.com/spdx/tools-golang/utils"
)

const unknown = "NOASSERTION"

// purposes are SPDX's words for kinds.
var purposes = map[Kind]string{Application: "APPLICATION", Library: "LIBRARY", Firmware: "FIRMWARE", Driver: "OTHER"}

// WriteSPDX writes the bill of materials as SPDX 2.3, in JSON.
func (b *BOM) WriteSPDX(w io.Writer) error {
	d := &spdx.Document{
		SPDXVersion:    spdx.Version,
		DataLicense:    spdx.DataLicense,
		SPDXIdentifier: "DOCUMENT",
		DocumentName:   isoName,
		CreationInfo: &spdx.CreationInfo{
			Creators: []common.Creator{{CreatorType: "Tool", Creator: "bee-" + b.Version}},
			Created:  b.Created.UTC().Format(time.RFC3339),
		},
	}
	const root = common.ElementID("ISO")
	s := spdxWriter{d, map[string]string{}}
	d.Packages = []*spdx.Package{{
		PackageName:             isoName,
		PackageSPDXIdentifier:   root,
		PackageVersion:          b.Version,
		PackageSupplier:         supplier("bee"),
		PackageDownloadLocation: unknown,
		PackageChecksums:        []common.Checksum{{Algorithm: common.SHA256, Value: b.ISO.SHA256}},
		PackageLicenseConcluded: unknown,
		PackageLicenseDeclared:  unknown,
		PackageCopyrightText:    unknown,
		PrimaryPackagePurpose:   "OPERATING_SYSTEM",
	}}
	s.relate(d.SPDXIdentifier, common.TypeRelationshipDescribe, root)
	ids := map[string]common.ElementID{}
	for i, c := range b.Components {
		ids[c.Ref] = common.ElementID(fmt.Sprintf("Component-%d-%s", i+1, strings.Trim(unidentified.ReplaceAllString(c.Name, "-"), "-")))
	}
	for _, c := range b.Components {
		if err := s.component(root, ids, c); err != nil {
			return err
		}
	}
	for _, f := range s.files(b.Rest) {
		s.relate(root, common.TypeRelationshipContains, f.FileSPDXIdentifier)
	}
	for _, reference := range slices.Sorted(maps.Keys(s.references)) {
		d.OtherLicenses = append(d.OtherLicenses, &spdx.OtherLicense{
			LicenseIdentifier: reference,
			LicenseName:       s.references[reference],
			ExtractedText:     "The licence that the component calls " + s.references[reference] + ".",
		})
	}
	return stamped(w, &d.DocumentNamespace, func(w io.Writer) error {
		return spdxjson.Write(d, w, spdxjson.EscapeHTML(false), spdxjson.Indent(" "))
	})
}

// unidentified is what identifiers of SPDX's may not have.
var unidentified = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// spdxWriter fills a document.
type spdxWriter struct {
	*spdx.Document
	references map[string]string // of licences
}

func (s spdxWriter) relate(a common.ElementID, how string, b common.ElementID) {
	s.Relationships = append(s.Relationships, &spdx.Relationship{
		RefA: common.DocElementID{ElementRefID: a}, Relationship: how, RefB: common.DocElementID{ElementRefID: b},
	})
}

// component adds one with its files.
func (s spdxWriter) component(root common.ElementID, ids map[string]common.ElementID, c Component) error {
	maps.Copy(s.references, c.License.References)
	p := &spdx.Package{
		PackageName:             c.Name,
		PackageSPDXIdentifier:   ids[c.Ref],
		PackageVersion:          c.Version,
		PackageSupplier:         supplier(c.Supplier),
		PackageDownloadLocation: unknown,
		PackageLicenseConcluded: unknown,
		PackageLicenseDeclared:  unknown,
		PackageCopyrightText:    unknown,
		PrimaryPackagePurpose:   purposes[c.Kind],
	}
	if c.License.Text != "" {
		p.PackageLicenseDeclared = c.License.Text
	}
	if c.PURL != "" {
		p.PackageExternalReferences = []*spdx.PackageExternalReference{{
			Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: c.PURL,
		}}
	}
	s.Packages = append(s.Packages, p)
	s.relate(root, common.TypeRelationshipContains, p.PackageSPDXIdentifier)
	for _, need := range c.Needs {
		s.relate(p.PackageSPDXIdentifier, common.TypeRelationshipStaticLink, ids[need])
	}
	files := s.files(c.Files)
	if len(files) == 0 {
		return nil
	}
	for _, f := range files {
		s.relate(p.PackageSPDXIdentifier, common.TypeRelationshipContains, f.FileSPDXIdentifier)
	}
	code, err := utils.GetVerificationCode(files, "")
	p.FilesAnalyzed, p.PackageVerificationCode, p.PackageLicenseInfoFromFiles = true, &code, []string{unknown}
	return err
}

// files adds files, and returns those that it added.
func (s spdxWriter) files(all []File) []*spdx.File {
	start := len(s.Files)
	for _, f := range all {
		s.Files = append(s.Files, &spdx.File{
			FileName:           "." + f.Path,
			FileSPDXIdentifier: common.ElementID(fmt.Sprintf("File-%d", len(s.Files)+1)),
			Checksums: []common.Checksum{
				{Algorithm: common.SHA1, Value: f.SHA1}, {Algorithm: common.SHA256, Value: f.SHA256},
			},
			LicenseConcluded:   unknown,
			LicenseInfoInFiles: []string{unknown},
			FileCopyrightText:  unknown,
		})
	}
	return s.Files[start:]
}

func supplier(name string) *common.Supplier {
	if name == "" {
		return &common.Supplier{Supplier: unknown}
	}
	return &common.Supplier{SupplierType: "Organization", Supplier: name}
}
