package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"dagger/bee/internal/dagger"
	"dagger/bee/matrix"
	"dagger/bee/release"
	"dagger/bee/versions"
)

// Builds the ISO again, with nothing from the engine's cache but what was downloaded and
// the tools, and compares it with the one of build-iso: fails where a byte differs, and
// says in which files and packages.
//
// +cache="never"
func (m *Bee) VerifyReproducible(
	ctx context.Context,
	// Base of the ISO: alpine or debian. Default: BASE in VERSIONS.
	// +optional
	base string,
	// Put the NVIDIA driver on the ISO.
	// +default=true
	nvidia bool,
	// NVIDIA's installer of NVIDIA_VERSION, a .run file, to take the driver from.
	// Default: what NVIDIA_ORIGIN in VERSIONS says.
	// +optional
	nvidiaRun *dagger.File,
	// Build gpu_burn and put it on the ISO.
	// +optional
	gpuBurn bool,
) (string, error) {
	build := func(m *Bee) (*dagger.File, error) {
		return m.BuildIso(ctx, base, nil, nil, nvidia, nvidiaRun, gpuBurn)
	}
	iso, err := build(m)
	if err != nil {
		return "", err
	}
	if err := m.reproduces(ctx, iso, build); err != nil {
		return "", err
	}
	digest, err := iso.Digest(ctx, dagger.FileDigestOpts{ExcludeMetadata: true})
	if err != nil {
		return "", err
	}
	return "reproduced: " + digest, nil
}

// reproduces builds an ISO again, and compares.
func (m *Bee) reproduces(ctx context.Context, iso *dagger.File, build func(*Bee) (*dagger.File, error)) error {
	v, err := m.versions(ctx)
	if err != nil {
		return err
	}
	anew := *m
	anew.Rebuild = time.Now().UTC().Format(time.RFC3339Nano)
	again, err := build(&anew)
	if err != nil {
		return fmt.Errorf("the second build: %v", err)
	}
	compare := m.isoModule(v).Tools().
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
		if manifests[i], err = m.isoModule(v).Manifest(iso).Contents(ctx); err != nil {
			return err
		}
	}
	differences, err := release.Differences([]byte(manifests[0]), []byte(manifests[1]))
	if err != nil {
		return err
	}
	return fmt.Errorf("the ISO does not reproduce: %s\n  %s", strings.TrimSpace(said), strings.Join(differences, "\n  "))
}

// What is published of a commit: the ISO with its manifest and checksums, as build
// makes them; the reports of the smoke test on every machine of the plan, in smoke;
// and NOTES.md.
//
// Refused are a work tree with changes, a version that is out already, an ISO that
// does not come out the same when it is built again, and one that is not a PASS on
// every machine. Everything is tried before it fails, and all reasons are given.
//
// It needs nothing but what a build needs, and no network where a build needs none:
//
//	dagger call release --version v1.2.0 --releases releases export --path releases/v1.2.0
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
	// Base of the ISO: alpine or debian. Default: BASE in VERSIONS.
	// +optional
	base string,
	// What the machines of the plan cover: "pairs" (every pair of two kinds of hardware)
	// or "each" (every kind of hardware).
	// +default="pairs"
	coverage string,
	// How many machines run at once. Default: half as many as there are processors.
	// +optional
	jobs int,
	// Time limit of the test on one machine, such as 10m.
	// +default="10m"
	timeout string,
	// Put the NVIDIA driver on the ISO.
	// +default=true
	nvidia bool,
	// NVIDIA's installer of NVIDIA_VERSION, a .run file, to take the driver from.
	// Default: what NVIDIA_ORIGIN in VERSIONS says.
	// +optional
	nvidiaRun *dagger.File,
	// Build gpu_burn and put it on the ISO.
	// +optional
	gpuBurn bool,
	// Let QEMU use the host's KVM, where it works.
	// +optional
	kvm bool,
) (*dagger.Directory, error) {
	b, err := m.builder(ctx, base)
	if err != nil {
		return nil, err
	}
	machines, err := matrix.Plan(b.name, matrix.Coverage(coverage))
	if err != nil {
		return nil, err
	}
	previous, err := m.checkRelease(ctx, b.versions, version, releases)
	if err != nil {
		return nil, err
	}
	dist, err := m.Build(ctx, b.name, nil, nil, nvidia, nvidiaRun, gpuBurn)
	if err != nil {
		return nil, err
	}
	iso := dist.File("bee.iso")
	if _, err := iso.Sync(ctx); err != nil {
		return nil, err
	}
	reproduced := m.reproduces(ctx, iso, func(m *Bee) (*dagger.File, error) {
		return m.BuildIso(ctx, b.name, nil, nil, nvidia, nvidiaRun, gpuBurn)
	})
	reports, err := m.smoke(ctx, b.versions, iso, machines, jobs, timeout, kvm)
	if err != nil {
		return nil, err
	}
	_, passed := m.isoModule(b.versions).Verdict(ctx, reports)
	if err := errors.Join(reproduced, passed); err != nil {
		return nil, fmt.Errorf("%s is refused: %v", version, err)
	}

	notes, err := notes(ctx, version, dist, reports, previous, releases)
	if err != nil {
		return nil, err
	}
	return dist.WithDirectory("smoke", reports).WithNewFile("NOTES.md", notes), nil
}

// notes are the NOTES.md of a version.
func notes(ctx context.Context, version string, dist, reports *dagger.Directory, previous string, releases *dagger.Directory) (string, error) {
	const manifest = "bee.iso.manifest.json"
	in := release.NotesInput{Version: version, PreviousVersion: previous, Reports: map[string][]byte{}}
	text, err := dist.File(manifest).Contents(ctx)
	if err != nil {
		return "", err
	}
	in.Manifest = []byte(text)
	if previous != "" {
		if text, err = releases.Directory(previous).File(manifest).Contents(ctx); err != nil {
			return "", fmt.Errorf("the release before, %s: %v", previous, err)
		}
		in.PreviousManifest = []byte(text)
	}
	files, err := reports.Glob(ctx, "*/report.json")
	if err != nil {
		return "", err
	}
	for _, file := range files {
		if text, err = reports.File(file).Contents(ctx); err != nil {
			return "", err
		}
		in.Reports[path.Dir(file)] = []byte(text)
	}
	return release.Notes(in)
}

// checkRelease refuses what can be refused before the build, and returns the version of
// the newest of the earlier releases, "" where there is none.
func (m *Bee) checkRelease(ctx context.Context, v *versions.Versions, version string, releases *dagger.Directory) (string, error) {
	if err := release.CheckVersion(version); err != nil {
		return "", err
	}
	commit, err := m.commit(ctx, v)
	if err != nil {
		return "", err
	}
	if err := release.CheckClean(commit.Commit); err != nil {
		return "", err
	}
	names, err := m.Repository.Tags(ctx)
	if err != nil {
		return "", fmt.Errorf("the tags of the repository: %v", err)
	}
	tags := map[string]string{}
	if slices.Contains(names, version) {
		if tags[version], err = m.Repository.Tag(version).Commit(ctx); err != nil {
			return "", fmt.Errorf("tag %s: %v", version, err)
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

// smoke boots an ISO on machines, so many at once, and returns their reports, each in a
// folder of the machine's name.
func (m *Bee) smoke(ctx context.Context, v *versions.Versions, iso *dagger.File, machines []matrix.Machine, jobs int, timeout string, kvm bool) (*dagger.Directory, error) {
	if jobs <= 0 {
		jobs = max(1, runtime.NumCPU()/2)
	}
	reports := make([]*dagger.Directory, len(machines))
	running, ctx := errgroup.WithContext(ctx)
	running.SetLimit(jobs)
	for i, machine := range machines {
		running.Go(func() error {
			report, err := m.isoModule(v).SmokeReport(iso, dagger.IsoSmokeReportOpts{
				Firmware: machine.Firmware, Media: machine.Media, Memory: machine.MemoryMiB,
				Network: machine.Network, Disk: machine.Disk, Bmc: machine.BMC, Profile: machine.Profile,
				Timeout: timeout, Kvm: kvm,
			}).Sync(ctx)
			if err != nil {
				return fmt.Errorf("machine %s: %v", machine.Name(), err)
			}
			reports[i] = report
			return nil
		})
	}
	if err := running.Wait(); err != nil {
		return nil, err
	}
	all := dag.Directory()
	for i, machine := range machines {
		all = all.WithDirectory(machine.Name(), reports[i])
	}
	return all, nil
}
