package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bee/core/report"
	"bee/core/sums"
	"bee/gate/internal/module"
	"dagger/bee/matrix"
)

const serverLine = `{"name":"uefi-cd-1024-server","firmware":"uefi","media":"cd","memory_mib":1024,"network":"","disk":"","bmc":false,"console":"ttys1","slow":false,"profile":"server"}]}`

func TestPlan(t *testing.T) {
	_, env := repository(t)
	o := run(t, nil, false, env, "plan")
	contains(t, "plan", o.text, `{"include":[{"name":"bios-cd-512-virtio-nvme","firmware":"bios","media":"cd","memory_mib":512,"network":"virtio","disk":"nvme","bmc":false,"console":"ttys0","slow":false,"profile":"plain"},`, serverLine+"\n")
	if o.status != 0 || strings.Count(o.text, "\n") != 1 {
		t.Errorf("more than one line: %+v", o)
	}
	o = run(t, nil, true, env, "plan")
	equal(t, "outputs", o.outputs, set("matrix", strings.TrimSpace(o.text)))
}

// The command line wins over the environment, and an empty variable counts as none.
func TestFlagsFromEnvironment(t *testing.T) {
	_, env := repository(t)
	const ofPairs = `"bios-cd-1024-e1000e-virtio-scsi"`
	env["GATE_BASE"], env["GATE_COVERAGE"] = "alpine", "pairs"
	o := run(t, nil, false, env, "plan")
	contains(t, "variable", o.text, ofPairs)
	o = run(t, nil, false, env, "plan", "--coverage", "each")
	if strings.Contains(o.text, ofPairs) || !strings.Contains(o.text, `{"include":[{"name":"bios-cd-512-virtio-nvme"`) {
		t.Errorf("flag and variable: %s", o.text)
	}
	env["GATE_COVERAGE"] = "" // counts as none
	o = run(t, nil, false, env, "plan")
	if strings.Contains(o.text, ofPairs) {
		t.Errorf("empty variable: %s", o.text)
	}
	env["GATE_JOBS"] = "many"
	o = run(t, nil, false, env, "smoke", "--iso", "x", "--report", "y")
	equal(t, "wrong", o.stderr, "gate: GATE_JOBS=many: invalid argument \"many\" for \"--jobs\" flag: strconv.ParseInt: parsing \"many\": invalid syntax\n")
	env["GATE_JOBS"], env["GATE_ISO"], env["GATE_REPORT"] = "", "none.iso", "y"
	o = run(t, nil, false, env, "smoke")
	equal(t, "required by variables", o.stderr, "gate: --iso: there is no none.iso; `make build` makes dist/bee.iso\n")
}

func TestInput(t *testing.T) {
	_, env := repository(t)
	iso, full := write(t, filepath.Join(t.TempDir(), "bee.iso"), "x"), t.TempDir()
	write(t, filepath.Join(full, "x"), "x")
	smoke := []string{"smoke", "--iso", iso, "--report", t.TempDir()}
	for want, args := range map[string][]string{
		`base "x" is not known; the bases are: alpine, debian`:                        {"plan", "--base", "x"},
		`coverage "x" is not known; it is one of ["each" "pairs"]`:                    {"plan", "--coverage", "x"},
		`--machine: machine "x": "x" is none of the words of a machine`:               append(smoke, "--machine", "x"),
		`--jobs -1: it has to be 1 or more`:                                           append(smoke, "--jobs", "-1"),
		`--timeout -1s: it has to be longer than nothing`:                             append(smoke, "--timeout", "-1s"),
		`--password env:NONE: the variable is not set, or empty`:                      append(smoke, "--password", "env:NONE"),
		`--password: open none: no such file`:                                         append(smoke, "--password", "file:none"),
		`--password says where it is: env:NAME for a variable, file:PATH for a file`:  append(smoke, "--password", "s3cret"),
		`[identity password] were all set`:                                            append(smoke, "--password", "env:A", "--identity", iso),
		`--authorized-keys: stat none: no such file`:                                  {"iso", "--authorized-keys", "none"},
		`--config: stat none: no such file`:                                           {"build", "--config", "none"},
		`--nvidia-run: stat none: no such file`:                                       {"build", "--nvidia-run", "none"},
		`--fabric-manager: stat none: no such file`:                                   {"build", "--fabric-manager", "none"},
		"--iso: there is no none.iso; `make build` makes dist/bee.iso":                {"boot", "--iso", "none.iso"},
		`"x" is none of the words of a machine`:                                       {"boot", "--iso", iso, "--machine", "x"},
		`--identity: open none: no such file`:                                         append(smoke, "--identity", "none"),
		`set they must all be set; missing [module-certificate]`:                      {"build", "--module-key", "env:KEY"},
		`--module-certificate: stat none: no such file`:                               {"build", "--module-key", "env:KEY", "--module-certificate", "none"},
		`--signing-key: open none: no such file`:                                      {"build", "--signing-key", "none"},
		`--apk-mirror: stat none: no such file`:                                       {"build", "--apk-mirror", "none"},
		`--aports: stat none: no such file`:                                           {"build", "--aports", "none"},
		`--output ` + full + `: the folder is not empty; name a new one`:              {"release", "--version", "v1", "--output", full},
		`--releases: ` + iso + ` is no folder`:                                        {"release", "--version", "v1", "--output", "new", "--releases", iso},
		`--plan: not what the command plan prints: `:                                  {"verdict", "none", "--plan", "x"},
		`required flag(s) "iso", "report" not set`:                                    {"smoke"},
		`base "y" is not known; the bases are: alpine, debian`:                        {"build", "--base", "y"},
		`requires at least 1 arg(s)`:                                                  {"verdict"},
		`VERSIONS: no such file or directory; --repository names the top of bee's re`: {"plan", "--repository", full},
		`no Dagger engine`: {"lint"},
	} {
		if o := run(t, nil, false, env, args...); o.status != exitInput || !strings.Contains(o.stderr, want) {
			t.Errorf("%q: status %d, %s, want %s", args, o.status, o.stderr, want)
		}
	}
	o := run(t, nil, true, env, "plan", "--base", "x")
	equal(t, "actions", o.text, "::error title=gate::base \"x\" is not known; the bases are: alpine, debian\n")
}

func TestLint(t *testing.T) {
	top, env := repository(t)
	clean := &standIn{do: func(module.Call, string) (string, error) { return "", nil }}
	o := run(t, clean, false, env, "lint")
	equal(t, "clean", o.text, "== lint\n\n## PASS: the sources are clean\nlog: "+top+"/dist/lint.log\n")

	dirty := &standIn{do: func(module.Call, string) (string, error) {
		return "", &module.Error{Message: "exit code: 1", Stdout: "matrix/bad.go:7:32: odd (SA4000)\n./ci: vet, staticcheck\n", Stderr: "# dagger/bee/matrix\nmatrix/bad.go:5:27: wrong type\n"}
	}}
	o = run(t, dirty, false, env, "lint")
	contains(t, "terminal", o.text, "ci/matrix/bad.go:7: error: lint: odd (SA4000)\nci/matrix/bad.go:5: error: lint: wrong type\n")
	o = run(t, dirty, true, env, "lint")
	equal(t, "summary", o.summary, "## FAIL: findings: 2\n\n")
	equal(t, "actions", o.text, `::group::lint
::endgroup::
::error file=ci/matrix/bad.go,line=7,title=lint::odd (SA4000)
::error file=ci/matrix/bad.go,line=5,title=lint::wrong type
exit code: 1
matrix/bad.go:7:32: odd (SA4000)
./ci: vet, staticcheck
# dagger/bee/matrix
matrix/bad.go:5:27: wrong type
`)
	if o.status != exitFailed {
		t.Errorf("status %d", o.status)
	}

	broken := &standIn{do: func(module.Call, string) (string, error) { return "", &module.Error{Message: "no network"} }}
	o = run(t, broken, true, env, "lint")
	equal(t, "broken", o.text, "::group::lint\n::endgroup::\n::error title=lint::no network\n")
}

// dist is the module's function build: an ISO of some text, its manifest and its checksums.
func dist(t *testing.T, folder, text string) {
	t.Helper()
	manifest := fmt.Sprintf(`{"schema_version": 1, "iso": {"size_bytes": 3145728, "sha256": "%s"}, "release": {"BEE_VERSION": "20261105-0123", "BEE_BUILD_INFO": "bee 20261105-0123 on debian trixie, Linux 6.12.1"}}`, sha(text))
	write(t, filepath.Join(folder, isoFile), text)
	write(t, filepath.Join(folder, manifestFile), manifest)
	write(t, filepath.Join(folder, sums.File), sha(text)+"  bee.iso\n"+sha(manifest)+"  bee.iso.manifest.json\n")
}

func sha(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

func TestBuild(t *testing.T) {
	top, env := repository(t)
	s := &standIn{do: func(_ module.Call, to string) (string, error) {
		dist(t, to, "new")
		return "", nil
	}}
	folder := filepath.Join(t.TempDir(), "dist")
	key := write(t, filepath.Join(t.TempDir(), "key.rsa"), "-----BEGIN-----\nc2VjcmV0\n")
	aports := t.TempDir()
	o := run(t, s, true, env, "build", "--output", folder, "--base", "debian", "--signing-key", key, "--strict", "--apk-mirror", top, "--aports", aports, "--inputs", aports)
	equal(t, "outputs", o.outputs, set("iso", folder+"/bee.iso")+set("sha256", sha("new"))+set("size", "3145728")+set("version", "20261105-0123"))
	equal(t, "summary", o.summary, `## bee 20261105-0123 on debian trixie, Linux 6.12.1

| file | size | SHA-256 |
|---|---|---|
| bee.iso | 3.0 MiB | `+sha("new")+` |

`)
	equal(t, "text", o.text, "::add-mask::-----BEGIN-----%0Ac2VjcmV0\n::add-mask::-----BEGIN-----\n::add-mask::c2VjcmV0\n::group::build\n::endgroup::\n")
	equal(t, "calls", strings.Join(s.calls, "\n"), "build")
	want := fmt.Sprint(module.Arguments{
		"base": "debian", "nvidia": true,
		"apkMirror": module.Directory(top), "aports": module.Directory(aports), "inputs": module.Directory(aports), "signingKey": module.Secret("-----BEGIN-----\nc2VjcmV0\n"), "strict": true,
	})
	equal(t, "repository", s.options.Repository, top)
	equal(t, "module", fmt.Sprint(s.options.Arguments), want)

	o = run(t, s, false, env, "build", "--output", folder)
	equal(t, "terminal", o.text, "== build\nbee 20261105-0123 on debian trixie, Linux 6.12.1\n"+
		folder+"/bee.iso: 3.0 MiB, SHA-256 "+sha("new")+"\nlog: "+top+"/dist/build.log\n")
	equal(t, "calls", fmt.Sprint(s.options.Arguments), "map[base:debian nvidia:true]")
	equal(t, "log", read(filepath.Join(top, "dist", "build.log")), "build\n")

	// A proxy's name and password travel as a secret, and only where there are some.
	env["GOPROXY"] = "https://proxy.example,direct"
	run(t, s, false, env, "build", "--output", folder)
	equal(t, "proxy", fmt.Sprint(s.options.Arguments), "map[base:debian nvidia:true]")
	env["GOPROXY"] = "https://me:s3cr3t@proxy.example,direct"
	o = run(t, s, true, env, "build", "--output", folder)
	equal(t, "proxy with a password", fmt.Sprint(s.options.Arguments), fmt.Sprint(module.Arguments{
		"base": "debian", "nvidia": true, "goProxy": module.Secret(env["GOPROXY"]),
	}))
	contains(t, "hidden", o.text, "::add-mask::"+env["GOPROXY"]+"\n")
	delete(env, "GOPROXY")

	env["PASSWORD"] = "s3cret"
	o = run(t, s, false, env, "build", "--output", folder, "--password", "env:PASSWORD", "--gpu-burn", "--nvidia-run", key, "--fabric-manager", key, "--nvlsm", key)
	equal(t, "contents", fmt.Sprint(s.options.Arguments), "map[base:debian fabricManager:"+key+" gpuBurn:true nvidia:true nvidiaRun:"+key+" nvlsm:"+key+" password:s3cret]")

	file := write(t, filepath.Join(t.TempDir(), "password"), "s3cret\n")
	o = run(t, s, false, env, "build", "--output", folder, "--password", "file:"+file)
	equal(t, "password of a file", fmt.Sprint(s.options.Arguments["password"]), "s3cret")
	o = run(t, s, true, env, "build", "--output", folder, "--password-hash", "env:PASSWORD", "--host-key", "file:"+file)
	equal(t, "hash and host key", fmt.Sprint(s.options.Arguments), "map[base:debian hostKey:s3cret nvidia:true passwordHash:s3cret]")
	o = run(t, s, true, env, "build", "--output", folder, "--module-key", "file:"+file, "--module-certificate", key)
	equal(t, "module key", fmt.Sprint(s.options.Arguments), "map[base:debian moduleCertificate:"+key+" moduleKey:s3cret nvidia:true]")
	contains(t, "module key", o.text, "::add-mask::s3cret\n")
	contains(t, "hash and host key", o.text, "::add-mask::s3cret\n")

	failing := &standIn{do: func(module.Call, string) (string, error) { return "", errors.New("the kernel is of another series") }}
	o = run(t, failing, false, env, "build", "--output", folder)
	if o.status != exitFailed || o.text != "== build\nerror: build: the kernel is of another series\nlog: "+top+"/dist/build.log\n" {
		t.Errorf("got %+v", o)
	}
}

// What was built before stays until what is new is whole, and so do the reports on it.
func TestBuildIsWhole(t *testing.T) {
	_, env := repository(t)
	folder := t.TempDir()
	dist(t, folder, "old")
	reportOf := func(name, text string) string {
		r := &report.Report{ISO: &report.ISO{File: isoFile, SHA256: sha(text)}}
		r.Conclude()
		file := filepath.Join(folder, "smoke", name, report.JSONFile)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := r.Write(filepath.Dir(file), ""); err != nil {
			t.Fatal(err)
		}
		return file
	}
	ofOld, ofNew := reportOf("bios", "old"), reportOf("uefi", "new")
	files := func() (all string) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			all += entry.Name() + " "
		}
		return all
	}
	const whole = "SHA256SUMS bee.iso bee.iso.manifest.json smoke "

	for want, s := range map[string]*standIn{
		"failed to export: EOF": {do: func(_ module.Call, to string) (string, error) {
			write(t, filepath.Join(to, isoFile), "ne")
			return "", errors.New("failed to export: EOF")
		}},
		"bee.iso is not whole": {do: func(_ module.Call, to string) (string, error) {
			dist(t, to, "new")
			write(t, filepath.Join(to, isoFile), "ne")
			return "", nil
		}},
	} {
		o := run(t, s, false, env, "build", "--output", folder)
		contains(t, want, o.text, "error: build: "+want)
		if o.status != exitFailed || files() != whole || read(filepath.Join(folder, isoFile)) != "old" || read(ofOld) == "" {
			t.Errorf("%s: status %d; there are %s", want, o.status, files())
		}
	}
	s := &standIn{do: func(_ module.Call, to string) (string, error) {
		dist(t, to, "new")
		return "", nil
	}}
	o := run(t, s, false, env, "build", "--output", folder)
	if o.status != 0 || files() != whole || read(filepath.Join(folder, isoFile)) != "new" || read(ofOld) != "" || read(ofNew) == "" {
		t.Errorf("%+v; there are %s", o, files())
	}
}

func TestReproduce(t *testing.T) {
	_, env := repository(t)
	s := &standIn{do: func(module.Call, string) (string, error) { return "both builds are abcd\n", nil }}
	o := run(t, s, true, env, "reproduce", "--base", "alpine", "--nvidia=false", "--rebuild", "mine")
	equal(t, "summary", o.summary, "## PASS: both builds are abcd\n\n")
	equal(t, "calls", s.calls[0], "verifyReproducible rebuild=mine")
	equal(t, "module", fmt.Sprint(s.options.Arguments), "map[base:alpine nvidia:false]")
	s.do = func(module.Call, string) (string, error) {
		return "", &module.Error{Message: "bee.iso: etc/motd differs"}
	}
	o = run(t, s, true, env, "reproduce")
	equal(t, "differs", o.summary, "## FAIL: no proof that the ISO is reproducible: bee.iso: etc/motd differs\n\n")
	contains(t, "differs", o.text, "::error title=reproduce::bee.iso: etc/motd differs\n")
	if o.status != exitFailed {
		t.Errorf("status %d", o.status)
	}
}

// A release is built again of what is on its ISO, and not of what VERSIONS says.
func TestReproduceAgainst(t *testing.T) {
	_, env := repository(t)
	s := &standIn{do: func(module.Call, string) (string, error) { return "v1.2.3 is what commit abc builds here", nil }}
	folder := t.TempDir()
	o := run(t, s, true, env, "reproduce", "--against", folder)
	equal(t, "summary", o.summary, "## PASS: v1.2.3 is what commit abc builds here\n\n")
	equal(t, "calls", s.calls[0], "verifyReproducible against="+folder+" rebuild=")
	equal(t, "module", fmt.Sprint(s.options.Arguments), "map[nvidia:true]")
	run(t, s, true, env, "reproduce", "--against", folder, "--base", "debian")
	equal(t, "base", fmt.Sprint(s.options.Arguments), "map[base:debian nvidia:true]")
	o = run(t, s, true, env, "reproduce", "--against", filepath.Join(folder, "none"))
	if o.status != exitInput || !strings.Contains(o.text, "--against") {
		t.Errorf("no folder: status %d: %s", o.status, o.text)
	}
}

func TestModules(t *testing.T) {
	top, env := repository(t)
	s := &standIn{}
	o := run(t, s, true, env, "modules")
	if o.status != exitInput || !strings.Contains(o.text, "there is no dagger.json below") {
		t.Errorf("no module: status %d: %s", o.status, o.text)
	}
	for _, folder := range []string{"a", "b/c", ".git/d"} {
		if err := os.MkdirAll(filepath.Join(top, folder), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(top, folder, "dagger.json"), []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	o = run(t, s, true, env, "modules")
	equal(t, "loaded", o.text, "a\nb/c\n")
	equal(t, "summary", o.summary, "## PASS: modules that load by themselves: 2\n\n")

	s.refuse = func(folder string) error {
		if folder == filepath.Join(top, "a") {
			return errors.New("unexpected end of JSON input")
		}
		return nil
	}
	o = run(t, s, true, env, "modules")
	equal(t, "broken", o.text, "::error file=a/dagger.json,title=modules::unexpected end of JSON input\nb/c\n")
	if o.status != exitFailed || o.summary != "" {
		t.Errorf("broken: status %d, summary %q", o.status, o.summary)
	}
}

func TestRelease(t *testing.T) {
	top, env := repository(t)
	onMainOf(t, top)
	plan, err := matrix.Plan("debian", matrix.Each)
	if err != nil {
		t.Fatal(err)
	}
	s := &standIn{do: func(_ module.Call, to string) (string, error) {
		dist(t, to, "new")
		for _, m := range plan {
			call := module.Call{Arguments: module.Arguments{"machine": "bios"}}
			if err := smokeReport(t, call, filepath.Join(to, "smoke", m.Name())); err != nil {
				return "", err
			}
		}
		return "", nil
	}}
	folder := filepath.Join(t.TempDir(), "v1")
	o := run(t, s, true, env, "release", "--version", "v1", "--releases", top, "--output", folder, "--coverage", "each", "--jobs", "2", "--kvm=false", "--nvidia=false")
	equal(t, "calls", s.calls[0], "release coverage=each jobs=2 rebuild= releases="+top+" version=v1")
	equal(t, "module", fmt.Sprint(s.options.Arguments), "map[base:debian kvm:false nvidia:false]")
	equal(t, "outputs", o.outputs, set("folder", folder)+set("notes", folder+"/NOTES.md")+set("verdict", "pass"))
	contains(t, "summary", o.summary, "## PASS: 5 of 5 machines passed\n", "| 1 bios 1024 |")
	if o.status != 0 {
		t.Errorf("status %d", o.status)
	}

	// Machines that are named take the place of those of the plan.
	env["KEY"] = "the key"
	o = run(t, s, true, env, "release", "--version", "v1", "--output", folder+"-1", "--machine", machine512, "--rebuild", "mine", "--attestation-key", "env:KEY")
	contains(t, "who signs", s.calls[1], "release attestationKey=the key ")
	contains(t, "one machine", s.calls[1], " machines=["+machine512+"] rebuild=mine ")
	contains(t, "one machine", o.summary, "## PASS: 1 of 1 machines passed\n")

	// The machines of the plan are those that have to be tested.
	plan = plan[1:]
	o = run(t, s, true, env, "release", "--version", "v1", "--output", folder+"-2", "--coverage", "each", "--releases", "none")
	contains(t, "no releases before", o.text, "::notice title=release::there is no folder none: the notes compare with nothing\n")
	contains(t, "one is missing", o.text, "::error title="+machine512+"::no report\n")
	if o.status != exitBroken {
		t.Errorf("one is missing: status %d", o.status)
	}
}

func TestLocks(t *testing.T) {
	sumA, sumB := "x86_64 base "+strings.Repeat("a", 64), "x86_64 base "+strings.Repeat("b", 64)
	top, env := repository(t)
	changes := filepath.Join(t.TempDir(), "changes.md")
	env["GATE_BASE"] = "alpine"
	s := &standIn{do: func(_ module.Call, to string) (string, error) {
		write(t, to, "# lock\na 2-r0 "+sumA+"\nb 1-r0 "+sumB+"\n")
		return "", nil
	}}
	o := run(t, s, true, env, "locks")
	contains(t, "missing", o.text, "::warning title=no lock::iso/alpine/packages.lock is not in the repository: a build takes what the mirror has, and --strict, and with it a release, is refused; make one, and commit it: gate locks --base alpine --output iso/alpine/packages.lock\n")
	if o.status != 0 || o.outputs != set("fresh", "false") {
		t.Errorf("missing: status %d, outputs %s", o.status, o.outputs)
	}
	lock := write(t, filepath.Join(top, lockFile("alpine")), "# lock\na 1-r0 "+sumA+"\nb 1-r0 "+sumB+"\n")
	o = run(t, s, true, env, "locks")
	contains(t, "stale", o.text, "::warning file=iso/alpine/packages.lock,line=1,title=stale lock::a 1-r0 is now 2-r0\n")
	equal(t, "stale", o.summary, "## STALE: iso/alpine/packages.lock: packages that differ: 1\n\n- a 1-r0 is now 2-r0\n\n")
	if o.status != 0 || o.outputs != set("fresh", "false") {
		t.Errorf("stale: status %d, outputs %s", o.status, o.outputs)
	}
	if o = run(t, s, true, env, "locks", "--changes", changes); o.status != 0 {
		t.Errorf("told: status %d", o.status)
	}
	if text, err := os.ReadFile(changes); err != nil || string(text) != "- a 1-r0 is now 2-r0\n" {
		t.Errorf("told: %q, %v", text, err)
	}
	if o = run(t, s, false, env, "locks", "--output", lock); o.status != 0 {
		t.Errorf("stale, and taken: status %d", o.status)
	}
	untold := filepath.Join(t.TempDir(), "changes.md")
	if o = run(t, s, true, env, "locks", "--changes", untold); o.outputs != set("fresh", "true") {
		t.Errorf("fresh: outputs %s", o.outputs)
	}
	if _, err := os.Stat(untold); !os.IsNotExist(err) {
		t.Errorf("fresh: changes are told, %v", err)
	}
	if call := s.calls[len(s.calls)-1]; !strings.Contains(call, "lock") {
		t.Errorf("called: %s", call)
	}
	o = run(t, s, true, env, "locks", "--base", "debian")
	contains(t, "another base", o.text, "iso/debian/packages.lock is not in the repository")
	o = run(t, s, false, env, "locks")
	if o.status != 0 || o.text != "== lock\n\n## PASS: iso/alpine/packages.lock is fresh\nlog: "+top+"/dist/locks.log\n" {
		t.Errorf("fresh: %+v", o)
	}
	write(t, lock, "# lock\n\na 1-r0 "+sumB+"\nb 1-r0 "+sumA+"\nc 5-r1 "+sumA+"\n")
	o = run(t, s, true, env, "locks")
	contains(t, "all kinds", o.summary, ": 3\n\n- a 1-r0 is now 2-r0\n- b 1-r0 was built anew\n- c 5-r1 is gone\n")
	write(t, lock, "a 2-r0 x86_64 base,tools "+strings.Repeat("a", 64)+"\nb 1-r0 "+sumB+"\n")
	contains(t, "moved", run(t, s, true, env, "locks").summary, ": 1\n\n- a 2-r0 is for base, and was for base,tools\n")
	write(t, lock, "a 2-r0 "+sumA+"\n")
	contains(t, "new", run(t, s, true, env, "locks").summary, ": 1\n\n- b 1-r0 is new\n")
	write(t, lock, "a 2-r0 "+sumA+"\n<<<<<<< HEAD\n")
	o = run(t, s, true, env, "locks")
	contains(t, "broken", o.text, "::error title=gate::iso/alpine/packages.lock:2: \"<<<<<<< HEAD\" is not name, version, architecture, layers and SHA-256, with single blanks between them")
	if o.status != exitInput {
		t.Errorf("broken: status %d", o.status)
	}
}

// Every flag of every command can be completed, and no command lacks its help.
func TestHelp(t *testing.T) {
	o := run(t, nil, false, nil, "--help")
	contains(t, "help", o.text, "\nExit status (", "\n  0  all", "--apk-mirror is GATE_APK_MIRROR")
	o = run(t, nil, false, nil, "__complete", "plan", "--coverage", "")
	contains(t, "completion", o.text, "each\npairs\n")
	o = run(t, nil, false, map[string]string{"GATE_REPOSITORY": "../../.."}, "__complete", "smoke", "--base", "debian", "--machine", "uefi-cd-1024-s")
	if !slices.Contains(strings.Split(o.text, "\n"), "uefi-cd-1024-server") {
		t.Errorf("machines: %s", o.text)
	}
	if _, err := os.Stat("y"); err == nil {
		t.Error("a test left a folder")
	}
}
