package e2e

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bee/core/manifest"
)

// lab is what stands in for Alpine where that is out of reach: an image, a mirror of packages,
// and aports, of testdata/alpine.
type lab struct {
	image, mirror, aports string
}

// newLab makes one, of Debian's packages, and serves its image for as long as the test runs.
func newLab(t *testing.T) lab {
	t.Helper()
	pins := readPins(t)
	l := lab{mirror: filepath.Join(t.TempDir(), "mirror"), aports: filepath.Join(repository, "ci/e2e/testdata/alpine/aports")}
	base := filepath.Join(t.TempDir(), "base")
	iso := []string{"call", "--progress=plain", "-m", "iso", "--golang", pins.GolangImage, "--debian", pins.DebianImage,
		"--debian-mirror", pins.DebianMirror, "--debian-release", pins.DebianRelease, "--debian-snapshot", pins.DebianSnapshot}
	mustDagger(t, repository, append(iso, "debian", "--epoch", fmt.Sprint(pins.Epoch()), "base", "export", "--path", base)...)

	programs := t.TempDir()
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", programs, "./apktest/...")
	build.Dir, build.Env = filepath.Join(repository, "iso/alpine"), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	image := []string{"core", "--progress=plain", "container", "from", "--address", pins.DebianImage,
		"with-mounted-directory", "--path=/lab", "--source=" + filepath.Join(repository, "ci/e2e/testdata/alpine"),
		"with-exec", "--args=/lab/image.sh",
		"with-file", "--path=/usr/local/bin/apk", "--source=" + filepath.Join(programs, "apk")}
	mustDagger(t, repository, append(image,
		"with-file", "--path=/usr/local/bin/apkrepo", "--source="+filepath.Join(programs, "apkrepo"),
		"with-mounted-directory", "--path=/bee/iso/alpine", "--source="+filepath.Join(repository, "iso/alpine"),
		"with-mounted-directory", "--path=/bee/iso/debian", "--source="+filepath.Join(repository, "iso/debian"),
		"with-mounted-directory", "--path=/base", "--source="+base,
		"with-exec", "--args=/lab/packages.sh,/base,/bee,/out",
		"directory", "--path=/out", "export", "--path="+l.mirror)...)
	l.image = strings.TrimSpace(mustDagger(t, repository, append(image,
		"without-mount", "--path=/lab",
		"with-exec", "--args=apk,add,--initdb",
		"with-directory", "--path=/etc/apk/keys", "--source="+filepath.Join(l.mirror, "keys"),
		// what is called is busybox's, as on Alpine
		"with-env-variable", "--name=PATH", "--value=/busybox:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"publish", "--address="+serveImages(t, filepath.Join(programs, "registry"))+"/alpine", "--forced-compression=Uncompressed")...))
	return l
}

// serveImages starts a registry, and returns its address.
func serveImages(t *testing.T, program string) string {
	t.Helper()
	registry := exec.Command(program)
	stdin, err := registry.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := registry.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := registry.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		registry.Wait()
	})
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(address)
}

// TestAlpineISO does on the base alpine what is done each night and for a tag: it builds, boots
// under BIOS from CD and over the network, and under UEFI from a stick, builds once more from
// nothing and compares, locks and makes a release.
//
// Alpine itself is the lab's; each night, nightly.yml does the same on GitHub with Alpine's own.
func TestAlpineISO(t *testing.T) {
	t.Log("of Alpine there are stand-ins: packages, apk, mkimage, mkinitfs and its init; the kernel and what starts are Debian's")
	l := newLab(t)
	dir := pinned(t)
	pin(t, dir, "ALPINE_IMAGE", l.image)
	// a release takes none but the pinned ones
	if out, err := exec.Command("cp", "-r", l.aports, filepath.Join(dir, "iso/alpine/aports")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	edit(t, dir, "iso/dagger/alpine.go", `dag.Git("https://gitlab.alpinelinux.org/alpine/aports.git").
			Commit(a.AportsCommit).
			Tree(dagger.GitRefTreeOpts{DiscardGitDir: true})`, `a.Module.Files.Directory("alpine/aports")`)
	commit(t, dir)
	call := func(args ...string) []string {
		return append([]string{"call", "--progress=plain", "--base", "alpine", "--nvidia=false", "--apk-mirror", l.mirror, "--strict"}, args...)
	}
	refuses(t, dir, "iso/alpine/packages.lock is missing: dagger call --base alpine lock export --path iso/alpine/packages.lock",
		call("release", "--version", "v1.2.0", "export", "--path", filepath.Join(t.TempDir(), "out"))...)
	mustDagger(t, dir, call("lock", "export", "--path", "iso/alpine/packages.lock")...)
	commit(t, dir)

	environment := map[string]string{
		"GATE_BASE": "alpine", "GATE_NVIDIA": "false", "GATE_STRICT": "true", "GATE_REBUILD": anew("alpine"),
		"GATE_APK_MIRROR": l.mirror,
	}
	p := testBuilds(t, dir, environment, "locale")
	machines := p.machines(t)
	p.on(machines[0]).must(t, "smoke")
	if run := p.run(t, "verdict"); run.exit == 0 || !strings.Contains(run.output, machines[1]) {
		t.Errorf("the reports of all machines but one are not there: exit status %d:\n%s", run.exit, run.output)
	}
	testLocks(t, dir, environment, true)
	if t.Failed() {
		return
	}
	t.Run("network", func(t *testing.T) { testNetboot(t, filepath.Join(dir, "dist"), "pxe") })
	t.Run("saved inputs", func(t *testing.T) {
		folder := t.TempDir()
		saved, again := filepath.Join(folder, "inputs"), filepath.Join(folder, "bee.iso")
		mustDagger(t, dir, call("inputs", "export", "--path", saved)...)
		mustDagger(t, dir, "call", "--progress=plain", "--base", "alpine", "--nvidia=false", "--inputs", saved, "build-iso", "export", "--path", again)
		if a, b := digest(t, filepath.Join(dir, "dist/bee.iso")), digest(t, again); a != b {
			t.Errorf("the ISO is %s, and of what was saved %s", a, b)
		}
	})
	t.Run("tag", func(t *testing.T) {
		testTag(t, dir, filepath.Join(dir, "dist"), "uefi-usb-1024-e1000e-virtio-blk", environment)
		keys, err := filepath.Glob(filepath.Join(dir, "release", "bee-????????.rsa.pub"))
		if err != nil || len(keys) != 1 {
			t.Errorf("public keys of the release: %q, %v", keys, err)
		}
	})
	t.Run("next release of Alpine", func(t *testing.T) {
		pin(t, dir, "ALPINE_RELEASE", "3.22")
		dist := filepath.Join(t.TempDir(), "dist")
		mustDagger(t, dir, call("--aports", l.aports, "build", "export", "--path", dist)...)
		told, err := manifest.Read(filepath.Join(dist, "bee.iso.manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		if got := told.Release["BEE_RELEASE"]; got != "3.22" {
			t.Errorf("it is of Alpine %s", got)
		}
	})
}
