package versions

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func readRepo(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRepositoryVersions(t *testing.T) {
	v, err := Parse(readRepo(t, File), "")
	if err != nil {
		t.Fatal(err)
	}
	if v.Epoch() <= 0 {
		t.Errorf("Epoch of %s is %d", v.DebianSnapshot, v.Epoch())
	}
}

// The Fabric Manager of each driver that an ISO may have is known.
func TestFabricManager(t *testing.T) {
	v, err := Parse(readRepo(t, File), "")
	if err != nil {
		t.Fatal(err)
	}
	for driver, known := range map[string]bool{v.Nvidia: true, "550.163.01": true, "580": false, "": false} {
		if got := v.FabricManager(driver); (len(got) == 64) != known {
			t.Errorf("of driver %q: %q", driver, got)
		}
	}
}

func TestLoad(t *testing.T) {
	root := t.TempDir()
	if _, err := Load(root); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without VERSIONS: %v", err)
	}
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put(File, readRepo(t, File))
	if _, err := Load(root); err != nil {
		t.Errorf("without VERSIONS.local: %v", err)
	}
	put(LocalFile, "GO_VERSION=1.27.1\nDEBIAN_SNAPSHOT=20260131T000005Z\n")
	v, err := Load(root)
	if err != nil || v.Go != "1.27.1" || v.Epoch() != 1769817605 {
		t.Errorf("got %+v, %v", v, err)
	}
}

func TestLocalOverrides(t *testing.T) {
	v, err := Parse(readRepo(t, File), "# why\nDEBIAN_MIRROR=image\r\n\n")
	if err != nil {
		t.Fatal(err)
	}
	if v.DebianMirror != "image" {
		t.Errorf("DEBIAN_MIRROR is %q, want image", v.DebianMirror)
	}
}

// A user's line wins over that of the local engine's block, wherever it stands.
func TestUsersLinesWin(t *testing.T) {
	const block = BlockBegin + "\n# why\nDEBIAN_MIRROR=image\nBASE=debian\n" + BlockEnd + "\n"
	const mine = "DEBIAN_MIRROR=http://mirror.example/debian\n"
	for name, local := range map[string]string{
		"before": mine + block, "after": block + mine, "other line ends": strings.ReplaceAll(block, "\n", "\r\n") + mine,
	} {
		v, err := Parse(readRepo(t, File), local)
		if err != nil || v.DebianMirror != "http://mirror.example/debian" || v.Base != "debian" {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
		v, err = ParseUser(readRepo(t, File), local)
		if err != nil || v.DebianMirror != "http://mirror.example/debian" || v.Base != "alpine" {
			t.Errorf("%s, without the block: %+v, %v", name, v, err)
		}
	}
	for want, local := range map[string]string{
		"VERSIONS.local:6: BASE: duplicate, already set on line 1":       "BASE=alpine\n" + block[:strings.Index(block, "DEBIAN")] + BlockEnd + "\n\nBASE=debian\n",
		"VERSIONS.local:4: BASE: duplicate, already set on line 3":       "\n" + BlockBegin + "\nBASE=alpine\nBASE=debian\n" + BlockEnd,
		"VERSIONS.local: the line \"" + BlockBegin + "\" has no \"# <<<": mine + BlockBegin + "\n",
	} {
		if _, err := Parse(readRepo(t, File), local); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error is %v, want %s…", err, want)
		}
	}
}

// What a site changes of the pins is named, whoever wrote the line. The base is none of
// them, and neither is a line that says what VERSIONS says.
func TestOverrides(t *testing.T) {
	pins := readRepo(t, File)
	v, err := Parse(pins, "")
	if err != nil {
		t.Fatal(err)
	}
	const block = BlockBegin + "\nDEBIAN_MIRROR=image\nBASE=debian\n" + BlockEnd + "\n"
	tagged, _, _ := strings.Cut(v.DaggerImage, "@")
	pins = strings.Replace(pins, v.DaggerImage, tagged, 1)
	digest := "DAGGER_IMAGE=" + tagged + "@sha256:" + strings.Repeat("a", 64) + "\n"
	kept := BlockBegin + "\n" + digest + BlockEnd + "\n"
	for local, want := range map[string][]string{
		"": nil,
		"# DEBIAN_MIRROR=image\nGO_VERSION=" + v.Go + "\n": nil,
		"BASE=debian\n": nil,
		block:           {"DEBIAN_MIRROR"},
		digest:          {"DAGGER_IMAGE"},
		kept:            nil,
		kept + digest:   {"DAGGER_IMAGE"},
		"KERNEL_VERSION=6.18\n" + block + "GPU_BURN_ARCHITECTURES=80\n": {"DEBIAN_MIRROR", "GPU_BURN_ARCHITECTURES", "KERNEL_VERSION"},
		block + "DEBIAN_MIRROR=" + v.DebianMirror + "\n":                nil, // the user's line wins
	} {
		if got, err := Overrides(pins, local); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", local, got, err, want)
		}
	}
	for local, want := range map[string]bool{"": false, digest: false, kept: true, kept + digest: false, block: false} {
		if got, err := KeepsEngine(pins, local); err != nil || got != want {
			t.Errorf("%q keeps an engine: %v, %v; want %v", local, got, err, want)
		}
	}
	if keeps, err := KeepsEngine(strings.Replace(pins, "DAGGER_IMAGE="+tagged+"\n", digest, 1), kept); err != nil || keeps {
		t.Errorf("VERSIONS has that digest: %v, %v", keeps, err)
	}
	if _, err := Overrides(pins, "KERNEL=6.18\n"); err == nil || !strings.HasPrefix(err.Error(), "VERSIONS.local:1: KERNEL: unknown key") {
		t.Errorf("an unknown key: %v", err)
	}
}

func TestSplitLocal(t *testing.T) {
	user, block, err := SplitLocal("A=1\n" + BlockBegin + "\r\nB=2\n" + BlockEnd + "\n# " + BlockBegin + "\nC=3")
	if err != nil || user != "A=1\n# "+BlockBegin+"\nC=3" || block != BlockBegin+"\r\nB=2\n"+BlockEnd+"\n" {
		t.Errorf("%q, %q, %v", user, block, err)
	}
}

func TestArchitectures(t *testing.T) {
	v, err := Parse(readRepo(t, File), "GPU_BURN_ARCHITECTURES=80 90 120")
	if err != nil {
		t.Fatal(err)
	}
	if got := v.Architectures(); !slices.Equal(got, []int{80, 90, 120}) {
		t.Errorf("got %v", got)
	}
}

func TestErrorsNameFileLineAndKey(t *testing.T) {
	good := readRepo(t, File)
	tests := map[string]struct{ text, local, want string }{
		"unknown key": {good, "\nDEBIAN_IMGE=x",
			"VERSIONS.local:2: DEBIAN_IMGE: unknown key"},
		"lower case": {good, "base=debian",
			"VERSIONS.local:1: base: unknown key"},
		"duplicate": {good, "BASE=debian\nBASE=alpine",
			"VERSIONS.local:2: BASE: duplicate, already set on line 1"},
		"no equals": {good, "BASE debian",
			`VERSIONS.local:1: "BASE debian" is not KEY=VALUE`},
		"bad version": {good, "DAGGER_VERSION=0.19.7",
			`VERSIONS.local:1: DAGGER_VERSION: "0.19.7" is not a version such as v0.19.7`},
		"bad Go version": {good, "GO_VERSION=1.26",
			`VERSIONS.local:1: GO_VERSION: "1.26" is not a Go version`},
		"bad series": {good, "KERNEL_VERSION=6.12.1",
			`VERSIONS.local:1: KERNEL_VERSION: "6.12.1" is not a series`},
		"short digest": {good, "DEBIAN_IMAGE=debian@sha256:abc",
			"VERSIONS.local:1: DEBIAN_IMAGE: \"debian@sha256:abc\" is not an image with its digest"},
		"no digest": {good, "GOLANG_IMAGE=golang:1.26",
			"VERSIONS.local:1: GOLANG_IMAGE:"},
		"upper-case digest": {good, "NVIDIA_RUN_SHA256=" + strings.Repeat("A", 64),
			"VERSIONS.local:1: NVIDIA_RUN_SHA256:"},
		"bad commit": {good, "GPU_BURN_COMMIT=main",
			"VERSIONS.local:1: GPU_BURN_COMMIT:"},
		"bad driver origin": {good, "NVIDIA_ORIGIN=nvidia",
			`VERSIONS.local:1: NVIDIA_ORIGIN: "nvidia" is not "debian" or "run"`},
		"bad origin of the Fabric Manager": {good, "FABRIC_MANAGER_ORIGIN=debian",
			`VERSIONS.local:1: FABRIC_MANAGER_ORIGIN: "debian" is not "nvidia" or "none"`},
		"a digest of no version": {good, "FABRIC_MANAGER_SHA256=" + strings.Repeat("a", 64),
			"VERSIONS.local:1: FABRIC_MANAGER_SHA256:"},
		"bad architectures": {good, "GPU_BURN_ARCHITECTURES=8.0,9.0",
			"VERSIONS.local:1: GPU_BURN_ARCHITECTURES:"},
		"engine of no tag": {good, "DAGGER_IMAGE=registry.dagger.io/engine@sha256:" + strings.Repeat("a", 64),
			"VERSIONS.local:1: DAGGER_IMAGE:"},
		"engine of a short digest": {good, "DAGGER_IMAGE=registry.dagger.io/engine:v0.19.7@sha256:abc",
			"VERSIONS.local:1: DAGGER_IMAGE:"},
		"engine of another version": {good, "DAGGER_IMAGE=registry.dagger.io/engine:v0.19.70",
			"VERSIONS, or VERSIONS.local: DAGGER_IMAGE is registry.dagger.io/engine:v0.19.70, but DAGGER_VERSION is v0.19.7: change both"},
		"bad snapshot": {good, "DEBIAN_SNAPSHOT=20261301T000000Z",
			"VERSIONS.local:1: DEBIAN_SNAPSHOT:"},
		"bad mirror": {good, "DEBIAN_MIRROR=somewhere",
			"VERSIONS.local:1: DEBIAN_MIRROR:"},
		"mirror with a password": {good, "DEBIAN_MIRROR=http://me:s3cr3t@mirror.example/debian",
			`VERSIONS.local:1: DEBIAN_MIRROR: what has a name or password before an @ is not "snapshot", "image" or a mirror's URL`},
		"mirror with a password that has a slash": {good, "DEBIAN_MIRROR=http://me:s3/cr3t@mirror.example/debian",
			`VERSIONS.local:1: DEBIAN_MIRROR: what has a name or password before an @ is not "snapshot", "image" or a mirror's URL`},
		"mirror with a password, no scheme": {good, "DEBIAN_MIRROR=me:s3cr3t@mirror.example/debian",
			`VERSIONS.local:1: DEBIAN_MIRROR: what has a name or password before an @ is not "snapshot", "image" or a mirror's URL`},
		"image with a password": {good, "DEBIAN_IMAGE=me:s3cr3t@registry.example/debian@sha256:12",
			`VERSIONS.local:1: DEBIAN_IMAGE: what has a name or password before an @ is not an image with its digest`},
		"mirror with a password, no =": {good, "DEBIAN_MIRROR http://me:s3cr3t@mirror.example/debian",
			"VERSIONS.local:1: what has a name or password before an @ is not KEY=VALUE"},
		"mirror with a password for a key": {good, "http://me:s3cr3t@mirror.example/debian?a=b",
			"VERSIONS.local:1: what has a name or password before an @: unknown key"},
		"mirror without a host": {good, "DEBIAN_MIRROR=http:///debian",
			`VERSIONS.local:1: DEBIAN_MIRROR: "http:///debian" is not "snapshot", "image" or a mirror's URL`},
		"mirror with a name": {good, "ALPINE_MIRROR=https://t0ken@mirror.example",
			`VERSIONS.local:1: ALPINE_MIRROR: what has a name or password before an @ is not "image" or a mirror's URL`},
		"empty value": {good, "BASE=",
			"VERSIONS.local:1: BASE:"},
		"trailing blank": {good, "BASE=debian ",
			"VERSIONS.local:1: BASE:"},
		"missing key": {strings.Replace(good, "\nBASE=", "\n#BASE=", 1), "",
			"VERSIONS: BASE: missing"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(test.text, test.local)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("error is %v, want %s…", err, test.want)
			}
		})
	}
}

// Of each pin it is known when its support ends, or why it has none of its own.
func TestSupport(t *testing.T) {
	v, err := Parse(readRepo(t, File), "")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, s := range v.Support() {
		known[s.Key] = true
	}
	without := map[string]string{
		"DAGGER_VERSION":         "no release of Dagger's has an end that is published",
		"DAGGER_IMAGE":           "as DAGGER_VERSION",
		"DEBIAN_SNAPSHOT":        "of DEBIAN_RELEASE",
		"DEBIAN_IMAGE":           "of DEBIAN_RELEASE",
		"GOLANG_IMAGE":           "of GO_VERSION",
		"ALPINE_IMAGE":           "of ALPINE_RELEASE",
		"APORTS_COMMIT":          "of ALPINE_RELEASE",
		"NVIDIA_RUN_SHA256":      "of NVIDIA_VERSION",
		"FABRIC_MANAGER_SHA256":  "of the driver",
		"NVLSM_VERSION":          "no release of NVLSM's has an end that is published",
		"NVLSM_SHA256":           "of NVLSM_VERSION",
		"CUDA_IMAGE":             "no toolkit of CUDA's has an end that is published",
		"GPU_BURN_COMMIT":        "gpu_burn has no releases",
		"GPU_BURN_ARCHITECTURES": "no software",
		"BASE":                   "no software",
		"DEBIAN_MIRROR":          "no software",
		"ALPINE_MIRROR":          "no software",
		"NVIDIA_ORIGIN":          "no software",
		"FABRIC_MANAGER_ORIGIN":  "no software",
		"CUDA_ORIGIN":            "no software",
	}
	for key := range v.fields() {
		if known[key] == (without[key] != "") {
			t.Errorf("%s: the end of its support is known: %v; none of its own: %q", key, known[key], without[key])
		}
	}
}
