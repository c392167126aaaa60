package build

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bee/core/versions"
	"bee/engine/internal/debian"
	"bee/engine/internal/layout"
)

func TestKeyTellsInputsApart(t *testing.T) {
	seen := map[string][]any{}
	for _, inputs := range [][]any{
		{"a", "b"}, {"ab"}, {"a\nb"}, {"a", "b", ""}, {1}, {"a", []string{"b"}},
	} {
		id := key(inputs...)
		if other, ok := seen[id]; ok {
			t.Errorf("%q and %q have one key", inputs, other)
		}
		seen[id] = inputs
	}
	if again := []any{"a", "b"}; seen[key(again...)] == nil {
		t.Error("equal inputs have two keys")
	}
}

func TestKeyOfFilesChangesWithNamesAndContent(t *testing.T) {
	write := func(name, content string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		id, err := keyOfFiles(dir)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	first := write("go.mod", "module x")
	if write("go.mod", "module x") != first {
		t.Error("the key depends on where the files lie")
	}
	if write("go.mod", "module y") == first || write("go.sum", "module x") == first {
		t.Error("the key does not tell content or names apart")
	}
}

func TestRootfsKeyChangesWithEveryInput(t *testing.T) {
	b := &Builder{}
	rootfs := debian.Rootfs{Release: "trixie", Include: []string{"git"}}
	first := b.rootfsKey(rootfs)
	for what, change := range map[string]func(*debian.Rootfs){
		"release":  func(r *debian.Rootfs) { r.Release = "forky" },
		"packages": func(r *debian.Rootfs) { r.Include = []string{"git", "runc"} },
		"sources":  func(r *debian.Rootfs) { r.Sources = []string{"deb http://a b c"} },
		"epoch":    func(r *debian.Rootfs) { r.Epoch = r.Epoch.AddDate(0, 0, 1) },
	} {
		changed := rootfs
		change(&changed)
		if b.rootfsKey(changed) == first {
			t.Errorf("another %s has the same key", what)
		}
	}
}

func TestArtefactIsWholeOrAbsent(t *testing.T) {
	b := &Builder{Layout: layout.Layout(t.TempDir())}
	failure := errors.New("no")
	if _, err := b.artefact("x", "1", "making x", func(string) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("got %v, want the failure", err)
	}
	left, err := filepath.Glob(filepath.Join(b.Layout.Artefacts(), "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("a failure leaves %q, %v", left, err)
	}
	// An interrupted run leaves its temporary folder, with anything in it.
	if err := os.MkdirAll(filepath.Join(b.Layout.Artefacts(), "x-1.tmp", "stale"), 0o755); err != nil {
		t.Fatal(err)
	}
	calls := 0
	fill := func(dir string) error {
		calls++
		return os.WriteFile(filepath.Join(dir, "new"), nil, 0o644)
	}
	for range 2 {
		dir, err := b.artefact("x", "1", "making x", fill)
		if err != nil {
			t.Fatal(err)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 || entries[0].Name() != "new" {
			t.Errorf("got %v, %v", entries, err)
		}
	}
	if calls != 1 {
		t.Errorf("made %d times", calls)
	}
}

func TestCleanKeepsWhatTheEngineUses(t *testing.T) {
	b := &Builder{Layout: layout.Layout(t.TempDir())}
	in := func(name string) string { return filepath.Join(b.Layout.Artefacts(), name) }
	engine := Engine{Version: "v2", Programs: in("programs-2"), Root: in("root-2/rootfs"), Images: in("images-2"), Layers: []string{in("base-2")}}
	keep := []string{engine.Programs, engine.Root, engine.Images, in("base-2"), b.Layout.State("v2")}
	drop := []string{in("programs-1"), in("base-3.tmp"), b.Layout.State("v1")}
	for _, dir := range append(keep, drop...) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Clean(engine); err != nil {
		t.Fatal(err)
	}
	for _, dir := range keep {
		if _, err := os.Stat(dir); err != nil {
			t.Error(err)
		}
	}
	for _, dir := range drop {
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s stays: %v", dir, err)
		}
	}
}

func TestOtherDaggerVersionSaysWhatToDo(t *testing.T) {
	source := t.TempDir()
	text := "module x\n\nrequire (\n\tdagger.io/dagger v0.19.7\n\tgithub.com/dagger/dagger v0.19.7 // indirect\n)\n"
	if err := os.WriteFile(filepath.Join(source, "go.mod"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	b := &Builder{Source: source, Versions: &versions.Versions{Dagger: "v0.19.7"}}
	if err := b.checkVersion(); err != nil {
		t.Error(err)
	}
	for _, other := range []string{"v0.19.8", "v0.19", "v0.19.70"} {
		b.Versions.Dagger = other
		if _, err := b.Engine(context.Background()); err == nil || !strings.Contains(err.Error(), "go get github.com/dagger/dagger@"+other) {
			t.Errorf("%s: got %v", other, err)
		}
	}
}

func TestTimeless(t *testing.T) {
	cache := t.TempDir()
	entry := filepath.Join(cache, "00", "00-a")
	if err := os.Mkdir(filepath.Dir(entry), 0o755); err != nil {
		t.Fatal(err)
	}
	const line = "v1 00 11                   35  1795412041537064085\n"
	for path, text := range map[string]string{entry: line, filepath.Join(cache, "trim.txt"): "1795412041"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := timeless(cache); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(entry)
	if want := "v1 00 11                   35  4102444800000000000\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if _, err := os.Stat(filepath.Join(cache, "trim.txt")); !os.IsNotExist(err) {
		t.Errorf("the time of the last clean-up stays: %v", err)
	}
}

// The images are handed to anybody on the host: they say where Go modules come from, but
// not by what name and password. The same images come of another password.
func TestImagesHoldNoUserInfo(t *testing.T) {
	const url = "proxy.example/modules"
	make := func(user string) (Engine, *Builder) {
		t.Helper()
		b := &Builder{Layout: layout.Layout(t.TempDir()), Versions: &versions.Versions{Dagger: "v0.19.7", DebianSnapshot: "20261105T000000Z"}, GoEnv: map[string]string{
			"GOPROXY": "https://" + user + "@" + url + ",https://" + user + "@second.example|direct",
			"GOSUMDB": "sum.golang.org+033de0ae https://" + user + "@sums.example", "GONOSUMDB": "*.corp.example"}}
		in := func(name string) string { return filepath.Join(b.Layout.Artefacts(), name) }
		for _, file := range []string{"programs/codegen", "root/" + layerFile, "base/" + layerFile, "toolchain/" + layerFile, "caches/mod/m", "caches/build/b"} {
			if err := os.MkdirAll(filepath.Dir(in(file)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(in(file), []byte(file), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		engine, err := b.images(in("programs"), in("root"), in("base"), in("toolchain"), in("caches"))
		if err != nil {
			t.Fatal(err)
		}
		return engine, b
	}
	engine, b := make("me:s3cr3t@w")
	all := ""
	err := filepath.WalkDir(engine.Images, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all += string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(all, "s3cr3t") || strings.Contains(all, "me:") {
		t.Errorf("the images hold a password:\n%.3000s", all)
	}
	for _, want := range []string{`"GOPROXY=https://` + url + `,https://second.example|direct"`, `"GOSUMDB=sum.golang.org+033de0ae https://sums.example"`, `"GONOSUMDB=*.corp.example"`} {
		if !strings.Contains(all, want) {
			t.Errorf("the images lack %s", want)
		}
	}
	if other, _ := make("you:0ther"); other.Golang != engine.Golang || other.SDK != engine.SDK {
		t.Error("another password makes other images")
	}
	// What gets modules for the Go SDK takes the proxy from the engine, unless its image has one.
	if got, want := SystemEnv(b.GoEnv), []string{"_DAGGER_ENGINE_SYSTEMENV_GOPROXY=" + b.GoEnv["GOPROXY"]}; !slices.Equal(got, want) {
		t.Errorf("the engine gets %q", got)
	}
	if n := strings.Count(all, "GOPROXY="); n != 1 { // in one configuration
		t.Errorf("%d images name a proxy", n)
	}
	if got := SystemEnv(map[string]string{"GOSUMDB": "off"}); got != nil {
		t.Errorf("without a proxy, the engine gets %q", got)
	}
}
