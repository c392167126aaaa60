// Package versions reads VERSIONS, the file that pins every input of bee, and
// VERSIONS.local, by which one site overrides it.
//
// Both files hold lines of KEY=VALUE, comments that begin with # on a line of
// their own, and blank lines. Every key is known, stands once in a file, and
// has a value of its kind; anything else is an error that names the file, the
// line and the key. In VERSIONS.local a key may stand in the block of the local
// engine, too, where the user's line wins.
package versions

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/semver"
)

// Names of the two files, at the top of the repository.
const (
	File      = "VERSIONS"
	LocalFile = "VERSIONS.local"
)

// Versions holds every pin. The tag names the key in VERSIONS and the kind of
// its value.
type Versions struct {
	// Go toolchain that compiles bee.
	Go string `key:"GO_VERSION" kind:"go"`
	// Dagger engine, CLI and SDK.
	Dagger string `key:"DAGGER_VERSION" kind:"semver"`

	// Image of Dagger's engine, of that version, for container runtimes.
	DaggerImage string `key:"DAGGER_IMAGE" kind:"engine"`

	// Base that is built when none is asked for: alpine or debian.
	Base string `key:"BASE" kind:"word"`
	// Series of the kernel in the ISO, such as 6.12.
	Kernel string `key:"KERNEL_VERSION" kind:"series"`

	DebianRelease string `key:"DEBIAN_RELEASE" kind:"word"`
	// Time stamp of the Debian archive, also the time of the files of every base.
	DebianSnapshot string `key:"DEBIAN_SNAPSHOT" kind:"snapshot"`
	// Where Debian packages come from: "snapshot", "image" or a URL.
	DebianMirror string `key:"DEBIAN_MIRROR" kind:"mirror"`
	DebianImage  string `key:"DEBIAN_IMAGE" kind:"image"`
	GolangImage  string `key:"GOLANG_IMAGE" kind:"image"`

	AlpineRelease string `key:"ALPINE_RELEASE" kind:"series"`
	// Where Alpine's packages come from: "image" or a URL.
	AlpineMirror string `key:"ALPINE_MIRROR" kind:"apk-mirror"`
	AlpineImage  string `key:"ALPINE_IMAGE" kind:"image"`
	AportsCommit string `key:"APORTS_COMMIT" kind:"commit"`

	// Where the NVIDIA driver of the debian base comes from: "debian" for Debian's
	// packages, "run" for NVIDIA's installer, as on all other bases.
	NvidiaOrigin string `key:"NVIDIA_ORIGIN" kind:"driver"`
	// Version of NVIDIA's .run installer.
	Nvidia string `key:"NVIDIA_VERSION" kind:"dotted"`
	// Digest of NVIDIA's .run installer of that version.
	NvidiaRunSHA256 string `key:"NVIDIA_RUN_SHA256" kind:"sha256"`
	// Where what sets up NVSwitches comes from: "nvidia" for NVIDIA's archives, "none" for an
	// ISO without.
	FabricManagerOrigin string `key:"FABRIC_MANAGER_ORIGIN" kind:"fabric-manager"`
	// Digests of the archives of the Fabric Manager, by the driver's version.
	FabricManagerSHA256 string `key:"FABRIC_MANAGER_SHA256" kind:"digests"`
	// Version of NVIDIA's subnet manager, and digest of its archive.
	NVLSM       string `key:"NVLSM_VERSION" kind:"dotted"`
	NVLSMSHA256 string `key:"NVLSM_SHA256" kind:"sha256"`

	// Where the CUDA toolkit for the gpu_burn of the debian base comes from: "debian"
	// for Debian's packages, "image" for CUDA_IMAGE, as on all other bases.
	CudaOrigin    string `key:"CUDA_ORIGIN" kind:"cuda"`
	CudaImage     string `key:"CUDA_IMAGE" kind:"image"`
	GpuBurnCommit string `key:"GPU_BURN_COMMIT" kind:"commit"`
	// Compute capabilities that gpu_burn is built for, of which a CUDA toolkit
	// builds those that it knows: 80 is 8.0.
	GpuBurnArchitectures string `key:"GPU_BURN_ARCHITECTURES" kind:"architectures"`
}

// Time is that of DEBIAN_SNAPSHOT.
func (v *Versions) Time() time.Time {
	t, _ := time.Parse(snapshotLayout, v.DebianSnapshot) // checked by Parse
	return t
}

// Epoch is the time of DEBIAN_SNAPSHOT in seconds since 1970.
func (v *Versions) Epoch() int64 { return v.Time().Unix() }

// Architectures are the compute capabilities of GPU_BURN_ARCHITECTURES.
func (v *Versions) Architectures() []int {
	var all []int
	for _, text := range strings.Fields(v.GpuBurnArchitectures) {
		n, _ := strconv.Atoi(text) // checked by Parse
		all = append(all, n)
	}
	return all
}

// FabricManager is the digest of the Fabric Manager for a driver's version, "" where
// FABRIC_MANAGER_SHA256 has none.
func (v *Versions) FabricManager(driver string) (sha256 string) {
	for _, of := range strings.Fields(v.FabricManagerSHA256) {
		if version, sum, _ := strings.Cut(of, ":"); version == driver {
			return sum
		}
	}
	return ""
}

const snapshotLayout = "20060102T150405Z"

// kind says what a value looks like, for its check and for the error.
type kind struct {
	ok   func(string) bool
	form string
}

func matching(pattern string) func(string) bool {
	return regexp.MustCompile(`^(?:` + pattern + `)$`).MatchString
}

var kinds = map[string]kind{
	"go":     {func(v string) bool { return semver.Canonical("v"+v) == "v"+v }, "a Go version such as 1.26.8"},
	"semver": {func(v string) bool { return semver.Canonical(v) == v && v != "" }, "a version such as v0.19.7"},
	"series": {func(v string) bool { return semver.IsValid("v"+v) && strings.Count(v, ".") == 1 }, "a series such as 6.12"},
	"dotted": {matching(`\d+(\.\d+)+`), "a version such as 580.159.04"},
	"word":   {matching(`[a-z][a-z0-9-]*`), "a lower-case name"},
	"snapshot": {func(v string) bool { _, err := time.Parse(snapshotLayout, v); return err == nil },
		"a UTC time stamp such as 20261105T000000Z"},
	// A name and password would be in images, and in logs.
	"mirror":         {matching(`snapshot|image|https?://[^\s/@][^\s@]*`), `"snapshot", "image" or a mirror's URL`},
	"apk-mirror":     {matching(`image|https?://[^\s/@][^\s@]*`), `"image" or a mirror's URL`},
	"cuda":           {matching(`debian|image`), `"debian" or "image"`},
	"driver":         {matching(`debian|run`), `"debian" or "run"`},
	"fabric-manager": {matching(`nvidia|none`), `"nvidia" or "none"`},
	"digests":        {matching(`\d+(\.\d+)+:[0-9a-f]{64}( \d+(\.\d+)+:[0-9a-f]{64})*`), "a list of versions with their SHA-256 digests, such as 580.159.04: and 64 lower-case hex digits"},
	"architectures":  {matching(`\d{2,3}( \d{2,3})*`), "a list of compute capabilities such as 80 90"},
	"image":          {matching(`[a-z0-9][^\s@]*@sha256:[0-9a-f]{64}`), "an image with its digest, NAME:TAG@sha256: and 64 hex digits"},
	"engine":         {matching(`[a-z0-9][^\s@]*:[\w.-]+(@sha256:[0-9a-f]{64})?`), "an image with its tag and digest, NAME:TAG@sha256: and 64 hex digits"},
	"sha256":         {matching(`[0-9a-f]{64}`), "a SHA-256 digest of 64 lower-case hex digits"},
	"commit":         {matching(`[0-9a-f]{40}`), "a commit of 40 lower-case hex digits"},
}

// Load reads both files at root, the top of the repository. A VERSIONS that is not
// there is fs.ErrNotExist; a VERSIONS.local need not be there.
func Load(root string) (*Versions, error) {
	text, local, err := ReadFiles(root)
	if err != nil {
		return nil, err
	}
	return Parse(text, local)
}

// ReadFiles returns the texts of both files at root, as Load reads them.
func ReadFiles(root string) (text, local string, err error) {
	pins, err := os.ReadFile(filepath.Join(root, File))
	if err != nil {
		return "", "", err
	}
	overrides, err := os.ReadFile(filepath.Join(root, LocalFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", err
	}
	return string(pins), string(overrides), nil
}

// Parse reads the text of VERSIONS and, over it, that of VERSIONS.local, which
// may be empty. Every key must be in VERSIONS; VERSIONS.local holds any of them.
func Parse(text, local string) (*Versions, error) { return parse(text, local, true) }

// ParseUser is Parse without the block of the local engine.
func ParseUser(text, local string) (*Versions, error) { return parse(text, local, false) }

// Overrides names the keys, sorted, that have another value by VERSIONS.local than by
// VERSIONS alone: what is built is not what its commit says. BASE is none of them: it
// chooses among things that are pinned all the same, as --base does, and an ISO says
// which it got. Nor is DAGGER_IMAGE where it is as [KeepsEngine] tells: each site that runs
// that image would be marked, for what the tag in VERSIONS is there.
func Overrides(text, local string) ([]string, error) {
	pinned, err := Parse(text, "")
	if err != nil {
		return nil, err
	}
	v, err := Parse(text, local)
	if err != nil {
		return nil, err
	}
	v.Base = pinned.Base
	kept, err := KeepsEngine(text, local)
	if err != nil {
		return nil, err
	}
	if kept {
		v.DaggerImage = pinned.DaggerImage
	}
	pins := pinned.fields()
	var keys []string
	for key, field := range v.fields() {
		if *field.value != *pins[key].value {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys, nil
}

// KeepsEngine tells whether the block in VERSIONS.local, and no line of its user, puts a digest
// behind the tag that VERSIONS has alone for DAGGER_IMAGE: the one that the registry gave here
// at first. No commit says that it is the right one, so no release is made with it.
func KeepsEngine(text, local string) (bool, error) {
	user, err := ParseUser(text, local)
	if err != nil {
		return false, err
	}
	v, err := Parse(text, local)
	if err != nil {
		return false, err
	}
	return strings.HasPrefix(v.DaggerImage, user.DaggerImage+"@"), nil
}

func parse(text, local string, withBlock bool) (*Versions, error) {
	v := &Versions{}
	fields := v.fields()
	pins, err := parseFile(File, text, fields)
	if err != nil {
		return nil, err
	}
	overrides, err := parseLocal(local, withBlock, fields)
	if err != nil {
		return nil, err
	}
	for _, key := range sortedKeys(fields) {
		value, ok := pins[key]
		if !ok {
			return nil, fmt.Errorf("%s: %s: missing; every key must be set there", File, key)
		}
		if override, ok := overrides[key]; ok {
			value = override
		}
		*fields[key].value = value
	}
	if image, _, _ := strings.Cut(v.DaggerImage, "@"); !strings.HasSuffix(image, ":"+v.Dagger) {
		return nil, fmt.Errorf("%s, or %s: DAGGER_IMAGE is %s, but DAGGER_VERSION is %s: change both", File, LocalFile, v.DaggerImage, v.Dagger)
	}
	return v, nil
}

func parseFile(file, text string, fields map[string]field) (map[string]string, error) {
	values := map[string]string{}
	seen := map[string]int{}
	lines, err := Lines(file, text)
	if err != nil {
		return nil, err
	}
	for _, line := range lines {
		key := line.Key
		if !word.MatchString(key) {
			key = shown(key)
		}
		wrong := func(format string, args ...any) error {
			return fmt.Errorf("%s:%d: %s: %s", file, line.Number, key, fmt.Sprintf(format, args...))
		}
		f, ok := fields[line.Key]
		if !ok {
			return nil, wrong("unknown key; known keys: %s", strings.Join(sortedKeys(fields), " "))
		}
		if first, ok := seen[line.Key]; ok {
			return nil, wrong("duplicate, already set on line %d", first)
		}
		if k := kinds[f.kind]; !k.ok(line.Value) {
			return nil, wrong("%s is not %s", shown(line.Value), k.form)
		}
		seen[line.Key], values[line.Key] = line.Number, line.Value
	}
	return values, nil
}

// shown is text as errors repeat it: all of it, but for what may have a name and password.
func shown(text string) string {
	if strings.Contains(text, "@") && !digest.MatchString(text) {
		return "what has a name or password before an @"
	}
	return strconv.Quote(text)
}

var (
	word   = regexp.MustCompile(`^\w+$`)
	digest = regexp.MustCompile(`^[^@]*@sha256:[0-9a-f]*$`)
)

// Line is a line of KEY=VALUE, which stands at a number from 1 on.
type Line struct {
	Number     int
	Key, Value string
}

// Lines splits the text of a file, whose name is for errors, and leaves out comments
// and blank lines. It checks neither keys nor values; Parse does.
func Lines(file, text string) ([]Line, error) {
	var lines []Line
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("%s:%d: %s is not KEY=VALUE", file, i+1, shown(line))
		}
		lines = append(lines, Line{i + 1, key, value})
	}
	return lines, nil
}

func sortedKeys(fields map[string]field) []string {
	keys := make([]string, 0, len(fields))
	for key := range fields {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
