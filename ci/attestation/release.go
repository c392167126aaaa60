package attestation

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bee/core/report"
	"bee/core/sums"
)

// ISOFile is the name of a release's ISO, which is what was tested.
const ISOFile = "bee.iso"

// Release is what is added to the folder of a release last, by the names of files: the statements
// about all else that is there, and SHA256SUMS over what is at the top. There is a test result of
// each machine that reports has a report.json of, by the machine's name.
func Release(p Provenance, reports map[string][]byte, key *Key) (map[string][]byte, error) {
	statements, err := p.statements(reports)
	if err != nil {
		return nil, err
	}
	name, text, err := Write(statements, key)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(text)
	listed := append(slices.Clone(p.Files), sums.Sum{Digest: hex.EncodeToString(digest[:]), Name: name})
	slices.SortFunc(listed, func(a, b sums.Sum) int { return strings.Compare(a.Name, b.Name) })
	var list strings.Builder
	for _, file := range listed {
		if atTop(file.Name) {
			list.WriteString(file.String())
		}
	}
	return map[string][]byte{name: text, sums.File: []byte(list.String())}, nil
}

func (p Provenance) statements(reports map[string][]byte) ([]Statement, error) {
	digests := map[string]string{}
	for _, file := range p.Files {
		digests[file.Name] = file.Digest
	}
	first, err := p.Statement()
	if err != nil {
		return nil, err
	}
	statements := []Statement{first}
	for _, machine := range slices.Sorted(maps.Keys(reports)) {
		r, err := report.Parse(reports[machine])
		if err != nil {
			return nil, fmt.Errorf("the report of machine %s: %w", machine, err)
		}
		result, err := TestResult(machine, digests[ISOFile], digests[ReportFile(machine)], r)
		if err != nil {
			return nil, fmt.Errorf("the test result of machine %s: %w", machine, err)
		}
		statements = append(statements, result)
	}
	return statements, nil
}

// atTop tells whether a file is at the top of the folder.
func atTop(name string) bool { return !strings.Contains(name, "/") }
