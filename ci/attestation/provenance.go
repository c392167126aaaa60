package attestation

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	provenance "github.com/in-toto/attestation/go/predicates/provenance/v1"
	in_toto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	"bee/core/sums"
	"bee/core/versions"
)

// ProvenanceType is the type of the statement that says what a release was made of.
const ProvenanceType = "https://slsa.dev/provenance/v1"

const (
	// buildType says what Parameters mean.
	buildType = "urn:bee:release:1"
	// builderID is of an engine of Dagger in the hands of whoever signed the statement.
	builderID = "urn:bee:dagger"
)

// Parameters are what the caller of release said.
type Parameters struct {
	Version string `json:"version"`
	Base    string `json:"base"`
	Nvidia  bool   `json:"nvidia"`
	GpuBurn bool   `json:"gpuBurn"`
	// Whether a package that is another one than its lock names ends the build.
	Strict bool `json:"strict"`
	// The plan of machines, or the machines that were named in its place.
	Coverage string   `json:"coverage"`
	Machines []string `json:"machines,omitempty"`
}

// Provenance is what a release was made of.
type Provenance struct {
	Parameters Parameters
	Commit     string
	// What is pinned, and the versions of what builds.
	Inputs     []versions.Input
	Dagger, Go string
	// All files of the folder but for SHA256SUMS and the statements. Those in folders are what
	// the tests left.
	Files []sums.Sum
}

// Statement says it of the files at the top of the folder.
func (p Provenance) Statement() (Statement, error) {
	text, err := json.Marshal(p.Parameters)
	if err != nil {
		return Statement{}, err
	}
	parameters := &structpb.Struct{}
	if err := protojson.Unmarshal(text, parameters); err != nil {
		return Statement{}, err
	}
	dependencies := []*in_toto.ResourceDescriptor{commitOf("bee", p.Commit)}
	for _, input := range p.Inputs {
		dependency := sha256Of(input.Name, input.Digest)
		if input.Commit {
			dependency = commitOf(input.Name, input.Digest)
		}
		if input.Image != "" {
			dependency.Uri = "docker://" + input.Image + "@sha256:" + input.Digest
		}
		dependencies = append(dependencies, dependency)
	}
	var subjects, byproducts []*in_toto.ResourceDescriptor
	for _, file := range p.Files {
		if atTop(file.Name) {
			subjects = append(subjects, sha256Of(file.Name, file.Digest))
		} else {
			byproducts = append(byproducts, sha256Of(file.Name, file.Digest))
		}
	}
	return newStatement(subjects, ProvenanceType, &provenance.Provenance{
		BuildDefinition: &provenance.BuildDefinition{
			BuildType: buildType, ExternalParameters: parameters, ResolvedDependencies: dependencies,
		},
		RunDetails: &provenance.RunDetails{
			Builder:    &provenance.Builder{Id: builderID, Version: map[string]string{"dagger": p.Dagger, "go": p.Go}},
			Byproducts: byproducts,
		},
	})
}

func commitOf(name, hash string) *in_toto.ResourceDescriptor {
	return &in_toto.ResourceDescriptor{Name: name, Digest: map[string]string{string(in_toto.AlgorithmGitCommit): hash}}
}

// ReadProvenance reads of a statement what can be compared with the files of its release:
// parameters, commit and files.
func ReadProvenance(s Statement) (Provenance, error) {
	var said provenance.Provenance
	if err := s.predicate(ProvenanceType, &said); err != nil {
		return Provenance{}, err
	}
	build := said.GetBuildDefinition()
	if build.GetBuildType() != buildType {
		return Provenance{}, fmt.Errorf("its buildType is %q, not %q", build.GetBuildType(), buildType)
	}
	var p Provenance
	text, err := protojson.Marshal(build.GetExternalParameters())
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(text, &p.Parameters); err != nil {
		return p, fmt.Errorf("its externalParameters: %w", err)
	}
	for _, dependency := range build.GetResolvedDependencies() {
		if dependency.GetName() == "bee" {
			p.Commit = dependency.GetDigest()[string(in_toto.AlgorithmGitCommit)]
		}
	}
	if p.Commit == "" {
		return p, errors.New("no commit of bee is among its resolvedDependencies")
	}
	for _, file := range slices.Concat(s.GetSubject(), said.GetRunDetails().GetByproducts()) {
		p.Files = append(p.Files, sums.Sum{Digest: file.GetDigest()[string(in_toto.AlgorithmSHA256)], Name: file.GetName()})
	}
	return p, nil
}
