package squashfs

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func squash(t *testing.T, tree string, options ...string) string {
	t.Helper()
	for _, program := range []string{"mksquashfs", "unsquashfs"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	image := filepath.Join(t.TempDir(), "image.squashfs")
	out, err := exec.Command("mksquashfs", append([]string{tree, image, "-quiet", "-no-progress", "-all-root"}, options...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return image
}

func TestOpen(t *testing.T) {
	tree := t.TempDir()
	for name, text := range map[string]string{
		`a dir/é "q" 's'`: "hi\n",
		`back\slash`:      "",
		"sparse":          strings.Repeat("\x00", 300_000),
	} {
		path := filepath.Join(tree, name)
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	os.Chmod(tree, 0o755)
	os.Chmod(filepath.Join(tree, `back\slash`), 0o755|os.ModeSetuid)
	os.Symlink("to where -> x", filepath.Join(tree, "link"))
	os.Link(filepath.Join(tree, `a dir/é "q" 's'`), filepath.Join(tree, "zz hard"))

	image, err := Open(squash(t, tree, "-p", "null c 666 0 0 1 3", "-p", "pipe i 600 0 0 f"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range image.Files {
		line, _ := json.Marshal(f)
		lines = append(lines, string(line))
	}
	want := `{"path":"/","type":"directory","mode":"0755","uid":0,"gid":0}
{"path":"/a dir","type":"directory","mode":"0755","uid":0,"gid":0}
{"path":"/a dir/é \"q\" 's'","type":"file","mode":"0644","uid":0,"gid":0,"size_bytes":3,"sha256":"98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4"}
{"path":"/back\\slash","type":"file","mode":"4755","uid":0,"gid":0,"size_bytes":0,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
{"path":"/link","type":"symlink","mode":"0777","uid":0,"gid":0,"target":"to where -\u003e x"}
{"path":"/null","type":"character device","mode":"0666","uid":0,"gid":0,"device":"1:3"}
{"path":"/pipe","type":"fifo","mode":"0600","uid":0,"gid":0}
{"path":"/sparse","type":"file","mode":"0644","uid":0,"gid":0,"size_bytes":300000,"sha256":"` + zeros + `"}
{"path":"/zz hard","type":"file","mode":"0644","uid":0,"gid":0,"size_bytes":3,"sha256":"98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4"}`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for name, want := range map[string]string{"/zz hard": "hi\n", "/none": "", "/a dir": ""} {
		if got, err := image.Content(name); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if err := image.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(image.folder); !os.IsNotExist(err) {
		t.Error("Close leaves files behind")
	}
}

// sha256sum of 300000 zero bytes
const zeros = "886715e4051e827f4fe215df3053af3f85ad0d352db2c829c7487af6d78efe30"

func TestOpenRefuses(t *testing.T) {
	tree := t.TempDir()
	if err := os.WriteFile(filepath.Join(tree, "file"), []byte(strings.Repeat("text ", 10_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	image := squash(t, tree)
	data, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	for name, broken := range map[string][]byte{
		"text":          []byte("no squashfs"),
		"flipped byte":  append(append(append([]byte(nil), data[:110]...), data[110]^0xff), data[111:]...),
		"cut short":     data[:150],
		"no superblock": make([]byte, 4096),
	} {
		if err := os.WriteFile(image, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(image); err == nil || !strings.Contains(err.Error(), image) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestParseRefuses(t *testing.T) {
	const data = "#\n# START OF DATA - DO NOT MODIFY\n#\n"
	for text, want := range map[string]string{
		"":                                     "ends early",
		"/ D 1 755 0 0\n":                      "ends early",
		"new\nline R 1 644 0 0 3 4 0\n" + data: "line end in a file name",
		"a L b\n" + data:                       "not there",
		"a R 1 644 0 0\n" + data:               "too short",
		"a R 1 9z 0 0 1 1\n" + data:            "invalid syntax",
		"a R 1 644 0 0 -1 0 0\n" + data:        "invalid syntax",
		"a R 1 644 0 0 1 -100 0\n" + data:      "invalid syntax",
		"a R 1 644 0 0 0x10 0 0\n" + data:      "invalid syntax",
		"a R 1 644 0 0 1\n" + data:             "invalid syntax",
		"a D 1 755 -1 +0\n" + data:             "invalid syntax",
	} {
		if _, err := parse(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
