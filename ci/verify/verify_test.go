package verify

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	"bee/core/manifest"
	"bee/core/report"
	"bee/core/sums"
	"bee/core/versions"
	"dagger/bee/attestation"
	"dagger/bee/matrix"
)

// signer is a key that is the same at each run.
func signer(t *testing.T, seed byte) *attestation.Key {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(slices.Repeat([]byte{seed}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	key, err := attestation.ParseKey(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

const commit = "6b0d715e1edabbfce016603f63982c5385e6bb5d"

// newISO makes an ISO with a kernel, and its manifest.
func newISO(t *testing.T, folder, kernel string) {
	t.Helper()
	if _, err := exec.LookPath("xorriso"); err != nil {
		t.Skip("xorriso is not installed")
	}
	medium := t.TempDir()
	write(t, filepath.Join(medium, "live/vmlinuz"), []byte(kernel))
	write(t, filepath.Join(medium, "live/00-base.squashfs"), []byte("base"))
	if err := os.Symlink("live/vmlinuz", filepath.Join(medium, "vmlinuz")); err != nil {
		t.Fatal(err)
	}
	iso := filepath.Join(folder, isoFile)
	if out, err := exec.Command("xorriso", "-as", "mkisofs", "-quiet", "-iso-level", "3", "-r", "-J", "-joliet-long", "-o", iso, medium).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	m, err := manifest.Parse(read(t, "../release/testdata/debian.json"))
	if err != nil {
		t.Fatal(err)
	}
	image := read(t, iso)
	m.ISO = manifest.Image{SizeBytes: int64(len(image)), SHA256: sum(image)}
	file := func(name, text string) manifest.MediumFile {
		size := int64(len(text))
		return manifest.MediumFile{Path: name, Type: "file", Mode: "0444", SizeBytes: &size, SHA256: sum([]byte(text))}
	}
	m.Medium = []manifest.MediumFile{
		{Path: "/", Type: "directory", Mode: "0700"},
		{Path: "/live", Type: "directory", Mode: "0555"},
		file("/live/00-base.squashfs", "base"),
		file("/live/vmlinuz", kernel),
		{Path: "/vmlinuz", Type: "symlink", Mode: "0777", Target: "live/vmlinuz"},
	}
	writeManifest(t, folder, m)
}

func writeManifest(t *testing.T, folder string, m *manifest.Manifest) {
	t.Helper()
	out, err := os.Create(filepath.Join(folder, manifestFile))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := m.Write(out); err != nil {
		t.Fatal(err)
	}
}

// plan are the machines of the releases here.
func plan(t *testing.T) []string {
	t.Helper()
	machines, err := matrix.Plan("debian", matrix.Each)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range machines {
		names = append(names, m.Name())
	}
	slices.Sort(names)
	return names
}

// newRelease makes a release that is good, of an ISO with a kernel, but for what signs it.
func newRelease(t *testing.T, kernel string) string {
	t.Helper()
	folder := t.TempDir()
	newISO(t, folder, kernel)
	write(t, filepath.Join(folder, "NOTES.md"), read(t, "../release/testdata/NOTES.md"))
	write(t, filepath.Join(folder, "bee.iso.spdx.json"), []byte(`{"spdxVersion": "SPDX-2.3"}`))
	write(t, filepath.Join(folder, "bee.netboot.tar"), []byte("netboot"))
	for _, name := range plan(t) {
		writeReport(t, folder, name, func(*report.Report) {})
	}
	return folder
}

// writeReport writes the report of a machine on the folder's ISO.
func writeReport(t *testing.T, folder, name string, change func(*report.Report)) {
	t.Helper()
	r, err := report.Parse(read(t, "../release/testdata/reports/uefi-cd-1024-server.json"))
	if err != nil {
		t.Fatal(err)
	}
	r.ISO.SHA256 = sum(read(t, filepath.Join(folder, isoFile)))
	m, err := matrix.Find("debian", name)
	if err != nil {
		t.Fatal(err)
	}
	r.Machine = &report.Machine{
		Profile: m.Profile, Firmware: m.Firmware, Media: m.Media, Accelerator: "tcg", MemoryMiB: m.MemoryMiB, CPUs: 2,
		Network: m.Network, Disk: m.Disk, BMC: m.HasBMC(), Slow: m.Slow, Console: m.Console, QEMU: "7.2.22",
	}
	change(r)
	r.Conclude()
	to := filepath.Join(folder, "smoke", name)
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := r.Write(to, "the console of "+name); err != nil {
		t.Fatal(err)
	}
}

// vouch adds statements and SHA256SUMS about what is in a folder.
func vouch(t *testing.T, folder string, key *attestation.Key, change func(*attestation.Provenance)) {
	t.Helper()
	for _, name := range []string{sums.File, attestation.SignedFile, attestation.UnsignedFile} {
		os.Remove(filepath.Join(folder, name))
	}
	pins, err := versions.Load("../..")
	if err != nil {
		t.Fatal(err)
	}
	p := attestation.Provenance{
		Parameters: attestation.Parameters{Version: "v1.2.0", Base: "debian", Coverage: string(matrix.Each)},
		Commit:     commit, Inputs: pins.Inputs(), Dagger: pins.Dagger, Go: pins.Go,
	}
	reports := map[string][]byte{}
	for name, data := range contents(t, folder) {
		p.Files = append(p.Files, sums.Sum{Digest: sum(data), Name: name})
		if filepath.Base(name) == report.JSONFile {
			reports[filepath.Base(filepath.Dir(name))] = data
		}
	}
	slices.SortFunc(p.Files, func(a, b sums.Sum) int { return strings.Compare(a.Name, b.Name) })
	change(&p)
	files, err := attestation.Release(p, reports, key)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		write(t, filepath.Join(folder, name), data)
	}
}

// reseal writes SHA256SUMS anew, as who changes a release without its key can.
func reseal(t *testing.T, folder string) {
	t.Helper()
	var list strings.Builder
	files := contents(t, folder)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !inFolder(name) && name != sums.File {
			list.WriteString(sums.Sum{Digest: sum(files[name]), Name: name}.String())
		}
	}
	write(t, filepath.Join(folder, sums.File), []byte(list.String()))
}

// contents are the files of a folder.
func contents(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			all[path[len(folder)+1:]] = read(t, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func copyOf(t *testing.T, folder string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	return to
}

func same(*attestation.Provenance) {}

// mutation is something that is done to a release, and the files that have to be named for it.
type mutation struct {
	name   string
	change func(t *testing.T, folder string)
	files  []string
	reason string
}

// flip changes a bit of a file.
func flip(name string, at func(data []byte) int) func(*testing.T, string) {
	return func(t *testing.T, folder string) {
		data := read(t, filepath.Join(folder, name))
		data[at(data)] ^= 1
		write(t, filepath.Join(folder, name), data)
	}
}

func middle(data []byte) int { return len(data) / 2 }

// digestOfFile is where SHA256SUMS has the digest of a file, at a digit that is one still with another
// bit.
func digestOfFile(name string) func([]byte) int {
	return func(list []byte) int {
		line := strings.Index(string(list), "  "+name+"\n") - 64
		return line + strings.IndexAny(string(list[line:]), "0123456789bcde")
	}
}

func within(text string) func([]byte) int {
	return func(data []byte) int { return strings.Index(string(data), text) }
}

func remove(names ...string) func(*testing.T, string) {
	return func(t *testing.T, folder string) {
		for _, name := range names {
			if err := os.RemoveAll(filepath.Join(folder, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func add(name, text string) func(*testing.T, string) {
	return func(t *testing.T, folder string) { write(t, filepath.Join(folder, name), []byte(text)) }
}

func swap(a, b string) func(*testing.T, string) {
	return func(t *testing.T, folder string) {
		first, second := read(t, filepath.Join(folder, a)), read(t, filepath.Join(folder, b))
		write(t, filepath.Join(folder, a), second)
		write(t, filepath.Join(folder, b), first)
	}
}

func from(other string, names ...string) func(*testing.T, string) {
	return func(t *testing.T, folder string) {
		for _, name := range names {
			write(t, filepath.Join(folder, name), read(t, filepath.Join(other, name)))
		}
	}
}

// lines changes the lines of the statements.
func lines(change func([]string) []string) func(*testing.T, string) {
	return func(t *testing.T, folder string) {
		file := filepath.Join(folder, attestation.SignedFile)
		text := change(slices.Collect(strings.Lines(string(read(t, file)))))
		write(t, file, []byte(strings.Join(text, "")))
	}
}

// and does one thing after the other.
func and(all ...func(*testing.T, string)) func(*testing.T, string) {
	return func(t *testing.T, folder string) {
		for _, do := range all {
			do(t, folder)
		}
	}
}

// TestTamper does to a signed release what may be done to one, with its key and without: each is
// refused, and by the names of the files that are wrong.
func TestTamper(t *testing.T) {
	key, other := signer(t, 1), signer(t, 2)
	good, older := newRelease(t, "kernel"), newRelease(t, "older kernel")
	vouch(t, good, key, same)
	vouch(t, older, key, same)
	machines := plan(t)
	folderOf := func(i int) string { return "smoke/" + machines[i] }
	reportOf := func(i int) string { return attestation.ReportFile(machines[i]) }
	const statements = attestation.SignedFile
	again := func(t *testing.T, folder string) { reseal(t, folder) }
	signed := func(change func(*attestation.Provenance)) func(*testing.T, string) {
		return func(t *testing.T, folder string) { vouch(t, folder, key, change) }
	}
	rewrite := func(i int, change func(*report.Report)) func(*testing.T, string) {
		return func(t *testing.T, folder string) { writeReport(t, folder, machines[i], change) }
	}
	lie := func(change func(*manifest.Manifest)) func(*testing.T, string) {
		return func(t *testing.T, folder string) {
			m, err := manifest.Read(filepath.Join(folder, manifestFile))
			if err != nil {
				t.Fatal(err)
			}
			change(m)
			writeManifest(t, folder, m)
		}
	}
	oneOfOlder := func(t *testing.T, folder string) {
		foreign := slices.Collect(strings.Lines(string(read(t, filepath.Join(older, statements)))))
		lines(func(l []string) []string { l[1] = foreign[1]; return l })(t, folder)
	}

	// lies are statements that are signed, and of which one says what is not so.
	lies := func(about func(*structpb.Struct)) func(*testing.T, string) {
		return func(t *testing.T, folder string) {
			vouch(t, folder, key, same)
			said, err := attestation.Read(statements, read(t, filepath.Join(folder, statements)))
			if err != nil {
				t.Fatal(err)
			}
			about(said[1].Predicate)
			_, text, err := attestation.Write(said, key)
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(folder, statements), text)
			reseal(t, folder)
		}
	}

	var mutations []mutation
	for _, name := range slices.Sorted(maps.Keys(contents(t, good))) {
		if name != sums.File {
			mutations = append(mutations, mutation{"a bit of " + name, flip(name, middle), []string{name}, "was changed: its SHA-256 is "})
		}
	}
	mutations = append(mutations, []mutation{
		{"a digest in SHA256SUMS", flip(sums.File, within(" ")), []string{sums.File}, "is not a SHA-256 digest"},
		{"the digest of the ISO", flip(sums.File, digestOfFile(isoFile)), []string{sums.File}, "the SHA-256 of "},
		{"the digest of the statements", flip(sums.File, digestOfFile(statements)), []string{sums.File}, "the SHA-256 of bee.intoto.jsonl is "},
		{"the name of the notes", flip(sums.File, within("OTES")), []string{sums.File}, "it lacks NOTES.md"},
		{"a line twice", func(t *testing.T, folder string) {
			list := string(read(t, filepath.Join(folder, sums.File)))
			add(sums.File, list+slices.Collect(strings.Lines(list))[0])(t, folder)
		}, []string{sums.File}, "twice"},
		{"the first byte of the ISO", flip(isoFile, func([]byte) int { return 0 }), []string{isoFile}, "was changed"},
		{"the kernel on the ISO", flip(isoFile, within("kernel")), []string{isoFile}, "was changed"},
		{"the last byte of the ISO", flip(isoFile, func(d []byte) int { return len(d) - 1 }), []string{isoFile}, "was changed"},
		{"a byte more", func(t *testing.T, folder string) {
			add(isoFile, string(read(t, filepath.Join(folder, isoFile)))+"x")(t, folder)
		}, []string{isoFile}, "was changed"},

		{"without the ISO", remove(isoFile), []string{isoFile}, "is not there"},
		{"without the manifest", remove(manifestFile), []string{manifestFile}, "is not there"},
		{"without the notes", remove("NOTES.md"), []string{"NOTES.md"}, "is not there"},
		{"without the bill of materials", remove("bee.iso.spdx.json"), []string{"bee.iso.spdx.json"}, "is not there"},
		{"without SHA256SUMS", remove(sums.File), []string{sums.File}, "is not there"},
		{"without statements", remove(statements), []string{statements}, "is not there"},
		{"without a console", remove(folderOf(0) + "/serial.log"), []string{folderOf(0) + "/serial.log"}, "is not there"},
		{"without a report", remove(reportOf(1)), []string{reportOf(1)}, "is not there"},
		{"without a machine", remove(folderOf(2)), []string{folderOf(2) + "/junit.xml", reportOf(2), folderOf(2) + "/serial.log", folderOf(2) + "/summary.txt"}, "is not there"},

		{"a file more", add("bee.iso.sig", "x"), []string{"bee.iso.sig"}, "does not belong to the release"},
		{"a file more, listed", and(add("bee.iso.sig", "x"), again), []string{"bee.iso.sig"}, "does not belong to the release"},
		{"a file in a new folder", add("bin/verify", "x"), []string{"bin/verify"}, "does not belong to the release"},
		{"a file beside a report", add(folderOf(0)+"/x", "x"), []string{folderOf(0) + "/x"}, "does not belong to the release"},
		{"a report of no machine", add("smoke/bios-usb-512-none-ahci/report.json", "{}"), []string{"smoke/bios-usb-512-none-ahci/report.json"}, "is of a machine that is not in the plan each"},
		{"bare statements beside", add(attestation.UnsignedFile, "x"), []string{attestation.UnsignedFile}, "does not belong to the release"},
		{"a link", func(t *testing.T, folder string) {
			if err := os.Symlink("/etc/passwd", filepath.Join(folder, "link")); err != nil {
				t.Fatal(err)
			}
		}, []string{"link"}, "is neither a file nor a folder"},
		{"a link to the ISO", func(t *testing.T, folder string) {
			and(remove(isoFile), func(t *testing.T, folder string) {
				if err := os.Symlink(filepath.Join(good, isoFile), filepath.Join(folder, isoFile)); err != nil {
					t.Fatal(err)
				}
			})(t, folder)
		}, []string{isoFile}, "is neither a file nor a folder"},

		{"two reports", swap(reportOf(0), reportOf(1)), []string{reportOf(0), reportOf(1)}, ", that of smoke/"},
		{"two consoles", swap(folderOf(0)+"/serial.log", folderOf(3)+"/serial.log"), []string{folderOf(0) + "/serial.log", folderOf(3) + "/serial.log"}, ", that of smoke/"},
		{"notes and manifest", swap("NOTES.md", manifestFile), []string{"NOTES.md", manifestFile}, ", that of NOTES.md"},
		{"ISO and netboot", swap(isoFile, "bee.netboot.tar"), []string{isoFile, "bee.netboot.tar"}, ", that of bee.iso"},
		{"two statements", lines(func(l []string) []string { l[1], l[2] = l[2], l[1]; return l }), []string{sums.File}, "the SHA-256 of bee.intoto.jsonl"},

		{"the older statements", from(older, statements), []string{statements}, "the provenance is of another ISO"},
		{"the older statements, listed", and(from(older, statements), again), []string{statements}, "the provenance is of another ISO"},
		{"the older SHA256SUMS", from(older, sums.File), []string{sums.File}, "the SHA-256 of bee.iso"},
		{"the older ISO", from(older, isoFile), []string{isoFile}, "was changed"},
		{"the older manifest", from(older, manifestFile), []string{manifestFile}, "was changed"},
		{"the older report", from(older, reportOf(0)), []string{reportOf(0)}, "was changed"},
		{"the older statement of a machine", and(oneOfOlder, again), []string{statements}, "line 2: the test result of machine " + machines[0] + " is of another ISO"},
		{"the older ISO, listed", and(from(older, isoFile), again), []string{isoFile}, "was changed"},
		{"the older ISO and manifest, listed", and(from(older, isoFile, manifestFile), again), []string{statements}, "the provenance is of another ISO"},
		{"the older manifest, listed", and(from(older, manifestFile), again), []string{manifestFile}, "was changed"},

		{"without a test result", and(lines(func(l []string) []string { return slices.Delete(l, 2, 3) }), again), []string{statements}, "there is no test result of machine " + machines[1]},
		{"without provenance", and(lines(func(l []string) []string { return l[1:] }), again), []string{statements}, "it has no provenance that can be relied on"},
		{"a test result twice", and(lines(func(l []string) []string { return append(l, l[1]) }), again), []string{statements}, "a second test result of machine " + machines[0]},
		{"a provenance twice", and(lines(func(l []string) []string { return append(l, l[0]) }), again), []string{statements}, "a second provenance"},
		{"no statements", and(add(statements, ""), again), []string{statements}, "it is empty"},
		{"a payload", and(flip(statements, func(d []byte) int { return within(`","`)(d) - 40 }), again), []string{statements}, "line 1: "},
		{"a signature", and(flip(statements, func(d []byte) int { return within(`"sig":"`)(d) + 20 }), again), []string{statements}, "line 1: not signed by SHA256:"},
		{"another key", func(t *testing.T, folder string) { vouch(t, folder, other, same) }, []string{statements}, "line 1: not signed by SHA256:"},
		{"no key", func(t *testing.T, folder string) { vouch(t, folder, nil, same) }, []string{attestation.UnsignedFile}, "nobody signed the statements"},

		// Whoever has the key signed it, and should not have.
		{"a FAIL", and(rewrite(0, func(r *report.Report) { r.Checks[0].Status = "FAIL" }), signed(same)), []string{statements, reportOf(0)}, "the ISO is no PASS on machine " + machines[0]},
		{"a test without an end", and(rewrite(1, func(r *report.Report) { r.Reason = "kernel panic" }), signed(same)), []string{statements, reportOf(1)}, "the ISO is no PASS on machine " + machines[1]},
		{"a report of another ISO", and(rewrite(0, func(r *report.Report) { r.ISO.SHA256 = strings.Repeat("a", 64) }), signed(same)), []string{reportOf(0)}, "is not about this ISO"},
		{"a report of another machine", and(rewrite(0, func(r *report.Report) { r.Machine.MemoryMiB++ }), signed(same)), []string{reportOf(0)}, "is not about machine " + machines[0]},
		{"a machine that was left out", and(remove(folderOf(3)), signed(same)), []string{statements, reportOf(3)}, "there is no test result of machine " + machines[3]},
		{"a machine of no plan", and(rewrite(0, func(*report.Report) {}), func(t *testing.T, folder string) {
			writeReport(t, folder, "bios-usb-512-none-ahci", func(*report.Report) {})
		}, signed(same)), slices.Concat([]string{statements}, []string{"smoke/bios-usb-512-none-ahci/junit.xml", "smoke/bios-usb-512-none-ahci/report.json", "smoke/bios-usb-512-none-ahci/serial.log", "smoke/bios-usb-512-none-ahci/summary.txt"}), "which is not in the plan"},
		{"a test result that is not the report's", lies(func(says *structpb.Struct) {
			says.Fields["passedTests"].GetListValue().Values[0] = structpb.NewStringValue("secure-boot")
		}), []string{statements}, "the test result of machine " + machines[0] + " does not say what "},
		{"a test result of another report", lies(func(says *structpb.Struct) {
			digest := says.Fields["configuration"].GetListValue().Values[0].GetStructValue().Fields["digest"].GetStructValue()
			digest.Fields["sha256"] = structpb.NewStringValue(strings.Repeat("a", 64))
		}), []string{statements}, "is of another report than the provenance"},
		{"a test result that failed", lies(func(says *structpb.Struct) {
			says.Fields["result"] = structpb.NewStringValue("FAILED")
		}), []string{statements}, "the ISO is no PASS on machine " + machines[0]},
		{"a plan that there is not", signed(func(p *attestation.Provenance) { p.Parameters.Coverage = "none" }), []string{statements}, `coverage "none" is not known`},
		{"another commit", signed(func(p *attestation.Provenance) { p.Commit = strings.Repeat("a", 40) }), []string{statements}, "BEE_COMMIT"},
		{"a manifest of another ISO", and(lie(func(m *manifest.Manifest) { m.ISO.SHA256 = strings.Repeat("a", 64) }), signed(same)), []string{manifestFile}, "is that of another ISO"},
		{"a manifest with another kernel", and(lie(func(m *manifest.Manifest) { m.Medium[3].SHA256 = strings.Repeat("a", 64) }), signed(same)), []string{manifestFile}, "/live/vmlinuz is a file of mode 0444, 6 bytes"},
		{"a manifest with a file too few", and(lie(func(m *manifest.Manifest) { m.Medium = m.Medium[:4] }), signed(same)), []string{manifestFile}, "it lacks /vmlinuz"},
		{"a manifest with a file too many", and(lie(func(m *manifest.Manifest) {
			m.Medium = append(m.Medium, manifest.MediumFile{Path: "/x", Type: "file"})
		}), signed(same)), []string{manifestFile}, "it has /x, which is not on the ISO"},
	}...)
	if len(mutations) < 50 {
		t.Errorf("there are %d mutations", len(mutations))
	}
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			folder := copyOf(t, good)
			m.change(t, folder)
			r, err := Folder(folder, key.Public())
			if err != nil {
				t.Fatal(err)
			}
			var files, reasons []string
			for _, refusal := range r.Refusals {
				files = append(files, refusal.File)
				reasons = append(reasons, refusal.String())
			}
			slices.Sort(m.files)
			if got := slices.Compact(files); !slices.Equal(got, m.files) || !strings.Contains(strings.Join(reasons, "\n"), m.reason) {
				t.Errorf("want %q refused, %q; got\n%s", m.files, m.reason, strings.Join(reasons, "\n"))
			}
		})
	}
}

// TestFolder checks releases that are good, and what is said of who signed them.
func TestFolder(t *testing.T) {
	key := signer(t, 1)
	folder := newRelease(t, "kernel")
	for name, test := range map[string]struct {
		signer *attestation.Key
		key    *attestation.PublicKey
		change func(*attestation.Provenance)
		note   string
	}{
		"signed":         {key, key.Public(), same, ""},
		"no key":         {key, nil, same, "whose signature it is was not checked"},
		"not signed":     {nil, nil, same, "the statements are not signed"},
		"named machines": {key, key.Public(), func(p *attestation.Provenance) { p.Parameters.Machines = plan(t) }, "not on those of a plan"},
	} {
		vouch(t, folder, test.signer, test.change)
		r, err := Folder(folder, test.key)
		if err != nil {
			t.Fatal(err)
		}
		text := r.Text()
		if len(r.Refusals) > 0 || !slices.Equal(slices.Sorted(slices.Values(r.Machines)), plan(t)) || r.MediumFiles != 4 || r.Statements != 1+len(plan(t)) ||
			r.Version != "v1.2.0" || r.Commit != commit || !strings.HasSuffix(text, "\nGOOD\n") {
			t.Errorf("%s: %+v\n%s", name, r, text)
		}
		if said := strings.Join(r.Notes, "\n"); !strings.Contains(said, test.note) || (said == "") != (test.note == "") || !strings.Contains(text, said) {
			t.Errorf("%s: notes %q, want %q", name, said, test.note)
		}
		if id, _ := key.KeyID(); (r.SignedBy == id) != (test.key != nil) {
			t.Errorf("%s: signed by %q", name, r.SignedBy)
		}
	}

	// As GitHub has a release: the statements tell of machines alone.
	withoutReports := func() *Result {
		vouch(t, folder, key, same)
		remove("smoke")(t, folder)
		r, err := Folder(folder, key.Public())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := withoutReports(); len(r.Refusals) > 0 || len(r.Machines) != len(plan(t)) || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "reports of its tests are not here") {
		t.Errorf("without reports: %+v", r)
	}
	for _, name := range plan(t) {
		writeReport(t, folder, name, func(r *report.Report) {
			if name == plan(t)[2] {
				r.Checks[0].Status = "FAIL"
			}
		})
	}
	if r := withoutReports(); len(r.Refusals) != 1 || r.Refusals[0].String() != attestation.SignedFile+": the ISO is no PASS on machine "+plan(t)[2] || len(r.Machines) != len(plan(t))-1 {
		t.Errorf("a FAIL without its report: %+v", r)
	}
	for _, folder := range []string{"/no/such/folder", filepath.Join(folder, isoFile)} {
		if _, err := Folder(folder, nil); err == nil || !strings.Contains(err.Error(), folder) {
			t.Errorf("%s: %v", folder, err)
		}
	}
}

// An ISO whose files are all the same bytes would take a second for each.
func TestLargerThanItIs(t *testing.T) {
	if _, err := exec.LookPath("xorriso"); err != nil {
		t.Skip("xorriso is not installed")
	}
	medium, iso := t.TempDir(), filepath.Join(t.TempDir(), isoFile)
	write(t, filepath.Join(medium, "0"), make([]byte, 1<<20))
	for _, name := range []string{"1", "2", "3", "4"} {
		if err := os.Link(filepath.Join(medium, "0"), filepath.Join(medium, name)); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("xorriso", "-as", "mkisofs", "-quiet", "-r", "-o", iso, medium).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, err := readMedium(iso); err == nil || err.Error() != "the files on it are larger than it is" {
		t.Errorf("got %v", err)
	}
}
