package rebuild

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"bee/core/comparison"
	"bee/core/manifest"
	"bee/core/sums"
	"dagger/bee/attestation"
)

const (
	commit = "0123456789abcdef0123456789abcdef01234567"
	other  = "76543210fedcba9876543210fedcba9876543210"
)

var digest = strings.Repeat("a", 64)

// statements are those of a release, and its manifest.
func statements(t testing.TB, change func(*attestation.Provenance, *manifest.Manifest)) (text, manifestText []byte) {
	t.Helper()
	p := attestation.Provenance{
		Parameters: attestation.Parameters{Version: "v1.2.3", Base: "alpine", Nvidia: true, Strict: true, Coverage: "pairs"},
		Commit:     commit, Dagger: "1", Go: "1",
		Files: []sums.Sum{{Digest: digest, Name: ISOFile}},
	}
	m := manifest.Manifest{
		SchemaVersion: manifest.SchemaVersion, ISO: manifest.Image{SHA256: digest, SizeBytes: 1},
		Release: map[string]string{"BEE_COMMIT": commit, "BEE_BASE": "alpine"},
	}
	change(&p, &m)
	s, err := p.Statement()
	if err != nil {
		t.Fatal(err)
	}
	if _, text, err = attestation.Write([]attestation.Statement{s}, nil); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := m.Write(&out); err != nil {
		t.Fatal(err)
	}
	return text, out.Bytes()
}

func nothing(*attestation.Provenance, *manifest.Manifest) {}

func TestRead(t *testing.T) {
	text, m := statements(t, nothing)
	r, err := Read(attestation.UnsignedFile, text, m)
	if err != nil {
		t.Fatal(err)
	}
	if r.Version != "v1.2.3" || r.Commit != commit || r.Base != "alpine" || !r.Nvidia || r.GpuBurn || !r.Strict || r.ISO != digest {
		t.Errorf("%+v", r)
	}
}

func TestReadRefuses(t *testing.T) {
	for want, change := range map[string]func(*attestation.Provenance, *manifest.Manifest){
		"the commit is":             func(p *attestation.Provenance, _ *manifest.Manifest) { p.Commit = other },
		"the base is":               func(_ *attestation.Provenance, m *manifest.Manifest) { m.Release["BEE_BASE"] = "debian" },
		"the SHA-256 of bee.iso is": func(_ *attestation.Provenance, m *manifest.Manifest) { m.ISO.SHA256 = strings.Repeat("b", 64) },
	} {
		text, m := statements(t, change)
		if _, err := Read(attestation.UnsignedFile, text, m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	text, m := statements(t, nothing)
	for want, files := range map[string][2][]byte{
		"bee.statements.jsonl: it is empty":                 {nil, m},
		"bee.statements.jsonl: line 2: a second provenance": {append(text, text...), m},
		"bee.iso.manifest.json: ":                           {text, []byte("{}")},
	} {
		if _, err := Read(attestation.UnsignedFile, files[0], files[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestStatementsFile(t *testing.T) {
	for want, names := range map[string][]string{
		attestation.SignedFile:   {"bee.iso", attestation.SignedFile},
		attestation.UnsignedFile: {attestation.UnsignedFile, "smoke/"},
	} {
		if got, err := StatementsFile(names); got != want || err != nil {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	if _, err := StatementsFile([]string{"bee.iso"}); err == nil {
		t.Error("a folder of build is taken for a release")
	}
}

func TestCheck(t *testing.T) {
	text, m := statements(t, nothing)
	r, err := Read(attestation.UnsignedFile, text, m)
	if err != nil {
		t.Fatal(err)
	}
	for _, good := range []Checkout{{Commit: commit, Nvidia: true}, {Commit: commit, Base: "alpine", Nvidia: true}} {
		if err := r.Check(good); err != nil {
			t.Error(err)
		}
	}
	for want, c := range map[string]Checkout{
		"v1.2.3 was made of commit " + commit + ", and this checkout is of " + other + ": git checkout " + commit: {Commit: other, Nvidia: true},
		"this checkout is of " + other + ": git checkout":                                                         {Commit: other + "-dirty", Nvidia: true},
		"this checkout has changes":                          {Commit: commit + "-dirty", Nvidia: true},
		"--base debian: v1.2.3 has the base alpine":          {Commit: commit, Base: "debian", Nvidia: true},
		"--nvidia=false: v1.2.3 has the NVIDIA driver":       {Commit: commit},
		"--gpu-burn: v1.2.3 has no gpu_burn":                 {Commit: commit, Nvidia: true, GpuBurn: true},
		"overrides GO_VERSION, KERNEL_VERSION, which an ISO": {Commit: commit, Nvidia: true, Overrides: []string{"GO_VERSION", "KERNEL_VERSION"}},
	} {
		if err := r.Check(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	all := r.Check(Checkout{Commit: commit, Base: "debian", GpuBurn: true})
	if lines := strings.Count(fmt.Sprint(all), "\n"); lines != 2 {
		t.Errorf("not all that is wrong is told at once: %v", all)
	}
}

func TestAnswer(t *testing.T) {
	r := &Release{Parameters: attestation.Parameters{Version: "v1.2.3"}, Commit: commit, ISO: digest}
	var many []comparison.Difference
	for i := range 25 {
		many = append(many, comparison.Difference{Path: fmt.Sprintf("/%02d", i), Reason: comparison.Time, Detail: "1 → 2"})
	}
	for want, result := range map[string]comparison.Result{
		"v1.2.3 is what commit " + commit + " builds here, to the byte: bee.iso is " + digest: {Published: digest, Rebuilt: digest, Equal: true},
		"which was set aside:\n  /keys/<key>: public key":                                     {Published: digest, Rebuilt: "b", Equal: true, Files: 9, SetAside: []comparison.SetAside{{Path: "/keys/<key>", Why: "public key"}}},
		"v1.2.3 is not what commit " + commit + " builds here":                                {Published: digest, Rebuilt: "b", Differences: many},
		"\n  /19: time: 1 → 2\n  … and 5 more":                                                {Published: digest, Rebuilt: "b", Differences: many},
		"the bee.iso in the folder is not the one of v1.2.3":                                  {Published: "c", Rebuilt: "c", Equal: true},
	} {
		result.SchemaVersion = comparison.SchemaVersion
		var text bytes.Buffer
		if err := result.WriteJSON(&text); err != nil {
			t.Fatal(err)
		}
		said, err := r.Answer(text.Bytes())
		if isGood := result.Equal && result.Published == digest; isGood != (err == nil) {
			t.Errorf("%q, %v", said, err)
		}
		if err != nil {
			said = err.Error()
		}
		if !strings.Contains(said, want) {
			t.Errorf("got %q, want %q", said, want)
		}
	}
	if _, err := r.Answer([]byte("no JSON")); err == nil {
		t.Error("no JSON is taken for an answer")
	}
}

func FuzzRead(f *testing.F) {
	text, m := statements(f, nothing)
	f.Add(text, m)
	f.Fuzz(func(t *testing.T, text, m []byte) {
		if r, err := Read(attestation.UnsignedFile, text, m); err == nil && r.Commit == "" {
			t.Errorf("%+v", r)
		}
	})
}
