package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bee/core/claim"
	"bee/gate/internal/module"
)

// builder is a module that builds an ISO, and tests it.
func builder(t *testing.T) *standIn {
	return &standIn{t: t, do: func(call module.Call, to string) (string, error) {
		if call.Function == "build" {
			dist(t, to, "new")
			return "", nil
		}
		return "", smokeReport(t, call, to)
	}}
}

func TestIso(t *testing.T) {
	top, env := repository(t)
	folder := filepath.Join(t.TempDir(), "dist")
	iso := folder + "/bee.iso"
	s := builder(t)
	o := run(t, s, false, env, "iso", "--output", folder, "--jobs", "1", "--nvidia=false", "--kvm=false")
	equal(t, "calls", strings.Join(s.calls, "\n"), "build\n"+
		"smokeReport iso="+iso+" machine=bios-cd-1024-virtio-nvme\n"+
		"smokeReport iso="+iso+" machine=uefi-cd-1024-virtio-nvme")
	equal(t, "module", fmt.Sprint(s.options.Arguments), "map[base:debian kvm:false nvidia:false]")
	if want := "PASS: 2 of 2 machines passed\nreports: " + folder + "/smoke/*/summary.txt\nlog: " + top + "/dist/build.log\n"; o.status != 0 || !strings.HasSuffix(o.text, want) {
		t.Errorf("status %d:\n%s", o.status, o.text)
	}

	key := write(t, filepath.Join(t.TempDir(), "id.pub"), "ssh-ed25519 AAAA")
	s = builder(t)
	o = run(t, s, true, env, "iso", "--output", folder, "--jobs", "1", "--kvm=false", "--authorized-keys", key, "--config", key)
	contains(t, "keys", o.text, "::notice title=smoke::without --identity, nobody can log in by SSH: the ISO is tested over the serial console\n")
	contains(t, "keys", strings.Join(s.calls, "\n"), "machine=bios-cd-1024-none-nvme", "machine=uefi-cd-1024-none-nvme")
	equal(t, "keys", fmt.Sprint(s.options.Arguments["authorizedKeys"]), key)
	equal(t, "config", fmt.Sprint(s.options.Arguments["config"]), key)
	equal(t, "outputs", o.outputs, set("iso", iso)+set("sha256", sha("new"))+set("size", "3145728")+set("version", "20261105-0123")+set("verdict", "pass"))

	s = builder(t)
	run(t, s, true, env, "iso", "--output", folder, "--jobs", "1", "--authorized-keys", key, "--identity", key, "--machine", "server")
	if len(s.calls) != 2 || !strings.Contains(s.calls[1], " identity=ssh-ed25519 AAAA iso="+iso+" machine=bios-cd-1024-server") {
		t.Errorf("with the private key: %q", s.calls)
	}

	s = &standIn{do: func(module.Call, string) (string, error) { return "", errors.New("odd") }}
	if o = run(t, s, false, env, "iso", "--output", folder); o.status != exitFailed || !slices.Equal(s.calls, []string{"build"}) {
		t.Errorf("nothing is built: status %d after %q", o.status, s.calls)
	}
}

func TestBoot(t *testing.T) {
	_, env := repository(t)
	iso := write(t, filepath.Join(t.TempDir(), isoFile), "x")
	s := &standIn{do: func(module.Call, string) (string, error) { return "", nil }}
	o := run(t, s, false, env, "boot", "--iso", iso, "--machine", "uefi", "--kvm=false")
	equal(t, "text", o.text, "booting "+iso+": port 2222 of all addresses of this machine leads to its SSH; Ctrl-C ends it\n")
	equal(t, "calls", strings.Join(s.calls, "\n"), "boot iso="+iso+" machine=uefi")
	equal(t, "progress", o.stderr, "boot\n")
}

// A gate waits for who is in its way, and says for whom; those of other machines are not.
func TestWaits(t *testing.T) {
	top, env := repository(t)
	folder := t.TempDir()
	iso := write(t, filepath.Join(folder, isoFile), "x")
	take := func(c claim.Claim) (release func()) {
		release, err := claim.Take(t.Context(), c, func(other claim.Claim) { t.Errorf("it waits for %s", other) })
		if err != nil {
			t.Fatal(err)
		}
		return release
	}
	stops := claim.EngineAlone("", "starts another engine")
	smoke := []string{"smoke", "--iso", iso, "--report", folder + "/smoke", "--machine", "uefi"}
	machine := claim.Claim{Thing: folder + "/smoke/uefi-cd-1024-virtio-nvme", Does: "tests"}
	for name, c := range map[string]struct {
		other claim.Claim
		args  []string
	}{
		"a build in the folder":        {building(folder), []string{"build", "--output", folder}},
		"a clone that uses the engine": {claim.UseEngine("", "/other"), []string{"build", "--output", folder}},
		"an engine that is to stop":    {stops, []string{"build", "--output", folder}},
		"a build of what is booted":    {building(folder), smoke},
		"a test of the machine":        {machine, smoke},
		"a test, and so a new ISO too": {machine, []string{"iso", "--output", folder}},
	} {
		release := take(c.other)
		time.AfterFunc(300*time.Millisecond, release)
		o := run(t, builder(t), false, env, c.args...)
		if o.status != 0 || !strings.Contains(o.text, fmt.Sprintf("waiting for process %d, which %s\n", os.Getpid(), c.other.Does)) {
			t.Errorf("%s: status %d:\n%s", name, o.status, o.text)
		}
	}
	for _, other := range []claim.Claim{
		{Thing: folder, Group: claim.Users}, {Thing: folder + "/smoke/bios-cd-1024-virtio-nvme"}, building(t.TempDir()),
		claim.UseEngine("", top),
	} {
		defer take(other)()
	}
	if o := run(t, builder(t), false, env, smoke...); strings.Contains(o.text, "waiting") {
		t.Errorf("another machine: %s", o.text)
	}
}
