package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bee/core/report"
	"bee/gate/internal/module"
	"bee/gate/internal/output"
)

// machines are a stand-in whose function smoke-report is ours, but for machines with
// four network cards, on which the engine fails.
func machines(t *testing.T) *standIn {
	return &standIn{t: t, do: func(call module.Call, to string) (string, error) {
		if strings.Contains(call.Arguments["machine"].(string), "-four-") {
			return "", &module.Error{Message: "exit code: 137", Stderr: "qemu: killed\n"}
		}
		return "", smokeReport(t, call, to)
	}}
}

const (
	machine512    = "bios-cd-512-virtio-nvme"
	machineFails  = "uefi-usb-1024-e1000e-virtio-blk-bmc"
	machineBroken = "uefi-secure-cd-4096-none-ahci-bmc"
	machineNone   = "bios-usb-4096-four-virtio-scsi"
	server        = "uefi-cd-1024-server"
)

func TestSmoke(t *testing.T) {
	top, env := repository(t)
	dist := t.TempDir()
	iso, folder := write(t, filepath.Join(dist, isoFile), "x"), filepath.Join(dist, "smoke")
	// The report of a test before, which must not count.
	write(t, filepath.Join(folder, machineNone, report.JSONFile), `{"schema_version": 1, "verdict": "pass"}`)
	env["GATE_PASSWORD"], env["PASSWORD"] = "env:PASSWORD", "s3cret"
	args := []string{"smoke", "--iso", iso, "--report", folder, "--jobs", "1", "--kvm=false", "--timeout", "90s"}

	s := machines(t)
	o := run(t, s, true, env, args...)
	equal(t, "actions", o.text, `::add-mask::s3cret
::group::smoke: 5 machines, 1 at a time
[1/5] PASS `+machine512+`: 60 s, 2 passed, 0 failed, 0 skipped
[2/5] FAIL `+machineFails+`: 60 s, 1 passed, 1 failed, 0 skipped
[3/5] ERROR `+machineBroken+`: 60 s, 0 passed, 0 failed, 0 skipped
[4/5] ERROR `+machineNone+`: no report: exit code: 137
qemu: killed
[5/5] PASS `+server+`: 60 s, 2 passed, 0 failed, 0 skipped
::endgroup::
::error file=iso/smoke/selftest/checks/image.go,line=3,title=`+machineFails+`%3A memory::40 of 480 MiB
::error title=`+machineBroken+`::kernel panic: ::x::
::error title=`+machineNone+`::no report: exit code: 137%0Aqemu: killed
`)
	equal(t, "outputs", o.outputs, set("verdict", "fail"))
	want := ""
	for _, name := range []string{machine512, machineFails, machineBroken, machineNone, server} {
		want += "smokeReport iso=" + iso + " machine=" + name + " timeout=1m30s\n"
	}
	equal(t, "calls", strings.Join(s.calls, "\n")+"\n", want)
	equal(t, "module", fmt.Sprint(s.options.Arguments), fmt.Sprint(module.Arguments{"kvm": false, "password": module.Secret("s3cret")}))
	equal(t, "summary", o.summary, read("testdata/smoke.md"))
	if o.status != exitFailed {
		t.Errorf("status %d", o.status)
	}

	o = run(t, machines(t), false, env, args...)
	contains(t, "terminal", o.text, "== smoke: 5 machines, 1 at a time\n[1/5] PASS ",
		"iso/smoke/selftest/checks/image.go:3: error: "+machineFails+": memory: 40 of 480 MiB\nerror: "+machineBroken+": kernel panic: ::x::\n")
	if want := read("testdata/smoke.txt"); want == "" || !strings.HasSuffix(o.text, strings.NewReplacer("FOLDER", dist, "TOP", top).Replace(want)) {
		t.Errorf("got\n%s\nwant at its end\n%s", o.text, want)
	}

	// The same from the reports.
	o = run(t, nil, true, env, "verdict", folder)
	contains(t, "verdict", o.text, "::error file=iso/smoke/selftest/checks/image.go,line=3,title="+machineFails+"%3A memory::40 of 480 MiB\n", "::error title="+machineNone+"::no report\n")
	equal(t, "verdict's outputs", o.outputs, set("verdict", "fail"))
	if o.status != exitFailed {
		t.Errorf("verdict: status %d", o.status)
	}
}

func TestSmokeStatus(t *testing.T) {
	_, env := repository(t)
	iso := write(t, filepath.Join(t.TempDir(), "bee.iso"), "x")
	for names, want := range map[string]struct {
		status  int
		verdict string
	}{
		machine512 + "," + server:            {0, "pass"},
		machine512 + "," + machine512:        {0, "pass"},
		machineFails + "," + machineBroken:   {exitFailed, "fail"},
		machine512 + "," + machineBroken:     {exitBroken, "error"},
		machine512 + "," + machineNone:       {exitBroken, "error"},
		machineNone + "," + machineBroken:    {exitBroken, "error"},
		"bios-usb-1024-server," + machine512: {0, "pass"},
	} {
		env["GATE_MACHINE"] = names
		o := run(t, machines(t), true, env, "smoke", "--iso", iso, "--report", t.TempDir())
		if o.status != want.status || o.outputs != set("verdict", want.verdict) {
			t.Errorf("%s: %d, %s", names, o.status, o.outputs)
		}
	}
}

// An interrupt ends the test; the machines that were not tested are in error.
func TestSmokeCancelled(t *testing.T) {
	_, env := repository(t)
	ctx, cancel := context.WithCancel(t.Context())
	s := &standIn{t: t, do: func(call module.Call, to string) (string, error) {
		cancel()
		return "", ctx.Err()
	}}
	var stdout strings.Builder
	getenv := func(name string) string { return env[name] }
	g := &gate{getenv: getenv, out: output.New(getenv, &stdout), goProxy: func(context.Context) string { return "" }, connect: func(_ context.Context, options module.Options) (module.Module, error) {
		s.options = options
		return s, nil
	}}
	cmd := g.command()
	cmd.SetArgs([]string{"smoke", "--iso", write(t, filepath.Join(t.TempDir(), "bee.iso"), "x"), "--report", t.TempDir(), "--jobs", "1"})
	if status := g.exitStatus(cmd.ExecuteContext(ctx), os.Stderr); status != exitBroken || len(s.calls) != 1 {
		t.Errorf("status %d after %q", status, s.calls)
	}
	contains(t, "cancelled", stdout.String(), "[5/5] ERROR "+server+": no report: the test was cancelled\n", "\nERROR: 0 of 5 machines passed, 5 did not run to the end\n")
}

func TestVerdictOfJobs(t *testing.T) {
	_, env := repository(t)
	top := t.TempDir()
	for _, name := range []string{machine512, server} {
		call := module.Call{Arguments: module.Arguments{"machine": machine512}}
		if err := smokeReport(t, call, filepath.Join(top, "smoke-"+name, name)); err != nil {
			t.Fatal(err)
		}
	}
	plan := run(t, nil, false, env, "plan").text
	o := run(t, nil, true, env, "verdict", top, "--plan", plan)
	contains(t, "three are missing", o.text, "::error title="+machineFails+"::no report\n", "::error title="+machineBroken+"::no report\n", "::error title="+machineNone+"::no report\n")
	if o.status != exitBroken {
		t.Errorf("three are missing: status %d", o.status)
	}
	o = run(t, nil, true, env, "verdict", filepath.Join(top, "none"))
	if o.status != exitBroken || o.text != "::error title=none::no report\n" || o.outputs != set("verdict", "error") {
		t.Errorf("no folder: %+v", o)
	}
	o = run(t, nil, false, env, "verdict", top)
	contains(t, "verdict", o.text, "\nPASS "+machine512+": 60 s, 2 passed", "\nPASS: 2 of 2 machines passed\n")
	if o.status != 0 {
		t.Errorf("status %d", o.status)
	}
}

func TestBearable(t *testing.T) {
	got := []int{bearable(1024, 16, 64000), bearable(4096, 16, 10000), bearable(4096, 1, 100), bearable(512, 4, 0), bearable(1024, 2, 8000)}
	if want := []int{16, 2, 1, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
