package release

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"bee/core/check"
	"bee/core/report"
)

// NotesInput is what the notes of a release are made of.
type NotesInput struct {
	Version string
	// bee.iso.manifest.json of the release.
	Manifest []byte
	// Version and manifest of the release before; empty for the first one.
	PreviousVersion  string
	PreviousManifest []byte
	// report.json of each machine that the ISO was tested on, by the machine's name.
	Reports map[string][]byte
	// File names of the public keys that what is on the ISO is signed with, and whether the
	// private ones were given to the build; else its engine made them.
	Keys      []string
	KeysGiven bool
}

// Notes is NOTES.md of a release, in Markdown: what it is, how to verify and boot it,
// what is new in it, and how it was tested.
func Notes(in NotesInput) (string, error) {
	m, err := readManifest(in.Manifest)
	if err != nil {
		return "", fmt.Errorf("the manifest of %s: %w", in.Version, err)
	}
	var b strings.Builder
	m.summary(&b, in.Version)
	fmt.Fprintf(&b, use, in.Version)
	writeKeys(&b, in)
	if in.PreviousVersion == "" {
		b.WriteString("\n## Changes\n\nThis is the first release.\n")
	} else {
		previous, err := readManifest(in.PreviousManifest)
		if err != nil {
			return "", fmt.Errorf("the manifest of %s, the release before: %w", in.PreviousVersion, err)
		}
		fmt.Fprintf(&b, "\n## Changes since %s\n\n", in.PreviousVersion)
		writeChanges(&b, previous, m)
	}
	reports, err := readReports(in.Reports, m.ISO.SHA256)
	if err != nil {
		return "", err
	}
	writeTests(&b, reports)
	return b.String(), nil
}

// use has a place for the version.
const use = `
## Verify and boot

In the folder of the release, and, for all that is in it, in a clone of the repository at the
commit above:

    sha256sum -c SHA256SUMS
    go run ./ci/cmd/verify FOLDER

Who made it, a signature tells where its maker has a key, which ` + "`--key PUBLIC.pem`" + ` checks. GitHub tells
it of what it built, of the ISO and of ` + "`bee.statements.jsonl`" + ` alike:

    gh attestation verify bee.iso --repo OWNER/REPOSITORY \
        --signer-workflow OWNER/REPOSITORY/.github/workflows/release.yml \
        --source-ref refs/tags/%s --source-digest COMMIT

This says that the workflow release.yml made it, of this tag and of the commit above. The workflow is
the commit's own: look whether that is on ` + "`main`, in a clone by `git branch --remotes --contains COMMIT`" + `.
Then write the ISO to a USB stick, which is overwritten, or attach it as virtual media:

    sudo dd if=bee.iso of=/dev/sdX bs=4M conv=fsync status=progress

The console is on the screen and on the first serial port (115200 8N1).
`

// writeKeys says what is signed on the ISO, and what that means for who builds it again.
func writeKeys(b *strings.Builder, in NotesInput) {
	if len(in.Keys) == 0 {
		return
	}
	var names []string
	for _, name := range in.Keys {
		names = append(names, code(name))
	}
	whose := "It was made by the engine that built the ISO, and stayed there: a runner of GitHub is gone."
	if in.KeysGiven {
		whose = "It is its maker's."
	}
	fmt.Fprintf(b, `
## Signatures on the ISO

The packages and kernel modules on it are signed. The public half of the key is here, too:
%s. Of the private half:
%s
Who builds this commit with another key gets the same ISO but for these files:
`+"`apks/x86_64/APKINDEX.tar.gz`, `boot/initramfs-lts`, and the key in `keys`"+`.
`, strings.Join(names, " and "), whose)
}

func (m content) summary(b *strings.Builder, version string) {
	fmt.Fprintf(b, "# bee %s\n\n| | |\n|---|---|\n", version)
	for _, row := range []struct{ name, value string }{
		{"Date", m.Release["BEE_DATE"]},
		{"Commit", m.Release["BEE_COMMIT"]},
		{"Base", m.base()},
		{"Kernel", m.Release["BEE_KERNEL"]},
		{"NVIDIA driver", m.Release["BEE_NVIDIA"]},
		{"Size of bee.iso", strconv.FormatInt(m.ISO.SizeBytes, 10) + " bytes"},
		{"SHA-256 of bee.iso", m.ISO.SHA256},
	} {
		fmt.Fprintf(b, "| %s | %s |\n", row.name, cell(row.value))
	}
}

func (m content) base() string {
	return strings.TrimSpace(m.Release["BEE_BASE"] + " " + m.Release["BEE_RELEASE"])
}

// writeChanges lists what differs from the release before, in the order in which a
// reader cares.
func writeChanges(b *strings.Builder, before, after content) {
	for _, c := range []struct{ name, before, after string }{
		{"Kernel", before.Release["BEE_KERNEL"], after.Release["BEE_KERNEL"]},
		{"NVIDIA driver", before.Release["BEE_NVIDIA"], after.Release["BEE_NVIDIA"]},
		{"Base", before.base(), after.base()},
	} {
		if c.before == c.after {
			fmt.Fprintf(b, "- %s: %s, as before\n", c.name, code(c.after))
		} else {
			fmt.Fprintf(b, "- %s: %s → %s\n", c.name, code(c.before), code(c.after))
		}
	}
	var added, removed, changed []string
	for _, c := range compare(before.packages(version), after.packages(version)) {
		switch {
		case c.before == nil:
			added = append(added, code(c.name)+" "+code(*c.after))
		case c.after == nil:
			removed = append(removed, code(c.name)+" "+code(*c.before))
		default:
			changed = append(changed, code(c.name)+" "+code(*c.before)+" → "+code(*c.after))
		}
	}
	writeList(b, "Packages changed", changed)
	writeList(b, "Packages added", added)
	writeList(b, "Packages removed", removed)

	var files []string
	for _, c := range compare(before.own(), after.own()) {
		line := code(c.name)
		if c.before == nil {
			line += ", new"
		} else if c.after == nil {
			line += ", gone"
		}
		files = append(files, line)
	}
	shown := files[:min(most, len(files))]
	writeList(b, fmt.Sprintf("Files of bee's own changed: %d", len(files)), shown)
	if more := len(files) - len(shown); more > 0 {
		fmt.Fprintf(b, "- … and %d more\n", more)
	}
}

func writeList(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n\n- %s\n", title, strings.Join(lines, "\n- "))
}

// readReports reads reports by the machine's name. All have to be of this ISO.
func readReports(data map[string][]byte, sha256 string) (map[string]*report.Report, error) {
	reports := map[string]*report.Report{}
	for name, text := range data {
		r, err := report.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("the report of machine %s: %w", name, err)
		}
		if r.ISO == nil || r.Machine == nil {
			return nil, fmt.Errorf("the report of machine %s is of no ISO that was booted", name)
		}
		if r.ISO.SHA256 != sha256 {
			return nil, fmt.Errorf("the report of machine %s is of another ISO: sha256 %s, the release's is %s", name, r.ISO.SHA256, sha256)
		}
		reports[name] = r
	}
	return reports, nil
}

func writeTests(b *strings.Builder, reports map[string]*report.Report) {
	b.WriteString("\n## Tests\n\n")
	if len(reports) == 0 {
		b.WriteString("The ISO was not tested.\n")
		return
	}
	b.WriteString("The ISO was booted on these machines, and checked there:\n\n" +
		"| Name | Verdict | Passed | Failed | Skipped | Machine |\n|---|---|--:|--:|--:|---|\n")
	for _, name := range slices.Sorted(maps.Keys(reports)) {
		r := reports[name]
		fmt.Fprintf(b, "| %s | %s | %d | %d | %d | %s |\n", cell(name), cell(strings.ToUpper(string(r.Verdict))),
			r.Counts.Passed, r.Counts.Failed, r.Counts.Skipped, cell(tested(r.Machine)))
	}
	if skipped := skippedEverywhere(reports); len(skipped) > 0 {
		b.WriteString("\nSkipped on every machine: ")
		for i, name := range skipped {
			skipped[i] = code(name)
		}
		b.WriteString(strings.Join(skipped, ", ") + "\n")
	}
}

// tested is a machine as the notes tell of it.
func tested(m *report.Machine) string {
	return fmt.Sprintf("%s, %s, %s, %d MiB, QEMU %s, %s", m.Profile, m.Firmware, m.Media, m.MemoryMiB, m.QEMU, m.Accelerator)
}

// skippedEverywhere are the names of checks that no machine did.
func skippedEverywhere(reports map[string]*report.Report) []string {
	done, skipped := map[string]bool{}, map[string]bool{}
	for _, r := range reports {
		for _, c := range r.Checks {
			if c.Status == check.Skip {
				skipped[c.Name] = true
			} else {
				done[c.Name] = true
			}
		}
	}
	maps.DeleteFunc(skipped, func(name string, _ bool) bool { return done[name] })
	return slices.Sorted(maps.Keys(skipped))
}

// code is text as a code span, in which Markdown and HTML mean nothing: its fence is
// longer than any backticks in it.
func code(text string) string {
	text = cmp.Or(strings.Join(strings.Fields(text), " "), "none")
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 { // the blanks keep the fence apart from backticks at the ends
		text = " " + text + " "
	}
	return fence + text + fence
}

// cell is a code span in a table, where a bar would end the cell.
func cell(text string) string { return strings.ReplaceAll(code(text), "|", `\|`) }
