package verify

import (
	"fmt"
	"strings"
)

// Text is the result for people.
func (r *Result) Text() string {
	var b strings.Builder
	if r.Version != "" {
		fmt.Fprintf(&b, "bee %s, base %s, commit %s\n", r.Version, r.Base, r.Commit)
	}
	for _, refusal := range r.Refusals {
		fmt.Fprintf(&b, "REFUSED %s\n", refusal)
	}
	if len(r.Refusals) > 0 {
		return b.String()
	}
	fmt.Fprintf(&b, "files       %d, each as it has to be; bee.iso is %s\n", r.Files, r.ISO)
	fmt.Fprintf(&b, "manifest    as the ISO is, in its %d files and folders\n", r.MediumFiles)
	fmt.Fprintf(&b, "machines    %d, PASS on each\n", len(r.Machines))
	signed := "signed by " + r.SignedBy
	if r.SignedBy == "" {
		signed = "whose signature was not checked"
	}
	fmt.Fprintf(&b, "statements  %d, %s\n", r.Statements, signed)
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	b.WriteString("GOOD\n")
	return b.String()
}
