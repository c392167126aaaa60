package versions

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestInputs: every digest of VERSIONS is that of an input.
func TestInputs(t *testing.T) {
	text := readRepo(t, File)
	v, err := Parse(text, "")
	if err != nil {
		t.Fatal(err)
	}
	inputs := v.Inputs()
	for _, want := range []Input{
		{Name: "APORTS_COMMIT", Digest: v.AportsCommit, Commit: true},
		{Name: "NVIDIA_RUN_SHA256", Digest: v.NvidiaRunSHA256},
		{Name: "FABRIC_MANAGER_SHA256 " + v.Nvidia, Digest: v.FabricManager(v.Nvidia)},
	} {
		if !slices.Contains(inputs, want) {
			t.Errorf("%+v is not among %+v", want, inputs)
		}
	}
	if !slices.ContainsFunc(inputs, func(i Input) bool {
		return i.Name == "DEBIAN_IMAGE" && i.Image+"@sha256:"+i.Digest == v.DebianImage
	}) {
		t.Errorf("%s is not among %+v", v.DebianImage, inputs)
	}
	var values []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			values = append(values, regexp.MustCompile(`\b([0-9a-f]{40}|[0-9a-f]{64})\b`).FindAllString(line, -1)...)
		}
	}
	for _, digest := range values {
		if !slices.ContainsFunc(inputs, func(i Input) bool { return i.Digest == digest && i.Commit == (len(digest) == 40) }) {
			t.Errorf("%s is the digest of no input", digest)
		}
	}
	if len(inputs) != len(values) {
		t.Errorf("%d inputs of %d digests: %+v", len(inputs), len(values), inputs)
	}
}
