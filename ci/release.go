package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"bee/core/machine"
	"bee/core/sums"
	"dagger/bee/attestation"
	"dagger/bee/internal/dagger"
	"dagger/bee/matrix"
	"dagger/bee/rebuild"
	"dagger/bee/release"
)

// Builds the ISO twice, or a release again, and compares.
//
// It fails where a byte differs. The second build takes nothing from the engine's cache but what was
// downloaded and the tools. Where it differs, the error says in which files and packages.
//
// With --against, the ISO is built once, and compared with the one of a release that somebody
// published: anybody can find out so whether that ISO is what its commit says. Check out that
// commit first; base, --nvidia and --gpu-burn are taken from the release:
//
//	git checkout v1.2.3
//	dagger call verify-reproducible --against release
//
// All files are compared, also those in layers, initramfs and packages. On the base alpine,
// the signatures are another's than yours: they are set aside where they hold by the key that
// is on the same ISO, with what follows from them, and the answer lists them. All else has to
// be the same, and on the base debian everything. Where it is not, the error says in which file,
// and why, as far as that can be seen. Alpine keeps no old packages: where its mirror has newer
// ones, --apk-mirror takes a copy that was saved by alpine-mirror. Who signed the release's
// statements is not looked at here, but by go run ./ci/cmd/verify.
//
// +cache="never"
func (m *Bee) VerifyReproducible(
	ctx context.Context,
	// Folder with a release as it was published: bee.iso, bee.iso.manifest.json, and
	// bee.intoto.jsonl or bee.statements.jsonl. Default: the ISO is built twice.
	// +optional
	// +ignore=["*", "!bee.iso", "!bee.iso.manifest.json", "!bee.intoto.jsonl", "!bee.statements.jsonl"]
	against *dagger.Directory,
	// Name of the second build, which takes from the engine's cache what a build of the
	// same name made. Default: one of its own, so that all is made anew; with --against,
	// what this engine built before is taken from its cache.
	// +optional
	rebuild string,
) (string, error) {
	if against != nil {
		return m.verifyAgainst(ctx, against, rebuild)
	}
	b, err := m.builder(ctx)
	if err != nil {
		return "", err
	}
	iso, _, err := b.build(ctx)
	if err != nil {
		return "", err
	}
	if err := b.reproduces(ctx, iso, rebuild); err != nil {
		return "", err
	}
	list, err := b.iso.Sums(dag.Directory().WithFile("bee.iso", iso)).Contents(ctx) // the engine's own digest is another
	if err != nil {
		return "", err
	}
	sum, err := sums.Parse(list)
	if err != nil {
		return "", err
	}
	return "reproduced: sha256:" + sum[0].Digest, nil
}

// verifyAgainst builds a release again, and compares.
func (m *Bee) verifyAgainst(ctx context.Context, folder *dagger.Directory, name string) (string, error) {
	published, err := readPublished(ctx, folder)
	if err != nil {
		return "", because(err, "--against")
	}
	modules, err := m.modules(ctx)
	if err != nil {
		return "", err
	}
	commit, err := modules.commit(ctx)
	if err != nil {
		return "", err
	}
	if err := published.Check(rebuild.Checkout{
		Commit: commit.Commit, Base: m.Contents.Base, Nvidia: m.Contents.Nvidia, GpuBurn: m.Contents.GpuBurn, Overrides: modules.overrides,
	}); err != nil {
		return "", err
	}
	again := *m
	again.Contents.Base, again.Contents.Nvidia, again.Contents.GpuBurn = published.Base, published.Nvidia, published.GpuBurn
	again.Sources.Strict = m.Sources.Strict || published.Strict
	again.Rebuild = cmp.Or(name, m.Rebuild)
	b, err := again.builder(ctx)
	if err != nil {
		return "", err
	}
	if err := b.checkOwn(ctx); err != nil {
		return "", err
	}
	iso, _, err := b.build(ctx)
	if err != nil {
		return "", err
	}
	said, err := b.iso.Compare(ctx, folder.File(rebuild.ISOFile), iso)
	if err != nil {
		return "", err
	}
	return published.Answer([]byte(said))
}

// readPublished reads what a release says of itself.
func readPublished(ctx context.Context, folder *dagger.Directory) (*rebuild.Release, error) {
	names, err := folder.Entries(ctx)
	if err != nil {
		return nil, err
	}
	name, err := rebuild.StatementsFile(names)
	if err != nil {
		return nil, err
	}
	statements, err := folder.File(name).Contents(ctx)
	if err != nil {
		return nil, err
	}
	manifest, err := folder.File(rebuild.ManifestFile).Contents(ctx)
	if err != nil {
		return nil, err
	}
	return rebuild.Read(name, []byte(statements), []byte(manifest))
}

// reproduces builds an ISO again, under a name as VerifyReproducible has it, and compares.
func (b *builder) reproduces(ctx context.Context, iso *dagger.File, rebuild string) error {
	anew := *b.bee
	anew.Rebuild = cmp.Or(rebuild, time.Now().UTC().Format(time.RFC3339Nano))
	again, err := anew.BuildIso(ctx)
	if err != nil {
		return because(err, "the second build")
	}
	compare := b.iso.Tools().
		WithMountedFile("/first/bee.iso", iso).
		WithMountedFile("/second/bee.iso", again).
		WithExec([]string{"cmp", "/first/bee.iso", "/second/bee.iso"}, dagger.ContainerWithExecOpts{Expect: dagger.ReturnTypeAny})
	code, err := compare.ExitCode(ctx)
	if err != nil || code == 0 {
		return err
	}
	said, err := compare.CombinedOutput(ctx)
	if err != nil {
		return err
	}
	var manifests [2]string
	for i, iso := range []*dagger.File{iso, again} {
		if manifests[i], err = b.iso.Documents(iso).File(manifestFile).Contents(ctx); err != nil {
			return err
		}
	}
	differences, err := release.Differences([]byte(manifests[0]), []byte(manifests[1]))
	if err != nil {
		return err
	}
	return fmt.Errorf("the ISO does not reproduce: %s\n  %s", strings.TrimSpace(said), strings.Join(differences, "\n  "))
}

// Builds what is published: ISO, reports, notes.
//
// These are the ISO with its manifest, bill of materials and checksums, as build makes them; the
// reports of the smoke test on every machine of the plan, in smoke; NOTES.md; on the base alpine the
// public key that its packages and kernel modules are signed with; and statements of in-toto,
// SLSA's provenance and the test result of each machine, in bee.intoto.jsonl, or, without a key to
// sign them, in bee.statements.jsonl. go run ./ci/cmd/verify checks the folder by them.
//
// Refused are a work tree with changes, pins that VERSIONS.local overrides, a version that
// is out already, an ISO that does not come out the same when it is built again, and one
// that is not a PASS on every machine. Everything is tried before it fails, and all
// reasons are given.
//
// It needs nothing but what a build needs, and no network where a build needs none:
//
//	dagger call release --version v1.2.0 export --path releases/v1.2.0
//
// +cache="never"
func (m *Bee) Release(
	ctx context.Context,
	// Version of the release, such as v1.2.0 or v1.2.0-rc.1. A tag of that name has to
	// be on the commit, where there is one.
	version string,
	// Folder with earlier releases, each in a folder that has its version for a name:
	// the notes tell what changed since the newest. Their manifests are enough.
	// +optional
	// +ignore=["*/*", "!*/bee.iso.manifest.json"]
	releases *dagger.Directory,
	// What the machines of the plan cover: "pairs" (every pair of two kinds of hardware)
	// or "each" (every kind of hardware).
	// +default="pairs"
	coverage string,
	// Names of machines to test on, as for smoke-test, instead of those of the plan.
	// +optional
	machines []string,
	// Name of the second build, as for verify-reproducible.
	// +optional
	rebuild string,
	// How many machines run at once. Default: half as many as there are processors.
	// +optional
	jobs int,
	// Time limit of the test on one machine, such as 10m. Default: 10m, 40m on a slow one.
	// +optional
	timeout string,
	// Private key, in PEM (PKCS#8, without a passphrase), that signs the statements: ed25519, as
	// openssl genpkey -algorithm ed25519 makes it, or ECDSA on P-256. Default: nobody signs them.
	// +optional
	attestationKey *dagger.Secret,
) (*dagger.Directory, error) {
	b, err := m.builder(ctx)
	if err != nil {
		return nil, err
	}
	signer, err := parseAttestationKey(ctx, attestationKey)
	if err != nil {
		return nil, err
	}
	tested, err := matrix.Machines(b.name, matrix.Coverage(coverage), machines)
	if err != nil {
		return nil, err
	}
	previous, err := b.checkRelease(ctx, version, releases)
	if err != nil {
		return nil, err
	}
	dist, err := b.dist(ctx)
	if err != nil {
		return nil, err
	}
	iso := dist.File("bee.iso")
	if _, err := iso.Sync(ctx); err != nil {
		return nil, err
	}
	// machines leave processors idle while they wait
	var reproduced error
	var reports *dagger.Directory
	steps, stepsCtx := errgroup.WithContext(ctx)
	steps.Go(func() error {
		reproduced = b.reproduces(stepsCtx, iso, rebuild)
		return nil
	})
	steps.Go(func() (err error) {
		reports, err = b.smoke(stepsCtx, iso, tested, planOptions{jobs, timeout})
		return err
	})
	if err := steps.Wait(); err != nil {
		return nil, err
	}
	_, passed := b.iso.Verdict(ctx, reports)
	if err := errors.Join(reproduced, passed); err != nil {
		return nil, fmt.Errorf("%s is refused: %v", version, err)
	}

	in := release.NotesInput{Version: version, PreviousVersion: previous}
	if in.Reports, err = readReports(ctx, reports); err != nil {
		return nil, err
	}
	if keys := b.base.keys(iso); keys != nil {
		if in.Keys, err = keys.Entries(ctx); err != nil {
			return nil, err
		}
		in.KeysGiven = b.bee.Sources.SigningKey != nil
		dist = dist.WithDirectory(".", keys)
	}
	notes, err := releaseNotes(ctx, in, dist, releases)
	if err != nil {
		return nil, err
	}
	commit, err := b.commit(ctx)
	if err != nil {
		return nil, err
	}
	provenance := attestation.Provenance{
		Parameters: attestation.Parameters{
			Version: version, Base: b.name, Nvidia: m.Contents.Nvidia, GpuBurn: m.Contents.GpuBurn, Strict: m.Sources.Strict,
			Coverage: coverage, Machines: machines,
		},
		Commit: commit.Commit,
		Inputs: b.versions.Inputs(), Dagger: b.versions.Dagger, Go: b.versions.Go,
	}
	return b.attested(ctx, dist.WithDirectory("smoke", reports).WithNewFile("NOTES.md", notes), provenance, in.Reports, signer)
}

// parseAttestationKey reads the key that signs statements; nil where there is none.
func parseAttestationKey(ctx context.Context, key *dagger.Secret) (*attestation.Key, error) {
	if key == nil {
		return nil, nil
	}
	text, err := key.Plaintext(ctx)
	if err != nil {
		return nil, err
	}
	return attestation.ParseKey([]byte(text))
}

// attested adds to the folder of a release the statements about it, and SHA256SUMS over these, too.
// The files that the provenance tells of are still to be read.
func (b *builder) attested(ctx context.Context, folder *dagger.Directory, provenance attestation.Provenance, reports map[string][]byte, signer *attestation.Key) (*dagger.Directory, error) {
	folder = folder.WithoutFile(sums.File)
	digests, err := b.iso.Tools().
		WithMountedDirectory("/release", folder).
		WithWorkdir("/release").
		WithExec([]string{"sh", "-c", "find * -type f -print0 | LC_ALL=C sort --zero-terminated | xargs --null sha256sum"}).
		Stdout(ctx)
	if err != nil {
		return nil, err
	}
	if provenance.Files, err = sums.Parse(digests); err != nil {
		return nil, err
	}
	files, err := attestation.Release(provenance, reports, signer)
	if err != nil {
		return nil, err
	}
	for name, text := range files {
		folder = folder.WithNewFile(name, string(text))
	}
	return folder, nil
}

// releaseNotes are the NOTES.md of a release, of which manifests are still to be read.
func releaseNotes(ctx context.Context, in release.NotesInput, dist, releases *dagger.Directory) (string, error) {
	text, err := dist.File(manifestFile).Contents(ctx)
	if err != nil {
		return "", err
	}
	in.Manifest = []byte(text)
	if previous := in.PreviousVersion; previous != "" {
		if text, err = releases.Directory(previous).File(manifestFile).Contents(ctx); err != nil {
			return "", because(err, "the release before, %s", previous)
		}
		in.PreviousManifest = []byte(text)
	}
	return release.Notes(in)
}

// readReports reads the report.json of each machine, by the machine's name.
func readReports(ctx context.Context, reports *dagger.Directory) (map[string][]byte, error) {
	files, err := reports.Glob(ctx, "*/report.json")
	if err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for _, file := range files {
		text, err := reports.File(file).Contents(ctx)
		if err != nil {
			return nil, err
		}
		all[path.Dir(file)] = []byte(text)
	}
	return all, nil
}

// checkOwn refuses what is of whoever builds, and not of the commit: a release is for all.
func (b *builder) checkOwn(ctx context.Context) error {
	contents := b.bee.Contents
	switch {
	case contents.AuthorizedKeys != nil:
		return errors.New("a release has no --authorized-keys: its smoke test could not log in; build-iso makes such an ISO, and smoke-test --identity tests it")
	case contents.Password != nil || contents.PasswordHash != nil:
		return errors.New("a release has no --password and no --password-hash: its maker could log in to each machine that runs it; build-iso makes such an ISO")
	case contents.ModuleKey != nil:
		return errors.New("a release has no --module-key: nobody else could build it again; build-iso makes such an ISO")
	case contents.Config != nil:
		return errors.New("a release has no --config: all who boot it would do what its maker wants; build-iso makes such an ISO")
	case contents.HostKey != nil:
		return errors.New("a release has no --host-key: everybody would have it; build-iso makes such an ISO")
	}
	vendor, err := contents.Vendor.Entries(ctx)
	if err != nil {
		return err
	}
	if len(vendor) > 0 {
		return fmt.Errorf("iso/vendor has %s, and a release has none of a site's own programs: put them away, or take build-iso; gpu_burn is on it by --gpu-burn", strings.Join(vendor, ", "))
	}
	return nil
}

// checkRelease refuses what can be refused before the build, and returns the version of
// the newest of the earlier releases, "" where there is none.
func (b *builder) checkRelease(ctx context.Context, version string, releases *dagger.Directory) (string, error) {
	if err := release.CheckVersion(version); err != nil {
		return "", err
	}
	if err := b.checkOwn(ctx); err != nil {
		return "", err
	}
	commit, err := b.commit(ctx)
	if err != nil {
		return "", err
	}
	if err := release.CheckClean(commit.Commit); err != nil {
		return "", err
	}
	if err := release.CheckPins(b.overrides, b.keepsEngine); err != nil {
		return "", err
	}
	names, err := b.bee.Sources.Repository.Tags(ctx)
	if err != nil {
		return "", because(err, "the tags of the repository")
	}
	tags := map[string]string{}
	if slices.Contains(names, version) {
		if tags[version], err = b.bee.Sources.Repository.Tag(version).Commit(ctx); err != nil {
			return "", because(err, "tag %s", version)
		}
	}
	var earlier []string
	if releases != nil {
		if earlier, err = releases.Entries(ctx); err != nil {
			return "", err
		}
	}
	if err := release.CheckNew(version, commit.Commit, tags, earlier); err != nil {
		return "", err
	}
	return release.Latest(earlier), nil
}

// planOptions say how the machines of a plan are tested, as the parameters of Release.
type planOptions struct {
	jobs    int
	timeout string
}

// smoke boots an ISO on machines and returns their reports, each in a folder of the
// machine's name.
func (m *modules) smoke(ctx context.Context, iso *dagger.File, machines []machine.Machine, options planOptions) (*dagger.Directory, error) {
	jobs := options.jobs
	if jobs <= 0 {
		jobs = max(1, runtime.NumCPU()/2)
	}
	reports := make([]*dagger.Directory, len(machines))
	running, ctx := errgroup.WithContext(ctx)
	running.SetLimit(jobs)
	for i, on := range machines {
		running.Go(func() error {
			report, err := m.smokeReport(ctx, iso, smokeOptions{machine: on.Name(), timeout: options.timeout})
			if err != nil {
				return because(err, "machine %s", on.Name())
			}
			reports[i] = report
			return nil
		})
	}
	if err := running.Wait(); err != nil {
		return nil, err
	}
	all := dag.Directory()
	for i, on := range machines {
		all = all.WithDirectory(on.Name(), reports[i])
	}
	return all, nil
}
