// Package verify checks the folder of a release by what is in it, without a network or an engine:
// whether each file is the one that SHA256SUMS and the statements tell of, whether the
// statements are of these files and signed, whether the manifest is that of the ISO, and whether
// the ISO is a PASS on every machine of its plan.
package verify

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"bee/core/bounded"
	"bee/core/manifest"
	"bee/core/printable"
	"bee/core/sums"
	"dagger/bee/attestation"
)

const (
	isoFile      = attestation.ISOFile
	manifestFile = isoFile + ".manifest.json"
)

// Result is what a check came to.
type Result struct {
	// Of the release, as its provenance has it.
	Version string `json:"version"`
	Base    string `json:"base"`
	Commit  string `json:"commit"`
	// SHA-256 of bee.iso.
	ISO string `json:"iso"`
	// How many files there are, and how many of the ISO's own are as the manifest says.
	Files       int `json:"files"`
	MediumFiles int `json:"medium_files"`
	// How many statements there are, and by which key they are signed: its fingerprint, empty where
	// that was not checked.
	Statements int    `json:"statements"`
	SignedBy   string `json:"signed_by"`
	// The machines on which the ISO is a PASS.
	Machines []string `json:"machines"`
	// What this does not say, though all is as it has to be.
	Notes []string `json:"notes"`
	// What is wrong; nothing, where the release is good.
	Refusals []Refusal `json:"refusals"`
}

// Refusal is something that is wrong with a file of the release.
type Refusal struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

func (r Refusal) String() string { return r.File + ": " + r.Reason }

// Folder checks a release. Without a key, nobody has signed anything. The error is about a folder
// that cannot be read.
func Folder(path string, key *attestation.PublicKey) (*Result, error) {
	c := &check{folder: path, wrong: map[string]bool{}, result: &Result{Machines: []string{}, Notes: []string{}, Refusals: []Refusal{}}}
	if err := c.read(); err != nil {
		return nil, err
	}
	c.readSums()
	c.readStatements(key)
	c.readProvenance()
	c.files()
	c.manifest()
	if p := c.provenance; p != nil {
		c.result.Version, c.result.Base, c.result.Commit = p.Parameters.Version, p.Parameters.Base, p.Commit
		c.machines()
	}
	// One reason is enough where several checks come to the same.
	slices.SortStableFunc(c.result.Refusals, func(a, b Refusal) int { return cmp.Compare(a.File, b.File) })
	c.result.Refusals = slices.Compact(c.result.Refusals)
	return c.result, nil
}

// check is what is known of a folder.
type check struct {
	folder string
	result *Result

	digests   map[string]string     // of the files that are there
	medium    []manifest.MediumFile // the files of the ISO
	mediumErr error                 // what reading these came to

	statementsFile string                  // "" where there is none
	statements     []attestation.Statement // empty ones in place of those that are not to be relied on
	provenance     *attestation.Provenance // nil where there is none to rely on
	listed, stated map[string]string       // digests, by SHA256SUMS and by the provenance; nil where there is none

	reportless bool            // whether there is no file in any folder
	wrong      map[string]bool // files that were refused
}

// refuse adds what is wrong with a file.
func (c *check) refuse(file, format string, args ...any) {
	c.wrong[file] = true
	c.result.Refusals = append(c.result.Refusals, Refusal{printable.Again(file), printable.Again(fmt.Sprintf(format, args...))})
}

func (c *check) note(text string) { c.result.Notes = append(c.result.Notes, text) }

// contents reads a file that is known to be there.
func (c *check) contents(name string) ([]byte, bool) {
	data, err := bounded.ReadFile(filepath.Join(c.folder, name))
	if err != nil {
		c.refuse(name, "%v", err)
	}
	return data, err == nil
}

// readSums reads SHA256SUMS.
func (c *check) readSums() {
	if c.digests[sums.File] == "" {
		c.refuse(sums.File, "is not there")
		return
	}
	text, ok := c.contents(sums.File)
	if !ok {
		return
	}
	lines, err := sums.Parse(string(text))
	if err != nil {
		c.refuse(sums.File, "%s", strings.TrimPrefix(err.Error(), sums.File+": "))
		return
	}
	c.listed = map[string]string{}
	for _, line := range lines {
		if _, twice := c.listed[line.Name]; twice {
			c.refuse(sums.File, "it has %s twice", line.Name)
		}
		c.listed[line.Name] = line.Digest
	}
}

// readStatements reads the statements, and checks who signed them.
func (c *check) readStatements(key *attestation.PublicKey) {
	const signed, unsigned = attestation.SignedFile, attestation.UnsignedFile
	switch hasSigned, hasUnsigned := c.digests[signed] != "", c.digests[unsigned] != ""; {
	case hasSigned:
		c.statementsFile = signed
	case hasUnsigned:
		c.statementsFile = unsigned
	default:
		c.refuse(signed, "is not there, nor is %s, which statements without a signature are in", unsigned)
		return
	}
	text, ok := c.contents(c.statementsFile)
	if !ok {
		return
	}
	var err error
	if c.statements, err = attestation.Read(c.statementsFile, text); err != nil {
		c.refuse(c.statementsFile, "%v", err)
		return
	}
	c.result.Statements = len(c.statements)
	switch {
	case key == nil && c.statementsFile == signed:
		c.note("the statements are signed, but whose signature it is was not checked: --key names the public key of who is trusted")
	case key == nil:
		c.note("the statements are not signed: they say what the folder has to be, not who made it")
	case c.statementsFile == unsigned:
		c.refuse(unsigned, "nobody signed the statements, and --key is given")
	default:
		c.signatures(key)
	}
}

// signatures checks that a key signed each statement.
func (c *check) signatures(key *attestation.PublicKey) {
	id, _ := key.KeyID() // each kind of key that is taken has one
	c.result.SignedBy = id
	for i, s := range c.statements {
		if err := s.SignedBy(key); err != nil {
			c.refuse(c.statementsFile, "line %d: not signed by %s: %v", i+1, id, err)
			c.statements[i] = attestation.Statement{}
			c.result.SignedBy = ""
		}
	}
}

// readProvenance reads the one statement with the provenance.
func (c *check) readProvenance() {
	for i, s := range c.statements {
		if s.GetPredicateType() != attestation.ProvenanceType {
			continue
		}
		if c.provenance != nil {
			c.refuse(c.statementsFile, "line %d: a second provenance", i+1)
			continue
		}
		p, err := attestation.ReadProvenance(s)
		if err != nil {
			c.refuse(c.statementsFile, "line %d: the provenance: %v", i+1, err)
			continue
		}
		c.provenance = &p
	}
	if c.provenance == nil {
		if c.statementsFile != "" {
			c.refuse(c.statementsFile, "it has no provenance that can be relied on")
		}
		return
	}
	c.stated = map[string]string{}
	for _, file := range c.provenance.Files {
		c.stated[file.Name] = file.Digest
	}
}

// read lists the folder and takes the digests of what is there.
func (c *check) read() error {
	names, others, err := list(c.folder)
	if err != nil {
		return err
	}
	for _, name := range others {
		c.refuse(name, "is neither a file nor a folder")
	}
	c.digests, c.medium, c.mediumErr, err = hash(c.folder, names)
	c.result.Files, c.result.ISO = len(names), c.digests[isoFile]
	return err
}

// inFolder tells whether a file is in a folder of the release's: tests left it there.
func inFolder(name string) bool { return strings.Contains(name, "/") }
